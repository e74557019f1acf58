"""The state of the live inbox as a plain value, and the effect of each key on it."""

from collections.abc import Sequence

from assignchat.cli.live import keyboard
from assignchat.model import Request
from assignchat.namedtuples import NamedTuple
from assignchat.service.inbox import Inbox, ReceivedRequest


class Action(NamedTuple):
    """The action that a key asks for: `accept`, `reject`, `mark read`, `suspend` or `quit`."""

    name: str
    request_id: int = 0
    reason: str = ""


class Screen(NamedTuple):
    """The live inbox.

    `known` are the requests that have been shown so far. `selected` is a request's number and
    stays the same when that request is no longer pending, so that a key never answers another
    request than the one it was pressed for. `typed` is the number of a request, or while `asking`
    a reason. `ended` are requests that were taken away while they were shown; they stay until the
    next key.
    """

    inbox: Inbox = Inbox("", [], [], [])
    known: frozenset[int] | None = None
    reasons: tuple[str, ...] = ()
    others_allowed: bool = True
    selected: int | None = None
    asking: bool = False
    typed: str = ""
    message: str = ""
    explains_keys: bool = False
    ended: tuple[Request, ...] = ()


def updated(screen: Screen, inbox: Inbox, ended: Sequence[Request] = ()) -> tuple[Screen, int]:
    """Put the inbox as it is now on the screen, and select the first request to come.

    Returns the screen, and how many requests have come since the last time.
    """
    numbers = frozenset(received.request.id for received in inbox.requests)
    selected = screen.selected
    if selected is None and not screen.inbox.requests and numbers:
        selected = min(numbers)
    came = 0 if screen.known is None else len(numbers - screen.known)
    known = numbers | (screen.known or frozenset())
    ended = (*screen.ended, *ended)
    return screen._replace(inbox=inbox, selected=selected, known=known, ended=ended), came


def selected_request(screen: Screen) -> ReceivedRequest | None:
    """Return the selected request, or None if it no longer waits."""
    waiting = (item for item in screen.inbox.requests if item.request.id == screen.selected)
    return next(waiting, None)


def answered(screen: Screen, message: str) -> Screen:
    """Deselect the request, and show `message` about an action. Returns the screen."""
    return screen._replace(selected=None, asking=False, typed="", message=message)


def press(screen: Screen, key: str) -> tuple[Screen, Action | None]:
    """Press a key. Returns the screen afterwards, and the action to run."""
    explains = key == "?" and not screen.asking and not screen.explains_keys
    screen = screen._replace(message="", ended=(), explains_keys=explains)
    return _press_reason(screen, key) if screen.asking else _press_list(screen, key)


def _press_list(screen: Screen, key: str) -> tuple[Screen, Action | None]:
    if key.isascii() and key.isdigit():
        return _press_number(screen, key), None
    screen = screen._replace(typed="")
    if key in _STEPS:
        return _moved(screen, _STEPS[key]), None
    if key in _COMMANDS:
        return screen, Action(_COMMANDS[key])
    return _press_answer(screen, key) if key in ("a", "r") else (screen, None)


def _press_answer(screen: Screen, key: str) -> tuple[Screen, Action | None]:
    if screen.selected is None:
        return screen._replace(message="Select a request first."), None
    if key == "a":
        return screen, Action("accept", screen.selected)
    return screen._replace(asking=True), None


_STEPS = {"j": 1, keyboard.DOWN: 1, "k": -1, keyboard.UP: -1}
_COMMANDS = {"q": "quit", keyboard.END: "quit", keyboard.SUSPEND: "suspend", "m": "mark read"}


def _press_number(screen: Screen, digit: str) -> Screen:
    """Select a request by its number, whose digits come one after the other."""
    numbers = [str(received.request.id) for received in screen.inbox.requests]
    typed = next((typed for typed in (screen.typed + digit, digit) if _begins(numbers, typed)), "")
    return screen._replace(
        typed=typed, selected=int(typed) if typed in numbers else screen.selected
    )


def _begins(texts: list[str], start: str) -> bool:
    return any(text.startswith(start) for text in texts)


def _moved(screen: Screen, step: int) -> Screen:
    """Select the next request, or the one before; requests are in the order of their numbers."""
    numbers = [received.request.id for received in screen.inbox.requests]
    last = 0 if screen.selected is None else screen.selected
    ahead = [n for n in numbers if n > last] if step > 0 else [n for n in numbers if n < last][::-1]
    edge = numbers[-1:] if step > 0 else numbers[:1]
    return screen._replace(selected=next(iter(ahead + edge), screen.selected))


def _press_reason(screen: Screen, key: str) -> tuple[Screen, Action | None]:
    if key == keyboard.ESCAPE:
        return screen._replace(asking=False, typed=""), None
    if key == keyboard.END:
        return screen, Action("quit")
    if key == keyboard.BACKSPACE:
        return screen._replace(typed=screen.typed[:-1]), None
    if key == keyboard.ENTER:
        return _press_enter(screen)
    typed = screen.typed + key if len(key) == 1 else screen.typed
    if screen.others_allowed or _begins(_choices(screen), typed):
        return screen._replace(typed=typed), None
    return screen._replace(message="Only these reasons can be given."), None


def _press_enter(screen: Screen) -> tuple[Screen, Action | None]:
    """Reject with the typed reason, or with the offered one of the typed number.

    Nothing is done before Enter: a reason may begin with a digit. Returns as `press`.
    """
    typed = screen.typed.strip()
    if typed in _choices(screen):
        reason = screen.reasons[int(typed) - 1]
    elif typed and screen.others_allowed and not typed.isdecimal():
        reason = typed
    else:
        message = f"{typed} is none of these." if typed else "A reason is required."
        return screen._replace(message=message), None
    return screen, Action("reject", screen.selected or 0, reason)


def _choices(screen: Screen) -> list[str]:
    return [str(number) for number in range(1, len(screen.reasons) + 1)]
