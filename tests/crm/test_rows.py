"""Chats that are made column by column are the same as those made one by one."""

from datetime import datetime

from hypothesis import example, given
from hypothesis import strategies as st

from assignchat.crm import ids
from assignchat.crm.parts import Rows, by_column
from assignchat.crm.rows import chat, plain_chats
from assignchat.crm.times import are_stored, stored_iso
from assignchat.errors import InvalidValue
from assignchat.store.columns import is_time

ODD_TEXTS = (
    *("", " ", "mark", " mark", "mark ", "a b", "#N/A", "###", "#1", "\u3000", "x\ny", "x\tb"),
    *("a\u200bb", "\ud800", "é", "\x00", "x" * 200, "x" * 201, "x" * 1001, "open", "Closed"),
    *("2026-11-22T14:05:10Z", "2026-11-22T14:05:10.123Z", "2026-13-22T14:05:10Z"),
    *("1969-11-22T14:05:10Z", "2026-11-22T14:05:10+01:00"),
)
TEXTS = st.one_of(st.sampled_from(ODD_TEXTS), st.text(max_size=6))
VALUES: st.SearchStrategy[object] = st.one_of(
    TEXTS, st.none(), st.booleans(), st.integers(), st.just([])
)
NAMES = ["customer", "owner_id", "status", "opened_at", "closed_at", "crm_owner_id", "crm_status"]
PLAIN = {
    "id": st.sampled_from(["c-1", "919876543210", "a b"]),
    "customer": st.sampled_from(["", "Priya Nair", "J. O'Hara"]),
    "owner_id": st.sampled_from(["", "mark"]),
    "status": st.sampled_from(["open", "closed", ""]),
    "opened_at": st.sampled_from(["", "2026-11-22T14:05:10Z", "2026-11-22T14:05:10.000Z"]),
    "crm_owner_id": st.sampled_from(["", "raj"]),
}
ROWS = st.one_of(
    st.lists(st.fixed_dictionaries(PLAIN), min_size=1, max_size=4),
    st.lists(
        st.fixed_dictionaries({"id": VALUES}, optional=dict.fromkeys(NAMES, VALUES)),
        min_size=1,
        max_size=3,
    ),
)


@given(ROWS)
def test_chats_made_at_once_are_those_made_one_by_one(rows: list[dict[str, object]]) -> None:
    for some in by_column(enumerate(rows, start=2)):
        plain = plain_chats(some)
        if plain is not None:
            made = list(zip(*plain, strict=True))
            assert made == [tuple(chat(line, row)) for line, row in some.singly()]


def test_plain_rows_are_made_at_once_and_unreadable_ones_are_not() -> None:
    row = {"id": "c-1", "customer": "", "owner_id": "mark", "opened_at": "2026-11-22T14:05:10Z"}
    (rows,) = by_column([(2, row), (3, row | {"customer": "Priya"})])
    plain = plain_chats(rows)
    assert plain is not None
    assert list(plain[2]) == ["", "Priya"]
    assert plain_chats(Rows.unreadable(3, InvalidValue("unreadable"))) is None
    assert plain_chats(Rows([2], {"customer": ["Priya"]})) is None
    others = by_column([(2, row), (3, row | {"status": "open"})])
    assert [rows.lines for rows in others] == [(2,), (3,)]


NEARLY_STORED = st.one_of(
    st.datetimes(datetime(1960, 1, 1), datetime(9999, 12, 31)).map(  # noqa: DTZ001
        lambda moment: f"{moment.isoformat(timespec='milliseconds')}Z"
    ),
    st.from_regex(
        r"20\d\d-1[0-2]-[0-2][1-8]T[012]\d:?[0-5]\d:?[0-5]\d[.,]?\d{0,6}Z", fullmatch=True
    ),
    TEXTS,
)


@given(st.lists(NEARLY_STORED, min_size=1, max_size=3))
@example(["2026-11-22T14:05:10,000Z"])
@example(["2026-11-22T140510.12345Z"])
@example(["2026-11-22T14:05:10.000Z", "2026-11-22T14:05:10Z"])
@example(["2026-11-22T14:05:10.000Z", "", "1969-11-22T14:05:10.000Z"])
def test_only_what_is_written_as_times_are_stored_is_taken_as_it_is(texts: list[str]) -> None:
    stored = [text and stored_iso(text) for text in texts]
    assert all(is_time(time) for time in stored if time)
    if are_stored(texts):
        assert stored == texts


GUID = "6f1d2c3a-0b1e-4c57-9a10-2f6f0c7d1a01"
SOME_IDS = (
    *("9e11", "9.1e+11", "919876543210.0", '="1"', "9198765432100000", "total", "Total"),
    *(f"{{{GUID}}}", GUID, "5005g00000AbCdE", "5005g00000AbCdEAAV", "chat-1", "919876543210"),
    *("+4930", "é", "grand total", "٣٤", "a@c.us", "00000000000000000000"),
)
ODD_IDS = st.one_of(
    st.sampled_from(SOME_IDS), st.text("0123456789eE.,+-=abc_@ {}", min_size=1, max_size=20)
)


@given(st.lists(ODD_IDS, min_size=1, max_size=5))
def test_ordinary_ids_are_intact_and_their_own_form(found: list[str]) -> None:
    if ids.are_ordinary(found):
        assert [ids.why_spoilt(text) for text in found] == [None] * len(found)
        assert [ids.canonical(text) for text in found] == found


def test_the_ids_that_most_systems_have_are_ordinary() -> None:
    assert ids.are_ordinary(["919876543210", "1"])
    assert ids.are_ordinary([GUID, "chat-00000001", "919876543210@c.us", "+919876543210"])
    assert not ids.are_ordinary(["chat-1", GUID.upper()])
    assert not ids.are_ordinary(["chat-1", "9.19877e+11"])
