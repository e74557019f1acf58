"""inbox --watch: on a terminal a page with keys; elsewhere the inbox again at each change."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime

import typer

from assignchat import render
from assignchat.cli.hints import hint
from assignchat.cli.invocation import invocation
from assignchat.cli.live.keyboard import Keyboard, keyboard
from assignchat.cli.live.screen import (
    Action,
    Screen,
    answered,
    press,
    selected_request,
    updated,
)
from assignchat.cli.session import Session, open_for_user
from assignchat.config import load
from assignchat.config.keys import Settings
from assignchat.errors import AssignchatError, DatabaseLocked, DatabaseUnreachable, DatabaseUnusable
from assignchat.model import Notification, Request
from assignchat.namedtuples import NamedTuple
from assignchat.render.live import Page, live_page
from assignchat.service import inbox, settle
from assignchat.service.inbox import Inbox, ReceivedRequest
from assignchat.service.notifications import untold_end
from assignchat.store.meanwhile import Patience
from assignchat.system import signals
from assignchat.system.descriptors import wait_for
from assignchat.texts import how_many
from assignchat.times import format_time

_SECONDS_BETWEEN_LOOKS = 1.0
_TRYING_AGAIN = "; trying again"
_SOON_BETTER = (DatabaseLocked, DatabaseUnreachable)


def has_page() -> bool:
    """Return whether input and output are a terminal that can show the inbox as a page."""
    on_terminal = sys.stdin is not None and sys.stdin.isatty() and render.stdout_is_terminal()
    return on_terminal and not render.terminal_is_dumb()


class Look(NamedTuple):
    """The state that has changed: the inbox, the settings, and requests that were taken away."""

    inbox: Inbox
    settings: Settings
    ended: list[Request]


Show = Callable[[Inbox, list[Request]], None]


def watch_lines(ctx: typer.Context, as_user: str | None, show: Show) -> None:
    """Print the inbox, and again at each change, until a signal comes or the reader goes."""
    watched, patience = _Watched(ctx, as_user), Patience()
    shown: object = None
    if render.stdout_is_terminal():
        hint("Ctrl-C ends this")
    with render.for_a_reader(), signals.ending_the_block():
        while True:
            with suppress(DatabaseLocked), patience.bearing():  # by a writer who is soon done
                found = watched.look()
                if found is not None and (now := _without_countdown(found.inbox)) != shown:
                    shown = now
                    show(found.inbox, found.ended)
                    render.flush()
            if watched.wait(hang_ups=render.readers()):
                return


def _without_countdown(found: Inbox) -> object:
    return [received.request for received in found.requests], found.notifications


class _Watched:
    """The inbox of an actor, read only if it or the config may have changed since the last look."""

    def __init__(self, ctx: typer.Context, as_user: str | None) -> None:
        self._ctx, self._as_user = ctx, as_user
        self._held = ExitStack()
        self._session: Session | None = None
        self._seen: object = None
        self._due: str | None = None
        self._waiting: set[int] = set()

    def look(self) -> Look | None:
        """Read the inbox and the config. Returns None if neither has changed. Raises as `inbox`."""
        try:
            return self._found()
        except DatabaseUnreachable:
            self.look_anew()
            raise

    def _found(self) -> Look | None:
        now = format_time(invocation(self._ctx).clock())
        is_due = self._due is not None and self._due <= now
        if self._session and not is_due and _state(self._session) == self._seen:
            return None
        self.look_anew()  # another file may stand there by now, and another config
        session = self._session = self._held.enter_context(open_for_user(self._ctx, self._as_user))
        session.database.tell_who_waits = None  # the screen is ours
        self._seen = _state(session)
        found = inbox.inbox(session.database, actor=session.actor)
        deadlines = [received.request.expires_at for received in found.requests]
        self._due = min(filter(None, deadlines), default=None)
        before, self._waiting = self._waiting, {item.request.id for item in found.requests}
        ended = inbox.taken_away(session.database, sorted(before - self._waiting))
        return Look(found, session.config.settings, ended)

    def wait(self, *, inputs: Sequence[int] = (), hang_ups: Sequence[int] = ()) -> list[int]:
        """Wait for a change, or for the end of a second. Returns as `Database.wait_for_change`."""
        wait = self._session.database.wait_for_change if self._session else wait_for
        return wait(_SECONDS_BETWEEN_LOOKS, inputs=inputs, hang_ups=hang_ups)

    def look_anew(self) -> None:
        """Close the database, so that the next look reads it even if nothing has changed."""
        self._held.close()
        self._session = None


def _state(session: Session) -> object:
    return session.database.version, load.state(session.config.path)


class LiveInbox:
    """The inbox as a page with a countdown, on which keys answer requests."""

    def __init__(self, ctx: typer.Context, as_user: str | None) -> None:
        self._ctx, self._as_user = ctx, as_user
        self._watched, self._patience = _Watched(ctx, as_user), Patience()
        self._screen = Screen()

    def run(self) -> None:
        """Show the inbox until `q`, SIGINT or SIGTERM. Ctrl-Z suspends it, as any other program."""
        happened = signals.arriving(*signals.STOPPING, signal.SIGWINCH)
        self._look()  # what is wrong is said before the terminal changes
        while self._is_suspended(happened):
            os.kill(0, signal.SIGTSTP)

    def _is_suspended(self, happened: int) -> bool:
        """Run until the user quits or suspends. Returns whether to suspend."""
        with keyboard() as board, live_page() as page:
            while True:
                page.draw(_page(self._screen, invocation(self._ctx).clock()))
                ready = self._watched.wait(inputs=[board.fileno(), happened])
                if happened in ready and set(os.read(happened, 64)) & set(signals.STOPPING):
                    return False
                leave = self._press_all(board) if board.fileno() in ready else None
                if leave is not None:
                    return leave == "suspend"
                page.ring(self._look())

    def _look(self) -> int:
        """Bring the screen up to date. Returns how many requests have come."""
        found: Look | None = None
        try:
            with self._patience.bearing():
                found = self._watched.look()
            wrong: AssignchatError | None = self._patience.lost
        except DatabaseLocked as error:
            wrong = error
        if wrong is not None:
            self._screen = self._screen._replace(message=f"{wrong.message}{_TRYING_AGAIN}")
        if found is None:
            return 0
        if self._screen.message.endswith(_TRYING_AGAIN):
            self._screen = self._screen._replace(message="")
        self._screen, came = updated(self._screen, found.inbox, found.ended)
        self._screen = self._screen._replace(
            reasons=tuple(found.settings.rejection_reasons),
            others_allowed=found.settings.allow_other_reasons,
        )
        return came

    def _press_all(self, board: Keyboard) -> str | None:
        """Act on the pressed keys. Returns `quit` or `suspend` if one asks for it."""
        for key in board.pressed():
            self._screen, action = press(self._screen, key)
            if action is not None and action.name in ("quit", "suspend"):
                return action.name
            if action is not None:
                self._screen = answered(self._screen, self._outcome(action))
                self._watched.look_anew()
        return None

    def _outcome(self, action: Action) -> str:
        """Run the action, as the command of its name does. Returns its outcome in words."""
        try:
            with open_for_user(self._ctx, self._as_user) as session:
                session.database.tell_who_waits = None  # as above
                return _act(session, action, self._screen.inbox)
        except AssignchatError as error:
            if isinstance(error, DatabaseUnusable) and not isinstance(error, _SOON_BETTER):
                raise
            said = " ".join(filter(None, (error.message, error.hint)))
            return render.with_local_times(said)


def _act(session: Session, action: Action, seen: Inbox) -> str:
    database, actor, number = session.database, session.actor, action.request_id
    if action.name == "accept":
        request = settle.accept(database, number, actor=actor)
        return f"Request {number} is accepted: chat {request.chat_id} is yours."
    if action.name == "reject":
        settings = session.config.settings
        settle.reject(
            database,
            number,
            reason=action.reason,
            actor=actor,
            offered=settings.rejection_reasons,
            others_allowed=settings.allow_other_reasons,
        )
        return f"Request {number} is rejected: {action.reason}"
    marked = inbox.inbox(database, actor=actor, mark_read=True).notifications
    unseen = [notice.text for notice in marked if notice not in seen.notifications]
    noun = "notification is" if len(marked) == 1 else "notifications are"
    return " ".join([f"{len(marked)} {noun} marked read.", *unseen])


def _notice(item: Notification) -> str:
    end = untold_end(item)  # before the text, which may be cut
    about = f"Request {item.request_id}" if item.request_id else end and f"Batch {item.batch_id}"
    about = f"{about} ({end})" if end else about
    return f"{render.moment(item.at)}  {about and f'{about}: '}{item.text}"


def end_of(request: Request) -> str:
    """Say how a request ended, and why."""
    why = f" ({request.reason})" if request.reason else ""
    return f"Request {request.id}: {render.status_label(request.status)}{why}"


_KEYS = "a accept  r reject  j/k or number select  m mark read  ? keys  q quit"
_EVERY_KEY = {
    "a": "take over the chat of the selected request",
    "r": "reject the request: choose a reason by number, or type one",
    "j k ↓ ↑ 1 2 …": "select a request",
    "m": "mark the notifications read",
    "Ctrl-Z": "suspend; fg brings the page back",
    "q, Ctrl-D": "quit",
    "?": "show these keys, until the next key",
}
_KEYS_WHILE_ASKING = "Enter reject  Esc back"


def _page(screen: Screen, now: datetime) -> Page:
    inbox = screen.inbox
    numbers = [received.request.id for received in inbox.requests]
    return Page(
        title=f"Inbox of {inbox.user}: {_how_many_wait(len(numbers))}",
        headings=("Request", "Times out", "Chat", "Customer", "From"),
        rows=[
            *(_cells(received, now) for received in inbox.requests),
            *map(_ended_cells, screen.ended),
        ],
        selected=numbers.index(screen.selected) if screen.selected in numbers else None,
        details=_details(screen),
        notices=[_notice(item) for item in inbox.notifications[::-1]],
        choices=_choices(screen),
        prompt=_prompt(screen) if screen.asking else "",
        message=screen.message,
        keys=_KEYS_WHILE_ASKING if screen.asking else _KEYS,
    )


def _choices(screen: Screen) -> Sequence[str]:
    if screen.asking:
        return [f"  {n}. {reason}" for n, reason in enumerate(screen.reasons, start=1)]
    keys = _EVERY_KEY if screen.explains_keys else {}
    return [f"  {key:<13}  {what}" for key, what in keys.items()]


def _how_many_wait(count: int) -> str:
    if not count:
        return "nobody waits for your answer"
    return f"{how_many(count, 'request')} {'waits' if count == 1 else 'wait'} for your answer"


def _cells(received: ReceivedRequest, now: datetime) -> tuple[str, ...]:
    request = received.request
    left = render.time_left(request.expires_at, now)
    return str(request.id), left, request.chat_id, request.customer, request.requester_id


def _ended_cells(request: Request) -> tuple[str, ...]:
    how = render.status_label(request.status)
    return str(request.id), how, request.chat_id, request.customer, request.requester_id


def _details(screen: Screen) -> str:
    """Describe the selected request in full, because its row may be cut."""
    if screen.selected is None:
        return ""
    received = selected_request(screen)
    if received is None:
        ended = (end_of(request) for request in screen.ended if request.id == screen.selected)
        return next(ended, f"Request {screen.selected} is no longer pending") + "."
    request = received.request
    about = f"Request {request.id}: chat {request.chat_id} of {request.customer}"
    note = f": {request.note}" if request.note else ""
    return f"{about}, from {request.requester_id}{note}"


def _prompt(screen: Screen) -> str:
    other = " or any other reason" if screen.others_allowed else ""
    choices = f"1-{len(screen.reasons)}{other}" if screen.reasons else "Reason"
    return f"Reject request {screen.selected}. {choices}: {screen.typed}_"
