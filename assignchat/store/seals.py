"""Tamper evidence: every tracking row is sealed, and each seal contains the one before.

A seal covers rows that one transaction appended, at most `SLICE` of them. Its `hash` is the
SHA-256 of the hash before it together with those rows. So a row that is changed, deleted or
inserted by hand no longer fits its seal; and if all seals from there on are made anew, there is
another last one, the head, than the one that was noted elsewhere.

`varying` names the columns in which the rows of a seal may differ; in the others the first
row speaks for all, because bulk work appends rows that are alike but for their chat.
`marks` has a checksum of eight digits for each row, which tells which one does not fit.
"""

import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice, repeat, zip_longest
from typing import Any

from assignchat.model import TrackingRow
from assignchat.namedtuples import NamedTuple
from assignchat.store import strict
from assignchat.store.database import Database, SealedUpTo
from assignchat.store.sql import Params, insert_into

SLICE = 10_000
"""The most rows under one seal. They are in memory at once."""

_LONG = 100_000  # bytes of which OpenSSL makes up for what it takes to load

_COLUMNS = TrackingRow._fields[1:]  # the id follows from the row's place under its seal
_FROM = "FROM engagement_tracking"
_RANGE = "WHERE id BETWEEN :first AND :last"


class Seal(NamedTuple):
    """One seal, of the rows from `first_id` to `last_id`."""

    last_id: int
    first_id: int
    varying: str
    marks: str
    hash: str


_FIELDS = ", ".join(Seal._fields)
_NONE = Seal(0, 0, "", "", "")


class _Rows(NamedTuple):
    """The rows of one seal: the values that they share, and the columns in which they differ."""

    shared: list[Any]
    columns: list[Sequence[Any]]


def head(database: Database) -> Seal | None:
    """Return the newest seal, whose hash stands for all tracking rows. Returns None before any."""
    return _first(database, "ORDER BY last_id DESC LIMIT 1", {})


def find(database: Database, hash_: str) -> Seal | None:
    """Find the seal with this hash. Returns None if there is none."""
    return _first(database, "WHERE hash = :hash", {"hash": hash_})


def _first(database: Database, which: str, params: Params) -> Seal | None:
    found = next(database.tuples(f"SELECT {_FIELDS} FROM seals {which}", params), None)
    if found is None:
        return None
    seal = Seal._make(found)  # of one put there by hand, the rest says nothing
    if type(seal.hash) is not str:
        raise strict.damage(database.location, "seals", seal.last_id, "hash", seal.hash, "a text")
    return seal


def seal_new_rows(
    database: Database, varying: Sequence[str] = _COLUMNS, *, only_whole: bool = False
) -> None:
    """Seal the rows that this transaction has appended and not sealed yet.

    Each transaction that writes ends with this. `varying` are the columns in which those rows
    may differ. With `only_whole`, fewer rows than a seal can have are left for later. A row that
    was inserted by hand stays unsealed for ever.
    """
    while (row := _first_unsealed(database)) is not None:
        newest, *values = row
        first = max(_sealed(database).last_id, database.tracked_before) + 1
        last = min(first + SLICE - 1, newest)
        if only_whole and last - first + 1 < SLICE:
            break
        _seal(database, first, last, dict(zip(_COLUMNS, values, strict=True)), varying)
        if last == newest:
            break


def _first_unsealed(database: Database) -> tuple[Any, ...] | None:
    """Find the first row without a seal. Returns the newest id, and the row's values; or None."""
    sealed = max(_sealed(database).last_id, database.tracked_before)
    sql = (
        f"SELECT (SELECT max(id) {_FROM}), {', '.join(_COLUMNS)} {_FROM}"
        " WHERE id > :sealed ORDER BY id LIMIT 1"
    )
    return next(database.tuples(sql, {"sealed": sealed}), None)


def _sealed(database: Database) -> SealedUpTo:
    """Return where the newest seal ends, for others cannot seal in the meantime."""
    if database.sealed is None:
        newest = head(database) or _NONE
        database.sealed = SealedUpTo(newest.last_id, newest.hash)
    return database.sealed


@contextmanager
def rows_varying_in(database: Database, *varying: str) -> Iterator[None]:
    """Seal the rows that the block appends, which differ in these columns at most.

    That takes a fifth of the time of a look at every column of every row.
    """
    seal_new_rows(database)
    yield
    seal_new_rows(database, varying)


def _seal(
    database: Database, first: int, last: int, values: dict[str, Any], varying: Sequence[str]
) -> None:
    bound = {"first": first, "last": last}
    varying = _that_vary(database, bound, values, varying) if first < last else ()
    shared = [value for name, value in values.items() if name not in varying]
    columns = database.whole_columns(varying, f"{_FROM} {_RANGE}", bound) if varying else []
    unsigned = Seal(last, first, " ".join(varying), "", "")
    database.sealed = _sealed(database)._replace(last_id=last)
    database.while_busy(lambda: _sign(database, unsigned, _Rows(shared, columns)))


_INSERT = insert_into("seals", Seal._fields)


def _sign(database: Database, unsigned: Seal, rows: _Rows) -> None:
    marked = unsigned._replace(marks=_marks(rows))
    seal = marked._replace(hash=_hash(_sealed(database).hash, marked, rows))
    database.execute_soon(_INSERT, seal._asdict())
    database.sealed = SealedUpTo(seal.last_id, seal.hash)


def _that_vary(
    database: Database, bound: Params, first_row: Params, candidates: Sequence[str]
) -> Sequence[str]:
    """List the columns that differ between the rows. A look is cheaper than to seal them."""
    if len(candidates) == 1:
        return candidates
    counts = ", ".join(
        f"count(*) FILTER (WHERE {name} IS DISTINCT FROM :{name})" for name in candidates
    )
    (different,) = database.tuples(f"SELECT {counts} {_FROM} {_RANGE}", {**first_row, **bound})
    return [name for name, rows in zip(candidates, different, strict=True) if rows] or candidates


def _marks(rows: _Rows) -> str:
    from zlib import crc32  # only what writes pays for it

    start = crc32(_encoded(rows.shared))
    sums: Iterable[int] = repeat(start) if rows.columns else [start]
    for column in rows.columns:
        # All of it in C: this is done for each of a million rows.
        sums = map(crc32, map(str.encode, map(ascii, column)), sums)
    marks = list(sums)
    return struct.pack(f">{len(marks)}I", *marks).hex()


def _hash(previous: str, seal: Seal, rows: _Rows) -> str:
    return _sha256(_encoded([previous, *seal._replace(hash=""), *rows]))


def make_ready() -> None:
    """Load what a seal needs, before others wait for the lock."""
    _sha256(b"")


def _sha256(content: bytes) -> str:
    """Return the digest. That of a few rows is made without OpenSSL, which takes long to load."""
    if len(content) < _LONG:
        with suppress(ImportError):  # CPython's own, and called otherwise from 3.12 on
            from _sha256 import sha256 as lean  # type: ignore[import-not-found]

            return str(lean(content).hexdigest())
    from hashlib import sha256

    return sha256(content).hexdigest()


def _encoded(values: Sequence[Any]) -> bytes:
    return _ENCODER.encode(values).encode()


def _put_by_hand(value: object) -> list[str]:
    """Return what stands for a value that JSON cannot hold, such as a BLOB, and for no other one.

    No command writes one, and it must not stop a check.
    """
    return [repr(value)]


_ENCODER = json.JSONEncoder(default=_put_by_hand)


def first_tampering(database: Database) -> str | None:
    """Find the first row that was changed, deleted or inserted by hand, one seal at a time.

    Returns a sentence about it, or None.
    """
    previous = _NONE._replace(last_id=_LEAST)
    for stored in database.tuples(f"SELECT {_FIELDS} FROM seals ORDER BY last_id", many=True):
        seal = Seal._make(stored)  # whatever it holds
        if not _is_valid(seal, previous):
            return f"the seal that ends at row {seal.last_id} is not valid"
        if not _is_untouched(database, previous, seal):
            return _first_wrong(database, previous, seal)
        previous = seal
    after = {"last": previous.last_id}
    inserted = database.value(f"SELECT min(id) {_FROM} WHERE id > :last", after)
    return None if inserted is None else _inserted(inserted)


_LEAST = -(2**63)


def _is_untouched(database: Database, previous: Seal, seal: Seal) -> bool:
    """Return whether the rows since the seal before are those that were sealed.

    It reads them as `_seal` did: a look at each in Python takes four times as long.
    """
    bound = {"first": seal.first_id, "last": seal.last_id, "before": previous.last_id}
    sql = f"SELECT {', '.join(_COLUMNS)} {_FROM} WHERE id = :first"
    values = dict(zip(_COLUMNS, next(database.tuples(sql, bound), ()), strict=False))
    varying = _varying(seal)
    if not values or not _are_alike(database, bound, values, varying):
        return False
    columns = database.whole_columns(varying, f"{_FROM} {_RANGE}", bound) if varying else []
    rows = _Rows([value for name, value in values.items() if name not in varying], columns)
    return _hash(previous.hash, seal, rows) == seal.hash  # the marks are in it, too


def _are_alike(database: Database, bound: Params, first_row: Params, varying: list[str]) -> bool:
    """Return whether all rows are there, and like the first one but for what varies."""
    others = [name for name in _COLUMNS if name not in varying]
    same = " AND ".join(f"{name} IS NOT DISTINCT FROM :{name}" for name in others) or "1 = 1"
    counts = (
        f"SELECT count(*) FILTER (WHERE id >= :first AND {same}), count(*)"
        f" {_FROM} WHERE id > :before AND id <= :last"
    )
    rows = bound["last"] - bound["first"] + 1
    return next(database.tuples(counts, {**first_row, **bound})) == (rows, rows)


def _varying(seal: Seal) -> list[str]:
    return [name for name in seal.varying.split() if name in _COLUMNS]


def _first_wrong(database: Database, previous: Seal, seal: Seal) -> str:
    """Find the first row since the seal before that is not as it was sealed."""
    bound = {"before": previous.last_id, "last": seal.last_id}
    sql = f"SELECT id, {', '.join(_COLUMNS)} {_FROM} WHERE id > :before AND id <= :last ORDER BY id"
    rows = list(islice(database.tuples(sql, bound, many=True), seal.last_id - seal.first_id + 2))
    ids = range(seal.first_id, seal.last_id + 1)
    return _first_misplaced(ids, rows) or _first_changed(seal, rows)


def _is_valid(seal: Seal, previous: Seal) -> bool:
    """Return whether a seal can follow another one. Its columns may hold anything."""
    texts = (seal.varying, seal.marks, seal.hash)
    return (
        isinstance(seal.first_id, int)
        and max(previous.last_id, 0) < seal.first_id <= seal.last_id < seal.first_id + SLICE
        and all(isinstance(text, str) for text in texts)
    )


def _inserted(row_id: int) -> str:
    return f"row {row_id} was inserted by hand"


def _first_misplaced(ids: range, rows: list[tuple[Any, ...]]) -> str | None:
    for expected, row in zip_longest(ids, rows):
        if row is None or row[0] > expected:
            return f"row {expected} was deleted"
        if row[0] < expected:
            return _inserted(row[0])
    return None


def _first_changed(seal: Seal, rows: list[tuple[Any, ...]]) -> str:
    varying = _varying(seal)
    for place, row in enumerate(rows):
        if _marks(_in_columns([row], varying)) != seal.marks[8 * place : 8 * place + 8]:
            return f"row {row[0]} was changed"
    return f"row {rows[0][0]}, or the seal that ends at row {seal.last_id}, was changed"


def _in_columns(rows: list[tuple[Any, ...]], varying: Sequence[str]) -> _Rows:
    columns = dict(zip(("id", *_COLUMNS), zip(*rows, strict=True), strict=True))
    shared = [columns[name][0] for name in _COLUMNS if name not in varying]
    return _Rows(shared, [columns[name] for name in varying])
