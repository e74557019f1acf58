"""notify."""

from contextlib import ExitStack
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.invocation import invocation
from assignchat.cli.repeat import pause_in, rounds
from assignchat.cli.session import load_config, open_for_reading
from assignchat.config import addresses, load
from assignchat.config.addresses import Addresses
from assignchat.errors import DeliveryFailed
from assignchat.service import notifications
from assignchat.service.notifications import Delivered
from assignchat.service.users import list_users
from assignchat.store.database import Database
from assignchat.store.meanwhile import Patience
from assignchat.system.descriptors import wait_for
from assignchat.texts import counts


def notify(
    ctx: typer.Context,
    watch: Annotated[
        str | None,
        typer.Option("--watch", metavar="DURATION", help="Keep delivering, so often at least."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing if all that was due was sent.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat notify --quiet
        assignchat notify --watch 30s

    By mail, chat or whatever Apprise sends to, to the URLs in notify.toml beside the config
    file; all that is unsent for a user goes as one message. What does not arrive is tried
    again later. Prints nothing when nothing was due.
    """
    pause = None if watch is None else pause_in(watch)
    invocation(ctx).goes_on = True
    with ExitStack() as opened:
        watched, patience = _Watched(ctx, opened, as_json=as_json), Patience()
        for stop_requested in rounds(pause, watched.wait):
            with patience.bearing():
                watched.look()
                result = notifications.notify(
                    watched.database(),
                    watched.addresses,
                    stop_requested=stop_requested,
                    passed_over=_note_damage,
                )
                _tell(result, watching=pause is not None, quiet=quiet, as_json=as_json)


class _Watched:
    """The addresses, and the database, open all the time where the server tells of changes.

    A file is closed between two rounds, so that another one can be put in its place.
    """

    def __init__(self, ctx: typer.Context, opened: ExitStack, *, as_json: bool) -> None:
        self._ctx, self._opened = ctx, opened
        self._database: Database | None = None
        self._config: load.Config | None = None
        self._seen: object = None
        # With --json, an error is all that there is on standard error.
        self._note = _nobody if as_json else render.note
        self.addresses = Addresses([], {}, self._note)

    def look(self) -> None:
        """Read the config, and the addresses if their file has changed. Raises `ConfigInvalid`."""
        config = load_config(self._ctx)
        if config != self._config:
            self._close()
        self._config = config
        file = addresses.file_beside(config.path)
        seen = file, load.state(file)
        if seen == self._seen:
            return
        self.addresses = addresses.load(config.path, self._note)
        self._seen = seen
        if render.stderr_is_terminal():  # cron would send a mail each time
            self.addresses.tell_of_strangers({user.id for user in list_users(self.database())})

    def database(self) -> Database:
        if self._database is None:
            self._database = self._opened.enter_context(open_for_reading(self._ctx)).database
        return self._database

    def _close(self) -> None:
        self._opened.close()
        self._database = None

    def wait(self, seconds: float, ended_by: list[int]) -> list[int]:
        """Wait for a change. See `rounds`."""
        if self._database is not None and not self._database.own_files:
            return self._database.wait_for_change(seconds, inputs=ended_by)
        self._close()
        return wait_for(seconds, inputs=ended_by)


def _note_damage(user_id: str, why: str) -> None:
    render.note(f"Nothing was sent to {user_id}. {why}")


def _nobody(_: str) -> None:
    pass


def _tell(result: Delivered, *, watching: bool, quiet: bool, as_json: bool) -> None:
    if result.failed and not watching:
        raise DeliveryFailed(
            f"{result.failed} of {result.sent + result.failed} notifications did not arrive",
            hint="They are tried again next time.",
        )
    if quiet and not result.failed:
        return
    something = result.sent or result.failed
    if as_json and (something or not watching):
        render.say_json(result)
    elif something:
        render.say(counts(sent=result.sent, failed=result.failed, waiting=result.waiting))
    render.flush()
