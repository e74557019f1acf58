"""The way back to the CRM: what it does not know yet, in its words, and that it was told."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from assignchat.crm.headings import folded as folded_heading
from assignchat.crm.outgoing import Told
from assignchat.crm.sources import Source
from assignchat.model import Alias, User, folded
from assignchat.store import changes, users
from assignchat.store.changes import ChatChange
from assignchat.store.database import Database


def list_changes(
    database: Database, *, limit: int | None = None, newest_first: bool = False
) -> Iterator[ChatChange]:
    """Yield the chats whose owner or status is not what the CRM said last, one at a time."""
    with database.read():
        yield from changes.to_tell(database, limit=limit, newest_first=newest_first)


class Telling:
    """What the CRM is told, which counts as known to it unless it is left out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self) -> Iterator[ChatChange]:
        """The chats, one at a time."""
        return changes.staged(self._database)

    def leave_out(self, chat_ids: Iterable[str]) -> None:
        """Leave chats out: they are still to be told."""
        with self._database.write_temporary():
            changes.unstage(self._database, chat_ids)


@contextmanager
def telling(database: Database, *, limit: int | None = None) -> Iterator[Telling]:
    """Yield what the CRM is to be told, and mark it as known once the block has delivered it.

    Nobody waits for the block. What is changed meanwhile is still to be told afterwards.
    """
    with database.write_temporary():
        changes.stage(database, limit=limit)
    yield Telling(database)
    with database.write():
        changes.mark_told(database)


def told(change: ChatChange) -> Told:
    """What the CRM is told of a change."""
    return Told(
        change.id,
        change.customer,
        change.owner_id,
        change.status,
        owner_changes=change.owner_id != change.crm_owner_id,
        status_changes=change.crm_status not in (None, change.status),
    )


def names_of_owners(database: Database, name: str, chats: Source, team: Source) -> dict[str, str]:
    """Returns what a source calls each user who has another name there than their id.

    That is their alias under the heading that its key `owners` names, else what stood last
    in its owner column, else their first alias.
    """
    with database.read():
        aliases = users.aliases(database)
        seen = users.owner_names(database, name)
        found = users.every(database)
    by_id = chats.owners is not None and _is_heading(chats.owners, team.columns.get("id", ["id"]))
    return {
        user.id: user.id if by_id else _name(user, aliases, seen.get(user.id), name, chats.owners)
        for user in found
    }


def _name(
    user: User, aliases: Iterable[Alias], seen: str | None, source: str, heading: str | None
) -> str:
    titled = [
        alias.alias
        for alias in aliases
        if alias.user_id == user.id
        and heading is not None
        and alias.source in (source, None)
        and _is_heading(heading, [alias.heading or ""])
    ]
    names = {folded(alias) for alias in user.aliases}
    if titled:
        return titled[0]
    if seen is not None and (seen == user.id or folded(seen) in names):
        return seen
    return user.aliases[0] if user.aliases else user.id


def _is_heading(heading: str, among: Collection[str]) -> bool:
    return folded_heading(heading) in map(folded_heading, among)
