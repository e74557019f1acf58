"""Tracking rows, and the Engagement Tracking Records that they tell."""

from collections.abc import Iterator
from typing import Unpack

from assignchat.model import EngagementRecord, TrackingRow
from assignchat.namedtuples import NamedTuple
from assignchat.service.find import id_of
from assignchat.store import tracking
from assignchat.store.database import Database
from assignchat.store.tracking import Filters


class Part(NamedTuple):
    """Some tracking rows, and the id up to which there are no others that match."""

    rows: list[TrackingRow]
    complete_to: int


def list_tracking(
    database: Database,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    **given: Unpack[Filters],
) -> Iterator[TrackingRow]:
    """Yield the tracking rows that match."""
    with database.read():
        yield from tracking.rows(
            database, _by_ids(database, given), limit=limit, newest_first=newest_first
        )


def tracking_blocks(
    database: Database, **given: Unpack[Filters]
) -> Iterator[str | list[TrackingRow]]:
    """Yield all tracking rows that match in blocks, each a text of JSON lines or a list."""
    with database.read():
        yield from tracking.blocks(database, _by_ids(database, given))


def read_part(
    database: Database, *, most: int, newest: bool = False, **given: Unpack[Filters]
) -> Part:
    """Read up to `most` tracking rows that match: the oldest, or the newest. Returns a part.

    Rows get their ids in the order in which they are committed, so a reader who asks for the next
    part `after` the id of this one misses none.
    """
    with database.read():
        last = tracking.last_id(database)
        found = tracking.rows(database, _by_ids(database, given), limit=most, newest_first=newest)
        rows = list(found)
    if newest:
        return Part(rows[::-1], last)
    return Part(rows, rows[-1].id if len(rows) == most else last)


def newest_id(database: Database) -> int:
    """Find the id of the newest tracking row. Returns 0 if there is none."""
    with database.read():
        return tracking.last_id(database)


def list_records(
    database: Database,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    **given: Unpack[Filters],
) -> Iterator[EngagementRecord]:
    """Yield the Engagement Tracking Records that match, with the filters of `list_tracking`."""
    with database.read():
        yield from tracking.records(
            database, _by_ids(database, given), limit=limit, newest_first=newest_first
        )


def _by_ids(database: Database, given: Filters) -> Filters:
    user = given.get("user")
    return given if user is None else {**given, "user": id_of(database, user)}
