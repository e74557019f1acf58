"""No cell of a CSV file is a formula to any spreadsheet, and each is read back as it was."""

import csv
import io
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assignchat.crm.formulas import are_harmless, guarded, unguarded
from assignchat.render.rows import csv_text


@pytest.mark.parametrize(
    "text", ["=1+1", "'=1+1", "''@x", "+91", "-", "\t", "\uff1dx", "'", "'a", "a=1", "", " =1"]
)
def test_the_guard_of_a_formula_is_put_on_and_taken_off(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t"))


@given(st.text(st.sampled_from("';|\t\r\n =\"-@+a,\uff1d")))
def test_no_text_is_changed_by_guarding_and_reading_it(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(
    st.lists(st.text(st.sampled_from("';|\t\r\n =\"-@+a1,\u3000\uff1d"), max_size=4), max_size=3)
)
def test_what_is_harmless_at_a_glance_needs_no_guard(texts: list[str]) -> None:
    if are_harmless(texts):
        assert texts == [guarded(text) for text in texts]
        assert not any("\r" in text for text in texts)  # which would have to be quoted
    assert are_harmless(["chat-1", "", '{"a": 1}', "Łukasz, mark"])


CELLS: st.SearchStrategy[object] = st.one_of(
    st.none() | st.booleans() | st.floats() | st.sampled_from([0, 1, 1.0, -0.0]),
    st.sampled_from(["mark", "mark", "", "a, b", 'say "a"', '{"a": 1}', "Łukasz", "a\0b", "\x1b"]),
    st.text(st.sampled_from("';|\t\r\n =\"-@+a1,\u3000"), max_size=3),
)


def rows_of_width(width: int) -> st.SearchStrategy[list[list[object]]]:
    """Rows that have as many cells each, and others."""
    return st.lists(st.lists(CELLS, min_size=width, max_size=width)) | st.lists(
        st.lists(CELLS, max_size=width)
    )


@given(st.integers(0, 4).flatmap(rows_of_width))
@example([[1, "a"], [1.0, "a"]])
def test_what_is_clear_at_a_glance_is_written_as_cell_by_cell(rows: list[list[object]]) -> None:
    in_need_of_a_guard = ["=1", "=1"]
    by_cells = csv_text((), [*rows, in_need_of_a_guard])
    assert by_cells == csv_text((), rows) + "'=1,'=1\n"


CUSTOMERS = [
    *("a;=cmd()", 'a;"=cmd()', "a; =cmd()", "a;'=cmd()", "a\t=cmd()", 'a\t""""=cmd()', "a|=cmd()"),
    *("a\n=cmd()", "a\r\n=cmd()", "a\r=cmd()", 'a,";=cmd()', ";;=cmd()", '"=cmd()', '"a";"=cmd()"'),
    *("a;+cmd()", "a;-cmd()", "a;@cmd()", "a;\uff1dcmd()", "=cmd()", " =cmd()", "a;\u3000=cmd()"),
    *("a;'", '"', '";"', "a;b"),
]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("customer", CUSTOMERS)
def test_no_spreadsheet_finds_a_formula_whatever_separates_its_cells(
    customer: str, separator: str
) -> None:
    """Text that is in several cells to one that does not separate by commas."""
    rows = [("x", customer, (customer, "y")), (customer, "=z", {customer: 1})]
    written = csv_text(("id", "customer", "aliases"), rows)
    assert "cmd" in written or "cmd" not in customer
    for row in csv.reader(io.StringIO(written, newline=""), delimiter=separator):
        for cell in row:
            assert not re.match(r'"*[=+\-@\uff1d]', cell), row
    _, (_, first, _), (again, _, aliases) = csv.reader(io.StringIO(written, newline=""))
    assert (unguarded(first), unguarded(again)) == (customer, customer)
    assert json.loads(aliases) == {customer: 1}
