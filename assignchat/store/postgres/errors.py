"""PostgreSQL's errors as `assignchat.errors`: what is wrong with the database, and what to do."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from assignchat.errors import (
    AssignchatError,
    DatabaseDamaged,
    DatabaseForeign,
    DatabaseFull,
    DatabaseLocked,
    DatabaseMissing,
    DatabaseNewer,
    DatabaseReadOnly,
    DatabaseUnreachable,
    DatabaseUnusable,
    IdentityFixed,
)
from assignchat.shell import command_line
from assignchat.store.logins import ROLES
from assignchat.store.postgres import AS_ONESELF, NUMBERED
from assignchat.store.postgres.driver import psycopg2

if TYPE_CHECKING:
    from assignchat.store.holder import Holder

_, _MEMBER, _ = ROLES

_NOTHING_CHANGED = "Nothing was changed."


class Translated:
    """Raises the errors of the server in its block as `assignchat.errors`.

    First it calls `raise_interruption`, which raises what a signal has raised meanwhile. It is a
    class because it stands around every statement, and a generator takes longer.
    """

    def __init__(self, location: str, raise_interruption: Callable[[], None]) -> None:
        self._location, self._raise_interruption = location, raise_interruption

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, psycopg2.Error):
            self._raise_interruption()
            raise translate(error, self._location) from error


def translate(error: Any, location: str) -> Exception:
    """Find the meaning of an error. Returns the error itself if only a bug of ours can cause it."""
    if error.pgcode is None:
        lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
        return unreachable(location, text_of(error)) if lost else cast("Exception", error)
    for prefix, meaning in _MEANINGS.items():
        if error.pgcode.startswith(prefix):
            return meaning(location, text_of(error))
    return cast("Exception", error)


def text_of(error: Any) -> str:
    """Return what the server says, or what the driver says of each host, on one line."""
    if error.pgcode:
        return " ".join(str(error.diag.message_primary).split())
    first, *others = str(error).strip().splitlines() or [""]
    of_other_hosts = (line for line in others if line.startswith("connection to server"))
    return "; ".join(" ".join(line.split()) for line in (first, *of_other_hosts))


def missing(location: str, _text: str = "") -> DatabaseMissing:
    """Return the error for a database in which there is none of ours."""
    return DatabaseMissing(
        f"No database of assignchat at {location}",
        hint="Check the URL, or make one there with: " + command_line("--db", location, "init"),
    )


def _no_database(location: str, text: str) -> DatabaseMissing:
    return DatabaseMissing(
        f"No database at {location}: {text}",
        hint="Check the URL. The server's administrator makes a database with createdb; then: "
        + command_line("--db", location, "init"),
    )


def locked(location: str, holder: "Holder | None" = None) -> DatabaseLocked:
    """Return the error for a database that another process, perhaps a known one, is writing."""
    return DatabaseLocked(
        f"The database {location} is held by {holder or 'another process'}",
        hint=f"{_NOTHING_CHANGED} Try again; busy_timeout in the config says how long to wait.",
    )


def not_connected(error: Any, location: str) -> DatabaseUnusable:
    """Return the error for a connection that was refused."""
    text = text_of(error)
    # The driver gives no code for what is said before a connection stands.
    if 'FATAL: database "' in text and text.endswith("does not exist"):
        return _no_database(location, text)
    return unreachable(location, text)


def unreachable(location: str, text: str) -> DatabaseUnreachable:
    """Return the error for a server that does not answer, or that does not let this login in."""
    advice = next((advice for word, advice in _ADVICE.items() if word in text), _USUAL_ADVICE)
    return DatabaseUnreachable(
        f"The database {location} cannot be reached: {text}",
        hint=f"{_NOTHING_CHANGED} {advice}",
    )


def torn(location: str) -> DatabaseUnreachable:
    """Return the error for a URL whose password is not written as in a URL."""
    return DatabaseUnreachable(
        f"The database {location} cannot be reached: a part of the password stands in the place"
        " of the host, the port or the database",
        hint="In a password write @ as %40, / as %2F and % as %25, or put it into ~/.pgpass",
    )


_USUAL_ADVICE = "Check the URL, the network, and that the server runs."
_ADVICE = {
    # First: the driver may try again without TLS, and then tell of pg_hba.conf as well.
    "password authentication failed": "The login or its password is wrong. The password comes from"
    " the URL, PGPASSWORD or ~/.pgpass; the server's administrator sets a new one in psql with"
    " \\password LOGIN",
    "Peer authentication failed": "Over a socket the login must be that of the machine: run this as"
    " that user, or name the host in the URL.",
    "pg_hba.conf": "The server's administrator says in pg_hba.conf who may connect, and from where."
    f" A login that is no member yet needs: GRANT {_MEMBER} TO LOGIN",
    "the database system is ": "Try again: the server is starting, or about to stop.",
    "too many connections": "Try again. The server's administrator says how many there may be.",
    "connection slots": "Try again. The server's administrator says how many there may be.",
    'role "': "Name another login, or have the server's administrator make this one.",
    "password": "The password belongs in ~/.pgpass, with mode 0600, as a line such as"
    " HOST:5432:DATABASE:LOGIN:PASSWORD",
    "certificate": "Name the host as its certificate does, and put the certificate of the authority"
    " that signed it into the file that sslrootcert in the URL names, else ~/.postgresql/root.crt",
}
"""What to do, by a word in what the driver says."""


def no_member(location: str, login: str) -> DatabaseUnreachable:
    """Return the error for a login, as SQL writes it, that has no right to our tables."""
    return DatabaseUnreachable(
        f"The login {login} may not use the database {location}",
        hint=f"The server's administrator gives it: GRANT {_MEMBER} TO {login}",
    )


def outcome_unknown(location: str, text: str) -> DatabaseUnreachable:
    """Return the error for a commit about which the server could not be asked afterwards."""
    return DatabaseUnreachable(
        f"The connection to {location} was lost during the commit, and it is not known whether"
        f" the change was made: {text}",
        hint="Look whether it was made before you try again.",
    )


def only_reads(location: str, text: str) -> DatabaseUnreachable:
    """Return the error for a standby."""
    return DatabaseUnreachable(
        f"The server of {location} only reads: {text}",
        hint=f"{_NOTHING_CHANGED} Name the server that writes; add"
        " target_session_attrs=read-write to a URL with several hosts.",
    )


def not_supported(location: str, what: str) -> DatabaseForeign:
    """Return the error for a server that this version cannot use."""
    return DatabaseForeign(
        f"The server of {location} is {what}",
        hint=f"{_NOTHING_CHANGED} assignchat needs PostgreSQL 15 or newer.",
    )


def schema_of_another(location: str, owner: str) -> DatabaseForeign:
    """Return the error for a schema in which another login could remove our tables."""
    return DatabaseForeign(
        f"The schema assignchat in {location} belongs to the login {owner}",
        hint=f"{_NOTHING_CHANGED} The server's administrator removes it, or takes it over after a"
        " look at what is in it: ALTER SCHEMA assignchat OWNER TO CURRENT_USER",
    )


def newer(location: str, version: int, known: int) -> DatabaseNewer:
    """Return the error for a database of a later version."""
    return DatabaseNewer(
        f"The database {location} was written by a newer assignchat "
        f"(schema {version}; this one knows {known})",
        hint="Upgrade assignchat.",
    )


def older(location: str, version: int, owner: str) -> DatabaseReadOnly:
    """Return the error for a database of an earlier version, and a login that is not its owner."""
    return DatabaseReadOnly(
        f"The database {location} was written by an older assignchat (schema {version}), and this"
        " login may not bring it up to date",
        hint=f"Whoever may act as {owner} on the server does so once, by any command, such as: "
        + command_line("--db", location, "status"),
    )


def _full(location: str, text: str) -> DatabaseFull:
    return DatabaseFull(
        f"The server has no room left to write the database {location}: {text}",
        hint=f"{_NOTHING_CHANGED} Make room on the server and try again.",
    )


def _not_allowed(location: str, text: str) -> DatabaseReadOnly | IdentityFixed:
    if AS_ONESELF in text:
        return IdentityFixed(
            f"The server lets a member of the team act for nobody else: {text}",
            hint='Set identity = "database" in the config, and leave out --as.',
        )
    return DatabaseReadOnly(
        f"This login may not do that in the database {location}: {text}",
        hint=f"{_NOTHING_CHANGED} The owner of the database grants what a login may do.",
    )


def damaged(location: str, text: str) -> DatabaseDamaged:
    """Return the error for a database that the server cannot read, or that is not as we left it."""
    return DatabaseDamaged(
        f"The database {location} is damaged: {text}",
        hint="Have the server's administrator look at its log, and run pg_amcheck.",
    )


def _locked(location: str, _text: str) -> DatabaseLocked:
    return locked(location)


def _taken(location: str, text: str) -> AssignchatError:
    """Return the error for a value that is there already, where the program has looked for it.

    Somebody else has just taken the number, or made what `init` makes; or it was put there by hand.
    """
    just_now = (*(f'"{table}_pkey"' for table in NUMBERED), '"pg_')
    return locked(location) if any(key in text for key in just_now) else damaged(location, text)


_MEANINGS: dict[str, Callable[[str, str], AssignchatError]] = {
    "55P03": _locked,
    "40": _locked,
    "23505": _taken,
    "2200H": _locked,  # somebody who writes around the program has taken all numbers
    "53100": _full,
    "53200": _full,
    "54000": _full,  # of notifications which somebody who listens does not take
    "53": unreachable,  # too many connections
    "25006": only_reads,
    "25P03": unreachable,  # the server ended a transaction that was idle for too long
    "25P04": unreachable,  # or that took too long
    "42501": _not_allowed,
    "28": unreachable,
    "3D000": _no_database,
    "42P01": damaged,  # a table is gone; at the opening there is none
    "42703": damaged,
    # What was changed by hand, here or in a file that is copied: a reference, JSON, a NUL.
    "23503": damaged,
    "23514": damaged,
    "22021": damaged,
    "22P02": damaged,
    "XX": damaged,
    "08": unreachable,
    "57": unreachable,
    "58": damaged,  # what it could not read or write
}
"""What the server's errors mean, by how their codes begin, the longest first."""
