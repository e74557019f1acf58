"""A team on two hosts, with a PostgreSQL server on a third machine."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.support import processes
from tests.support.network import NAME, SERVER, Network
from tests.support.processes import Process, Result, result, wait_until
from tests.support.servers import Server
from tests.support.team import rows_of

URL = f"postgresql://{NAME}/team"
"""The database, as the hosts are told."""

_ACCESS = "local all all trust\nhostssl team +assignchat_member all scram-sha-256\n"
_OF_HOSTS = "client_addr IS NOT NULL"


class Listening(Server):
    """A server that the hosts of a network reach, over TLS alone."""

    def __init__(self, net: Network, programs: Path, folder: Path) -> None:
        super().__init__(programs, folder, listen_addresses="*", ssl="on")
        self._network = net

    def make(self, *options: str) -> None:
        super().make(*options)
        (self.folder / "data" / "pg_hba.conf").write_text(_ACCESS)
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        names = ("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}")
        files = ("-keyout", "data/server.key", "-out", "data/server.crt")
        certificate = self.owned("openssl", "req", "-x509", *curve, *names, *files)
        made = processes.run(self.folder, *certificate)
        assert made.exit_code == 0, made.err

    def owned(self, *command: str | Path) -> list[str | Path]:
        return self._network.at(SERVER, *super().owned(*command))


class Hosts:
    """The machines of a team, the program on them, and who works where."""

    def __init__(
        self, program: Path, net: Network, server: Server, places: Mapping[str, str]
    ) -> None:
        self.network, self.server = net, server
        self._program, self._places = program, places

    def operate(self, *words: str, stdin: str = "") -> Any:
        """What the operator does, on the server and as its owner."""
        words = ("--db", self.server.url("team"), *words, "--json")
        command = self.network.by("nobody", SERVER, self._program, *words)
        return processes.run(Path("/"), *command, stdin=stdin).json

    def let_in(self, login: str, config: str) -> None:
        """Give a login at the server a password, and an account what it needs."""
        self.server.run(f"ALTER ROLE {login} PASSWORD 'of {login}'")
        home = self.network.home(login)
        for name, text in {
            ".pgpass": f"{NAME}:5432:team:{login}:of {login}\n",
            ".postgresql/root.crt": (self.server.folder / "data" / "server.crt").read_text(),
            ".config/assignchat/config.toml": config,
        }.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(text)
            (home / name).chmod(0o600)
        account = home.stat().st_uid
        for path in home.rglob("*"):
            os.chown(path, account, account)

    def begin(self, login: str, *words: str, host: str = "", url: str = URL) -> Process:
        """Begin a command that prints JSON, on the host where somebody works."""
        words = ("--db", url, *words, "--json")
        place = host or self._places[login]
        return processes.start(Path("/"), *self.network.by(login, place, self._program, *words))

    def run(self, login: str, *words: str, url: str = URL) -> Result:
        """Run it to its end."""
        return result(self.begin(login, *words, url=url))

    def ok(self, login: str, *words: str, url: str = URL) -> Any:
        """Run one that must succeed. Returns its document."""
        return done(self.begin(login, *words, url=url))

    def owners(self) -> dict[str, str]:
        """Who owns each chat."""
        return dict(rows_of(self.server.url("team"), "SELECT id, owner_id FROM chats"))

    def events(self, chat: str) -> list[str]:
        """What tracking tells of a chat."""
        select = "SELECT event FROM engagement_tracking WHERE chat_id = :chat ORDER BY id"
        return [event for (event,) in rows_of(self.server.url("team"), select, chat=chat)]

    def stands(self, login: str, condition: str) -> None:
        """Wait until the server says this of a login's connection."""
        sql = f"SELECT 1 FROM pg_stat_activity WHERE {_OF_HOSTS} AND usename = '{login}'"
        sql += f" AND {condition}"
        wait_until(lambda: bool(self.server.run(sql)))

    def end_connections(self, login: str) -> None:
        """End at the server whatever connection a login has, which a host may not learn."""
        of_login = f"FROM pg_stat_activity WHERE {_OF_HOSTS} AND usename = '{login}'"
        self.server.run(f"SELECT pg_terminate_backend(pid) {of_login}")
        wait_until(lambda: not self.server.run(f"SELECT 1 {of_login}"))

    @contextmanager
    def held(self, chat: str) -> Iterator[None]:
        """Have a lock on a chat, so that whoever changes it waits with the change half made."""
        import psycopg2

        with closing(psycopg2.connect(self.server.url("team"))) as other:
            query = "SELECT 1 FROM assignchat.chats WHERE id = %s FOR UPDATE"
            other.cursor().execute(query, (chat,))
            yield

    @contextmanager
    def commits_held(self) -> Iterator[None]:
        """Let commits stand at the server, and be told to nobody before the end of the block."""
        self._wait_for_standby("nobody")
        yield
        self._wait_for_standby("")

    def _wait_for_standby(self, name: str) -> None:
        self.server.run(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self.server.run("SELECT pg_reload_conf()")
        wait_until(lambda: self.server.run("SHOW synchronous_standby_names") == [(name,)])


def done(process: Process) -> Any:
    """Wait for a command that must succeed. Returns its document."""
    ended = result(process)
    assert ended.exit_code == 0, ended
    return ended.json
