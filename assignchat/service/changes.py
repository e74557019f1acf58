"""Telling the CRM about changes here: listing them in its words, and marking them as told."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from assignchat.crm.headings import folded as folded_heading
from assignchat.crm.outgoing import Told
from assignchat.crm.sources import Source
from assignchat.errors import DatabaseLocked
from assignchat.model import Alias, User
from assignchat.store import changes, users
from assignchat.store.changes import ChatChange
from assignchat.store.database import Database
from assignchat.texts import folded


def list_changes(
    database: Database,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    statuses: bool = True,
) -> Iterator[ChatChange]:
    """Yield the chats whose owner is not what the CRM named last, or with `statuses` the status."""
    with database.read():
        yield from changes.to_tell(
            database, limit=limit, newest_first=newest_first, statuses=statuses
        )


def with_other_status(database: Database) -> list[str]:
    """List the chats whose status is not what the CRM named last."""
    with database.read():
        return list(changes.with_other_status(database))


class Telling:
    """The changes that the CRM is told, which then count as known, unless they are left out.

    `statuses` says whether it is told the statuses of the chats, and not only their owners.
    """

    def __init__(self, database: Database, *, statuses: bool) -> None:
        self._database = database
        self.statuses = statuses

    def rows(self) -> Iterator[ChatChange]:
        """Yield the chats."""
        return changes.staged(self._database)

    def leave_out(self, chat_ids: Iterable[str]) -> None:
        """Leave chats out. The CRM is still to be told about them."""
        with self._database.write_temporary():
            changes.unstage(self._database, chat_ids)


@contextmanager
def telling(
    database: Database, *, limit: int | None = None, statuses: bool = True
) -> Iterator[Telling]:
    """Yield the changes to tell the CRM, and mark them as known after the block has delivered them.

    Without `statuses` it is told owners alone. Other commands need not wait for the block, but for
    other tellings: each change is told by one of them. Changes made meanwhile are still to be told.
    """
    with database.alone() as is_alone:
        if not is_alone:
            raise DatabaseLocked(
                "Another command is telling the CRM about changes",
                hint="Nothing was told. Try again when it has ended: then the rest is listed.",
            )
        with database.write_temporary():
            changes.stage(database, limit=limit, statuses=statuses)
        one = Telling(database, statuses=statuses)
        yield one
        with database.write():
            changes.mark_told(database, statuses=one.statuses)


def told(change: ChatChange) -> Told:
    """Return the part of a change that the CRM is told."""
    return Told(
        change.id,
        change.customer,
        change.owner_id,
        change.status,
        owner_changes=change.owner_id != change.crm_owner_id,
        status_changes=change.crm_status not in (None, change.status),
    )


def names_of_owners(database: Database, name: str, chats: Source, team: Source) -> dict[str, str]:
    """Find the name of each user in a source, if it is not their id.

    It is the user's alias under the heading that the source's key `owners` names, else the last
    name in its owner column, else their first alias.
    """
    with database.read():
        aliases = users.aliases(database)
        seen = users.owner_names(database, name)
        found = users.every(database)
    if chats.owners is not None and _is_heading(chats.owners, team.columns.get("id", ["id"])):
        return {user.id: user.id for user in found}
    titled = _titled(aliases, name, chats.owners)
    return {user.id: titled.get(user.id) or _name(user, seen.get(user.id)) for user in found}


def _titled(aliases: Iterable[Alias], source: str, heading: str | None) -> dict[str, str]:
    """Find each user's first alias that came by a source under a heading."""
    titled: dict[str, str] = {}
    if heading is not None:
        of_source = (alias for alias in aliases if alias.source in (source, None))
        for alias in of_source:
            if _is_heading(alias.heading or "", [heading]):
                titled.setdefault(alias.user_id, alias.alias)
    return titled


def _name(user: User, seen: str | None) -> str:
    names = {folded(alias) for alias in user.aliases}
    if seen is not None and (seen == user.id or folded(seen) in names):
        return seen
    return user.aliases[0] if user.aliases else user.id


def _is_heading(heading: str, among: Collection[str]) -> bool:
    return folded_heading(heading) in map(folded_heading, among)
