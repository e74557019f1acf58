"""Connecting to a server, and refusing one that is no PostgreSQL or too old."""

import os
from typing import Any

from assignchat.errors import InvalidValue
from assignchat.namedtuples import NamedTuple
from assignchat.store.postgres import errors
from assignchat.store.postgres.driver import Connection, connect_in_time, extensions, psycopg2
from assignchat.store.postgres.server import security
from assignchat.texts import without_password

_OLDEST = 15_00_00

# A peer that is gone without a word is noticed within half a minute, also by who only waits.
_PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}

# The server gives the same patience to a client that is gone: it may have left a lock behind.
_OF_SERVER = {
    "tcp_keepalives_idle": "keepalives_idle",
    "tcp_keepalives_interval": "keepalives_interval",
    "tcp_keepalives_count": "keepalives_count",
    "tcp_user_timeout": "tcp_user_timeout",
}

_IN_ENVIRONMENT = {"connect_timeout": "PGCONNECT_TIMEOUT"}


class Settings(NamedTuple):
    """Statements that set a connection up, with their parameters."""

    sql: str
    params: dict[str, Any]


def connect(url: str) -> Connection:
    """Connect to the server. Raises `DatabaseUnreachable`, or another `DatabaseUnusable` error."""
    location = without_password(url)
    try:
        given = extensions.parse_dsn(url)
    except psycopg2.ProgrammingError as error:
        raise _not_a_url(location, str(error)) from None
    if location != url and _is_torn(given):
        raise errors.torn(location)
    options = {
        name: value
        for name, value in _PATIENCE.items()
        if name not in given and _IN_ENVIRONMENT.get(name, "") not in os.environ
    }
    options |= security(given, extensions.libpq_version()) | {"client_encoding": "UTF8"}
    try:
        connection = connect_in_time(url, options)
    except psycopg2.OperationalError as error:
        raise errors.not_connected(error, location) from error
    connection.autocommit = True
    if unsupported := _unsupported(connection):
        connection.close()
        raise errors.not_supported(location, unsupported)
    return connection


_EXAMPLE = "Write it as postgresql://USER@HOST/DATABASE"
_OPTIONS = "sslmode sslrootcert sslcert sslkey service target_session_attrs connect_timeout"
"""Names that the part of a URL behind the question mark often has."""


def _is_torn(given: dict[str, str]) -> bool:
    """Return whether parts of a password stand where the host, port or database should.

    Then no error of the driver may name them.
    """
    ports = [port for port in given.get("port", "").split(",") if port]
    others = (given.get(part, "")[1:] for part in ("host", "dbname"))
    return not all(map(str.isdigit, ports)) or any("@" in other for other in others)


def _not_a_url(location: str, text: str) -> InvalidValue:
    """Return the error for a URL of which the driver says this, maybe with parts of a password.

    An option is named only if it is nearly a known one, and so no such part.
    """
    from difflib import get_close_matches  # rare

    _, is_option, named = text.partition("invalid URI query parameter: ")
    option = named.strip().strip('"')
    meant = get_close_matches(option, _OPTIONS.split(), n=1, cutoff=0.8) if is_option else []
    if meant:
        return InvalidValue(
            f"A URL of PostgreSQL has no option {option!r}: {location}",
            hint=f"Did you mean {meant[0]}?",
        )
    return InvalidValue(f"Not a URL of PostgreSQL: {location}", hint=_EXAMPLE)


def _unsupported(connection: Connection) -> str | None:
    """Name a server that is none of those supported. Returns None for the others."""
    told = connection.info.parameter_status
    version = str(told("server_version"))
    if told("crdb_version"):
        return f"CockroachDB, which only speaks PostgreSQL's language: {told('crdb_version')}"
    if "-YB-" in version:
        return f"YugabyteDB, which only speaks PostgreSQL's language: {version}"
    return f"PostgreSQL {version}" if connection.info.server_version < _OLDEST else None


def settings(connection: Connection, busy_seconds: float) -> Settings:
    """Return what the connection is set to, whatever the server's own settings are."""
    milliseconds = max(1, int(busy_seconds * 1000))  # 0 would be for ever
    given = connection.info.dsn_parameters
    patience = {name: given.get(of_client, "0") for name, of_client in _OF_SERVER.items()}
    return Settings(
        "".join(f"SET {name} = :{name};" for name in patience)
        + "SET search_path = assignchat; SET timezone = 'UTC'; SET jit = off;"
        " SET client_min_messages = warning; SET cursor_tuple_fraction = 1;"
        " SET lock_timeout = :lock_timeout; SET statement_timeout = 0; SET row_security = on;"
        " SET quote_all_identifiers = off;"
        # A commit that is not on a disk is none.
        " SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'",
        {"lock_timeout": f"{milliseconds}ms"} | patience,
    )
