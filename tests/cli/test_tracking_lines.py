"""tracking --jsonl: the lines that the engine makes are those that we would make, to the byte."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assignchat.model import Event, Status
from tests.support.databases import without_guards
from tests.support.team import Team, run_here

TEXTS = st.one_of(
    st.sampled_from(["mark", "O'Neil", 'a "b"', "back\\slash", "new\nline", "\x1b[31m", "\x7f"]),
    st.sampled_from(
        ["Zoë", "\u2028", "\u202e", "🦊", "\t\r\b\f", "nul\0", "half \ud83d", "%s {} %", ""]
    ),
    st.text(max_size=9),
)
TIMES = st.sampled_from(["2026-11-22T14:05:10.000Z", "2026-02-28T00:00:00.999Z"])
DETAILS = st.one_of(
    st.sampled_from(['{"a": 1}', '{"a":1}', "{}", '{"a":\n[null, 1e9]}', '{"a": "\\u00e9 ë"}']),
    st.sampled_from(['{"a": "\\\\ \\n \\""}', ' {"a": 1} ', '{"a": NaN}', '{"a": "\x7f"}']),
    st.text(max_size=9).map(lambda text: f'{{"customer": [null, "{text}"]}}'),
)
IDS = st.integers(1, 2**53 - 1)
RIGHT = {
    "at": TIMES,
    "event": st.sampled_from(list(map(str, Event))),
    "actor": TEXTS,
    "os_user": TEXTS,
    "chat_id": st.none() | TEXTS,
    "request_id": st.none() | IDS,
    "batch_id": st.none() | IDS,
    "from_user": st.none() | TEXTS,
    "to_user": st.none() | TEXTS,
    "status": st.none() | st.sampled_from(list(map(str, Status))),
    "reason": st.none() | TEXTS,
    "detail": st.none() | DETAILS,
}
ROWS = st.lists(st.fixed_dictionaries(RIGHT), min_size=1, max_size=6)
WRONG = [
    *("", "x", 0, -1, 2**53, 1.5, b"", b"\xff", "\0", "[1]", "1", "{", "null", None, -(2**63)),
    *("2026-02-30T00:00:00.000Z", "2026-11-22T24:05:10.000Z", "2026-11-22"),
    *('{"a": "\\ud800"}', '{"a":1}\0', '{"a":1}{', '{"a":1},{"b":2}', '{"a": 01}', "{'a'"),
    *(f'{{"a":{"[" * 900}', f'{{"a":{"[" * 1500}{"]" * 1500}}}'),
]

tried = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


@pytest.fixture
def empty(empty_team: Team) -> Path:
    """The folder of a team in whose tracking rows are put by hand."""
    empty_team.ok("init", "--demo")
    return empty_team.folder


def put(
    folder: Path, rows: list[dict[str, Any]], spoilt: tuple[int, str, Any] | None = None
) -> bool:
    """Let tracking have these rows alone, one cell spoilt. Returns whether the engine took that."""
    with without_guards(folder / "assignchat.db") as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("DELETE FROM engagement_tracking")
        for number, row in enumerate(rows, start=1):
            values = [number, *map(as_stored, row.values())]
            places = ", ".join(["CAST(? AS TEXT)" if type(v) is bytes else "?" for v in values])
            into = f"engagement_tracking (id, {', '.join(row)})"
            connection.execute(f"INSERT INTO {into} VALUES ({places})", values)
        if spoilt is not None:
            number, column, value = spoilt
            change = f"UPDATE engagement_tracking SET {column} = ? WHERE id = ?"
            try:
                connection.execute(change, (value, number))
            except sqlite3.Error:
                return False
        return True


def as_stored(value: object) -> object:
    """Half a character, which no driver takes, in bytes."""
    return value.encode(errors="surrogatepass") if isinstance(value, str) else value


def assert_same(folder: Path, *filters: str) -> bool:
    """Lines are the same as with a limit, where each row is read and made into a line by us."""
    lines = run_here(folder, "tracking", "--jsonl", *filters)
    ours = run_here(folder, "tracking", "--jsonl", *filters, "--limit", "9999")
    assert (lines.exit_code, lines.err) == (ours.exit_code, ours.err)
    assert lines.out == ours.out or lines.exit_code == DAMAGED
    return True


DAMAGED = 6


@tried
@given(ROWS)
def test_lines_of_right_rows_are_the_same(empty: Path, rows: list[dict[str, Any]]) -> None:
    put(empty, rows)
    assert_same(empty)


@pytest.mark.parametrize("column", ["id", *RIGHT])
def test_a_spoilt_cell_is_named_in_the_same_way(empty: Path, column: str) -> None:
    row = dict.fromkeys(RIGHT) | {"event": "opened", "actor": "mark", "os_user": "m"}
    times = ("2026-11-22T14:05:10.000Z", "2026-11-22T14:05:11.000Z", "2026-11-22T14:05:12.000Z")
    taken = [
        value
        for value in WRONG
        if put(empty, [row | {"at": time} for time in times], (2, column, value))
        and assert_same(empty)
    ]
    assert len(taken) > 3


@pytest.mark.sqlite_only("puts a row in by hand")
def test_filters_and_many_blocks_make_no_difference(empty: Path) -> None:
    at, other = "2026-11-22T14:05:10.000Z", "2026-11-22T14:05:11.000Z"
    rows = [
        dict.fromkeys(RIGHT)
        | {"at": other if n % 7 else at, "event": "opened", "actor": "mark"}
        | {"os_user": "Zoë" if n == 600 else "m", "chat_id": f"c-{n % 3}", "detail": '{"id": "é"}'}
        | ({"detail": '{"id": "\\u00e9"}'} if n == 1300 else {})
        for n in range(2000)
    ]
    put(empty, rows)
    for filters in ((), ("--chat", "c-1"), ("--user", "mark"), ("--since", other), ("--chat", "x")):
        assert_same(empty, *filters)
    last = run_here(empty, "tracking", "--jsonl").out.splitlines()[-1]
    assert last.startswith('{"id": 2000, "at": ')
