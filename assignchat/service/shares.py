"""Sharing selected chats out among recipients: pure arithmetic, no database."""

from assignchat.model import ChatStatus, Split
from assignchat.store.batches import Holding, Move


def share_out(
    holdings: list[Holding], recipients: list[str], split: Split, open_chats: dict[str, int]
) -> list[Move]:
    """The moves that share the selected chats out among the recipients.

    `holdings` says who owns how many of them now, `open_chats` how many open chats each
    recipient owns in all. `even` gives shares that differ by at most one; `least-loaded`
    gives each open chat to whoever owns the fewest by then. A recipient keeps what they hold
    of the selection as far as it lies within their share: no chat moves without need.
    """
    moves: list[Move] = []
    turn = 0  # whose turn it is to get one more, over both statuses
    for status in ChatStatus:
        held = {h.owner_id: h.chats for h in holdings if h.status == status}
        total = sum(held.values())
        if split == Split.LEAST_LOADED and status == ChatStatus.OPEN:
            loads = [open_chats[user] - held.get(user, 0) for user in recipients]
            shares = _fill_up(loads, total)
        else:
            shares = _evenly(total, len(recipients), turn)
            turn += total
        moves += _moves(status, held, dict(zip(recipients, shares, strict=True)))
    return moves


def _evenly(total: int, people: int, turn: int) -> list[int]:
    """Shares that differ by at most one; the odd ones go to those whose turn it is."""
    base, odd = divmod(total, people)
    return [base + ((person - turn) % people < odd) for person in range(people)]


def _fill_up(loads: list[int], total: int) -> list[int]:
    """Shares that raise the lowest loads first, as water fills a basin."""
    level = min(loads)
    top = min(loads) + total
    while level < top:  # the highest level that `total` suffices for
        middle = (level + top + 1) // 2
        if sum(max(0, middle - load) for load in loads) <= total:
            level = middle
        else:
            top = middle - 1
    shares = [max(0, level - load) for load in loads]
    left = total - sum(shares)
    for person, load in enumerate(loads):
        if left and load <= level:
            shares[person] += 1
            left -= 1
    return shares


def _moves(status: ChatStatus, held: dict[str, int], shares: dict[str, int]) -> list[Move]:
    """Moves from those who hold more than their share to those who hold less."""
    surplus = {user: chats - min(chats, shares.get(user, 0)) for user, chats in held.items()}
    moves = []
    for taker, share in shares.items():
        wanted = share - min(held.get(taker, 0), share)
        for giver, spare in surplus.items():
            chats = min(wanted, spare)
            if chats:
                moves.append(Move(giver, taker, status, chats))
                surplus[giver] -= chats
                wanted -= chats
    return moves
