"""config list, get, set, unset, path."""

import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.commands import COMMANDS
from assignchat.cli.groups import new_group
from assignchat.cli.hints import hint_commands
from assignchat.cli.invocation import invocation
from assignchat.cli.session import (
    actor_name,
    check_has_logins,
    database_location,
    load_config,
    named_actor,
    open_as_configured,
)
from assignchat.config import SOURCES, edit, keys, load
from assignchat.config.keys import Value
from assignchat.config.load import Config
from assignchat.errors import ConfigValueInvalid, DatabaseMissing, DatabaseUnusable
from assignchat.render.pager import paged
from assignchat.service.config import keys_that_differ, record_change
from assignchat.service.find import find_user
from assignchat.shell import Argument
from assignchat.system import signals
from assignchat.texts import without_password

app = new_group(
    COMMANDS["config"].summary,
    "assignchat config list",
    "assignchat config set assign_discuss.request_timeout 5m",
)


KeyArgument = Annotated[
    str, typer.Argument(metavar="KEY", autocompletion=options.KEYS, help="The key's name.")
]


@app.command("list")
def list_(
    ctx: typer.Context, as_user: options.AsUser = None, as_json: options.Json = False
) -> None:
    """List every key with its value and where it comes from.

    Examples:
        assignchat config list
    """
    loaded = _read(ctx, as_user)
    found = {name: _in_force(loaded, name) for name in (*keys.KEYS, *_sources(loaded))}
    with paged():
        if as_json:
            render.say_json({name: value for name, (value, _) in found.items()})
            return
        render.say_table(
            ("Key", "Value", "From"),
            [(name, _as_toml(value), source) for name, (value, source) in found.items()],
        )


@app.command("get")
def get(
    ctx: typer.Context,
    key: KeyArgument,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Print the bare value of a key; of a list, an item a line.

    Examples:
        assignchat config get assign_discuss.request_timeout
    """
    loaded = _read(ctx, as_user)
    name = key if key in _sources(loaded) else keys.key_named(key).name
    value, source = _in_force(loaded, name)
    if as_json:
        render.say_json({"key": name, "value": value, "source": source})
    elif isinstance(value, list):
        render.say_page(*map(render.visible, value))
    else:
        render.say_page(render.visible(value if isinstance(value, str) else json.dumps(value)))


@app.command("set")
def set_(
    ctx: typer.Context,
    key: KeyArgument,
    value: Annotated[
        list[str],
        typer.Argument(
            metavar="VALUE...",
            autocompletion=options.VALUES,
            help="The value; of a list, its items.",
        ),
    ],
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Set a key in the config file, whose comments and order are kept.

    Examples:
        assignchat config set assign_discuss.request_timeout 5m
        assignchat config set assign_discuss.rejection_reasons "At lunch"
    """
    wanted = keys.value_from_words(keys.key_named(key), value)
    _change(ctx, key, wanted, as_user, as_json=as_json)


@app.command("unset")
def unset(
    ctx: typer.Context,
    key: KeyArgument,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Take a key out of the config file, so that its default holds.

    Examples:
        assignchat config unset busy_timeout
    """
    _change(ctx, keys.key_named(key).name, None, as_user, as_json=as_json)


@app.command("path")
def path(ctx: typer.Context, as_json: options.Json = False) -> None:
    """Print which config file is in force.

    Examples:
        assignchat config path
    """
    found, _ = load.find(invocation(ctx).config_file)
    if as_json:
        render.say_json({"path": str(found.absolute()), "exists": found.exists()})
    else:
        render.say_page(render.visible(str(found.absolute())))


def _read(ctx: typer.Context, as_user: str | None) -> Config:
    """Read the config in force, for an actor who may use it."""
    loaded = load_config(ctx)
    if as_user is not None:
        named_actor(loaded.settings, database_location(ctx, loaded), as_user)
    return loaded


def _sources(loaded: Config) -> dict[str, Value]:
    """Return the sources by the names of their tables."""
    return {f"{SOURCES}.{name}": table for name, table in loaded.sources.items()}


def _in_force(loaded: Config, name: str) -> tuple[Value, str]:
    """Find the value of a key, and its origin."""
    if name in _sources(loaded):
        return _sources(loaded)[name], "file"
    from_environment = os.environ.get("ASSIGNCHAT_DB") if name == "database" else None
    if from_environment:
        return without_password(from_environment), "environment"
    return without_password(loaded.value(name)), "file" if name in loaded.values else "default"


def _as_toml(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _change(
    ctx: typer.Context, name: str, value: Value | None, as_user: str | None, *, as_json: bool
) -> None:
    """Change a key while no other process does. Prints its new value."""
    # One that was named must be there, as for every command, or its folder would be made.
    path = load.load(invocation(ctx).config_file, to_mend=name).path
    with edit.locked(path):
        old, new, backup = _change_locked(ctx, name, value, as_user)
    if not old.exists and new.exists:
        render.note(f"There was no config file; this is now in {old.path}")
    if backup is not None:
        render.note(f"The comments could not be kept; the old file is {backup}.")
    _, source = _in_force(new, name)
    now = without_password(new.value(name))
    if as_json:
        render.say_json({"key": name, "value": now, "source": source})
    else:
        render.say(f"{name} = {_as_toml(now)}")
        undo = _undoing(old, name)
        if undo and old.value(name) != new.value(name):
            hint_commands(ctx, "To undo it", undo, as_user=as_user)


def _undoing(old: Config, name: str) -> list[str]:
    """List the command that restores the value of a key. An empty list has none."""
    value = without_password(old.value(name))
    if value is None:  # it was wrong
        return []
    if value == keys.KEYS[name].default:
        return ["config", "unset", name]
    words = [Argument(_as_toml(item)) for item in (value if isinstance(value, list) else [value])]
    return ["config", "set", name, *words] if words else []


def _change_locked(
    ctx: typer.Context, name: str, value: Value | None, as_user: str | None
) -> tuple[Config, Config, Path | None]:
    """Record the change and write the file.

    Returns the config before and after, and the name under which the old file is kept, if it is.
    """
    run = invocation(ctx)
    old = load.load(run.config_file, to_mend=name)
    new, text, backup = edit.change(old, name, value)
    named_actor(old.settings, database_location(ctx, old), as_user)
    check_has_logins(new.settings, database_location(ctx, new), ConfigValueInvalid)
    if new.values == old.values:
        _record(ctx, as_user, old, new, name)
        return old, old, None
    # The row first: after a crash, tracking may say that a key was set which was not, as
    # `check` tells, but no key is set without a tracking row.
    with ExitStack() as until_done, edit.replacement(old.path, text, keep_as=backup) as replace:
        run.goes_on = True  # its row alone is not the change
        _record(ctx, as_user, old, new, name, until_done=until_done)
        replace()
        run.changed_files, run.goes_on = True, False
    return old, new, backup


def _record(
    ctx: typer.Context,
    as_user: str | None,
    old: Config,
    new: Config,
    name: str,
    *,
    until_done: ExitStack | None = None,
) -> None:
    """Append the tracking row of a changed key, if there is a database, which knows its users.

    From the commit on, signals are delayed `until_done`. For a file that does not change, a row
    is appended only if tracking has another value.
    """
    try:
        opened = open_as_configured(ctx, old)
    except DatabaseUnusable as error:
        # Where the key that is wrong is `database` itself, it must be possible to mend it.
        if not isinstance(error, DatabaseMissing) and name != "database":
            raise
        return
    before, after = old.value(name), new.value(name)
    with opened as database, database.write():
        if isinstance(after, list) and keys.KEYS[name].is_of_users:
            for user in after:
                find_user(database, user)
        if until_done is not None:
            until_done.enter_context(signals.held())
        elif not keys_that_differ(database, {name: after}):
            return
        actor = actor_name(old.settings, database, as_user)
        record_change(database, name, before, after, actor=actor)
