"""init."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.hints import hint
from assignchat.cli.session import (
    actor_name,
    database_location,
    invocation,
    named_database,
    open_as_configured,
)
from assignchat.config import edit, keys, load
from assignchat.service.demo import fill
from assignchat.store.engines import engine_of, identity_at
from assignchat.system import signals


def init(
    ctx: typer.Context,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill it with Mark, Martha and a few chats.")
    ] = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat init
        assignchat init --demo

    And a config file beside it, if none is in use. Repeating it is harmless.
    """
    by_name = named_database(ctx) is not None
    loaded = load.load(invocation(ctx).config_file, must_exist=by_name)
    new_config = not loaded.exists and not by_name
    if new_config:
        loaded = loaded._replace(path=_new_config_path(ctx))
    location = database_location(ctx, loaded)
    actor = actor_name(loaded.settings, location, as_user)
    with signals.held():
        with _new_config(loaded.path) if new_config else nullcontext():
            created, filled = _make(ctx, loaded, location, actor, demo=demo)
        invocation(ctx).changed_files = created or filled or new_config
    if as_json:
        render.say_json(
            {
                "database": engine_of(location).located(location, Path.cwd()),
                "created": created,
                "config": str(loaded.path.absolute()) if loaded.exists or new_config else None,
                "demo": filled,
            }
        )
    else:
        _say_made(location, loaded.path if new_config else None, created=created, filled=filled)
    if demo and not filled:
        render.note("The database is not empty, so nothing was added to it.")


def _say_made(location: str, new_config: Path | None, *, created: bool, filled: bool) -> None:
    if new_config is not None:
        render.say(f"Wrote {render.visible(str(new_config))}, with every key explained.")
    made = "Made the database" if created else "There already is a database at"
    render.say(f"{made} {render.visible(location)}.")
    if filled:
        render.say("Mark and Martha are in it, with a few chats.")
        hint("assignchat assign chat-1 --to martha --as mark")
    else:
        hint("assignchat import users FILE, or: assignchat user add ID")


def _make(
    ctx: typer.Context, loaded: load.Config, location: str, actor: str, *, demo: bool
) -> tuple[bool, bool]:
    """Make the database, with the demo in it from the start. Returns whether each was done."""
    created = engine_of(location).create(
        location,
        partial(fill, actor=actor) if demo else None,
        os_user=identity_at(location).os_user,
        clock=invocation(ctx).clock,
    )
    if created:
        return True, demo
    with open_as_configured(ctx, loaded) as database:
        return False, demo and fill(database, actor=actor)


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
