"""Connections to a server that proves who it is, and to one that does not."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import servers
from tests.support.needs import lacking, needs
from tests.support.processes import program, run, wait_until
from tests.support.servers import Server

NAME = "db.example"
UNSAID = "dontsayit"
ADDRESS = f"127.77.{os.getpid() // 256 % 256}.{os.getpid() % 254 + 1}"
"""An address of this machine that is taken for one of a network, and that no other test has."""

KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj"


class Secured(NamedTuple):
    """A server with a certificate, the authority that signed it, and another one."""

    server: Server
    authority: Path
    other: Path

    def url(self, authority: Path, name: str = NAME, sslmode: str = "verify-full") -> str:
        """Where its database is, by the name of its host."""
        where = f"{name}/postgres?hostaddr={ADDRESS}&sslmode={sslmode}&sslrootcert={authority}"
        return f"postgresql://owner:{UNSAID}@{where}"

    def speak_tls(self, whether: str) -> None:
        """Let it speak TLS from now on, or not."""
        self.server.run(f"ALTER SYSTEM SET ssl = {whether}")
        self.server.run("SELECT pg_reload_conf()")
        wait_until(lambda: self.server.run("SHOW ssl") == [(whether,)])


def openssl(folder: Path, *words: str) -> None:
    """Make a key and a certificate."""
    made = run(folder, "openssl", "req", "-x509", *words)
    assert made.exit_code == 0, made.err


def made_authority(folder: Path, name: str) -> Path:
    """Make an authority that signs certificates."""
    openssl(folder, *KEY.split(), f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")
    return folder / f"{name}.crt"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A server on a network that speaks TLS."""
    needs("openssl")
    folder = tmp_path_factory.mktemp("tls")
    authority, other = (made_authority(folder, name) for name in ("authority", "other"))
    signed = ("-CA", "authority.crt", "-CAkey", "authority.key")
    named = ("-addext", f"subjectAltName=DNS:{NAME}")
    files = ("-keyout", "server.key", "-out", "server.crt")
    openssl(folder, *KEY.split(), f"/CN={NAME}", *named, *signed, *files)
    with servers.server(listen_addresses=ADDRESS) as server:
        for name in ("server.key", "server.crt"):
            shutil.move(folder / name, server.folder / "data")
            shutil.chown(server.folder / "data" / name, server.owner)
        if server.run("SHOW ssl_library") == [("",)]:
            lacking("PostgreSQL's server is one without TLS")
        made = Secured(server, authority, other)
        made.speak_tls("on")
        done = run(folder, *program("--db", made.url(authority), "init", "--demo"))
        assert done.exit_code == 0, done.err
        yield made


def refusal(folder: Path, url: str) -> str:
    """Run a command that must be refused. What it says, without the password."""
    done = run(folder, *program("--db", url, "init", "--json"), env={"HOME": str(folder)})
    assert (done.exit_code, done.error) == (6, "database_unreachable")
    assert UNSAID not in done.err
    return done.err


def test_a_server_whose_authority_is_known_is_used(secured: Secured, tmp_path: Path) -> None:
    url = secured.url(secured.authority)
    for command in ("requests --json", "check --full"):
        done = run(tmp_path, *program("--db", url, *command.split()))
        assert done.exit_code == 0, done.err
        assert UNSAID not in done.out + done.err


def test_a_server_of_another_authority_or_name_is_refused(secured: Secured, tmp_path: Path) -> None:
    told = refusal(tmp_path, secured.url(secured.other))
    assert "the file that sslrootcert in the URL names, else ~/.postgresql/root.crt" in told
    assert NAME in refusal(tmp_path, secured.url(secured.authority, name="else.example"))


def test_without_a_word_about_safety_a_server_on_a_network_must_be_known(
    secured: Secured, tmp_path: Path
) -> None:
    url = secured.url(secured.authority).partition("&sslmode")[0]
    assert "certificate" in refusal(tmp_path, url)
    home = tmp_path / ".postgresql"
    home.mkdir()
    shutil.copy(secured.authority, home / "root.crt")
    done = run(tmp_path, *program("--db", url, "requests"), env={"HOME": str(tmp_path)})
    assert done.exit_code == 0, done.err


def test_a_wrong_password_is_told_as_one_though_the_driver_tries_without_tls_too(
    secured: Secured, tmp_path: Path
) -> None:
    secured.server.run("CREATE ROLE locked LOGIN PASSWORD 'another'")
    rules = secured.server.folder / "data" / "pg_hba.conf"
    for_locked = "hostssl all locked all scram-sha-256\nhostnossl all locked all reject\n"
    rules.write_text(for_locked + rules.read_text(encoding="utf-8"), encoding="utf-8")
    secured.server.run("SELECT pg_reload_conf()")
    url = secured.url(secured.authority, sslmode="prefer").replace("owner", "locked")
    wait_until(lambda: "password authentication failed" in refusal(tmp_path, url))
    told = refusal(tmp_path, url)
    assert "pg_hba.conf" in told  # of the second attempt
    assert "The login or its password is wrong." in told


def test_a_server_that_does_not_speak_tls_is_refused_where_it_is_required(
    secured: Secured, tmp_path: Path
) -> None:
    secured.speak_tls("off")
    try:
        assert "SSL" in refusal(tmp_path, secured.url(secured.authority, sslmode="require"))
    finally:
        secured.speak_tls("on")
