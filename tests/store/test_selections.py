"""Chats that are selected before the lock is taken, and moved under it."""

from assignchat.service import batches, requests, settle
from assignchat.store.engines import open_database
from tests.support.team import Team


def test_chats_that_change_hands_between_their_staging_and_the_lock_go_from_their_owner(
    team: Team,
) -> None:
    with open_database(team.database) as database, open_database(team.database) as other:
        staged = batches.stage_chats(database, ["chat-1", "chat-2"], actor="maria")
        asked = requests.assign(other, "chat-1", to="martha", actor="mark")
        settle.accept(other, asked.id, actor="martha")
        for dry_run in (True, False):
            done = batches.bulk_assign(
                database, to=["omar"], actor="maria", chat_ids=staged, dry_run=dry_run
            )
            assert done.assigned == 2
    assert team.rows(
        "SELECT chat_id, from_user, to_user FROM engagement_tracking"
        " WHERE event = 'assigned' ORDER BY chat_id"
    ) == [("chat-1", "martha", "omar"), ("chat-2", "mark", "omar")]


def test_chats_are_staged_once_for_a_dry_run_and_the_real_thing(team: Team) -> None:
    with open_database(team.database) as database:
        staged = batches.stage_chats(database, iter(["chat-1", "chat-2"]), actor="maria")
        planned, done = (
            batches.bulk_assign(
                database, to=["omar"], actor="maria", chat_ids=staged, dry_run=dry_run
            )
            for dry_run in (True, False)
        )
    assert planned.assigned == done.assigned == 2
