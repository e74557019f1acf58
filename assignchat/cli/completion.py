"""The offers of a shell after Tab: users, chats, requests, batches and config keys.

A completion asks the database that the rest of the line would use, and offers nothing if that
cannot be read: nobody wants an error message in the middle of typing.
"""

import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import cast

import typer

from assignchat.cli.invocation import Invocation
from assignchat.cli.session import actor_name, load_config, open_as_configured
from assignchat.config import keys
from assignchat.errors import AssignchatError
from assignchat.model import TRANSITIONS, Party, Request, Status
from assignchat.render import visible
from assignchat.service.find import id_of
from assignchat.store import batches, chats, requests, users
from assignchat.store.database import Database
from assignchat.times import utc_now

_AT_MOST = 100
# Typer's scripts put an offer into the line, or into an `eval`, as it is; but an id is anybody's
# text, and `$(…)` in the id of a chat must not run, nor a space make two words of it.
_NEEDS_NO_QUOTES = re.compile(r"[\w+][\w@%+=:,./-]*")

Offers = Iterable[str]


def user_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the active users."""
    return _asked(
        ctx, incomplete, lambda database, _: (u.id for u in users.active(database, away_too=True))
    )


def chat_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer chats whose id begins with the typed text; to `assign`, only the actor's if any do."""

    def find(database: Database, actor: str) -> Offers:
        own: list[str] = []
        if ctx.info_name == "assign":
            own = chats.open_beginning_with(database, incomplete, actor, _AT_MOST)
        return own or chats.beginning_with(database, incomplete, _AT_MOST)

    return _asked(ctx, incomplete, find)


def request_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the pending requests that the actor may settle; to `wait`, all that involve them."""
    return _asked(
        ctx,
        incomplete,
        lambda database, actor: (str(request.id) for request in _pending(ctx, database, actor)),
    )


def asked_chat_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the chats of those requests."""
    return _asked(
        ctx,
        incomplete,
        lambda database, actor: (request.chat_id for request in _pending(ctx, database, actor)),
    )


def _pending(ctx: typer.Context, database: Database, actor: str) -> Iterable[Request]:
    action = TRANSITIONS.get(ctx.info_name or "")
    sides: dict[str, requests.Filters] = {
        Party.RECIPIENT: {"recipient": actor},
        Party.REQUESTER: {"requester": actor},
    }
    for party in [action.party] if action else sides:
        yield from requests.matching(database, {**sides[party], "status": Status.PENDING})


def batch_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the newest batches that are not undone."""

    def find(database: Database, _: str) -> Offers:
        newest = batches.every(database, limit=_AT_MOST, newest_first=True)
        return (str(batch.id) for batch in newest if batch.undone_at is None)

    return _asked(ctx, incomplete, find)


def config_keys(_ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the keys of the config."""
    return _beginning_as(incomplete, keys.KEYS)


def source_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the sources in the config."""
    with suppress(AssignchatError, OSError):
        return _beginning_as(incomplete, load_config(_line(ctx)).sources)
    return []


def config_values(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the values of a key that has only a few."""
    return _beginning_as(incomplete, _CONFIG_VALUES.get(ctx.params.get("key", ""), ()))


_CONFIG_VALUES = {
    "identity": ("claim", "login", "database"),
    "assign_discuss.allow_other_reasons": ("true", "false"),
}


def _asked(
    ctx: typer.Context, incomplete: str, find: Callable[[Database, str], Offers]
) -> list[str]:
    """Offer what `find` finds in the database of the line, for the actor of the line."""
    with suppress(AssignchatError, OSError):
        line = _line(ctx)
        loaded = load_config(line)
        with open_as_configured(line, loaded) as database, database.read():
            actor = actor_name(loaded.settings, database, ctx.params.get("as_user"))
            return _beginning_as(incomplete, find(database, id_of(database, actor)))
    return []


def _line(ctx: typer.Context) -> typer.Context:
    """Return the context of the whole line, with its files, which no shell has expanded yet."""
    line = cast("typer.Context", ctx.find_root())
    run = line.obj = Invocation(utc_now)
    run.config_file, run.database_file = (
        os.path.expanduser(os.path.expandvars(file)) if file else None
        for file in (line.params.get("config"), line.params.get("db"))
    )
    return line


def _beginning_as(incomplete: str, offers: Offers) -> list[str]:
    """Return the offers that begin with the typed text and that a shell takes for one word."""
    return [
        offer
        for offer in offers
        if offer.startswith(incomplete)
        and _NEEDS_NO_QUOTES.fullmatch(offer)
        and visible(offer) == offer
    ]
