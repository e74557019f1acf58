"""The surroundings of a command: the config, the database and the actor."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from assignchat import render
from assignchat.cli.invocation import invocation
from assignchat.config import keys, load
from assignchat.errors import (
    ActorUnknown,
    ConfigInvalid,
    ConfigUnusable,
    DatabaseMissing,
    IdentityFixed,
    InvalidValue,
    Usage,
    WrongUserType,
)
from assignchat.model import SYSTEM
from assignchat.namedtuples import NamedTuple
from assignchat.service.find import SAY_WHO, check_no_alias, id_of
from assignchat.shell import command_line
from assignchat.store.database import Database
from assignchat.store.engines import engine_of, identity_at
from assignchat.system.files import folders_open_to_all, is_sticky
from assignchat.texts import check_id

if TYPE_CHECKING:
    from assignchat.store.holder import Holder


class Session(NamedTuple):
    """An open database, the config in force, and the actor."""

    database: Database
    config: load.Config
    actor: str


def load_config(ctx: typer.Context) -> load.Config:
    """Read the config file in force, and warn of one that everyone may replace."""
    run = invocation(ctx)
    if not run.is_script:
        return _load_config(run.config_file)
    seen = run.seen_config
    if seen is None or (not run.is_atomic and load.state(seen[1].path) != seen[0]):
        loaded = _load_config(run.config_file)
        seen = run.seen_config = load.state(loaded.path), loaded
    return seen[1]


def _load_config(named: str | None) -> load.Config:
    loaded = load.load(named)
    if loaded.exists and render.stderr_is_terminal():
        for folder in folders_open_to_all(loaded.path):
            if not is_sticky(folder):
                render.note(f"Warning: everyone may replace {loaded.path.name} in {folder}")
    return loaded


def named_database(ctx: typer.Context) -> str | None:
    """Return the database that `--db` or the environment names, or None."""
    named = invocation(ctx).database_file
    if named == "":  # as from a variable that was never set
        raise Usage("--db is empty")
    return named or os.environ.get("ASSIGNCHAT_DB") or None


def database_location(ctx: typer.Context, loaded: load.Config) -> str:
    """Return the database in force: `--db`, else `$ASSIGNCHAT_DB`, else the config's."""
    named = named_database(ctx)
    return named or engine_of(loaded.database).located(loaded.database, loaded.path.parent)


def open_for_user(ctx: typer.Context, as_user: str | None) -> AbstractContextManager[Session]:
    """Open the database for a command that acts for one of its active users."""
    return _opened(ctx, as_user, _acting_name)


def open_for_operator(ctx: typer.Context, as_user: str | None) -> AbstractContextManager[Session]:
    """Open the database for a command whose actor need not be one of its users."""
    return _opened(ctx, as_user, _acting_name, is_recorded=True)


def open_for_sweep(ctx: typer.Context, as_user: str | None) -> AbstractContextManager[Session]:
    """Open the database for a sweep, whose actor is the system unless --as names a user."""
    return _opened(ctx, as_user, _sweeper_name, is_recorded=True)


def open_for_reading(
    ctx: typer.Context, as_user: str | None = None
) -> AbstractContextManager[Session]:
    """Open the database for a command that anybody may run and that records nothing."""
    return _opened(ctx, as_user, actor_name)


@contextmanager
def _opened(
    ctx: typer.Context,
    as_user: str | None,
    name_actor: Callable[[keys.Settings, Database, str | None], str],
    *,
    is_recorded: bool = False,
) -> Iterator[Session]:
    loaded = load_config(ctx)
    with open_as_configured(ctx, loaded) as database:
        actor = database.actor = name_actor(loaded.settings, database, as_user)
        if is_recorded:  # as it is; who acts as a user is found by the command
            with database.read():
                actor = id_of(database, actor)
        session = Session(database, loaded, actor)
        try:
            yield session
        except (ActorUnknown, WrongUserType) as error:
            if is_fixed(session):
                _say_who_can_be_added(error, session)
            raise


def _say_who_can_be_added(error: ActorUnknown | WrongUserType, session: Session) -> None:
    why = f'The config says identity = "{session.config.settings.identity}", so you are your login.'
    if isinstance(error, ActorUnknown):
        add = command_line("user", "add", session.actor)
        error.hint = f"{why} A manager makes it a user with: {add}"
    elif error.hint == SAY_WHO:
        error.hint = why


def open_as_configured(ctx: typer.Context, loaded: load.Config) -> AbstractContextManager[Database]:
    """Open the database in force, until the end of the caller's block or of its script."""
    run = invocation(ctx)
    database = run.database if run.is_script and run.opened_by is loaded else None
    # With --atomic, what the other lines have done is lost too.
    if database is None or (database.is_lost and not run.is_atomic):
        database = _open(ctx, loaded)
    run.database, run.opened_by = database, loaded
    database.checking = False  # as the line before may have been
    database.rules = loaded.settings.rules
    return nullcontext(database) if run.is_script else database


def _open(ctx: typer.Context, loaded: load.Config) -> Database:
    run, location = invocation(ctx), database_location(ctx, loaded)
    if run.database is not None:
        run.database.close()
    try:
        database = engine_of(location).open(
            location,
            os_user=identity_at(location).os_user,
            busy_seconds=loaded.settings.busy_timeout,
            clock=run.clock,
        )
    except DatabaseMissing as error:
        if not loaded.exists and named_database(ctx) is None:
            # Who has not made a config file is most likely in another folder than the team's.
            error.hint = (
                "There is no config.toml in this folder. Go to the team's, name its config with "
                "--config, or begin here with: assignchat init"
            )
        raise
    database.command = (
        "run" if run.is_script else ctx.command_path.partition(" ")[2] or "status"
    )  # which stands for none
    if render.stderr_is_terminal():
        database.tell_who_waits = _tell_who_waits
    return database


def _tell_who_waits(holder: "Holder | None") -> None:
    from assignchat.render.progress import note_at_once  # only for one who waits

    note_at_once(render.with_local_times(f"Waiting for {holder or 'another process'}"))


def held_text(holder: "Holder") -> str:
    """Write the sentence that tells people who has the lock for writing."""
    return render.with_local_times(f"Changes wait for {holder}.")


def actor_name(settings: keys.Settings, database: Database, as_user: str | None) -> str:
    """Find the user for whom a command runs: the named one, else the login.

    Raises `IdentityFixed` if the config allows no other than the login.
    """
    named = named_actor(settings, database.location, as_user)
    return check_id(named or _login(settings, database), "user id")


def _acting_name(settings: keys.Settings, database: Database, as_user: str | None) -> str:
    """Do the same as `actor_name`, but a fixed login does not stand for whose alias it is."""
    actor = actor_name(settings, database, as_user)
    may_be_login = settings.identity != "claim"
    if may_be_login and named_actor(settings, database.location, as_user) is None:
        check_no_alias(database, actor)
    return actor


def acts_freely(session: Session) -> bool:
    """Return whether the actor may do all that operators may: always, unless tied to the login."""
    settings = session.config.settings
    return settings.identity == "claim" or (
        _login(settings, session.database) in settings.operators
    )


def is_fixed(session: Session) -> bool:
    """Return whether the actor can be no other than the login."""
    return session.config.settings.identity == "database" or not acts_freely(session)


def _sweeper_name(settings: keys.Settings, database: Database, as_user: str | None) -> str:
    if settings.identity == "database":
        _login(settings, database)
    named_actor(settings, database.location, as_user)
    return as_user or SYSTEM


def _login(settings: keys.Settings, database: Database) -> str:
    """Return the login on this machine or, if the config says so, at the server."""
    if settings.identity != "database":
        return identity_at(database.location).login
    check_has_logins(settings, database.location, ConfigInvalid)
    return database.login


def check_has_logins(settings: keys.Settings, location: str, error: type[ConfigUnusable]) -> None:
    """Raise an error if the actor is to be the login at a server, and there is none."""
    if settings.identity == "database" and not engine_of(location).has_logins:
        raise error(
            f'identity = "database" needs a server, and {location} is a file, without logins',
            hint='Name a database on a server, or write identity = "login".',
        )


def named_actor(settings: keys.Settings, location: str, as_user: str | None) -> str | None:
    """Return the user whom `--as` or the environment names in the place of the login, or None.

    Raises `IdentityFixed` if the config allows no other than the login.
    """
    if as_user is not None:
        check_id(as_user, "user id")
    named = as_user or os.environ.get("ASSIGNCHAT_USER") or None
    if named and settings.identity == "database":
        raise _identity_fixed("You are your login at the server", settings, as_user)
    if named and settings.identity == "login":
        login = identity_at(location).login
        if login not in settings.operators:
            raise _identity_fixed(f"You are {login!r}", settings, as_user)
    return named


def _identity_fixed(who: str, settings: keys.Settings, as_user: str | None) -> IdentityFixed:
    return IdentityFixed(
        f'{who}: the config says identity = "{settings.identity}"',
        hint="Unset ASSIGNCHAT_USER." if as_user is None else "Leave out --as.",
    )


def refuse_to_overwrite_own_files(session: Session, *files: Path) -> None:
    """Refuse to write a result to a file of our own, even to one that does not exist yet.

    A database trusts a file in the place of its journal. Raises `InvalidValue`.
    """
    from assignchat.config.addresses import FILE_NAME  # not needed by most commands

    config = session.config.path
    own = [*session.database.own_files, config, config.with_name(FILE_NAME)]
    for file in files:
        if any(_are_one(file, path) for path in own):
            raise InvalidValue(f"{file} is in use by assignchat itself", hint="Name another file.")


def _are_one(file: Path, other: Path) -> bool:
    """Return whether both lead to the same place, or to the same file by hard links."""
    if os.path.realpath(file) == os.path.realpath(other):
        return True
    try:
        return file.samefile(other)
    except OSError:
        return False
