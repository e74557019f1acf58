"""Sharing selected chats out among recipients: pure arithmetic, no database."""

from collections import Counter
from collections.abc import Iterable
from math import inf

from assignchat.model import ChatStatus, Split
from assignchat.namedtuples import NamedTuple
from assignchat.store.selections import Holding, Move


class Load(NamedTuple):
    """The open chats of a recipient, and their capacity, None for no limit."""

    open_chats: int
    capacity: int | None = None


def share_out(holdings: list[Holding], recipients: dict[str, Load], split: Split) -> list[Move]:
    """Share the selected chats out among the recipients. Returns the moves.

    `holdings` counts the chats by owner now. `even` gives shares that differ by at most one.
    `least-loaded` gives each open chat to the user who owns the fewest by then and has room, and
    ignores the capacities if there is not room for all. A recipient keeps the chats that they
    hold already, up to their share: no chat moves without need.
    """
    moves: list[Move] = []
    turn = 0  # whose turn it is to get one more, over both statuses
    for status in ChatStatus:
        held = {h.owner_id: h.chats for h in holdings if h.status == status}
        total = sum(held.values())
        if split == Split.LEAST_LOADED and status == ChatStatus.OPEN:
            loads = [load.open_chats - held.get(user, 0) for user, load in recipients.items()]
            tops = [inf if load.capacity is None else load.capacity for load in recipients.values()]
            shares = _fill_up(loads, tops, total)
        else:
            shares = _evenly(total, len(recipients), turn)
            turn += total
        moves += _moves(status, held, dict(zip(recipients, shares, strict=True)))
    return moves


def given_chats(moves: Iterable[Move]) -> dict[str, int]:
    """Count the chats that each user is given by the moves."""
    given: Counter[str] = Counter()
    for move in moves:
        given[move.to_user] += move.chats
    return dict(given)


def gained_open_chats(moves: list[Move]) -> Counter[str]:
    """Count the open chats that each user gains by the moves, below 0 those who lose some."""
    gained: Counter[str] = Counter()
    for move in moves:
        if move.status == ChatStatus.OPEN:
            gained[move.to_user] += move.chats
            gained[move.from_user] -= move.chats
    return gained


def _evenly(total: int, people: int, turn: int) -> list[int]:
    """Return shares of a number that differ by at most one. Extra ones go to `turn` first."""
    base, odd = divmod(total, people)
    return [base + ((person - turn) % people < odd) for person in range(people)]


def _fill_up(loads: list[int], tops: list[float], total: int) -> list[int]:
    """Raise the lowest loads first, as water fills a basin, up to their tops. Returns shares."""

    def up_to(level: int) -> list[int]:
        return [max(0, int(min(level, top)) - load) for load, top in zip(loads, tops, strict=True)]

    level = min(loads)
    highest = max(loads) + total
    if sum(up_to(highest)) < total:
        return _fill_up(loads, [inf] * len(loads), total)
    while level < highest:  # the highest level that `total` suffices for
        middle = (level + highest + 1) // 2
        if sum(up_to(middle)) <= total:
            level = middle
        else:
            highest = middle - 1
    shares = up_to(level)
    left = total - sum(shares)
    for person, load in enumerate(loads):
        if left and load <= level < tops[person]:
            shares[person] += 1
            left -= 1
    return shares


def _moves(status: ChatStatus, held: dict[str, int], shares: dict[str, int]) -> list[Move]:
    """List the moves from users who hold more than their share to users who hold less."""
    surplus = [(user, max(0, chats - shares.get(user, 0))) for user, chats in held.items()]
    givers = iter(surplus)
    giver, spare = "", 0
    moves = []
    for taker, share in shares.items():
        wanted = max(0, share - held.get(taker, 0))
        while wanted:  # as many are spared as are wanted
            while not spare:
                giver, spare = next(givers)
            chats = min(wanted, spare)
            moves.append(Move(giver, taker, status, chats))
            spare -= chats
            wanted -= chats
    return moves
