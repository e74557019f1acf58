"""user add, set, list, activate, deactivate, away, back."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.commands import COMMANDS
from assignchat.cli.commands.batches import as_document, carry_out, shares_of
from assignchat.cli.commands.presence import say_gone, stored_until
from assignchat.cli.groups import new_group
from assignchat.cli.hints import hint_commands
from assignchat.cli.session import open_for_operator, open_for_reading
from assignchat.errors import Usage
from assignchat.model import INDEFINITE, UNTIL_ANSWER, Role, Split, User
from assignchat.render.pager import paged
from assignchat.service import presence
from assignchat.service import users as service
from assignchat.service.find import NAMED_AT_MOST, listing
from assignchat.service.presence import Gone
from assignchat.service.users import Deactivated
from assignchat.shell import Argument
from assignchat.texts import how_many

app = new_group(
    COMMANDS["user"].summary,
    "assignchat user add martha --name Martha",
    "assignchat user list",
)

Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="The name that people see.")
]
Aliases = Annotated[
    list[str] | None,
    typer.Option("--alias", metavar="ALIAS", help="Another name that the user goes by."),
]
Capacity = Annotated[
    int | None,
    typer.Option(
        "--capacity", metavar="N", parser=options.count, help="How many open chats they take."
    ),
]


@app.command("add")
def add(
    ctx: typer.Context,
    user: options.UserArgument,
    name: Name = None,
    role: Annotated[Role, options.choice("--role", Role, "What the user is.")] = Role.USER,
    alias: Aliases = None,
    capacity: Capacity = None,
    any_id: options.AnyId = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Add an active user.

    Examples:
        assignchat user add martha --name Martha --role manager
        assignchat user add 7f3a --name "Ann Berg" --alias ann@example.com --capacity 20

    An alias is another name that a CRM has for the user, such as an e-mail address. It will
    do wherever a user is named, in any case; an id goes first.
    """
    with open_for_operator(ctx, as_user) as session:
        added = service.add_user(
            session.database,
            user,
            name=name,
            role=role,
            aliases=alias or (),
            capacity=capacity,
            any_id=any_id,
            actor=session.actor,
        )
    _tell(ctx, added._replace(active=False), added, as_user, as_json=as_json)


@app.command("set")
def set_(
    ctx: typer.Context,
    user: options.UserArgument,
    name: Name = None,
    role: Annotated[Role | None, options.choice("--role", Role, "What the user is.")] = None,
    alias: Aliases = None,
    no_alias: Annotated[
        list[str] | None,
        typer.Option("--no-alias", metavar="ALIAS", help="An alias to take away."),
    ] = None,
    capacity: Capacity = None,
    no_capacity: Annotated[
        bool, typer.Option("--no-capacity", help="They take any number of chats.")
    ] = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Change a user's name, role, aliases or capacity.

    Examples:
        assignchat user set mark --role manager
        assignchat user set mark --alias mark@example.com --no-alias m.old@example.com
        assignchat user set mark --no-capacity
    """
    if capacity is not None and no_capacity:
        raise Usage("Only one of --capacity and --no-capacity can be given")
    if (name, role, alias, no_alias, capacity) == (None,) * 5 and not no_capacity:
        raise Usage("Nothing to change: give --name, --role, --alias, --no-alias or --capacity")
    with open_for_operator(ctx, as_user) as session:
        before = service.get_user(session.database, user)
        changed = service.set_user(
            session.database,
            user,
            name=name,
            role=role,
            aliases=alias or (),
            no_aliases=no_alias or (),
            capacity=capacity,
            no_capacity=no_capacity,
            actor=session.actor,
        )
    _tell(ctx, before, changed, as_user, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
    as_jsonl: options.Jsonl = False,
    as_csv: options.Csv = False,
    as_ids: options.Ids = False,
) -> None:
    """List all users.

    Examples:
        assignchat user list --csv
    """
    form = options.form(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv, as_ids=as_ids)
    with open_for_reading(ctx, as_user) as session:
        users = service.list_users(session.database)
    with paged():
        render.say_rows(form, users, User, _cells(users))


@app.command("activate")
def activate(
    ctx: typer.Context,
    user: options.UserArgument,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Let a user take part again.

    Examples:
        assignchat user activate mark
    """
    with open_for_operator(ctx, as_user) as session:
        before = service.get_user(session.database, user)
        activated = service.activate_user(session.database, user, actor=session.actor)
    _tell(ctx, before, activated, as_user, as_json=as_json)


@app.command("deactivate")
def deactivate(
    ctx: typer.Context,
    user: options.UserArgument,
    reassign_to: Annotated[
        list[str] | None,
        typer.Option(
            "--reassign-to",
            metavar="USER",
            autocompletion=options.USERS,
            help="Who gets their chats, closed ones too.",
        ),
    ] = None,
    split: options.Share = Split.EVEN,
    unavailable_too: options.Anyway = False,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Take a user out of the team, and hand all their chats over in the same step.

    Examples:
        assignchat user deactivate mark --reassign-to martha
        assignchat user deactivate mark --reassign-to martha --reassign-to omar --dry-run

    Their pending requests are cancelled, those that they sent and those that they got, and
    undo does not bring those back. They are sent nothing more, not even what is waiting.
    Refused while they own open chats, unless --reassign-to names who takes them; their
    closed chats go too. Everybody who may write the database may run this. At a terminal, you
    are asked whether to go on if a chat moves or a request is cancelled, unless --yes.
    """
    with open_for_operator(ctx, as_user) as session:
        run = partial(
            service.deactivate_user,
            session.database,
            user,
            actor=session.actor,
            reassign_to=reassign_to or (),
            split=split,
            unavailable_too=unavailable_too,
        )
        done = carry_out(
            run,
            "Assigning",
            _plan,
            asks=lambda planned: bool(planned.batch or planned.requests),
            dry_run=dry_run,
            yes=yes,
        )
    if as_json:
        render.say_json(_as_json(done))
    else:
        _show_deactivated(done)
        if not dry_run:
            _hint_undo_deactivated(ctx, done, as_user)


@app.command("away")
def away(
    ctx: typer.Context,
    user: options.UserArgument,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="When they are back.")
    ] = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Note that a user is away: nobody asks them, unless --anyway.

    Examples:
        assignchat user away martha --until "monday 08:00"
        assignchat user away martha --until 3d

    More ways to write a time: assignchat help times.
    """
    until = stored_until(ctx, until)
    with open_for_operator(ctx, as_user) as session:
        before = service.get_user(session.database, user)
        changed = presence.set_away(session.database, user, until=until, actor=session.actor)
        waiting = presence.waiting_for(session.database, user)
    say_gone(ctx, Gone(changed, waiting), as_json=as_json)
    if not as_json:
        _hint_undo(ctx, before, changed, as_user)


@app.command("back")
def back(
    ctx: typer.Context,
    user: options.UserArgument,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Note that a user is back.

    Examples:
        assignchat user back martha
    """
    with open_for_operator(ctx, as_user) as session:
        before = service.get_user(session.database, user)
        changed = presence.set_back(session.database, user, actor=session.actor)
    _tell(ctx, before, changed, as_user, as_json=as_json)


def _cells(users: Sequence[User]) -> render.Cells:
    """Return what people see of users. A terminal has no room for what none of them has."""
    rare = ("away_until", "aliases", "capacity")
    left_out = {
        name
        for name in rare
        if render.stdout_is_terminal() and not any(getattr(user, name) for user in users)
    }
    shown = [name for name in User._fields if name not in left_out]
    return {name.replace("_", " ").capitalize(): render.field(name) for name in shown}


def _tell(
    ctx: typer.Context, before: User, after: User, as_user: str | None, *, as_json: bool
) -> None:
    """Print a changed user, and for people the commands that undo it."""
    if as_json:
        render.say_json(after)
    else:
        render.say_user(after)
        _hint_undo(ctx, before, after, as_user)


def _as_json(done: Deactivated) -> dict[str, Any]:
    """Return the user as every command on one user does, with everything else that was done."""
    return done.user._asdict() | {
        "batch": done.batch and as_document(done.batch),
        "cancelled_requests": done.cancelled_requests,
        "dry_run": done.dry_run,
        "requests": render.plain(done.requests),
        "closed_chats": done.closed_chats,
    }


def _shares(done: Deactivated) -> str:
    batch = done.batch
    if batch is None or not batch.assigned:
        return "no chats"
    return ", ".join(f"{share} to {user}" for user, share in shares_of(batch))


def _show_deactivated(done: Deactivated) -> None:
    render.say_user(done.user)
    if done.dry_run:
        render.say(f"Dry run, nothing was changed; to assign: {_shares(done)}")
    elif done.batch is not None and done.batch.batch_id is not None:
        render.say(f"Batch {done.batch.batch_id}: {_shares(done)}")
    render.say(*_consequences(done))


def _plan(planned: Deactivated) -> list[str]:
    question = f"Deactivate {planned.user.name}, and assign {_shares(planned)}?"
    return [*_consequences(planned), question]


def _consequences(done: Deactivated) -> Iterator[str]:
    """Yield lines on the closed chats that move, and on the requests that are cancelled."""
    if done.closed_chats:
        yield f"Closed chats that move: {listing(done.closed_chats)}"
    if done.requests:
        count = how_many(len(done.requests), "request")
        yield f"{count} cancelled, which undo does not bring back:"
    for request in done.requests[:NAMED_AT_MOST]:
        yield (
            f"  {request.id} on {request.chat_id} ({request.customer}): "
            f"{request.requester_id} asked {request.recipient_id}"
        )
    if len(done.requests) > NAMED_AT_MOST:
        yield "  …"


def _hint_undo_deactivated(ctx: typer.Context, done: Deactivated, as_user: str | None) -> None:
    activate = ("user", "activate", Argument(done.user.id))
    number = done.batch.batch_id if done.batch is not None else None
    undo = [] if number is None else [("undo", str(number))]
    hint_commands(ctx, "To undo it", activate, *undo, as_user=as_user)


def _hint_undo(ctx: typer.Context, before: User, after: User, as_user: str | None) -> None:
    if commands := _undoing(before, after):
        hint_commands(ctx, "To undo it", *commands, as_user=as_user)


def _undoing(before: User, after: User) -> list[tuple[str, ...]]:
    """Return the commands that make the user what they were before."""
    commands: list[tuple[str, ...]] = []
    changes: list[str] = []
    if (before.name, before.role) != (after.name, after.role):
        changes += ["--name", before.name, "--role", before.role]
    for flag, some, others in (
        ("--no-alias", after.aliases, before.aliases),
        ("--alias", before.aliases, after.aliases),
    ):
        changes += [word for alias in some if alias not in others for word in (flag, alias)]
    if before.capacity != after.capacity:
        number = before.capacity
        changes += ["--no-capacity"] if number is None else ["--capacity", str(number)]
    if changes:
        commands.append(("user", "set", Argument(after.id), *changes))
    if before.active != after.active:
        action = "activate" if before.active else "deactivate"
        commands.append(("user", action, Argument(after.id)))
    if before.away_until != after.away_until:
        commands.append(_away(before))
    return commands


def _away(user: User) -> tuple[str, ...]:
    if user.away_until is None:
        return ("user", "back", Argument(user.id))
    until = () if user.away_until in (INDEFINITE, UNTIL_ANSWER) else ("--until", user.away_until)
    return ("user", "away", Argument(user.id), *until)
