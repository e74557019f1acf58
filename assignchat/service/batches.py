"""Many chats at once: bulk-assign, undo, and the steps that they share with deactivation."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from assignchat.errors import (
    BatchNotFound,
    BatchUndone,
    ChatNotFound,
    NotAllowed,
    NotOwner,
    UserFull,
    UserInactive,
)
from assignchat.model import (
    Batch,
    ChatStatus,
    Role,
    Split,
    User,
)
from assignchat.namedtuples import NamedTuple
from assignchat.service.batchnotices import tell_former_owners, tell_recipients, tell_undone
from assignchat.service.find import (
    NAMED_AT_MOST,
    find_actor,
    find_batch,
    find_recipient,
    find_user,
    listing,
)
from assignchat.service.lifecycle import cancel, record_passed_deadlines
from assignchat.service.shares import Load, gained_open_chats, given_chats, share_out
from assignchat.shell import Argument, command_line
from assignchat.store import batches, tracking, users
from assignchat.store.batches import GivenBack
from assignchat.store.database import Database
from assignchat.store.selections import Holding, Move, Selection, StagedChats
from assignchat.texts import check_text, how_many

Progress = Callable[[int, int], None]
"""Called after each slice with how many chats are done, and of how many."""

_Result = TypeVar("_Result")
Check = Callable[[_Result], object]
"""Called with a result before it is committed. If it raises, nothing is changed."""


class BulkAssigned(NamedTuple):
    """The result of a bulk assignment. `batch_id` is null if there was nothing to do.

    `closed` counts those of the recipients' chats that are closed, `open_chats` all open chats of
    each recipient, before and after.
    """

    batch_id: int | None
    assigned: int
    unchanged: int
    cancelled_requests: int
    recipients: dict[str, int]
    dry_run: bool
    closed: Mapping[str, int]
    open_chats: dict[str, tuple[int, int]]


class Undone(NamedTuple):
    """The result of an undo."""

    batch_id: int
    undone: int
    skipped: int
    dry_run: bool


def no_progress(_done: int, _total: int) -> None:
    """Show no progress."""


def any_result(_result: object) -> None:
    """Let any result be committed."""


def stage_chats(database: Database, chat_ids: Iterable[str], *, actor: str) -> StagedChats:
    """Read the ids of chats for `bulk_assign`, while others may write. Returns the chats.

    Raises `ChatNotFound`, also as soon as there are more ids than chats, and the errors of
    `find_actor`.
    """
    with database.read():
        find_actor(database, actor)
    staged = StagedChats(database)
    # Not in one transaction, which would stay open until the last id has come.
    for _ in staged.add(chat_ids):
        if staged.more_than_there_are():
            _check_known(staged)
    with database.write_temporary():
        staged.look_up()
        _check_known(staged)
    return staged


def bulk_assign(
    database: Database,
    *,
    to: Sequence[str],
    actor: str,
    chat_ids: Iterable[str] | StagedChats | None = None,
    from_user: str | None = None,
    status: str | None = None,
    split: Split = Split.EVEN,
    reason: str | None = None,
    unavailable_too: bool = False,
    dry_run: bool = False,
    progress: Progress = no_progress,
    check_result: Check[BulkAssigned] = any_result,
) -> BulkAssigned:
    """Assign chats directly, all or nothing: those of `chat_ids`, or all of `from_user`.

    The ids are read before the lock is taken. With `from_user`, `status` limits the chats to open
    or closed ones. A `dry_run` does everything and rolls it back, so that its counts are exact.
    `check_result` is called with the counts before the commit; if it raises, nothing is changed.
    Returns the counts. Raises `NotOwner` unless the actor is a manager or owns every chat,
    `ChatNotFound` naming up to ten chats, and the errors of `find_recipient`.
    """
    if reason is not None:
        check_text(reason, "reason")
    if from_user is None and not isinstance(chat_ids, StagedChats):
        chat_ids = stage_chats(database, chat_ids or (), actor=actor)
    with database.write(dry_run=dry_run, bulk=True):
        user = find_actor(database, actor)
        if from_user is not None:
            from_user = find_user(database, from_user).id
            selection = Selection.of_owner(database, from_user, status)
        else:
            assert isinstance(chat_ids, StagedChats)  # noqa: S101  # see above
            selection = Selection.of_staged(chat_ids)
        record_passed_deadlines(database, selection.requests)
        _check_may_move(selection, user, from_user)
        done = reassign(
            database,
            selection,
            to=to,
            actor=user.id,
            split=split,
            reason=reason,
            unavailable_too=unavailable_too,
            progress=progress,
        )
        check_result(done)
    return done._replace(batch_id=None, dry_run=True) if dry_run else done


def reassign(
    database: Database,
    selection: Selection,
    *,
    to: Sequence[str],
    actor: str,
    split: Split,
    reason: str | None,
    unavailable_too: bool,
    progress: Progress = no_progress,
) -> BulkAssigned:
    """Move the selected chats inside the caller's transaction, as one batch. Returns the counts."""
    holdings = selection.holdings()
    recipients = _recipients(database, to, holdings, unavailable_too=unavailable_too)
    loads = _loads(database, recipients, unavailable_too=unavailable_too)
    moves = share_out(holdings, loads, split)
    _check_room(moves, loads, split)
    assigned = dict.fromkeys(recipients, 0) | given_chats(moves)
    total = sum(assigned.values())
    unchanged = sum(holding.chats for holding in holdings) - total
    if not total:
        return BulkAssigned(None, 0, unchanged, 0, assigned, False, {}, {})
    database.expect_tracking_rows(total)
    before = tracking.last_id(database)
    batch_id = batches.add(database, actor, reason)
    done = 0
    for move in moves:
        for moved in selection.move(move, batch_id=batch_id, actor=actor, reason=reason):
            done += moved
            progress(done, total)
            database.note_progress(done, total)
    cancelled = _cancel_on_moved(database, before, batch_id, actor, "Assigned directly")
    for user_id, count in assigned.items():
        if count:
            batches.add_recipient(database, batch_id, user_id, recipients[user_id].role, count)
    tell_recipients(database, batch_id, actor, assigned)
    tell_former_owners(database, batch_id, actor, recipients, moves)
    closed = given_chats(move for move in moves if move.status == ChatStatus.CLOSED)
    open_chats = _before_and_after(loads, moves)
    return BulkAssigned(batch_id, total, unchanged, cancelled, assigned, False, closed, open_chats)


def _recipients(
    database: Database, to: Sequence[str], holdings: Sequence[Holding], *, unavailable_too: bool
) -> dict[str, User]:
    """Find the users to whom chats may go, by id. Raises the errors of `find_recipient`."""
    owners = {holding.owner_id for holding in holdings}
    # Where there are several owners, each of them could take the others' chats.
    passed_over = owners if len(owners) == 1 else ()
    found = [
        find_recipient(database, name, unavailable_too=unavailable_too, owners=passed_over)
        for name in to
    ]
    return {user.id: user for user in found}


def _before_and_after(loads: dict[str, Load], moves: list[Move]) -> dict[str, tuple[int, int]]:
    gained = gained_open_chats(moves)
    before = {user: load.open_chats for user, load in loads.items()}
    return {user: (chats, chats + gained[user]) for user, chats in before.items()}


def _loads(
    database: Database, recipients: dict[str, User], *, unavailable_too: bool
) -> dict[str, Load]:
    return {
        user_id: Load(
            users.open_chats(database, user_id), None if unavailable_too else user.capacity
        )
        for user_id, user in recipients.items()
    }


def undo(
    database: Database,
    batch_id: int,
    *,
    actor: str,
    dry_run: bool = False,
    progress: Progress = no_progress,
    check_result: Check[Undone] = any_result,
) -> Undone:
    """Give the chats of a batch back to their owners before. Chats that moved again stay.

    `check_result` is as for `bulk_assign`. Returns the counts. Raises `BatchUndone`, `NotAllowed`
    unless the actor is that of the batch or a manager, and `UserInactive` if a user who would get
    chats back is not active.
    """
    with database.write(dry_run=dry_run, bulk=True):
        batch = find_batch(database, batch_id)
        batches.check_as_told(database, batch)
        user = _require_manager_or(database, actor, batch.actor)
        if batch.undone_at is not None:
            raise BatchUndone(f"Batch {batch_id} was undone at {batch.undone_at}")
        record_passed_deadlines(database, batches.requests_of(batch_id))
        database.expect_tracking_rows(batch.assigned)
        before = tracking.last_id(database)
        undone = 0
        for given_back in batches.undo(database, batch_id, user.id):
            undone += given_back
            progress(undone, batch.assigned)
            database.note_progress(undone, batch.assigned)
        returned = batches.given_back(database, batch_id)
        _check_active_again(database, returned)
        batches.mark_undone(database, batch_id)
        _cancel_on_moved(database, before, batch_id, user.id, f"Batch {batch_id} was undone")
        tell_undone(database, batch_id, user, returned)
        result = Undone(batch_id, undone, batch.assigned - undone, dry_run)
        check_result(result)
    return result


def list_batches(
    database: Database, *, limit: int | None = None, newest_first: bool = False
) -> Iterator[Batch]:
    """Yield all batches."""
    with database.read():
        for batch in batches.every(database, limit=limit, newest_first=newest_first):
            yield batches.with_users(database, batch)


def last_batch(database: Database, *, actor: str) -> int:
    """Find the actor's newest batch that is not undone. Returns its id. Raises `BatchNotFound`."""
    with database.read():
        user = find_actor(database, actor)
        batch_id = batches.newest_of(database, user.id)
    if batch_id is None:
        raise BatchNotFound(f"{user.name} has no batch that is not undone")
    return batch_id


def _check_room(moves: list[Move], loads: dict[str, Load], split: Split) -> None:
    """Refuse moves that give a user more open chats than they take. Raises `UserFull`."""
    gained = gained_open_chats(moves)
    wanted = {user: gained[user] for user in loads}
    room = {
        user: max(0, load.capacity - load.open_chats)
        for user, load in loads.items()
        if load.capacity is not None
    }
    if all(wanted[user] <= chats for user, chats in room.items()):
        return
    each = ", ".join(f"{chats} with {user}" for user, chats in room.items())
    needed = sum(max(0, chats) for chats in wanted.values())
    # Who has no capacity takes any number, and is not in it.
    room_for_all = len(room) < len(loads) or needed <= sum(room.values())
    fits = split == Split.EVEN and room_for_all
    advice = f"Share them out by --split {Split.LEAST_LOADED}" if fits else "Name others too"
    raise UserFull(
        f"No room for {how_many(needed, 'open chat')}; there is room for: {each}",
        hint=f"Nothing was assigned. {advice}, or add --anyway.",
    )


def _require_manager_or(database: Database, actor: str, entitled: str) -> User:
    """Find the actor, who must be a manager or the user of this id. Raises `NotAllowed`."""
    user = find_actor(database, actor)
    if user.role != Role.MANAGER and user.id != entitled:
        raise NotAllowed(f"Only a manager or {entitled!r}, the actor of the batch, may do this")
    return user


def _check_known(staged: StagedChats) -> None:
    unknown = staged.unknown(NAMED_AT_MOST + 1)
    if unknown:
        raise ChatNotFound(f"No such chats: {listing(unknown)}", hint="Nothing was assigned.")


def _check_may_move(selection: Selection, user: User, from_user: str | None) -> None:
    if user.role == Role.MANAGER:
        return
    foreign = selection.not_owned_by(user.id, NAMED_AT_MOST + 1)
    if foreign or from_user not in (None, user.id):
        raise NotOwner(
            f"{user.name} may only assign chats of their own"
            + (f", not: {listing(foreign)}" if foreign else ""),
            hint="A manager may assign any chat.",
        )


def _check_active_again(database: Database, returned: Sequence[GivenBack]) -> None:
    inactive = batches.inactive_owners(database, returned)
    if inactive:
        raise UserInactive(
            f"Chats would go back to users who are not active: {listing(inactive)}",
            hint=command_line("user", "activate", Argument(inactive[0])),
        )


def _cancel_on_moved(
    database: Database, before: int, batch_id: int, actor: str, reason: str
) -> int:
    moved = batches.requests_moved_since(before)
    return cancel(database, moved, actor=actor, reason=reason, batch_id=batch_id)
