"""One run of the program, which every command is given; what it uses is opened in `session`."""

from typing import TYPE_CHECKING, cast

import typer

from assignchat.times import Clock

if TYPE_CHECKING:
    from assignchat.config.load import Config
    from assignchat.store.database import Database


class Invocation:
    """One run of the program: the options before the command, and the opened database."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.config_file: str | None = None
        self.database_file: str | None = None
        self.database: Database | None = None
        self.opened_by: Config | None = None  # the config that says where it is
        self.is_script = False  # many commands, which share the config and the database
        self.is_atomic = False  # they are one transaction, by one config
        self.seen_config: tuple[object, Config] | None = None
        self.changed_files = False
        self.goes_on = False  # after its first change: it waits for something, or makes more
        self.told_to_stop = False
        self.terminated = False  # by SIGTERM, which may come out of SQLite as an interruption

    @property
    def has_changed_something(self) -> bool:
        """Whether a change has been committed, which stands even if a later step fails."""
        return self.changed_files or (self.database is not None and self.database.committed)

    @property
    def is_done(self) -> bool:
        """Whether the change is made, and all that is left is to say so."""
        return self.has_changed_something and not self.goes_on


def invocation(ctx: typer.Context) -> Invocation:
    """Return the run that a command belongs to."""
    return cast("Invocation", ctx.obj)
