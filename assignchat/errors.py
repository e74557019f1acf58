"""The errors of assignchat, one class for each error code, which scripts match on.

`assignchat help errors` prints the first line of its docstring. A hint says what to do.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from assignchat.problems import Problem, shortened


class AssignchatError(Exception):
    """The base of all errors: a code, an exit code, a message and perhaps a hint."""

    code: ClassVar[str]
    exit_code: ClassVar[int]

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message, self.hint = shortened(message), None if hint is None else shortened(hint)
        super().__init__(self.message)


class ProgramFailed(AssignchatError):
    """A bug, or a result that could not be written or delivered."""

    exit_code = 1


class InternalError(ProgramFailed):
    """A bug in assignchat. If a change was made before, the hint says that it stands."""

    code = "internal_error"


class OutputFailed(ProgramFailed):
    """The result could not be written. A change that was made before is kept."""

    code = "output_failed"


class LimitReached(ProgramFailed):
    """The shell or the system allows too few open files or processes, or too little memory."""

    code = "limit_reached"


class DeliveryFailed(ProgramFailed):
    """Some notifications could not be delivered. They will be tried again."""

    code = "delivery_failed"


class InvalidInput(AssignchatError):
    """The command or its input is wrong."""

    exit_code = 2


class Usage(InvalidInput):
    """The command line is wrong, or a required value is missing."""

    code = "usage"


class InvalidValue(InvalidInput):
    """A value does not have the required form."""

    code = "invalid_value"

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


class FileUnreadable(InvalidInput):
    """The file is of a kind that is not read, or is damaged, or is not all there is."""

    code = "file_unreadable"


class ReasonRequired(InvalidInput):
    """Rejecting or withdrawing a request needs a reason."""

    code = "reason_required"


class ReasonNotAllowed(InvalidInput):
    """The reason is not in the configured list, and other reasons are not allowed."""

    code = "reason_not_allowed"


class WrongUserType(InvalidInput):
    """The user has another role than --to-type says, or is a queue where a person is needed."""

    code = "wrong_user_type"


class ActorUnknown(InvalidInput):
    """The actor is not a user in the database."""

    code = "actor_unknown"


class ImportInvalid(InvalidInput):
    """Rows of an import are wrong. Each is named, and none was imported."""

    code = "import_invalid"

    def __init__(
        self,
        message: str,
        problems: Sequence[Problem],
        hint: str | None = None,
        rows: Mapping[int, str] | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.problems = problems
        self.rows = rows or {}  # the line of each bad row, with a message


class NotFound(AssignchatError):
    """Something that the command names does not exist."""

    exit_code = 3


class ChatNotFound(NotFound):
    """There is no chat with this id."""

    code = "chat_not_found"


class UserNotFound(NotFound):
    """There is no user with this id."""

    code = "user_not_found"


class RequestNotFound(NotFound):
    """There is no request with this id."""

    code = "request_not_found"


class BatchNotFound(NotFound):
    """There is no batch with this id."""

    code = "batch_not_found"


class SourceNotFound(NotFound):
    """There is no source with this name in the config."""

    code = "source_not_found"


class Refused(AssignchatError):
    """The present state does not allow the command."""

    exit_code = 4


class RequestExists(Refused):
    """A request for this chat is already pending."""

    code = "request_exists"


class RequestNotPending(Refused):
    """The request is already settled."""

    code = "request_not_pending"


class RequestTimedOut(Refused):
    """The deadline of the request has passed."""

    code = "request_timed_out"


class ChatClosed(Refused):
    """The chat is closed."""

    code = "chat_closed"


class UserInactive(Refused):
    """The user is not active."""

    code = "user_inactive"


class AlreadyOwner(Refused):
    """The recipient already owns the chat."""

    code = "already_owner"


class UserExists(Refused):
    """A user with this id already exists."""

    code = "user_exists"


class ChatExists(Refused):
    """A chat with this id already exists."""

    code = "chat_exists"


class AliasExists(Refused):
    """Another user has this alias already."""

    code = "alias_exists"


class ImportConflicts(Refused):
    """Chats have another owner here and in the CRM, and each side has changed it."""

    code = "import_conflicts"


class OwnsOpenChats(Refused):
    """The user still owns open chats."""

    code = "owns_open_chats"


class BatchUndone(Refused):
    """The batch is already undone."""

    code = "batch_undone"


class UserAway(Refused):
    """The recipient is away."""

    code = "user_away"


class UserFull(Refused):
    """The recipient has as many open chats as they take."""

    code = "user_full"


class AlreadyTaken(Refused):
    """Somebody else has taken the chat."""

    code = "already_taken"


class ClockSuspicious(Refused):
    """The system clock seems to have jumped."""

    code = "clock_suspicious"


class NotConfirmed(Refused):
    """The question was not answered with yes, or others changed what it asks before the answer."""

    code = "not_confirmed"


class NotPermitted(AssignchatError):
    """The actor is not allowed to do this."""

    exit_code = 5


class NotOwner(NotPermitted):
    """Only the owner of the chat or a manager may do this."""

    code = "not_owner"


class NotRecipient(NotPermitted):
    """Only the recipient of the request may do this."""

    code = "not_recipient"


class NotRequester(NotPermitted):
    """Only the requester may do this."""

    code = "not_requester"


class NotAllowed(NotPermitted):
    """Only the actor of the batch or a manager may do this."""

    code = "not_allowed"


class IdentityFixed(NotPermitted):
    """The actor is the login, which may not use --as and ASSIGNCHAT_USER, nor act for others."""

    code = "identity_fixed"


class DatabaseUnusable(AssignchatError):
    """The database cannot be used."""

    exit_code = 6


class DatabaseMissing(DatabaseUnusable):
    """There is no database at this path. Only init creates one."""

    code = "database_missing"


class DatabaseReplaced(DatabaseUnusable):
    """The database, or its -wal file, was replaced in use. The message says where a change went."""

    code = "database_replaced"


class DatabaseLocked(DatabaseUnusable):
    """Another process kept the database locked for longer than busy_timeout. Try again."""

    code = "database_locked"


class DatabaseReadOnly(DatabaseUnusable):
    """The database, its folder or its file system is read-only."""

    code = "database_read_only"


class DatabaseFull(DatabaseUnusable):
    """The disk is full, or the file may not grow."""

    code = "database_full"


class DatabaseDamaged(DatabaseUnusable):
    """The database file is damaged, or holds what no command has put there."""

    code = "database_damaged"
    place: tuple[str, object, str] | None = None  # table, row and column, if they are known
    is_of_rows = True  # not if the file or a table cannot be read, so that no row is believed


class DatabaseNewer(DatabaseUnusable):
    """The database was written by a newer version of assignchat."""

    code = "database_newer"


class DatabaseUnreachable(DatabaseUnusable):
    """The server does not answer, lets this login not in, or only reads."""

    code = "database_unreachable"


class DatabaseForeign(DatabaseUnusable):
    """The file is not an assignchat database."""

    code = "database_foreign"


class ConfigUnusable(AssignchatError):
    """The config file, or a value for it, cannot be used."""

    exit_code = 7


class ConfigInvalid(ConfigUnusable):
    """The config file is missing, unsafe, not valid TOML, or has a wrong key or value."""

    code = "config_invalid"


class ConfigKeyUnknown(ConfigUnusable):
    """There is no config key with this name."""

    code = "config_key_unknown"


class ConfigValueInvalid(ConfigUnusable):
    """The value is not valid for the config key."""

    code = "config_value_invalid"


class ConfigNotWritable(ConfigUnusable):
    """The config file cannot be written."""

    code = "config_not_writable"
