"""Presence: users who go away and come back, and the requests that wait for them."""

from collections.abc import Callable, Sequence

from assignchat.errors import InvalidValue, WrongUserType
from assignchat.model import INDEFINITE, TRANSITIONS, Request, Role, Status, User
from assignchat.namedtuples import NamedTuple
from assignchat.service.find import check_active, find_actor, find_request, find_user
from assignchat.service.lifecycle import record_passed_deadlines, settle
from assignchat.service.settle import check_reason
from assignchat.service.users import change_user
from assignchat.store import requests
from assignchat.store.database import Database

PASSED_ON = "Away"
"""The reason for rejecting what is passed on, if none is given."""


class Gone(NamedTuple):
    """A user who is away.

    The requests that wait for them, or those that were rejected and those that were sent next.
    """

    user: User
    waiting: Sequence[Request]
    passed_on: Sequence[Request] = ()
    asked_next: Sequence[Request] = ()


def set_away(database: Database, user_id: str, *, actor: str, until: str | None = None) -> User:
    """Note that a user is away, until a stored time or indefinitely.

    Returns the user. Raises `UserNotFound`, `UserInactive`, `WrongUserType` for a queue, or
    `InvalidValue` if the time has passed.
    """
    with database.write():
        return _set_away(database, find_user(database, user_id), until, actor)


def set_back(database: Database, user_id: str, *, actor: str) -> User:
    """Note that a user is back. Returns the user. Raises `UserNotFound`."""
    with database.write():
        user = find_user(database, user_id)
        return change_user(database, user, user._replace(away_until=None), actor)


def go_away(
    database: Database,
    *,
    actor: str,
    until: str | None = None,
    pass_on: bool = False,
    reason: str | None = None,
    offered: Sequence[str] = (),
    others_allowed: bool = True,
    check_result: Callable[[Gone], object] = lambda _gone: None,
) -> Gone:
    """Note that the actor is away, and if `pass_on`, reject the requests that wait for them.

    The next user of each chain is asked. The reason is as for `reject`, "Away" if none is given.
    `check_result` is called with the result before the commit; if it raises, nothing is changed.
    Returns the actor with those requests. Raises `ActorUnknown`, `UserInactive`,
    `ReasonRequired`, `ReasonNotAllowed`, or `InvalidValue` if the time has passed.
    """
    if pass_on:
        reason = reason or (PASSED_ON if others_allowed or PASSED_ON in offered else None)
        reason = check_reason(reason, offered, others_allowed=others_allowed)
    with database.write():
        user = find_actor(database, actor)
        record_passed_deadlines(database, requests.received_by(user.id))
        waiting = _waiting(database, user)
        user = _set_away(database, user, until, user.id)
        gone = _pass_on(database, user, waiting, reason) if pass_on else Gone(user, waiting)
        check_result(gone)
    return gone


def come_back(database: Database, *, actor: str) -> User:
    """Note that the actor is back. Returns the user. Raises `ActorUnknown` or `UserInactive`."""
    with database.write():
        user = find_actor(database, actor)
        return change_user(database, user, user._replace(away_until=None), user.id)


def waiting_for(database: Database, user_id: str) -> list[Request]:
    """List the requests that wait for a user. Raises `UserNotFound`."""
    with database.read():
        return _waiting(database, find_user(database, user_id))


def _pass_on(database: Database, user: User, waiting: list[Request], reason: str | None) -> Gone:
    received = requests.received_by(user.id)
    transition = TRANSITIONS["reject"]
    rejected = settle(database, transition, received, actor=user.id, reason=reason)
    newest = [requests.newest_of_chat(database, request.chat_id) for request in waiting]
    return Gone(
        user,
        waiting=(),
        passed_on=[find_request(database, request.id) for request in waiting],
        asked_next=[r for r in newest if r is not None and r.previous_request_id in rejected],
    )


def _waiting(database: Database, user: User) -> list[Request]:
    waiting = requests.matching(database, {"recipient": user.id, "status": Status.PENDING})
    return list(waiting)


def _set_away(database: Database, user: User, until: str | None, actor: str) -> User:
    check_active(user)
    if user.role == Role.QUEUE:
        raise WrongUserType(f"{user.name} ({user.id}) is a queue, and is never away")
    if until is not None and until <= database.now:
        raise InvalidValue(f"{until} has passed")
    return change_user(database, user, user._replace(away_until=until or INDEFINITE), actor)
