"""The errors of assignchat, one class for each error code, which scripts match on.

`assignchat help errors` prints the first line of its docstring. A hint says what to do.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from assignchat.problems import Problem

MAX_MESSAGE_LENGTH = 2_000


def shortened(text: str) -> str:
    """Shorten a message that quotes a long text. Returns its two ends, or all of a short one."""
    if len(text) <= MAX_MESSAGE_LENGTH:
        return text
    kept = MAX_MESSAGE_LENGTH // 2 - 1
    return f"{text[:kept]}…{text[-kept:]}"


class AssignchatError(Exception):
    """The base of all errors: a code, an exit code, a message and perhaps a hint."""

    code: ClassVar[str]
    exit_code: ClassVar[int]

    def __init_subclass__(cls, *, code: str = "", exit_code: int = 0) -> None:
        """Set the code or the exit code, which is that of a group of errors, if it is given."""
        if code:
            cls.code = code
        if exit_code:
            cls.exit_code = exit_code

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message, self.hint = shortened(message), None if hint is None else shortened(hint)
        super().__init__(self.message)


class ProgramFailed(AssignchatError, exit_code=1):
    """A bug, or a result that could not be written or delivered."""


class InternalError(ProgramFailed, code="internal_error"):
    """A bug in assignchat. If a change was made before, the hint says that it stands."""


class OutputFailed(ProgramFailed, code="output_failed"):
    """The result could not be written. A change that was made before is kept."""


class LimitReached(ProgramFailed, code="limit_reached"):
    """The shell or the system allows too few open files or processes, or too little memory."""


class DeliveryFailed(ProgramFailed, code="delivery_failed"):
    """Some notifications could not be delivered. They will be tried again."""


class InvalidInput(AssignchatError, exit_code=2):
    """The command or its input is wrong."""


class Usage(InvalidInput, code="usage"):
    """The command line is wrong, or a required value is missing."""


class InvalidValue(InvalidInput, code="invalid_value"):
    """A value does not have the required form."""

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        *,
        column: str | None = None,
        value: object = None,
        is_word: bool = False,
    ) -> None:
        """Take the value's place in a file. If it `is_word`, which CRMs repeat, it is told once."""
        super().__init__(message, hint)
        self.column, self.value, self.is_word = column, value, is_word


class FileUnreadable(InvalidInput, code="file_unreadable"):
    """The file is of a kind that is not read, or is damaged, or is not all there is."""


class ReasonRequired(InvalidInput, code="reason_required"):
    """Rejecting or withdrawing a request needs a reason."""


class ReasonNotAllowed(InvalidInput, code="reason_not_allowed"):
    """The reason is not in the configured list, and other reasons are not allowed."""


class WrongUserType(InvalidInput, code="wrong_user_type"):
    """The user has another role than --to-type says, or is a queue where a person is needed."""


class ActorUnknown(InvalidInput, code="actor_unknown"):
    """The actor is not a user in the database."""


class ImportInvalid(InvalidInput, code="import_invalid"):
    """Rows of an import are wrong. Each is named, and none was imported."""

    def __init__(
        self,
        message: str,
        problems: "Sequence[Problem]",
        hint: str | None = None,
        rows: Mapping[int, str] | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.problems = problems
        self.rows = rows or {}  # the line of each bad row, with a message


class NotFound(AssignchatError, exit_code=3):
    """Something that the command names does not exist."""


class ChatNotFound(NotFound, code="chat_not_found"):
    """There is no chat with this id."""


class UserNotFound(NotFound, code="user_not_found"):
    """There is no user with this id."""


class RequestNotFound(NotFound, code="request_not_found"):
    """There is no request with this id."""


class BatchNotFound(NotFound, code="batch_not_found"):
    """There is no batch with this id."""


class SourceNotFound(NotFound, code="source_not_found"):
    """There is no source with this name in the config."""


class Refused(AssignchatError, exit_code=4):
    """The present state does not allow the command."""


class RequestExists(Refused, code="request_exists"):
    """A request for this chat is already pending."""


class RequestNotPending(Refused, code="request_not_pending"):
    """The request is already settled."""


class RequestTimedOut(Refused, code="request_timed_out"):
    """The deadline of the request has passed."""


class ChatClosed(Refused, code="chat_closed"):
    """The chat is closed."""


class UserInactive(Refused, code="user_inactive"):
    """The user is not active."""


class AlreadyOwner(Refused, code="already_owner"):
    """The recipient already owns the chat."""


class UserExists(Refused, code="user_exists"):
    """A user with this id already exists."""


class ChatExists(Refused, code="chat_exists"):
    """A chat with this id already exists."""


class AliasExists(Refused, code="alias_exists"):
    """Another user has this alias already."""


class ImportConflicts(Refused, code="import_conflicts"):
    """Chats have another owner here and in the CRM, and each side has changed it."""


class OwnsOpenChats(Refused, code="owns_open_chats"):
    """The user still owns open chats."""


class BatchUndone(Refused, code="batch_undone"):
    """The batch is already undone."""


class UserAway(Refused, code="user_away"):
    """The recipient is away."""


class UserFull(Refused, code="user_full"):
    """The recipient has as many open chats as they take."""


class AlreadyTaken(Refused, code="already_taken"):
    """Somebody else has taken the chat."""


class ClockSuspicious(Refused, code="clock_suspicious"):
    """The system clock seems to have jumped."""


class NotConfirmed(Refused, code="not_confirmed"):
    """The question was not answered with yes, or others changed what it asks before the answer."""


class NotPermitted(AssignchatError, exit_code=5):
    """The actor is not allowed to do this."""


class NotOwner(NotPermitted, code="not_owner"):
    """Only the owner of the chat or a manager may do this."""


class NotRecipient(NotPermitted, code="not_recipient"):
    """Only the recipient of the request may do this."""


class NotRequester(NotPermitted, code="not_requester"):
    """Only the requester may do this."""


class NotAllowed(NotPermitted, code="not_allowed"):
    """Only the actor of the batch or a manager may do this."""


class IdentityFixed(NotPermitted, code="identity_fixed"):
    """The actor is the login, which may not use --as and ASSIGNCHAT_USER, nor act for others."""


class DatabaseUnusable(AssignchatError, exit_code=6):
    """The database cannot be used."""


class DatabaseMissing(DatabaseUnusable, code="database_missing"):
    """There is no database at this path. Only init creates one."""


class DatabaseReplaced(DatabaseUnusable, code="database_replaced"):
    """The database, or its -wal file, was replaced in use. The message says where a change went."""


class DatabaseLocked(DatabaseUnusable, code="database_locked"):
    """Another process kept the database locked for longer than busy_timeout. Try again."""


class DatabaseReadOnly(DatabaseUnusable, code="database_read_only"):
    """The database, its folder or its file system is read-only."""


class DatabaseFull(DatabaseUnusable, code="database_full"):
    """The disk is full, or the file may not grow."""


class DatabaseDamaged(DatabaseUnusable, code="database_damaged"):
    """The database file is damaged, or holds what no command has put there."""

    place: tuple[str, object, str] | None = None  # table, row and column, if they are known
    is_of_rows = True  # not if the file or a table cannot be read, so that no row is believed


class DatabaseNewer(DatabaseUnusable, code="database_newer"):
    """The database was written by a newer version of assignchat."""


class DatabaseUnreachable(DatabaseUnusable, code="database_unreachable"):
    """The server does not answer, lets this login not in, or only reads."""


class DatabaseForeign(DatabaseUnusable, code="database_foreign"):
    """The file is not an assignchat database."""


class ConfigUnusable(AssignchatError, exit_code=7):
    """The config file, or a value for it, cannot be used."""


class ConfigInvalid(ConfigUnusable, code="config_invalid"):
    """The config file is missing, unsafe, not valid TOML, or has a wrong key or value."""


class ConfigKeyUnknown(ConfigUnusable, code="config_key_unknown"):
    """There is no config key with this name."""


class ConfigValueInvalid(ConfigUnusable, code="config_value_invalid"):
    """The value is not valid for the config key."""


class ConfigNotWritable(ConfigUnusable, code="config_not_writable"):
    """The config file cannot be written."""
