"""changes."""

from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.lists import say_list
from assignchat.cli.session import open_for_operator
from assignchat.service import changes as service
from assignchat.store.changes import ChatChange

_CELLS = {
    "Chat": render.field("id"),
    "Customer": render.field("customer"),
    "Owner": render.field("owner_id"),
    "In the CRM": render.field("crm_owner_id"),
    "Status": render.field("status"),
    "There": render.field("crm_status"),
    "Changed": render.field("changed_at"),
    "By": render.field("changed_by"),
}


def changes(
    ctx: typer.Context,
    told: Annotated[
        bool, typer.Option("--told", help="Then take it that the CRM knows what was printed.")
    ] = False,
    limit: options.Limit = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
    as_jsonl: options.Jsonl = False,
    as_csv: options.Csv = False,
    as_ids: options.Ids = False,
) -> None:
    """Examples:
        assignchat changes
        assignchat changes --csv --told

    The chats whose owner or status here is not what the CRM named last, by an import. An
    import that shows the new owner takes a chat off the list; so does --told, once all of the
    output has arrived. If it fails, or its reader goes before, nothing counts as told.
    """
    form = options.form(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv, as_ids=as_ids)
    with open_for_operator(ctx, as_user) as session:
        database = session.database
        if not told:
            say_list(
                form,
                limit,
                lambda **page: service.list_changes(database, **page),
                ChatChange,
                _CELLS,
            )
            return
        with service.telling(database, limit=limit or None) as rows:
            say_list(form, 0, lambda **_: rows, ChatChange, _CELLS)
            render.deliver()
