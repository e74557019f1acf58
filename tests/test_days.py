"""Random days of a team: whatever operators do, state and history agree after each step."""

import sqlite3
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assignchat.crm.parts import by_column
from assignchat.errors import AssignchatError
from assignchat.model import Split
from assignchat.service import (
    batches,
    chats,
    check,
    demo,
    imports,
    lifecycle,
    presence,
    queues,
    requests,
    settle,
    users,
)
from assignchat.store.sqlite.database import SqliteDatabase
from assignchat.times import format_time
from tests.support.examples import TIMES_AS_MANY
from tests.support.team import START

if TYPE_CHECKING:
    from assignchat.store.database import Database

USERS = ("mark", "martha", "omar", "maria")
OWNERSHIP = "('opened', 'accepted', 'assigned', 'undone', 'imported')"

some_user = st.sampled_from(USERS)
some_chat = st.sampled_from([f"chat-{number}" for number in range(1, 7)])  # the last is imported
anybody = st.sampled_from([None] * 6 + list(USERS))  # None is whoever may
recent = st.integers(0, 2)  # 0 is the newest, 1 the one before it
seldom = st.sampled_from([False, False, False, True])
rows_to_import = st.lists(
    st.fixed_dictionaries(
        {
            "id": some_chat,
            "customer": st.sampled_from(["Ana", "Ben", None]),
            "owner_id": st.none() | some_user,
            "status": st.sampled_from(["open", "closed", None]),
        }
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda row: row["id"],
)


class Days(RuleBasedStateMachine):
    """A team at work. The onlooker reads the file as any SQLite tool would."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "team.db"
        SqliteDatabase.create(str(path))
        self.now = START
        self.database: Database = SqliteDatabase.open(
            str(path), os_user="tester", clock=lambda: self.now
        )
        self.onlooker = sqlite3.connect(path)
        self.owners: dict[str, str] = {}
        self.changes_of_owner = 0

    def teardown(self) -> None:
        self.onlooker.close()
        self.database.close()
        self.folder.cleanup()

    def seen(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """What the file says."""
        return self.onlooker.execute(sql, params).fetchall()

    def last(self, table: str) -> int:
        """The highest number in a table, 0 for none."""
        return int(self.seen(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0])

    def play(self, action: Callable[..., object], *args: object, **options: object) -> None:
        """Do something that may be refused; a refusal records deadlines and nothing else."""
        before, told_before = self.last("engagement_tracking"), self.last("notifications")
        silent = set(self.seen("SELECT id FROM users WHERE active = 0 OR role = 'queue'"))
        refused = False
        try:
            action(self.database, *args, **options)
        except AssignchatError:
            refused = True
        added = self.seen("SELECT event, actor FROM engagement_tracking WHERE id > ?", before)
        told = self.seen("SELECT recipient_id FROM notifications WHERE id > ?", told_before)
        assert not silent & set(told)
        if options.get("dry_run"):
            assert added == []
        if refused:
            assert set(added) <= {("timed_out", "system"), ("requested", "system")}
            assert not added or ("timed_out", "system") in added

    def look_at_owners(self) -> None:
        """Count the chats that have changed hands since the last look."""
        owners = dict(self.seen("SELECT id, owner_id FROM chats"))
        self.changes_of_owner += sum(
            self.owners.get(chat) != owner for chat, owner in owners.items()
        )
        self.owners = owners

    @initialize()
    def begin(self) -> None:
        demo.fill(self.database, actor="tester")
        self.look_at_owners()
        requests.assign(self.database, "chat-1", to="martha", actor="mark")
        batches.bulk_assign(self.database, to=["omar"], actor="maria", chat_ids=["chat-2"])

    @rule(
        seconds=st.sampled_from([0.001, 59, 60, 600, 7200]),
        sweep=st.sampled_from(["no", "dry run", "yes"]),
    )
    def time_passes(self, seconds: float, sweep: str) -> None:
        self.now += timedelta(seconds=seconds)
        if sweep != "no":
            self.play(lifecycle.sweep_timeouts, dry_run=sweep == "dry run")

    @rule(
        chat=some_chat,
        to=some_user,
        actor=anybody,
        timeout=st.sampled_from([None, 60, 600]),
        then=st.lists(some_user, max_size=2, unique=True),
        unavailable_too=st.booleans(),
    )
    def ask(
        self,
        chat: str,
        to: str,
        actor: str | None,
        timeout: int | None,
        then: list[str],
        unavailable_too: bool,
    ) -> None:
        self.play(
            requests.assign,
            chat,
            to=to,
            actor=actor or self.owners.get(chat, "mark"),
            timeout_seconds=timeout,
            then=[user for user in then if user != to],
            unavailable_too=unavailable_too,
        )

    @rule(
        back=recent,
        answer=st.sampled_from(["accept", "accept", "reject", "withdraw"]),
        actor=anybody,
    )
    def answer(self, back: int, answer: str, actor: str | None) -> None:
        found = self.seen(
            "SELECT id, requester_id, recipient_id FROM requests"
            " ORDER BY status <> 'pending', id DESC"
        )
        number, requester, recipient = found[min(back, len(found) - 1)]
        if answer == "accept":
            self.play(settle.accept, number, actor=actor or recipient)
        elif answer == "reject":
            self.play(settle.reject, number, reason="Busy", actor=actor or recipient)
        else:
            self.play(settle.withdraw, number, reason="Never mind", actor=actor or requester)

    @rule(
        chat_ids=st.lists(some_chat, min_size=2, max_size=6),
        to=st.lists(some_user, min_size=1, max_size=3, unique=True),
        actor=anybody,
        split=st.sampled_from(Split),
        dry_run=seldom,
    )
    def assign_some(
        self, chat_ids: list[str], to: list[str], actor: str | None, split: Split, dry_run: bool
    ) -> None:
        self.play(
            batches.bulk_assign,
            to=to,
            actor=actor or "maria",
            chat_ids=chat_ids,
            split=split,
            unavailable_too=True,
            dry_run=dry_run,
        )

    @rule(
        from_user=some_user,
        to=st.lists(some_user, min_size=1, max_size=2, unique=True),
        actor=anybody,
        status=st.sampled_from(["open", "closed", None]),
    )
    def assign_all(
        self, from_user: str, to: list[str], actor: str | None, status: str | None
    ) -> None:
        self.play(
            batches.bulk_assign,
            to=to,
            actor=actor or from_user,
            from_user=from_user,
            status=status,
        )

    @precondition(lambda self: self.seen("SELECT 1 FROM batches WHERE undone_at IS NULL"))
    @rule(back=recent, actor=anybody, dry_run=seldom)
    def undo(self, back: int, actor: str | None, dry_run: bool) -> None:
        number = max(1, self.last("batches") - back)
        self.play(batches.undo, number, actor=actor or "maria", dry_run=dry_run)

    @rule(chat=some_chat, action=st.sampled_from([chats.close_chat, chats.reopen_chat]))
    def close_or_reopen(self, chat: str, action: Callable[..., object]) -> None:
        self.play(action, chat, actor="tester")

    @rule(user=some_user, reassign_to=st.lists(some_user, max_size=2, unique=True))
    def leave(self, user: str, reassign_to: list[str]) -> None:
        others = [other for other in reassign_to if other != user]
        self.play(users.deactivate_user, user, actor="tester", reassign_to=others)

    @rule(user=some_user, seconds=st.none() | st.sampled_from([-1, 60, 7200]))
    def go_away_or_come_back(self, user: str, seconds: int | None) -> None:
        self.play(users.activate_user, user, actor="tester")
        if seconds is None:
            self.play(presence.set_back, user, actor="tester")
        else:
            until = format_time(self.now + timedelta(seconds=seconds))
            self.play(presence.set_away, user, actor="tester", until=until)

    @rule(user=some_user, reason=st.sampled_from([None, "Lunch"]))
    def pass_on(self, user: str, reason: str | None) -> None:
        self.play(presence.go_away, actor=user, pass_on=True, reason=reason)
        self.play(presence.come_back, actor=user)

    @rule(
        user=some_user,
        role=st.sampled_from(["user", "user", "manager", "queue"]),
        capacity=st.sampled_from([None, 1, 3]),
    )
    def become(self, user: str, role: str, capacity: int | None) -> None:
        changes = {"role": role, "capacity": capacity, "no_capacity": capacity is None}
        self.play(users.set_user, user, actor="tester", **changes)

    @rule(chat=some_chat, user=some_user, queue=st.none() | some_user)
    def take(self, chat: str, user: str, queue: str | None) -> None:
        self.play(queues.take, [] if queue else [chat], from_queue=queue, actor=user)

    @rule(rows=rows_to_import, dry_run=seldom)
    def import_some(self, rows: list[dict[str, str | None]], dry_run: bool) -> None:
        self.play(
            imports.import_chats,
            list(by_column(enumerate(rows, start=2))),
            actor="tester",
            dry_run=dry_run,
        )

    @invariant()
    def the_database_is_sound(self) -> None:
        assert check.check(self.database, full=True).problems == []

    @invariant()
    def the_owner_of_each_chat_is_the_one_that_its_history_names(self) -> None:
        told = dict(
            self.seen(
                "SELECT chat_id, to_user FROM engagement_tracking"
                f" WHERE event IN {OWNERSHIP} ORDER BY id"
            )
        )
        assert dict(self.seen("SELECT id, owner_id FROM chats")) == told

    @invariant()
    def no_chat_changes_hands_without_exactly_one_row(self) -> None:
        self.look_at_owners()
        ((rows,),) = self.seen(
            "SELECT count(*) FROM engagement_tracking"
            f" WHERE event IN {OWNERSHIP} AND from_user IS NOT to_user"
        )
        assert rows == self.changes_of_owner

    @invariant()
    def the_status_of_each_request_is_the_one_that_its_history_names(self) -> None:
        told = dict(
            self.seen(
                "SELECT request_id, status FROM engagement_tracking"
                " WHERE request_id IS NOT NULL ORDER BY id"
            )
        )
        assert dict(self.seen("SELECT id, status FROM requests")) == told

    @invariant()
    def no_request_is_settled_twice(self) -> None:
        assert not self.seen(
            "SELECT request_id FROM engagement_tracking WHERE request_id IS NOT NULL"
            " GROUP BY request_id, status <> 'pending' HAVING count(*) > 1"
        )

    @invariant()
    def what_is_pending_is_one_a_chat_open_and_among_active_persons(self) -> None:
        pending = self.seen(
            "SELECT r.chat_id, r.from_user = c.owner_id, r.recipient_id <> c.owner_id,"
            " c.status, a.active, b.active, 'queue' IN (a.role, b.role)"
            " FROM requests r JOIN chats c ON c.id = r.chat_id"
            " JOIN users a ON a.id = r.requester_id JOIN users b ON b.id = r.recipient_id"
            " WHERE r.status = 'pending'"
        )
        assert len({row[0] for row in pending}) == len(pending)
        assert {row[1:] for row in pending} <= {(1, 1, "open", 1, 1, 0)}

    @invariant()
    def the_history_is_in_the_order_of_time(self) -> None:
        times = [at for (at,) in self.seen("SELECT at FROM engagement_tracking ORDER BY id")]
        assert times == sorted(times)


TestDays = Days.TestCase
SECONDS_FOR_A_TEST = 120 * TIMES_AS_MANY
TestDays.settings = settings(max_examples=20 * TIMES_AS_MANY, stateful_step_count=50)
