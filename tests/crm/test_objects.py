"""JSON becomes rows: arrays, values one after another, lists in an object, and no errors."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignchat.crm.columns import Columns
from assignchat.crm.objects import objects
from assignchat.crm.pages import Page, check_complete
from assignchat.crm.paths import flat
from assignchat.crm.sources import Source
from assignchat.errors import FileUnreadable, InvalidValue

ROWS: list[dict[str, Any]] = [{"id": "1", "tags": [{"a": 1}]}, {"id": "2", "n": {"x": "]},{"}}]


def is_row(row: dict[str, Any]) -> bool:
    """Whether an object has an id."""
    return "id" in row


def read(text: str, path: str | None = None, size: int = 5) -> list[Any]:
    """The rows of a text that comes in small pieces, and what is wrong with them."""
    pages: list[Page] = []
    pieces = (text[at : at + size] for at in range(0, len(text), size))
    found = list(objects(pieces, is_row, path, pages))
    check_complete(pages, ["crm"])
    return [row if isinstance(row, dict) else (line, row.message) for line, row in found]


@pytest.mark.parametrize("indent", [None, 2])
def test_rows_come_in_every_shape(indent: int | None) -> None:
    def text(value: object) -> str:
        return json.dumps(value, indent=indent)

    assert read(text(ROWS)) == ROWS
    assert read("\n".join(map(text, ROWS))) == ROWS
    assert read("".join(map(text, ROWS))) == ROWS
    assert read(text({"value": ROWS})) == ROWS
    assert read(text({"meta": {"count": 2}, "data": {"items": ROWS, "more": None}})) == ROWS
    assert read(text(ROWS[0])) == ROWS[:1]
    assert read(f"{text({'value': ROWS})}\n{text({'value': ROWS})}") == ROWS * 2
    assert read(text({"value": []})) == read("[]") == []


def test_the_list_with_the_rows_is_named_where_there_are_several() -> None:
    text = json.dumps({"users": [{"id": "7"}], "data": {"items": ROWS}})
    assert read(text, "data.items") == ROWS
    with pytest.raises(FileUnreadable, match=r"users, data\.items"):
        read(text)
    with pytest.raises(FileUnreadable, match="no list of objects at 'data'"):
        read(text, "data")


@pytest.mark.parametrize(
    "around",
    [
        {"@odata.nextLink": "https://x"},
        {"links": {"next": "https://x"}},
        {"meta": {"has_more": True}},
        {"done": False, "nextRecordsUrl": "/x"},
        {"paging": {"next": {"after": "1"}}},
        {"pages": {"next": {"starting_after": "x"}}},
        {"end_of_stream": False},
        {"total": 3},
        {"@odata.count": 3},
    ],
    ids=str,
)
def test_a_page_that_is_not_the_last_is_refused(around: dict[str, Any]) -> None:
    for page in ({"value": ROWS} | around, around | {"value": ROWS}):
        with pytest.raises(FileUnreadable, match="last page is missing"):
            read(json.dumps(page))
        if "total" not in str(around) and "count" not in str(around):
            assert read(json.dumps(page) + json.dumps({"value": ROWS})) == ROWS * 2


@pytest.mark.parametrize(
    "around",
    [
        {"@odata.nextLink": None},
        {"links": {"next": None, "prev": "https://x"}},
        {"meta": {"has_more": False}, "links": {"next": "https://x"}},
        {"done": True, "totalSize": 2},
        {"end_of_stream": True, "after_url": "https://x"},
        {"success": True, "errors": [], "error": None},
    ],
    ids=str,
)
def test_a_last_page_is_taken(around: dict[str, Any]) -> None:
    assert read(json.dumps({"value": ROWS} | around)) == ROWS


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"error": {"code": "0x80040220", "message": "No permission"}}, "No permission"),
        ({"error": "Couldn't authenticate you"}, "Couldn't authenticate you"),
        ({"errors": ["You need to sign in"]}, "You need to sign in"),
        ({"status": "error", "message": "Expired"}, "Expired"),
        ({"detail": "No credentials"}, "No credentials"),
        ([{"message": "Session expired", "errorCode": "INVALID"}], "Session expired"),
        ({"errors": [{"code": "unauthorized", "message": "Invalid token"}]}, "Invalid token"),
    ],
)
def test_the_error_of_an_api_is_said_for_what_it_is(answer: object, told: str) -> None:
    with pytest.raises(FileUnreadable, match=told):
        read(json.dumps(answer))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"id": 1}\n{"id": }\n{"id": 3}', (2, "Expecting value")),
        ('[{"id": 1}, {"id": ]', (1, "Expecting value")),
        ('[{"id": 1}', (1, "does not end as it should")),
        ('{"value": [{"id": 1}], "x"}', (1, "not readable as JSON")),
        ('{"value": [{"id": 1}]', (1, "not readable as JSON")),
        ("[{}]\n{}", (2, "no array")),
        ('[{"id": NaN}]', (1, "NaN is no JSON")),
        ('{"id": 1, "id": 2}', (1, "twice")),
        ('{"id": 1}\n7', (2, "not a JSON object")),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(text: str, problem: tuple[int, str]) -> None:
    found = [row for row in read(text) if isinstance(row, tuple)]
    assert found[0][0] == problem[0]
    assert problem[1] in found[0][1]


def test_a_broken_line_does_not_hide_the_next_one() -> None:
    assert read('{"id": 1}\n{"id": }\n{"id": 3}')[-1] == {"id": 3}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)
OBJECTS = st.lists(st.fixed_dictionaries({"id": st.text(max_size=3), "x": JSON}), max_size=4)


@given(OBJECTS, st.sampled_from([None, 1]), st.sampled_from(["array", "lines", "value"]), st.data())
def test_any_objects_are_read_back_the_same(
    rows: list[dict[str, Any]], indent: int | None, shape: str, data: st.DataObject
) -> None:
    if shape == "lines":
        text = "\n".join(json.dumps(row, indent=indent) for row in rows)
    else:
        text = json.dumps({"d": {"value": rows}} if shape == "value" else rows, indent=indent)
    assert read(text, size=data.draw(st.integers(1, 30))) == rows


def columns_of(rows: list[dict[str, Any]], **columns: list[str]) -> list[Any]:
    """The columns of objects, by the headings under which they stand."""
    wanted = Columns(Source(columns=columns), ("id", "owner_id", "alias"), ["id"])
    parts = wanted.rows_of_objects(enumerate(rows), lambda _: None)
    return [row for part in parts for _, row in part.singly()]


def test_columns_are_found_down_in_objects() -> None:
    row = {"ID": 7, "meta": {"Assignee": {"email": "r@x", "first": "Raj", "last": "Patel"}}}
    row |= {"mail.work": "w@x", "phones": [{"no": "1"}, {"no": "2"}]}
    assert columns_of([row], owner_id=["meta.assignee.email"])[0]["owner_id"] == "r@x"
    assert columns_of([row], owner_id=["mail.work"])[0]["owner_id"] == "w@x"
    assert columns_of([row], owner_id=["phones.1.no"])[0]["owner_id"] == "2"
    joined = ["meta.assignee.first+meta.assignee.last"]
    assert columns_of([row], owner_id=joined)[0]["owner_id"] == "Raj Patel"
    both = ["meta.assignee.email", "mail.work", "aliases"]
    assert columns_of([row | {"aliases": ["raj"]}], alias=both)[0]["alias"] == ["r@x", "w@x", "raj"]


def test_of_several_headings_the_first_that_is_not_blank_counts() -> None:
    rows = [{"id": 1, "a": " ", "b": "y"}, {"id": 2, "b": "z"}, {"id": 3, "a": "x", "b": "y"}]
    assert [row["owner_id"] for row in columns_of(rows, owner_id=["a", "b"])] == ["y", "z", "x"]


def test_a_heading_is_missing_only_if_no_object_has_it() -> None:
    assert columns_of([{"id": 1}, {"id": 2, "who": None}], owner_id=["who"])
    assert columns_of([{"id": 1, "to": None}], owner_id=["to.email"])
    with pytest.raises(InvalidValue, match=r"No column 'to\.email'"):
        columns_of([{"id": 1, "to": {"mail": "x"}}], owner_id=["to.email"])


def test_an_object_becomes_a_row_of_cells_that_is_found_by_the_same_paths() -> None:
    assert flat({"a": {"b": {"c": 1}, "d": []}, "e": {}}) == {"a.b.c": 1, "a.d": "[]", "e": {}}
