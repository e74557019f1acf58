"""Whatever is typed: an exact copy of it, or a clear refusal."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.hostile import (
    IDS,
    MEGABYTE,
    NO_DURATIONS,
    NO_IDS,
    NO_NUMBERS,
    NO_TEXTS,
    NO_TIMES,
    TEXTS,
    assert_harmless,
    plain_run,
)
from tests.support.team import Team


def stored(team: Team, select: str) -> list[bytes]:
    """The bytes of a column, as any tool would find them."""
    column, _, rest = select.partition(" ")
    return [bytes.fromhex(row[0]) for row in team.sqlite(f"SELECT hex({column}) {rest}")]


def texts_in(document: Any) -> Iterator[str]:
    """Every text in a document of JSON."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, (list, dict)):
        for part in document if isinstance(document, list) else document.values():
            yield from texts_in(part)


# Texts


class Field(NamedTuple):
    """A text that a command takes: how it is given, stored, listed and seen."""

    give: Callable[[Team, str, int], object]
    select: str
    listed: Callable[[Team], list[Any]]
    seen: tuple[tuple[str, ...], ...]


def _new_chat(team: Team, number: int) -> str:
    chat = f"n-{number:03}"
    team.ok("chat", "add", chat, "--customer", "Ann", "--owner", "mark")
    return chat


def _give_customer(team: Team, text: str, number: int) -> None:
    team.ok("chat", "add", f"n-{number:03}", "--customer", text, "--owner", "mark")


def _give_name(team: Team, text: str, number: int) -> None:
    team.ok("user", "add", f"n-{number:03}", "--name", text)


def _set_name(team: Team, text: str, number: int) -> None:
    team.ok("user", "add", f"n-{number:03}")
    team.ok("user", "set", f"n-{number:03}", "--name", text)


def _give_note(team: Team, text: str, number: int) -> None:
    chat = _new_chat(team, number)
    team.ok("assign", chat, "--to", "martha", "--as", "mark", "--note", text)


def _reject(team: Team, text: str, number: int) -> None:
    chat = _new_chat(team, number)
    team.ok("assign", chat, "--to", "martha", "--as", "mark")
    team.ok("reject", "--chat", chat, "--as", "martha", "--reason", text)


def _withdraw(team: Team, text: str, number: int) -> None:
    chat = _new_chat(team, number)
    team.ok("assign", chat, "--to", "martha", "--as", "mark")
    team.ok("withdraw", "--chat", chat, "--as", "mark", "--reason", text)


def _give_bulk_reason(team: Team, text: str, number: int) -> None:
    to = "omar" if number % 2 else "martha"
    team.ok("bulk-assign", "chat-1", "--to", to, "--as", "maria", "--reason", text)


def _import_as(form: str) -> Callable[[Team, str, int], None]:
    def give(team: Team, text: str, number: int) -> None:
        row = {"id": f"n-{number:03}", "customer": text, "owner_id": "mark"}
        Path("crm").write_text(_written([row], form), encoding="utf-8", newline="")
        team.ok("import", "chats", "crm")

    return give


def _written(rows: Sequence[dict[str, str]], form: str) -> str:
    if form == "json":
        return json.dumps(rows, ensure_ascii=False)
    if form == "ndjson":
        return "".join(json.dumps(row) + "\n" for row in rows)
    file = io.StringIO(newline="")
    writer = csv.DictWriter(
        file, list(rows[0]), delimiter={"csv": ",", "tsv": "\t"}[form], quoting=csv.QUOTE_ALL
    )
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _key(name: str, *words: str) -> Callable[[Team], list[Any]]:
    return lambda team: [row[name] for row in team.ok(*words)]


_CUSTOMERS = (
    "customer FROM chats WHERE id LIKE 'n-%' ORDER BY id",
    lambda team: [row["customer"] for row in team.ok("chat", "list") if row["id"] > "n-"],
    (("chat", "list", "--limit", "0"), ("chat", "show", "n-000"), ("tracking", "--limit", "0")),
)
_NAMES = (
    "name FROM users WHERE id LIKE 'n-%' ORDER BY id",
    lambda team: [row["name"] for row in team.ok("user", "list") if row["id"].startswith("n-")],
    (("user", "list"), ("tracking",)),
)
_REASONS = (
    "reason FROM requests ORDER BY id",
    _key("reason", "requests"),
    (("requests",), ("tracking", "--limit", "0"), ("tracking", "--records"), ("stats",)),
)
FIELDS = {
    "customer": Field(_give_customer, *_CUSTOMERS),
    "name of a new user": Field(_give_name, *_NAMES),
    "new name of a user": Field(_set_name, *_NAMES),
    "note": Field(
        _give_note,
        "note FROM requests ORDER BY id",
        _key("note", "requests"),
        (("requests",), ("inbox", "--as", "martha"), ("status", "--as", "martha")),
    ),
    "reason to reject": Field(_reject, *_REASONS),
    "reason to withdraw": Field(_withdraw, *_REASONS),
    "reason of a batch": Field(
        _give_bulk_reason,
        "reason FROM batches ORDER BY id",
        _key("reason", "batches"),
        (("batches",), ("tracking", "--limit", "0"), ("inbox", "--as", "omar")),
    ),
    "customer in CSV": Field(_import_as("csv"), *_CUSTOMERS),
    "customer in TSV": Field(_import_as("tsv"), *_CUSTOMERS),
    "customer in JSON": Field(_import_as("json"), *_CUSTOMERS),
    "customer in JSON lines": Field(_import_as("ndjson"), *_CUSTOMERS),
}


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_every_text_is_kept_and_given_back_exactly_and_shown_harmlessly(
    team: Team, field: Field
) -> None:
    for number, text in enumerate(TEXTS.values()):
        field.give(team, text, number)
    assert stored(team, field.select) == [text.encode() for text in TEXTS.values()]
    assert field.listed(team) == list(TEXTS.values())
    for words in field.seen:
        result = team.run(*words)
        assert result.exit_code == 0
        assert_harmless(result.out + result.err)
        assert_harmless(team.run(*words, "--json").out)


@pytest.mark.usefixtures("request_id")
@pytest.mark.parametrize(
    "words",
    [
        ("chat", "add", "n", "--owner", "mark", "--customer"),
        ("user", "add", "n", "--name"),
        ("user", "set", "omar", "--name"),
        ("assign", "chat-2", "--to", "martha", "--as", "mark", "--note"),
        ("reject", "1", "--as", "martha", "--reason"),
        ("withdraw", "1", "--as", "mark", "--reason"),
        ("bulk-assign", "chat-2", "--to", "omar", "--as", "mark", "--reason"),
        ("config", "set", "operators"),
        ("config", "set", "assign_discuss.rejection_reasons"),
        ("config", "set", "database"),
    ],
    ids=lambda words: " ".join(words[:1] + words[-1:]),
)
def test_what_is_no_text_is_refused_and_changes_nothing(team: Team, words: list[str]) -> None:
    before = team.snapshot(), team.config.read_bytes()
    for text in NO_TEXTS:
        if not text and words[-1] == "--note":  # an empty note is none
            continue
        result = team.run(*words, text)
        assert result.exit_code in (2, 7), ascii(text[:20])
        assert (result.out, len(result.err) < 3_000) == ("", True)
        assert_harmless(result.err)
    assert (team.snapshot(), team.config.read_bytes()) == before


# Ids


@pytest.mark.parametrize("hostile", IDS.values(), ids=IDS)
def test_any_id_lives_a_whole_life_and_is_no_other(team: Team, hostile: str) -> None:
    plain_run(team, "user", "add", "--any-id", ids=[hostile])
    chat = ("chat", "add", "--any-id", "--customer", "Ann", "--owner", hostile)
    plain_run(team, *chat, ids=[hostile])
    asked = plain_run(team, "assign", "--to", hostile, "--as", "mark", ids=["chat-1"])
    assert asked["recipient_id"] == hostile
    assert plain_run(team, "assign", "--to", "omar", "--as", hostile, ids=[hostile])["id"] == 2
    team.ok("withdraw", "--chat", hostile, "--as", hostile, "--reason", "x")
    team.ok("accept", "1", "--as", hostile)
    assert team.owner("chat-1") == hostile
    moved = plain_run(team, "bulk-assign", "--to", "martha", "--as", hostile, ids=[hostile])
    assert (moved["assigned"], team.owner(hostile)) == (1, "martha")
    team.ok("undo", "1", "--as", hostile)
    owned = [chat["id"] for chat in team.ok("chat", "list", "--owner", hostile)]
    assert sorted(owned) == sorted(["chat-1", hostile])
    assert {row["chat_id"] for row in team.ok("tracking", "--chat", hostile)} == {hostile}
    assert [row["id"] for row in team.ok("requests", "--requester", hostile)] == [2]
    for words in (("chat", "list"), ("user", "list"), ("tracking",), ("requests",), ("stats",)):
        assert_harmless(team.run(*words).out)
        assert hostile in list(texts_in(team.ok(*words)))
    plain_run(team, "chat", "close", ids=[hostile])
    plain_run(team, "user", "deactivate", "--reassign-to", "omar", ids=[hostile])
    assert team.owner(hostile) == "omar"


@pytest.mark.parametrize(
    "wildcard", ["%", "_", "chat-%", "mar%", "' OR 1=1 --", "*", "ma?k", "MARK"]
)
def test_what_is_looked_for_is_no_pattern(team: Team, request_id: str, wildcard: str) -> None:
    assert request_id == "1"
    for words in (
        ("chat", "list", "--owner"),
        ("requests", "--chat"),
        ("requests", "--recipient"),
        ("tracking", "--user"),
        ("tracking", "--records", "--chat"),
    ):
        assert team.ok(*words, wildcard) == []
    assert team.refused("chat", "show", wildcard) == (3, "chat_not_found")
    assert team.refused("inbox", "--as", wildcard) == (2, "actor_unknown")


def test_the_same_letters_written_in_two_ways_are_two_ids(team: Team) -> None:
    for name in ("zo\u00eb", "zoe\u0308"):
        team.ok("user", "add", name, "--any-id")
        chat = ("chat", "add", f"c-{name}", "--customer", name, "--owner", name)
        team.ok(*chat, "--any-id")
    assert [chat["id"] for chat in team.ok("chat", "list", "--owner", "zoe\u0308")] == [
        "c-zoe\u0308"
    ]
    assert stored(team, "id FROM users WHERE id LIKE 'z%' ORDER BY length(id)") == [
        b"zo\xc3\xab",
        b"zoe\xcc\x88",
    ]


@pytest.mark.usefixtures("request_id")
@pytest.mark.parametrize(
    "words",
    [
        ("user", "add", "ID"),
        ("chat", "add", "ID", "--customer", "Ann", "--owner", "mark"),
        ("chat", "add", "n", "--customer", "Ann", "--owner", "ID"),
        ("chat", "show", "ID"),
        ("assign", "ID", "--to", "martha", "--as", "mark"),
        ("assign", "chat-2", "--to", "ID", "--as", "mark"),
        ("assign", "chat-2", "--to", "omar", "--then", "ID", "--as", "mark"),
        ("accept", "1", "--as", "ID"),
        ("accept", "--chat", "ID", "--as", "martha"),
        ("bulk-assign", "ID", "--to", "martha", "--as", "mark"),
        ("bulk-assign", "--from", "ID", "--to", "martha", "--as", "maria"),
        ("user", "deactivate", "omar", "--reassign-to", "ID"),
        ("config", "set", "busy_timeout", "5s", "--as", "ID"),
        ("sweep-timeouts", "--as", "ID"),
    ],
    ids=" ".join,
)
def test_what_is_no_id_is_refused_and_changes_nothing(team: Team, words: Sequence[str]) -> None:
    before = team.snapshot(), team.config.read_bytes()
    for text in NO_IDS:
        result = team.run(*(text if word == "ID" else word for word in words))
        assert result.exit_code in (2, 3), ascii(text[:20])
        assert (result.out, len(result.err) < 3_000) == ("", True)
        assert_harmless(result.err)
    assert (team.snapshot(), team.config.read_bytes()) == before


def test_an_id_that_looks_like_an_option_is_said_to_stand_after_two_dashes(team: Team) -> None:
    for words in (("chat", "show", "-rf"), ("user", "add", "-rf"), ("bulk-assign", "-rf")):
        result = team.run(*words)
        assert (result.exit_code, result.out) == (2, "")
        assert "stands after --" in result.err


def test_a_long_id_does_not_fill_the_screen(team: Team) -> None:
    for words in (
        ("chat", "show"),
        ("user", "back"),
        ("accept",),
        ("nonsense",),
        ("config", "get"),
    ):
        result = team.run(*words, "x" * MEGABYTE)
        assert result.exit_code in (2, 3, 7)
        assert len(result.err) < 3_000


# Numbers, durations and times


@pytest.mark.usefixtures("request_id")
@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        (("accept", "N", "--as", "martha"), "request_not_found"),
        (("reject", "N", "--reason", "x", "--as", "martha"), "request_not_found"),
        (("withdraw", "N", "--reason", "x", "--as", "mark"), "request_not_found"),
        (("wait", "N", "--for", "0"), "request_not_found"),
        (("undo", "N", "--as", "maria"), "batch_not_found"),
        (("tracking", "--request", "N"), None),
        (("tracking", "--batch", "N"), None),
        (("requests", "--limit", "N"), None),
    ],
)
def test_a_number_is_one_or_is_refused(
    team: Team, words: Sequence[str], unknown: str | None
) -> None:
    before = team.snapshot()
    for text in NO_NUMBERS:
        given = [text if word == "N" else word for word in words]
        if "--limit" in given and text == "0":
            continue
        assert team.refused(*given) == (2, "usage"), text
    for text in ("99", str(2**63 - 2)):
        given = [text if word == "N" else word for word in words]
        if unknown is None:
            team.ok(*given)
        else:
            assert team.refused(*given) == (3, unknown)
    assert team.snapshot() == before


@pytest.mark.usefixtures("request_id")
@pytest.mark.parametrize(
    "words",
    [
        ("assign", "chat-2", "--to", "martha", "--as", "mark", "--timeout"),
        ("wait", "1", "--for"),
        ("sweep-timeouts", "--watch"),
        ("config", "set", "busy_timeout", "--"),
        ("config", "set", "assign_discuss.request_timeout", "--"),
    ],
    ids=lambda words: words[0] + words[-1],
)
def test_a_duration_is_one_or_is_refused(team: Team, words: Sequence[str]) -> None:
    before = team.snapshot(), team.config.read_bytes()
    out_of_range = ("0s", "31d", "999999d", "9999999999") if words[0] != "wait" else ()
    for text in (*NO_DURATIONS, *out_of_range):
        if (text, words[2:3]) == ("0s", ("busy_timeout",)):
            continue
        result = team.run(*words, text)
        assert (result.exit_code, result.out) in ((2, ""), (7, "")), text
    assert (team.snapshot(), team.config.read_bytes()) == before


@pytest.mark.parametrize(
    "words",
    [
        ("tracking", "--since"),
        ("tracking", "--until"),
        ("stats", "--since"),
        ("user", "away", "martha", "--until"),
    ],
    ids=" ".join,
)
def test_a_time_is_one_or_is_refused(team: Team, words: Sequence[str]) -> None:
    before = team.snapshot()
    for text in NO_TIMES:
        assert team.refused(*words, text) == (2, "invalid_value"), text
    assert team.snapshot() == before


def test_a_time_that_is_taken_can_be_read_again(team: Team) -> None:
    for number, text in enumerate(
        ("1970-01-01T00:00:00Z", "1970-01-01T14:00:00+14:00", "9000-12-31T23:59:59.999Z")
    ):
        row = {"id": f"n-{number}", "customer": "Ann", "owner_id": "mark", "opened_at": text}
        Path("crm").write_text(json.dumps(row))
        team.ok("import", "chats", "crm")
    row["opened_at"] = "1970-01-01T00:00:00+14:00"  # in UTC a year earlier
    Path("crm").write_text(json.dumps(row))
    assert team.refused("import", "chats", "crm") == (2, "import_invalid")
    assert [chat["opened_at"][:4] for chat in team.ok("chat", "list")][:2] == ["1970", "1970"]
