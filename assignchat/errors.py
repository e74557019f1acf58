"""Every way in which assignchat refuses, one class each.

A class carries the code that scripts match on and the exit code of the process;
the first line of its docstring is its line in the manual. What one particular
error has to say stands in its message, and what to do about it in its hint.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar


class AssignchatError(Exception):
    """What every refusal has: a code, an exit code, a message and perhaps a hint."""

    code: ClassVar[str]
    exit_code: ClassVar[int]

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(shortened(message))
        self.message = shortened(message)
        self.hint = None if hint is None else shortened(hint)


MAX_MESSAGE_LENGTH = 2_000


def shortened(text: str) -> str:
    """A message that can be read, whatever is quoted in it: of a long one the two ends."""
    if len(text) <= MAX_MESSAGE_LENGTH:
        return text
    kept = MAX_MESSAGE_LENGTH // 2 - 1
    return f"{text[:kept]}…{text[-kept:]}"


def command(*words: str) -> str:
    """A command of ours for a hint, as it can be pasted into a shell, whatever its words are."""
    return " ".join(("assignchat", *map(quoted, words)))


def quoted(word: str | Path) -> str:
    """A word of a command as it can be pasted into a shell."""
    from shlex import quote  # only needed when something is wrong

    return quote(str(word))


class ProgramFailed(AssignchatError):
    """A bug, or output that could not be delivered."""

    exit_code = 1


class InternalError(ProgramFailed):
    """A bug in assignchat; nothing was changed."""

    code = "internal_error"


class OutputFailed(ProgramFailed):
    """The result could not be written where it was to go; a change that was made stands."""

    code = "output_failed"


class DeliveryFailed(ProgramFailed):
    """Some notifications could not be delivered; they are tried again next time."""

    code = "delivery_failed"


class InvalidInput(AssignchatError):
    """The command or its input is wrong."""

    exit_code = 2


class Usage(InvalidInput):
    """The command line is not understood, or a value that is needed is missing."""

    code = "usage"


class InvalidValue(InvalidInput):
    """A value is not of the form that is asked for."""

    code = "invalid_value"


class ReasonRequired(InvalidInput):
    """Rejecting and withdrawing need a reason."""

    code = "reason_required"


class ReasonNotAllowed(InvalidInput):
    """The reason is not in the configured list, and no others are allowed."""

    code = "reason_not_allowed"


class WrongUserType(InvalidInput):
    """The recipient's role is not the one that --to-type names."""

    code = "wrong_user_type"


class ActorUnknown(InvalidInput):
    """The user on whose behalf the command should run is not in the database."""

    code = "actor_unknown"


class ImportInvalid(InvalidInput):
    """Rows of an import are wrong; each is named, and none was imported."""

    code = "import_invalid"

    def __init__(self, message: str, problems: list[str], hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.problems = problems


class NotFound(AssignchatError):
    """What the command names does not exist."""

    exit_code = 3


class ChatNotFound(NotFound):
    """There is no chat with this id."""

    code = "chat_not_found"


class UserNotFound(NotFound):
    """There is no user with this id."""

    code = "user_not_found"


class RequestNotFound(NotFound):
    """There is no such request."""

    code = "request_not_found"


class BatchNotFound(NotFound):
    """There is no batch with this id."""

    code = "batch_not_found"


class Refused(AssignchatError):
    """The present state does not allow it."""

    exit_code = 4


class RequestExists(Refused):
    """A request is pending on this chat already."""

    code = "request_exists"


class RequestNotPending(Refused):
    """The request has been settled already."""

    code = "request_not_pending"


class RequestTimedOut(Refused):
    """The request's deadline has passed; it is Timed Out."""

    code = "request_timed_out"


class ChatClosed(Refused):
    """The chat is closed."""

    code = "chat_closed"


class UserInactive(Refused):
    """The user is not active, and nobody inactive takes part."""

    code = "user_inactive"


class AlreadyOwner(Refused):
    """The recipient owns the chat already."""

    code = "already_owner"


class UserExists(Refused):
    """A user with this id exists already."""

    code = "user_exists"


class ChatExists(Refused):
    """A chat with this id exists already."""

    code = "chat_exists"


class OwnsOpenChats(Refused):
    """The user still owns open chats."""

    code = "owns_open_chats"


class BatchUndone(Refused):
    """The batch has been undone already."""

    code = "batch_undone"


class UserAway(Refused):
    """The recipient is away."""

    code = "user_away"


class ClockSuspicious(Refused):
    """The clock has plainly jumped against the history."""

    code = "clock_suspicious"


class NotConfirmed(Refused):
    """The question was not answered with yes."""

    code = "not_confirmed"


class NotPermitted(AssignchatError):
    """The actor may not do this."""

    exit_code = 5


class NotOwner(NotPermitted):
    """Only the chat's owner or a manager may do this."""

    code = "not_owner"


class NotRecipient(NotPermitted):
    """Only the request's recipient may do this."""

    code = "not_recipient"


class NotRequester(NotPermitted):
    """Only the request's requester may do this."""

    code = "not_requester"


class NotAllowed(NotPermitted):
    """Only a manager, or whoever made the batch, may do this."""

    code = "not_allowed"


class IdentityFixed(NotPermitted):
    """Identity is the login; --as and ASSIGNCHAT_USER are for operators only."""

    code = "identity_fixed"


class DatabaseUnusable(AssignchatError):
    """The database cannot be used."""

    exit_code = 6


class DatabaseMissing(DatabaseUnusable):
    """There is no database at this path; only init creates one."""

    code = "database_missing"


class DatabaseLocked(DatabaseUnusable):
    """Another process kept writing for longer than busy_timeout; try again."""

    code = "database_locked"


class DatabaseReadOnly(DatabaseUnusable):
    """The database, its folder or its file system cannot be written."""

    code = "database_read_only"


class DatabaseFull(DatabaseUnusable):
    """There is no room left to write."""

    code = "database_full"


class DatabaseDamaged(DatabaseUnusable):
    """The file cannot be read as the database that it was."""

    code = "database_damaged"


class DatabaseNewer(DatabaseUnusable):
    """A newer assignchat has written this database; this one is too old for it."""

    code = "database_newer"


class DatabaseForeign(DatabaseUnusable):
    """The file is not an assignchat database."""

    code = "database_foreign"


class ConfigUnusable(AssignchatError):
    """The config file or a value for it cannot be used."""

    exit_code = 7


class ConfigInvalid(ConfigUnusable):
    """The config file is missing, broken, unsafe, or has a wrong key or value in it."""

    code = "config_invalid"


class ConfigKeyUnknown(ConfigUnusable):
    """There is no config key of this name."""

    code = "config_key_unknown"


class ConfigValueInvalid(ConfigUnusable):
    """The value does not fit the config key."""

    code = "config_value_invalid"


class ConfigNotWritable(ConfigUnusable):
    """The config file cannot be written."""

    code = "config_not_writable"


def every_error() -> Iterator[type[AssignchatError]]:
    """Every class that has a code, in the order of this file."""
    groups = AssignchatError.__subclasses__()
    return (error for group in groups for error in group.__subclasses__())
