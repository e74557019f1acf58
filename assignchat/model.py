"""The words of assignchat: roles, statuses, events, and the rows of its tables.

Only values and rules: nothing here reads a file or a clock. Times are text, see `times`. The rows
are named tuples: their fields are the columns of the tables and the keys of the JSON, in that
order. Columns that hold one of the words below are typed `str`; the words are `StrEnum`s and
compare equal to it.
"""

from collections.abc import Sequence
from enum import StrEnum

from assignchat.namedtuples import NamedTuple

SYSTEM = "system"
"""The actor of what happens by itself: a deadline that passes."""

INDEFINITE = "indefinite"
"""The end of an absence without a time; as text it is later than every stored time."""

UNTIL_ANSWER = "next answer"
"""The end of an absence after unanswered requests; it is later than every time, too."""


class Role(StrEnum):
    """The role of a user. A queue is no person: it is never asked or told, and does nothing."""

    USER = "user"
    MANAGER = "manager"
    QUEUE = "queue"


PERSONS = (Role.USER, Role.MANAGER)
"""The roles of those who can be asked: a request is addressed to a User or a Manager."""


class ChatStatus(StrEnum):
    """The status of a chat."""

    OPEN = "open"
    CLOSED = "closed"


class Status(StrEnum):
    """The status of a request: pending, then for good one of the others, as `TRANSITIONS` says.

    All code that counts, lists or waits for requests takes the statuses from here.
    """

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The status as people see it, such as `Timed Out`."""
        return self.value.replace("_", " ").title()


class Event(StrEnum):
    """The event that a tracking row records."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    ASSIGNED = "assigned"
    UNDONE = "undone"
    IMPORTED = "imported"
    OPENED = "opened"
    CLOSED = "closed"
    REOPENED = "reopened"
    USER_ADDED = "user_added"
    USER_CHANGED = "user_changed"
    USER_DEACTIVATED = "user_deactivated"
    CONFIG_CHANGED = "config_changed"


OWNERSHIP_EVENTS = (
    Event.OPENED,
    Event.ACCEPTED,
    Event.ASSIGNED,
    Event.UNDONE,
    Event.IMPORTED,
)
"""The events after which `to_user` owns the chat; the last one names today's owner."""


class Party(StrEnum):
    """A party of a request: it may act on the request, and is told about it.

    The owner is a party only if a manager has sent the request in their place.
    """

    RECIPIENT = "recipient"
    REQUESTER = "requester"
    OWNER = "owner"
    SYSTEM = "system"


class Transition(NamedTuple):
    """One step in the life of a request: `party` takes it from `source` to `target`.

    The next of the chain is asked after it if `chain_goes_on`.
    """

    source: Status
    target: Status
    event: Event
    party: Party
    needs_reason: bool = False
    chain_goes_on: bool = False


TRANSITIONS: dict[str, Transition] = {
    "accept": Transition(Status.PENDING, Status.ACCEPTED, Event.ACCEPTED, Party.RECIPIENT),
    "reject": Transition(
        Status.PENDING,
        Status.REJECTED,
        Event.REJECTED,
        Party.RECIPIENT,
        needs_reason=True,
        chain_goes_on=True,
    ),
    "withdraw": Transition(
        Status.PENDING, Status.WITHDRAWN, Event.WITHDRAWN, Party.REQUESTER, needs_reason=True
    ),
    "time out": Transition(
        Status.PENDING, Status.TIMED_OUT, Event.TIMED_OUT, Party.SYSTEM, chain_goes_on=True
    ),
    "cancel": Transition(Status.PENDING, Status.CANCELLED, Event.CANCELLED, Party.SYSTEM),
}
"""The whole life of a request: the guard of each change, the tests' matrix and the table in
the documentation come from here."""

SETTLED = tuple(status for status in Status if status != Status.PENDING)
"""How a request can end."""

ANSWERS = tuple(step.target for step in TRANSITIONS.values() if step.party == Party.RECIPIENT)
"""How the recipient can end it."""

NOT_TAKEN = tuple(step.target for step in TRANSITIONS.values() if step.chain_goes_on)
"""How it ends so that the next of its chain is asked; without one, nobody has taken the chat."""

WITH_REASON = tuple(step.target for step in TRANSITIONS.values() if step.needs_reason)
"""How it ends for a reason that somebody gave."""


NOTICES: dict[tuple[Event, Party], str] = {
    (Event.REQUESTED, Party.RECIPIENT): "%s has sent you a chat assignment request.",
    (Event.ACCEPTED, Party.REQUESTER): "%s has accepted your chat assignment request.",
    (Event.ACCEPTED, Party.OWNER): "%s has taken over your chat.",
    (Event.REJECTED, Party.REQUESTER): "%s has rejected your chat assignment request.",
    (Event.WITHDRAWN, Party.RECIPIENT): "%s has withdrawn the chat assignment request.",
    (Event.WITHDRAWN, Party.REQUESTER): "Your chat assignment request to %s was withdrawn.",
    (Event.TIMED_OUT, Party.REQUESTER): "Your chat assignment request to %s has timed out.",
    (Event.TIMED_OUT, Party.RECIPIENT): "The chat assignment request from %s has timed out.",
    (Event.CANCELLED, Party.REQUESTER): "Your chat assignment request to %s was cancelled.",
    (Event.CANCELLED, Party.RECIPIENT): "The chat assignment request from %s was cancelled.",
}
"""Who is told of what happens to a request, and how, with the other party's name.

To a recipient that is the requester, to all others the recipient.
"""

NOBODY_TOOK_NOTICE = "Nobody has taken the chat about which %s has asked."
"""How the users are told whom the rules name, with the requester's name."""

SET_AWAY_NOTICE = (
    "You are away until you answer or come back: {requests} timed out without an answer."
)

ASSIGNED_NOTICE = "{actor} has assigned {chats} to you."
ASSIGNED_AWAY_NOTICE = "{actor} has assigned {chats} of yours to {recipients}."
IMPORTED_NOTICE = "{actor} has assigned {chats} to you by an import."
IMPORTED_AWAY_NOTICE = "{actor} has assigned {chats} of yours to others by an import."
UNDONE_NOTICE = "{actor} has undone batch {batch}: "
REGAINED_NOTICE = UNDONE_NOTICE + "{chats} went back to you."
LOST_NOTICE = UNDONE_NOTICE + "{chats} went back from you."
"""How people are told of many chats at once."""


class Split(StrEnum):
    """The way in which a batch is shared out among several recipients."""

    EVEN = "even"
    LEAST_LOADED = "least-loaded"


class User(NamedTuple):
    """A team member.

    `aliases` are other names that a CRM has for them, in order. `capacity` is how many open chats
    they take, None for no limit.
    """

    id: str
    name: str
    role: str
    active: bool
    away_until: str | None
    aliases: Sequence[str] = ()
    capacity: int | None = None


class Alias(NamedTuple):
    """Another name of a user, with the source and the heading under which it was imported."""

    alias: str
    user_id: str
    source: str | None = None
    heading: str | None = None


class Chat(NamedTuple):
    """A customer's WhatsApp chat, always owned by exactly one user.

    `crm_owner_id` and `crm_status` are what the CRM said last, null if it has said nothing.
    """

    id: str
    customer: str
    owner_id: str
    status: str
    opened_at: str
    closed_at: str | None
    crm_owner_id: str | None = None
    crm_status: str | None = None


class Request(NamedTuple):
    """An assignment request: its requester asks its recipient to take over a chat.

    `from_user` owns the chat while it is pending; `previous_request_id` is the one before
    it in a chain. `fallbacks` are asked next, in order, if it ends without a yes.
    """

    id: int
    chat_id: str
    customer: str
    requester_id: str
    recipient_id: str
    recipient_role: str
    status: str
    note: str | None
    reason: str | None
    requested_at: str
    expires_at: str | None
    resolved_at: str | None
    from_user: str
    previous_request_id: int | None
    fallbacks: Sequence[str] = ()


class Rules(NamedTuple):
    """The rules of a team's config for all requests.

    `fallback` are asked, in order, after the users whom a request names. `tell_when_nobody_took`
    are notified when a chain ends and nobody has taken the chat. A user who lets
    `away_after_misses` requests in a row time out is set away; 0 means never.
    """

    fallback: Sequence[str] = ()
    tell_when_nobody_took: Sequence[str] = ()
    away_after_misses: int = 0


class TrackingRow(NamedTuple):
    """One row of engagement tracking: one thing that happened."""

    id: int
    at: str
    event: str
    actor: str
    os_user: str
    chat_id: str | None
    request_id: int | None
    batch_id: int | None
    from_user: str | None
    to_user: str | None
    status: str | None
    reason: str | None
    detail: str | None


class EngagementRecord(NamedTuple):
    """An Engagement Tracking Record: the story of one assignment, by request or direct."""

    kind: str
    request_id: int | None
    batch_id: int | None
    chat_id: str
    customer: str
    requester_id: str
    from_user: str
    to_user: str
    to_role: str
    status: str
    note: str | None
    reason: str | None
    requested_at: str
    expires_at: str | None
    resolved_at: str | None
    response_seconds: float | None


class Batch(NamedTuple):
    """The chats that were assigned in one step, counted in `assigned`.

    `from_users` and `to_users` count them by the owner before and by the recipient.
    """

    id: int
    at: str
    actor: str
    reason: str | None
    undone_at: str | None
    assigned: int
    from_users: dict[str, int]
    to_users: dict[str, int]


class Notification(NamedTuple):
    """A notification of a user. `read_at` is null until they mark it read.

    The fields from `chat_id` on are those of its request and its batch as they are now.
    `asked_next` is the user who was asked after it.
    """

    id: int
    at: str
    recipient_id: str
    text: str
    request_id: int | None
    batch_id: int | None
    read_at: str | None
    chat_id: str | None
    customer: str | None
    note: str | None
    reason: str | None
    expires_at: str | None
    request_status: str | None
    asked_next: str | None
    batch_undone_at: str | None
