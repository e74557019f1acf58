"""The ids that a new user or chat may not have, because people would take them for others."""

from assignchat.crm.ids import canonical, why_hidden
from assignchat.errors import InvalidValue
from assignchat.store import twins, users
from assignchat.store.database import Database

AS_IT_IS = "Take it as it is with --any-id."


def check_new_id(database: Database, noun: str, new_id: str) -> None:
    """Check that the id of a new user or chat, as `noun` says, cannot be taken for another.

    Raises `InvalidValue` for one with characters that cannot be seen, for one that differs from
    a known one only by case, width or blanks, or is another form of it for a CRM, and for that of
    a user which is an alias of another.
    """
    hidden = why_hidden(new_id)
    if hidden is not None:
        raise InvalidValue(f"The {noun} id {new_id!r} {hidden}", hint=AS_IT_IS)
    other = twins.of(database, f"{noun}s", new_id, canonical)
    if other is not None:
        raise InvalidValue(
            f"The {noun} id {new_id!r} is another form of the known {other!r}", hint=AS_IT_IS
        )
    owner = users.of_alias(database, new_id) if noun == "user" else None
    if owner is not None:
        raise InvalidValue(
            f"The user id {new_id!r} is an alias of {owner.name} ({owner.id})", hint=AS_IT_IS
        )
