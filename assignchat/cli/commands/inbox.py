"""inbox, status."""

from datetime import datetime
from typing import Annotated, Any

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.hints import hint_commands
from assignchat.cli.invocation import invocation
from assignchat.cli.session import held_text, is_fixed, open_for_reading, open_for_user
from assignchat.errors import Usage
from assignchat.model import Notification, Request, Status
from assignchat.render.pager import paged
from assignchat.service import inbox as service
from assignchat.service.find import away_text, listing
from assignchat.service.inbox import ReceivedRequest
from assignchat.service.notifications import details
from assignchat.texts import how_many

_NOTIFICATIONS_SHOWN = 10  # what is to be answered stands above them, and must stay in sight


def inbox(
    ctx: typer.Context,
    mark_read: Annotated[
        bool, typer.Option("--mark-read", help="Mark the notifications shown as read.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep it on the screen, and answer by key.")
    ] = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat inbox --as martha
        assignchat inbox --mark-read
        assignchat inbox --watch

    Your pending requests with the time left, and your unread notifications. With --watch it
    stays on the terminal until q, the bell rings for a new request, and a accepts or r
    rejects the selected one. With --json, or where there is no terminal, --watch prints the
    inbox again at each change, as JSON a document a line.
    """
    if watch:
        _watch(ctx, as_user, mark_read=mark_read, as_json=as_json)
        return
    with open_for_user(ctx, as_user) as session:
        found = service.inbox(session.database, actor=session.actor, mark_read=mark_read)
    with paged():  # what is marked read has been seen
        _say_inbox(found, invocation(ctx).clock(), whole=mark_read, as_json=as_json)
    if as_json:
        return
    if found.requests:
        _hint_answers(ctx, found.requests[0].request.id, as_user)
    if found.notifications and not mark_read:
        mark = ("inbox", "--mark-read")
        hint_commands(ctx, "To mark the notifications read", mark, as_user=as_user)


def _watch(ctx: typer.Context, as_user: str | None, *, mark_read: bool, as_json: bool) -> None:
    from assignchat.cli.live import inbox as live

    if mark_read:
        raise Usage("Only one of --watch and --mark-read can be given; while watching, press m")
    if live.has_page() and not as_json:
        live.LiveInbox(ctx, as_user).run()
        return

    def show(found: service.Inbox, ended: list[Request]) -> None:
        if not as_json:
            render.say(*map(live.end_of, ended))
        _say_inbox(found, invocation(ctx).clock(), whole=False, as_json=as_json)

    live.watch_lines(ctx, as_user, show)


def _say_inbox(found: service.Inbox, now: datetime, *, whole: bool, as_json: bool) -> None:
    """Print an inbox, on a terminal with the newest notifications alone unless it is `whole`."""
    if as_json:
        received = [_flat(item) for item in found.requests]
        render.say_json(
            {
                "user": found.user,
                "requests": received,
                "notifications": render.plain(found.notifications),
                "on_own_chats": render.plain(found.on_own_chats),
            }
        )
        return
    if not found.requests and not found.notifications:
        render.say("Nothing waits for you.")
    _say_received(found.requests, now)
    _say_on_own_chats(found.on_own_chats, now)
    few = render.stdout_is_terminal() and not whole
    newest = found.notifications[-_NOTIFICATIONS_SHOWN:] if few else found.notifications
    if len(newest) < len(found.notifications):
        older = how_many(len(found.notifications) - len(newest), "older notification")
        render.say(f"{older} not shown; --mark-read shows them all.")
    _say_notifications(newest)


def status(
    ctx: typer.Context, as_user: options.AsUser = None, as_json: options.Json = False
) -> None:
    """Examples:
        assignchat status

    What you are asked, what you asked and how it stands, and your open chats. The same as
    assignchat alone.
    """
    with open_for_user(ctx, as_user) as session:
        page = service.status(session.database, actor=session.actor)
    with paged():
        if as_json:
            received = [_flat(item) for item in page.received]
            render.say_json(page._asdict() | {"received": received})
            return
        _say_status(page, invocation(ctx).clock())
    _hint_next(ctx, page, as_user)


def _say_status(page: service.StatusPage, now: datetime) -> None:
    render.say(f"You are {page.user} and own {_open_chats(page.open_chats)}.")
    if page.away_until is not None:
        how_long = render.with_local_times(away_text(page.away_until))
        render.say(f"You are away {how_long}, and nobody asks you.")
    if page.held_by is not None:
        render.say(held_text(page.held_by))
    if not page.received:
        render.say("Nobody is waiting for your answer.")
    _say_received(page.received, now)
    _say_on_own_chats(page.on_own_chats, now)
    if page.sent:
        render.say("", "Requests that you sent:")
        render.say_table(
            ("Request", "Status", "Chat", "Customer", "Asked", "Times out", "Reason"),
            [_sent_cells(request, now) for request in page.sent],
        )


def say_team(ctx: typer.Context) -> None:
    """Tell somebody who is not in the team so, and who is in it."""
    from assignchat.service.users import list_users  # rare, and bulk work comes with it

    with open_for_reading(ctx) as session:
        active = [user for user in list_users(session.database) if user.active]
    team = [f"{user.id} ({user.role})" for user in active]
    render.say("", f"You are {session.actor} here, and not in the team.")
    if team:
        render.say(f"In it are {listing(team)}.")
        if not is_fixed(session):
            render.say(
                "To act as one of them: assignchat status --as USER, or set ASSIGNCHAT_USER."
            )


def _flat(received: ReceivedRequest) -> dict[str, Any]:
    return received.request._asdict() | {
        "text": received.text,
        "seconds_left": received.seconds_left,
    }


def _say_received(received: list[ReceivedRequest], now: datetime) -> None:
    if not received:
        return
    render.say("Requests waiting for your answer:")
    render.say_table(
        ("Request", "Times out", "Chat", "Customer", "Message", "Note"),
        [
            (
                str(request.id),
                render.time_left(request.expires_at, now),
                request.chat_id,
                request.customer,
                text,
                request.note or "",
            )
            for request, text, _ in received
        ],
    )


def _say_notifications(unread: list[Notification]) -> None:
    if not unread:
        return
    render.say("Unread notifications:")
    render.say_table(
        ("At", "Request", "Text", "About"),
        [
            (
                render.moment(item.at),
                "" if item.request_id is None else str(item.request_id),
                item.text,
                "; ".join(details(item)),
            )
            for item in unread
        ],
    )


def _say_on_own_chats(pending: list[Request], now: datetime) -> None:
    if not pending:
        return
    render.say("Requests that a manager sent about your chats:")
    render.say_table(
        ("Request", "Times out", "Chat", "Customer", "From", "Asked"),
        [
            (
                str(request.id),
                render.time_left(request.expires_at, now),
                request.chat_id,
                request.customer,
                request.requester_id,
                request.recipient_id,
            )
            for request in pending
        ],
    )


def _sent_cells(request: Request, now: datetime) -> tuple[str, ...]:
    pending = request.status == Status.PENDING
    asked_next = request.fallbacks if pending else ()
    return (
        str(request.id),
        render.status_label(request.status),
        request.chat_id,
        request.customer,
        ", then ".join((request.recipient_id, *asked_next)),
        render.time_left(request.expires_at, now) if pending else "",
        request.reason or "",
    )


def _open_chats(count: int) -> str:
    return how_many(count, "open chat") if count else "no open chats"


def _hint_answers(ctx: typer.Context, request_id: int, as_user: str | None) -> None:
    number = str(request_id)
    answers = ("accept", number), ("reject", number, "--reason", "TEXT")
    hint_commands(ctx, "To answer", *answers, as_user=as_user, between=", or: ")


def _hint_next(ctx: typer.Context, page: service.StatusPage, as_user: str | None) -> None:
    """Hint at the command that is most urgent."""
    pending = [request for request in page.sent if request.status == Status.PENDING]
    if page.away_until is not None:
        hint_commands(ctx, "When you are back", ("back",), as_user=as_user)
    if page.received:
        _hint_answers(ctx, page.received[0].request.id, as_user)
    elif pending:
        withdraw = ("withdraw", str(pending[-1].id), "--reason", "TEXT")
        hint_commands(ctx, "To take your last request back", withdraw, as_user=as_user)
    elif page.open_chats:
        hint_commands(ctx, "To see your chats", ("chat", "list", "--owner", page.user))
    else:
        hint_commands(ctx, "To see what there is to do", ("--help",))
