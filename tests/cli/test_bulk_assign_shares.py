"""Sharing chats out: whatever is shared among whomever, nothing is lost and nobody is wronged."""

from collections import Counter
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from assignchat.model import ChatStatus, Split
from assignchat.service.shares import Load, gained_open_chats, share_out
from assignchat.store.selections import Holding, Move

USERS = "abcdef"

Held = Counter[tuple[str, str]]
"""How many of the selected chats somebody holds, by user and status."""


class Task(NamedTuple):
    """Who holds what, who is to get it, and how many open chats those own in all."""

    holdings: list[Holding]
    recipients: list[str]
    split: Split
    open_chats: dict[str, int]

    @property
    def held(self) -> Held:
        """Who holds how much before."""
        return Counter({(h.owner_id, h.status): h.chats for h in self.holdings})


@st.composite
def tasks(draw: st.DrawFn, split: Split | None = None) -> Task:
    """Any selection and any recipients, some of whom may own selected chats themselves."""
    places = st.tuples(st.sampled_from(USERS), st.sampled_from(ChatStatus))
    held = draw(st.dictionaries(places, st.integers(1, 40)))
    recipients = draw(st.lists(st.sampled_from(USERS), min_size=1, unique=True))
    others = {user: draw(st.integers(0, 60)) for user in recipients}
    return Task(
        [Holding(owner, status, chats) for (owner, status), chats in sorted(held.items())],
        recipients,
        split or draw(st.sampled_from(Split)),
        {user: held.get((user, ChatStatus.OPEN), 0) + others[user] for user in recipients},
    )


def _moves(task: Task) -> list[Move]:
    return _shared_out(task, task.holdings, task.open_chats)


def _shared_out(task: Task, holdings: list[Holding], open_chats: dict[str, int]) -> list[Move]:
    loads = {user: Load(open_chats[user]) for user in task.recipients}
    return share_out(holdings, loads, task.split)


def _after(task: Task, moves: list[Move]) -> Held:
    held = task.held
    for move in moves:
        held[move.from_user, move.status] -= move.chats
        held[move.to_user, move.status] += move.chats
    return held


@given(tasks())
def test_afterwards_the_recipients_hold_every_selected_chat(task: Task) -> None:
    after = _after(task, _moves(task))
    assert all(chats >= 0 for chats in after.values())
    assert {user for (user, _), chats in after.items() if chats} <= set(task.recipients)
    for status in ChatStatus:
        before = sum(h.chats for h in task.holdings if h.status == status)
        assert sum(after[user, status] for user in task.recipients) == before


@given(tasks())
def test_nobody_gives_to_themselves_and_no_move_is_empty(task: Task) -> None:
    assert all(move.from_user != move.to_user and move.chats > 0 for move in _moves(task))


@given(tasks())
def test_a_recipient_keeps_what_lies_within_their_share(task: Task) -> None:
    moves = _moves(task)
    after = _after(task, moves)
    for user in task.recipients:
        for status in ChatStatus:
            given_away = sum(m.chats for m in moves if (m.from_user, m.status) == (user, status))
            kept = task.held[user, status] - given_away
            assert kept == min(task.held[user, status], after[user, status])


@given(tasks(Split.EVEN))
def test_even_shares_differ_by_at_most_one_in_all_and_of_open_chats(task: Task) -> None:
    after = _after(task, _moves(task))
    shares = [[after[user, status] for status in ChatStatus] for user in task.recipients]
    for counts in ([sum(share) for share in shares], *zip(*shares, strict=True)):
        assert max(counts) - min(counts) <= 1


@given(tasks(Split.LEAST_LOADED))
def test_least_loaded_leaves_no_gap_that_it_could_have_closed(task: Task) -> None:
    after = _after(task, _moves(task))
    share = {user: after[user, ChatStatus.OPEN] for user in task.recipients}
    load = {
        user: task.open_chats[user] - task.held[user, ChatStatus.OPEN] + share[user]
        for user in task.recipients
    }
    assert all(load[user] - min(load.values()) <= 1 for user in task.recipients if share[user] > 0)


@given(tasks())
def test_what_is_shared_out_already_stays_where_it_is(task: Task) -> None:
    after = _after(task, _moves(task))
    holdings = [Holding(*place, chats) for place, chats in sorted(after.items()) if chats]
    before = task.held
    open_chats = {
        user: task.open_chats[user] - before[user, ChatStatus.OPEN] + after[user, ChatStatus.OPEN]
        for user in task.recipients
    }
    assert _shared_out(task, holdings, open_chats) == []


@given(tasks(Split.LEAST_LOADED), st.dictionaries(st.sampled_from(USERS), st.integers(0, 100)))
def test_least_loaded_fills_up_to_the_capacity_of_each_if_all_fits(
    task: Task, capacities: dict[str, int]
) -> None:
    loads = {user: Load(task.open_chats[user], capacities.get(user)) for user in task.recipients}
    moves = share_out(task.holdings, loads, task.split)
    after = {user: task.open_chats[user] + gained_open_chats(moves)[user] for user in loads}
    others = {user: task.open_chats[user] - task.held[user, ChatStatus.OPEN] for user in loads}
    wanted = sum(after.values()) - sum(others.values())
    room = [max(0, capacities.get(user, wanted + others[user]) - others[user]) for user in loads]
    if wanted <= sum(room):
        assert all(
            after[user] <= max(capacities.get(user, after[user]), others[user]) for user in loads
        )
    free = [user for user in loads if after[user] < capacities.get(user, after[user] + 1)]
    got = [user for user in loads if after[user] > others[user]]
    assert all(after[user] - after[other] <= 1 for user in got for other in free)
