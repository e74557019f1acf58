"""init."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.hints import hint
from assignchat.cli.invocation import invocation
from assignchat.cli.session import (
    actor_name,
    check_has_logins,
    database_location,
    named_actor,
    named_database,
    open_as_configured,
)
from assignchat.config import edit, keys, load
from assignchat.errors import ConfigInvalid, DatabaseMissing, Usage
from assignchat.render.progress import progress_line
from assignchat.service.demo import fill
from assignchat.store.database import Database
from assignchat.store.engines import engine_of, identity_at
from assignchat.store.logins import ROLES
from assignchat.store.moving import copy_rows
from assignchat.system import signals
from assignchat.texts import without_password


def init(
    ctx: typer.Context,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill it with Mark, Martha and a few chats.")
    ] = False,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="DATABASE", help="Copy a file to a server, or back."),
    ] = None,
    roles: Annotated[
        bool, typer.Option("--roles", help="Make the roles of a team on a server.")
    ] = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat init
        assignchat init --demo
        assignchat --db postgresql://db.example/team init --from assignchat.db
        assignchat --db postgresql://db.example/team init --roles

    And a config file beside it, if none is in use. Repeating it is harmless.

    On a server, the database must be there, and is given its tables. With --from, the new one
    must be empty; it gets all or nothing, and check --full prints the same head on both.

    --roles makes assignchat_owner, assignchat_member and assignchat_auditor, and prints the SQL
    that makes the users members, alone on standard output. No SQL of a member changes or
    removes history.
    """
    loaded, new_config = _config(ctx)
    location = database_location(ctx, loaded)
    _check_possible(location, demo=demo, source=source, roles=roles)
    _check_actor(loaded.settings, location, as_user)
    wanted = _demo(loaded, as_user) if demo else None
    with _copier(ctx, source, location) if source else signals.held() as copier:
        with _new_config(loaded.path) if new_config else nullcontext():
            created, filled = _make(ctx, loaded, location, copier or wanted)
        invocation(ctx).changed_files = created or filled or new_config
    grants = _make_roles(ctx, loaded) if roles else []
    if as_json:
        render.say_json(
            {
                "database": without_password(engine_of(location).located(location, Path.cwd())),
                "created": created,
                "config": str(loaded.path.absolute()) if loaded.exists or new_config else None,
                "demo": filled and demo,
                "copied": filled and not demo,
                **({"roles": ROLES, "grants": grants} if roles else {}),
            }
        )
    else:
        file = loaded.path if new_config else None
        tell = render.note if roles else render.say  # the SQL stands alone, for psql
        _tell_made(
            tell, without_password(location), file, created=created, filled=filled, demo=demo
        )
        if roles:
            _say_roles(grants)
    if demo and not filled:
        render.note("The database is not empty, so nothing was added to it.")


Fill = Callable[[Database], bool]


def _config(ctx: typer.Context) -> tuple[load.Config, bool]:
    """Read the config in force. Returns it, and whether a new one is to be made in its place."""
    by_name = named_database(ctx) is not None
    loaded = load.load(invocation(ctx).config_file, must_exist=by_name)
    if loaded.exists or by_name:
        return loaded, False
    return loaded._replace(path=_new_config_path(ctx)), True


def _check_actor(settings: keys.Settings, location: str, as_user: str | None) -> None:
    named_actor(settings, location, as_user)
    check_has_logins(settings, location, ConfigInvalid)


def _check_possible(location: str, *, demo: bool, source: str | None, roles: bool) -> None:
    if demo and source:
        raise Usage("--demo and --from exclude each other")
    if roles and not engine_of(location).has_logins:
        raise Usage(
            f"--roles is for a server, and {location} is a file",
            hint="Whoever may write the file may do everything: see assignchat help identity.",
        )


def _demo(loaded: load.Config, as_user: str | None) -> Fill:
    def fill_it(database: Database) -> bool:
        return fill(database, actor=actor_name(loaded.settings, database, as_user))

    return fill_it


def _make_roles(ctx: typer.Context, loaded: load.Config) -> list[str]:
    with open_as_configured(ctx, loaded) as database, database.write():
        return database.make_roles()


def _say_roles(grants: list[str]) -> None:
    render.note(f"Made the roles {', '.join(ROLES)}.")
    render.note("Each user needs a login of their own, whose name is the id of the user.")
    nobody = "None lacks one now. Run this again when users have been added."
    render.note("An administrator of the server runs:" if grants else nobody)
    render.say_page(*map(render.visible, grants))


@contextmanager
def _copier(ctx: typer.Context, source: str, location: str) -> Iterator[Fill]:
    """Open the database to be copied. Yields what copies it, and shows how far that is."""
    if engine_of(location) is engine_of(source):
        raise Usage(
            "--from copies a file into a database on a server, or such a database into a file",
            hint="Name the new one with --db. A file is copied by: assignchat backup FILE",
        )
    os_user = identity_at(source).os_user
    try:
        opened = engine_of(source).open(source, os_user=os_user, clock=invocation(ctx).clock)
    except DatabaseMissing as error:
        error.hint = "After --from stands the database that is to be copied."  # not to be made
        raise
    with opened as database, progress_line("Copying") as progress:
        yield partial(copy_rows, database, progress=progress)


def _tell_made(
    tell: Callable[[str], None],
    location: str,
    new_config: Path | None,
    *,
    created: bool,
    filled: bool,
    demo: bool,
) -> None:
    if new_config is not None:
        tell(f"Wrote {new_config}, with every key explained.")
    made = "Made the database" if created else "There already is a database at"
    tell(f"{made} {location}.")
    if filled and not demo:
        tell("Everything was copied into it.")
        hint("assignchat check --full")
    elif filled:
        tell("Mark and Martha are in it, with a few chats.")
        hint("assignchat assign chat-1 --to martha --as mark")
    else:
        hint("assignchat import users FILE, or: assignchat user add ID")


def _make(
    ctx: typer.Context, loaded: load.Config, location: str, wanted: Fill | None
) -> tuple[bool, bool]:
    """Make the database, with what is wanted in it. Returns whether each was done."""
    created = engine_of(location).create(
        location,
        wanted,
        os_user=identity_at(location).os_user,
        clock=invocation(ctx).clock,
    )
    if created:
        return True, wanted is not None
    with open_as_configured(ctx, loaded) as database:
        return False, wanted is not None and wanted(database)


@contextmanager
def _new_config(path: Path) -> Iterator[None]:
    """Make a config file, and remove it if the block cannot make the database.

    It comes first: without it, a database is found only by its name.
    """
    with edit.replacement(path, keys.default_text()) as replace:
        replace()
    try:
        yield
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def _new_config_path(ctx: typer.Context) -> Path:
    """Return the config file that `--config` or the environment names, else one in this folder."""
    path, was_named = load.find(invocation(ctx).config_file)
    return path if was_named else Path(load.FILE_NAME)
