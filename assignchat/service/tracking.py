"""The history: tracking rows, and the Engagement Tracking Records that they tell."""

from collections.abc import Iterator, Mapping
from typing import TypedDict, Unpack

from assignchat.model import EngagementRecord, TrackingRow
from assignchat.service.find import id_of
from assignchat.store import tracking
from assignchat.store.database import Database


class Sought(TypedDict, total=False):
    """What to look for in the history; times are stored times, `since` is inclusive."""

    chat: str | None
    request: int | None
    batch: int | None
    user: str | None
    event: str | None
    since: str | None
    until: str | None


def list_tracking(
    database: Database,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    **sought: Unpack[Sought],
) -> Iterator[TrackingRow]:
    """The tracking rows that match, one at a time."""
    with database.read():
        yield from tracking.rows(
            database, _by_ids(database, sought), limit=limit, newest_first=newest_first
        )


def list_records(
    database: Database,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    **sought: Unpack[Sought],
) -> Iterator[EngagementRecord]:
    """The Engagement Tracking Records that match, as `list_tracking`."""
    with database.read():
        yield from tracking.records(
            database, _by_ids(database, sought), limit=limit, newest_first=newest_first
        )


def _by_ids(database: Database, sought: Sought) -> Mapping[str, object]:
    user = sought.get("user")
    return sought if user is None else {**sought, "user": id_of(database, user)}
