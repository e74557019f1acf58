"""Random days of a team in a file and on a server at once: both keep the same."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import ClassVar

from hypothesis import settings
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test

from assignchat.errors import AssignchatError
from assignchat.service import check
from assignchat.store.database import Database
from assignchat.store.postgres.database import PostgresDatabase
from tests.support.examples import TIMES_AS_MANY
from tests.support.servers import Server
from tests.test_days import Days

SECONDS_FOR_A_TEST = 120 * TIMES_AS_MANY


class DaysOnBoth(Days):
    """A team whose every step is made in a file and on a server."""

    server: ClassVar[Server]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        url = self.stack.enter_context(self.server.database())
        PostgresDatabase.create(url)
        self.on_server = PostgresDatabase.open(url, os_user="tester", clock=lambda: self.now)
        self.stack.enter_context(self.on_server)

    def teardown(self) -> None:
        with self.stack:
            assert check.check(self.on_server, full=True).problems == []
        super().teardown()

    @initialize()
    def begin(self) -> None:
        super().begin()
        in_file, self.database = self.database, self.on_server
        super().begin()
        self.database = in_file

    def play(self, action: Callable[..., object], *args: object, **options: object) -> None:
        """Do it on the server and in the file, with one outcome."""

        def on_both(database: Database, *args: object, **options: object) -> None:
            refusals = [refusal(action, d, *args, **options) for d in (self.on_server, database)]
            told = [r and (type(r), r.message, r.hint) for r in refusals]
            assert told[0] == told[1]
            if refusals[1] is not None:
                raise refusals[1]

        super().play(on_both, *args, **options)

    @invariant()
    def both_keep_the_same(self) -> None:
        assert rows(self.on_server) == rows(self.database)


def refusal(
    action: Callable[..., object], *args: object, **options: object
) -> AssignchatError | None:
    """Return the error with which something is refused."""
    try:
        action(*args, **options)
    except AssignchatError as error:
        return error
    return None


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of all tables but seals, in the order of an export."""
    # An engine spells JSON with its own spaces, which the seals cover.
    with database.read():
        return {
            table: [tuple(map(value, row)) for row in database.table(table)]
            for table in database.tables()
            if table != "seals"
        }


def value(cell: object) -> object:
    """Return what a cell says, if it is JSON, else the cell."""
    return json.loads(str(cell)) if str(cell).startswith("{") else cell


def test_a_file_and_a_server_keep_the_same_whatever_a_team_does(server: Server) -> None:
    DaysOnBoth.server = server
    few = settings(max_examples=10 * TIMES_AS_MANY, stateful_step_count=40)
    run_state_machine_as_test(DaysOnBoth, settings=few)
