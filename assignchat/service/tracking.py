"""The history: tracking rows, and the Engagement Tracking Records that they tell."""

from collections.abc import Iterator
from typing import Unpack

from assignchat.model import EngagementRecord, TrackingRow
from assignchat.service.find import id_of
from assignchat.store import tracking
from assignchat.store.database import Database
from assignchat.store.tracking import Filters


def list_tracking(
    database: Database,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    **given: Unpack[Filters],
) -> Iterator[TrackingRow]:
    """The tracking rows that match, one at a time."""
    with database.read():
        yield from tracking.rows(
            database, _by_ids(database, given), limit=limit, newest_first=newest_first
        )


def list_records(
    database: Database,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    **given: Unpack[Filters],
) -> Iterator[EngagementRecord]:
    """The Engagement Tracking Records that match, as `list_tracking`."""
    with database.read():
        yield from tracking.records(
            database, _by_ids(database, given), limit=limit, newest_first=newest_first
        )


def _by_ids(database: Database, given: Filters) -> Filters:
    user = given.get("user")
    return given if user is None else {**given, "user": id_of(database, user)}
