"""Users: adding, changing, listing, activating and deactivating."""

import json
from collections.abc import Iterable, Sequence

from assignchat.errors import AliasExists, InvalidValue, OwnsOpenChats, UserExists
from assignchat.model import SYSTEM, Alias, ChatStatus, Event, Request, Role, Split, User
from assignchat.namedtuples import NamedTuple
from assignchat.service.batches import (
    BulkAssigned,
    Check,
    Progress,
    any_result,
    no_progress,
    reassign,
)
from assignchat.service.find import find_request, find_user, id_of, is_away
from assignchat.service.lifecycle import cancel, record_passed_deadlines
from assignchat.shell import Argument, command_line
from assignchat.store import chats, deliveries, requests, tracking, users
from assignchat.store.database import Database
from assignchat.store.selections import Selection
from assignchat.texts import check_id, check_text, folded, how_many


class Deactivated(NamedTuple):
    """A deactivated user, with the batch that moved their chats, if there was one.

    `requests` are all that were cancelled, `cancelled_requests` counts those on chats that did
    not move. `closed_chats` are the ids of the closed chats that moved.
    """

    user: User
    batch: BulkAssigned | None
    cancelled_requests: int
    dry_run: bool
    requests: Sequence[Request] = ()
    closed_chats: Sequence[str] = ()


def add_user(
    database: Database,
    user_id: str,
    *,
    actor: str,
    name: str | None = None,
    role: str = Role.USER,
    aliases: Iterable[str] = (),
    capacity: int | None = None,
    any_id: bool = False,
) -> User:
    """Add an active user, whose name defaults to the id.

    Returns the user. Raises `UserExists`, what `create_user` raises, or `InvalidValue` for an id
    that can be taken for another, unless `any_id`.
    """
    check_id(user_id, "user id")
    name = check_text(user_id if name is None else name, "name")
    user = with_aliases(User(user_id, name, role, True, None, capacity=capacity), aliases)
    with database.write():
        if users.get(database, user_id) is not None:
            raise UserExists(
                f"There is a user {user_id!r} already", hint="assignchat user set changes one."
            )
        if not any_id:
            from assignchat.service.new_ids import check_new_id  # only where one is added

            check_new_id(database, "user", user_id)
        create_user(database, user, actor)
        return user


def get_user(database: Database, user_id: str) -> User:
    """Find the user with this id or alias. Raises `UserNotFound`."""
    with database.read():
        return find_user(database, user_id)


def set_user(
    database: Database,
    user_id: str,
    *,
    actor: str,
    name: str | None = None,
    role: str | None = None,
    aliases: Iterable[str] = (),
    no_aliases: Iterable[str] = (),
    capacity: int | None = None,
    no_capacity: bool = False,
) -> User:
    """Change a user's name, role or capacity, give them `aliases` and take `no_aliases` away.

    Returns the user. Raises `UserNotFound`, `AliasExists` if another user has an alias, or
    `InvalidValue` for an alias to take away that is not theirs.
    """
    if name is not None:
        check_text(name, "name")
    with database.write():
        user = find_user(database, user_id)
        changed = user._replace(name=name or user.name, role=role or user.role)
        if capacity is not None or no_capacity:
            changed = changed._replace(capacity=capacity)
        changed = with_aliases(_without_aliases(changed, no_aliases), aliases)
        return change_user(database, user, changed, actor)


def activate_user(database: Database, user_id: str, *, actor: str) -> User:
    """Let a user take part again. Returns the user. Raises `UserNotFound`."""
    with database.write():
        user = find_user(database, user_id)
        return change_user(database, user, user._replace(active=True), actor)


def deactivate_user(
    database: Database,
    user_id: str,
    *,
    actor: str,
    reassign_to: Sequence[str] = (),
    split: Split = Split.EVEN,
    unavailable_too: bool = False,
    dry_run: bool = False,
    progress: Progress = no_progress,
    check_result: Check[Deactivated] = any_result,
) -> Deactivated:
    """Deactivate a user, and cancel the requests that they sent and got.

    All their chats go to `reassign_to` as one batch, in the same transaction. A `dry_run` does
    everything and rolls it back. `check_result` is as for `bulk_assign`. Returns the user, the
    batch and the counts. Raises `OwnsOpenChats` if they own open chats and nobody is to take them.
    """
    with database.write(dry_run=dry_run, bulk=True):
        user = find_user(database, user_id)
        record_passed_deadlines(database, requests.involving(user.id))
        if user.id in [id_of(database, name) for name in reassign_to]:
            raise InvalidValue(f"{user.name} cannot take over their own chats by leaving")
        pending = requests.pending(database, requests.involving(user.id))
        closed = chats.ids_of(database, user.id, ChatStatus.CLOSED) if reassign_to else []
        deactivated = _leave(database, user, actor)
        batch = None
        if reassign_to:
            batch = reassign(
                database,
                Selection.of_owner(database, user.id, None),
                to=reassign_to,
                actor=actor,
                split=split,
                reason=_reason(user),
                unavailable_too=unavailable_too,
                progress=progress,
            )
        _check_owns_no_open_chats(database, user)
        cancelled = _cancel_all(database, user, actor)
        died = [find_request(database, request.id) for request in pending]
        done = Deactivated(deactivated, batch, cancelled, dry_run, died, closed)
        check_result(done)
    if not dry_run:
        return done
    return done._replace(user=user, batch=batch and batch._replace(batch_id=None, dry_run=True))


def list_users(database: Database) -> list[User]:
    """List all users, by id. An absence that is over is not shown."""
    with database.read():
        return [
            user if is_away(user, database.now) else user._replace(away_until=None)
            for user in users.every(database)
        ]


def with_aliases(user: User, aliases: Iterable[str]) -> User:
    """Add aliases to a user, in the spelling that came last. Returns the user.

    Raises `InvalidValue` for an alias that cannot be an id.
    """
    by_folded = {folded(alias): alias for alias in user.aliases}
    by_folded |= {folded(check_id(alias, "alias")): alias for alias in aliases}
    return user._replace(aliases=tuple(sorted(by_folded.values())))


def _without_aliases(user: User, aliases: Iterable[str]) -> User:
    by_folded = {folded(alias): alias for alias in user.aliases}
    for alias in aliases:
        if by_folded.pop(folded(alias), None) is None:
            theirs = f"Their aliases: {', '.join(user.aliases)}." if user.aliases else None
            raise InvalidValue(f"{user.name} has no alias {alias!r}", hint=theirs)
    return user._replace(aliases=tuple(by_folded.values()))


def create_user(database: Database, user: User, actor: str) -> None:
    """Store a new user and its tracking row, inside a transaction.

    Raises `AliasExists`, or `InvalidValue` for the id that stands in tracking for what nobody has
    done, such as a time-out.
    """
    if folded(user.id) == SYSTEM:
        raise InvalidValue(
            f"The user id {user.id!r} is taken: in tracking it stands for what nobody has done",
            hint="Choose another id.",
        )
    users.add(database, user)
    _store_aliases(database, (), user)
    described = {key: value for key, value in user._asdict().items() if value not in (None, ())}
    detail = json.dumps(described, ensure_ascii=False)
    tracking.append(database, Event.USER_ADDED, actor, detail=detail)


def change_user(database: Database, old: User, new: User, actor: str) -> User:
    """Store a changed user and its tracking row, inside a transaction.

    Nothing is stored if nothing changed. Returns the user. Raises `AliasExists`.
    """
    _store_aliases(database, old.aliases, new)
    if new == old:
        return new
    users.change(database, old, new, actor)
    if new.role == Role.QUEUE and old.role != Role.QUEUE:
        deliveries.drop(database, new.id)
        asked = requests.sent_or_received_by(new.id)
        cancel(database, asked, actor=actor, reason=f"{new.name} became a queue")
    return new


def deactivate(database: Database, user: User, actor: str) -> User:
    """Mark a user inactive and cancel their pending requests, inside a transaction.

    Returns the user.
    """
    user = _leave(database, user, actor)
    _cancel_all(database, user, actor)
    return user


def _leave(database: Database, user: User, actor: str) -> User:
    """Mark a user inactive, before others are notified: they no longer are. Returns the user."""
    left = user._replace(active=False)
    if user.active:
        users.update(database, left)
        deliveries.drop(database, user.id)
        detail = json.dumps({"id": user.id}, ensure_ascii=False)
        tracking.append(database, Event.USER_DEACTIVATED, actor, detail=detail)
    return left


def _cancel_all(database: Database, user: User, actor: str) -> int:
    return cancel(database, requests.involving(user.id), actor=actor, reason=_reason(user))


def _reason(user: User) -> str:
    return f"{user.name} was deactivated"


def _store_aliases(database: Database, before: Sequence[str], user: User) -> None:
    for alias in before:
        if alias not in user.aliases:
            users.remove_alias(database, alias)
    for alias in user.aliases:
        if alias in before:
            continue
        owner = users.of_alias(database, alias)
        if owner is not None and owner.id != user.id:
            raise AliasExists(
                f"{owner.name} ({owner.id}) has the alias {alias!r} already",
                hint=command_line("user", "set", Argument(owner.id), "--no-alias", alias),
            )
        users.put_alias(database, Alias(alias, user.id))


def _check_owns_no_open_chats(database: Database, user: User) -> None:
    count = users.open_chats(database, user.id)
    if count:
        raise OwnsOpenChats(
            f"{user.name} still owns {how_many(count, 'open chat')}",
            hint=command_line("user", "deactivate", Argument(user.id), "--reassign-to", "USER"),
        )
