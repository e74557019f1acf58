"""What the shell offers after Tab: users, chats, requests and batches.

A completion asks the database that the rest of the line would use, and offers nothing where
it cannot be asked: nobody wants an error message in the middle of typing.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import cast

import typer

from assignchat.cli.session import Invocation, actor_name, load_config, open_as_configured
from assignchat.errors import AssignchatError
from assignchat.store import batches, chats, requests, users
from assignchat.store.database import Database, utc_now

_AT_MOST = 100

Offers = Iterable[str]


def user_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Active users."""
    return _asked(
        ctx, incomplete, lambda database, _: (u.id for u in users.active(database, away=True))
    )


def chat_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Chats whose id begins as what is typed."""
    return _asked(
        ctx, incomplete, lambda database, _: chats.beginning_with(database, incomplete, _AT_MOST)
    )


def request_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """The pending requests that the actor sent or got."""

    def find(database: Database, actor: str) -> Offers:
        for party in ("recipient", "requester"):
            given = {"status": "pending", party: actor}
            yield from (str(request.id) for request in requests.matching(database, given))

    return _asked(ctx, incomplete, find)


def batch_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """The newest batches that are not undone."""

    def find(database: Database, _: str) -> Offers:
        newest = batches.every(database, limit=_AT_MOST, newest_first=True)
        return (str(batch.id) for batch in newest if batch.undone_at is None)

    return _asked(ctx, incomplete, find)


def _asked(
    ctx: typer.Context, incomplete: str, find: Callable[[Database, str], Offers]
) -> list[str]:
    """What `find` offers from the database in force to the actor of the line."""
    line = cast("typer.Context", ctx.find_root())
    run = line.obj = Invocation(utc_now)
    run.config_file, run.database_file = line.params.get("config"), line.params.get("db")
    with suppress(AssignchatError, OSError):
        loaded = load_config(line)
        with open_as_configured(line, loaded) as database, database.read():
            actor = actor_name(loaded.settings, database.path, ctx.params.get("as_user"))
            return [offer for offer in find(database, actor) if offer.startswith(incomplete)]
    return []
