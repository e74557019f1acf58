"""Whatever is typed or fed in: an exact copy of it, or a clear refusal, quickly and in little
room.
"""

import csv
import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

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
)
from tests.support.processes import Result, program, result, run, start
from tests.support.team import Team

MIB = 2**20


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


def plain_run(team: Team, *words: str, ids: Sequence[str]) -> Any:
    """Run a command whose arguments are ids that may look like options; its document."""
    result = team.run(*words, "--json", "--", *ids)
    assert result.exit_code == 0, result.err
    return result.json


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


# Files

LAUNCHER = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "exit_code": done.returncode, "out": done.stdout.decode(), "err": done.stderr.decode(),
    "seconds": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * 1024,
}))
"""


def measured(team: Team, *words: str, stdin: str | BinaryIO = "") -> Result:
    """Run a process that must take less than 2 seconds of the processor, and 200 MiB."""
    # From a small process, because a child begins with the size of its parent.
    used = run(team.folder, sys.executable, "-c", LAUNCHER, *program(*words), stdin=stdin).json
    assert used["seconds"] < 2, used
    assert used["peak"] < 200 * MIB, used
    assert "Traceback" not in used["err"]
    assert len(used["err"]) < 2 * MEGABYTE
    return Result(used["exit_code"], used["out"], used["err"])


FIFTY = 50 * MEGABYTE
FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a million columns": (
        lambda: b"id" + b"".join(b",c%d" % number for number in range(MEGABYTE)) + b"\n",
        "no row ends",
    ),
    "a million short columns": (lambda: b"id" + b",x" * MEGABYTE + b"\n", "columns"),
    "a row of a million cells": (lambda: b"id,name\n" + b"x," * MEGABYTE, "cells under 2 headings"),
    "a quote that never ends": (lambda: b'id,name\na,"' + b"x,y\n" * (FIFTY // 4), "line 2"),
    "quotes in a row that never ends": (lambda: b'id\na,"' + b'x","\n' * (FIFTY // 5), "line 2"),
    "a cell of a megabyte": (lambda: b"id,name\na," + b"x" * MIB, "at most 1000"),
    "nothing but commas": (lambda: b"id,name\n" + b",\n" * (FIFTY // 2), "blank rows"),
    "every row wrong": (lambda: b"id,name\n" + b"a ,\n" * (FIFTY // 4), "10,000 rows or more"),
    "the same id again and again": (lambda: b"id\n" + b"a\n" * (FIFTY // 2), "10,000 rows or more"),
    "JSON nested deep": (lambda: b"[" * 100_000, "too deep"),
    "an object nested deep": (lambda: b'{"id":' * 100_000, "too deep"),
    "a list nested as deep as can be read": (
        lambda: b'[{"id":' + b"[" * 900 + b"]" * 900 + b"}]",
        "line 1",
    ),
    "a JSON text without end": (lambda: b'[{"id":"' + b"x" * FIFTY, "no row ends"),
    "one line of JSON numbers": (
        lambda: b"[1" + b",1" * (FIFTY // 2) + b"]",
        "10,000 rows or more",
    ),
    "an object of a million lists": (lambda: b'[{"id":[[]' + b",[]" * MEGABYTE + b"]}]", "a list"),
    "wide characters": (lambda: b'["' + "\U0001f600".encode() * (FIFTY // 4), "no row ends"),
    "white space": (lambda: b"[" + b" " * FIFTY, "line 1"),
    "newlines": (lambda: b"\n" * FIFTY, "white space alone"),
    "a long second line": (lambda: b'{"id":"a"}\n{"id":"' + b"x" * FIFTY, "line 2"),
    "lines of broken JSON": (lambda: b"{\n" * (FIFTY // 2), "line 2"),
    "a number of thousands of digits": (lambda: b'[{"id":' + b"9" * 5_000 + b"}]", "too long"),
    "a name twice in an object": (lambda: b'[{"id": "a", "id": "b"}]', "twice"),
    "compressed zeros": (lambda: gzip.compress(bytes(FIFTY)), "not text"),
    "cut off while it was compressed": (lambda: gzip.compress(b"id,name\n")[:-9], "cut off"),
    "zeros": (lambda: bytes(FIFTY), "not text"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_malformed_file_is_refused_quickly_in_little_room(team: Team, name: str) -> None:
    content, why = FILES[name]
    Path("crm").write_bytes(content())
    before = team.snapshot()
    result = measured(team, "import", "users", "crm")
    assert (result.exit_code, result.out) == (2, "")
    assert why in result.err
    assert_harmless(result.err)
    assert team.snapshot() == before


def test_a_large_file_on_one_line_is_read_a_few_rows_at_a_time(team: Team) -> None:
    rows = b",".join(b'{"id":"chat-1","more":"%s"}' % (b"x" * MEGABYTE) for _ in range(50))
    Path("crm").write_bytes(b"[" + rows + b"]")
    result = measured(team, "import", "chats", "crm")
    assert (result.exit_code, result.out) == (2, "")
    assert "49 rows are wrong" in result.err  # the id again


@pytest.mark.parametrize("source", ["/dev/zero", "/dev/null", "pipe", ".", "missing", "x" * 300])
@pytest.mark.parametrize(
    "words",
    [("import", "chats"), ("bulk-assign", "--to", "omar", "--as", "maria", "--ids-from")],
    ids=["import", "ids"],
)
def test_what_is_no_file_is_refused_and_not_waited_for(
    team: Team, words: Sequence[str], source: str
) -> None:
    os.mkfifo("pipe")
    result = measured(team, *words, source)
    assert (result.exit_code, result.out) == (2, "")
    assert source in result.err


@pytest.mark.parametrize(
    "words",
    [("import", "chats", "-"), ("bulk-assign", "--to", "omar", "--as", "maria", "--ids-from", "-")],
    ids=["import", "ids"],
)
def test_a_standard_input_without_end_or_closed_is_refused(
    team: Team, words: Sequence[str]
) -> None:
    with Path("/dev/zero").open("rb") as zeros:
        result = measured(team, *words, stdin=zeros)
    assert (result.exit_code, result.out) == (2, "")
    closed = run(team.folder, "sh", "-c", '"$@" <&-', "sh", *program(*words))
    assert (closed.exit_code, closed.out) == (2, "")
    assert "closed" in closed.err


def test_a_pipe_that_somebody_writes_to_is_a_file(team: Team) -> None:
    script = 'mkfifo pipe; printf "id\\nann\\n" > pipe & exec "$@" pipe'
    done = run(team.folder, "sh", "-c", script, "sh", *program("import", "users"))
    assert done.exit_code == 0, done.err
    assert team.rows("SELECT id FROM users WHERE id = 'ann'") == [("ann",)]


def test_nobody_waits_for_the_rows_of_an_import(team: Team) -> None:
    slow = start(team.folder, *program("import", "chats", "-", "--json"), stdin=subprocess.PIPE)
    assert slow.stdin is not None
    # More than a pipe holds: once it is written, the import is under way.
    slow.stdin.write("id,customer,owner_id\n" + "n-1,Ann,mark\n" + ",,\n" * 100_000)
    slow.stdin.flush()
    connection = sqlite3.connect(team.database, timeout=0)
    connection.execute("BEGIN IMMEDIATE")
    connection.close()
    assert result(slow, "n-2,Ann,mark\n").exit_code == 0
    assert team.rows("SELECT count(*) FROM chats WHERE id LIKE 'n-_'") == [(2,)]


BULK_FROM_STDIN = ("bulk-assign", "--to", "omar", "--as", "maria", "--ids-from", "-", "--json")


def test_nobody_waits_for_the_ids_of_a_bulk(team: Team) -> None:
    slow = start(team.folder, *program(*BULK_FROM_STDIN), stdin=subprocess.PIPE)
    assert slow.stdin is not None
    slow.stdin.write("chat-1\n" * 200_000)
    slow.stdin.flush()
    connection = sqlite3.connect(team.database, timeout=0)
    connection.execute("BEGIN IMMEDIATE")
    connection.close()
    done = result(slow, "chat-2\n")
    assert (done.exit_code, done.json["assigned"]) == (0, 2)


def test_more_ids_than_there_are_chats_are_refused_without_waiting_for_the_rest(
    team: Team,
) -> None:
    before = team.snapshot()
    slow = start(team.folder, *program(*BULK_FROM_STDIN), stdin=subprocess.PIPE)
    assert slow.stdin is not None
    with pytest.raises(BrokenPipeError):  # it does not read all
        slow.stdin.writelines(f"gone-{number}\n" for number in range(1_000_000))
    done = result(slow)
    assert (done.exit_code, done.error) == (3, "chat_not_found")
    assert "gone-0" in done.err
    assert team.snapshot() == before


@pytest.mark.parametrize("first", [*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_nothing_that_was_imported_runs_as_a_formula(team: Team, first: str) -> None:
    row = {"id": "n-1", "customer": f"{first}1+1", "owner_id": "mark"}
    Path("crm").write_text(json.dumps(row))
    team.ok("import", "chats", "crm")
    team.ok("export", "everything")
    written = [team.run("chat", "list", "--csv").out]
    written += [file.read_bytes().decode() for file in Path("everything").iterdir()]
    cells = [
        cell
        for text in written
        for row in csv.reader(io.StringIO(text, newline=""))
        for cell in row
    ]
    assert f"'{first}1+1" in cells
    assert not [cell for cell in cells if cell.startswith(first)]


# The config file and the environment


@pytest.mark.parametrize(
    "text",
    [
        "a." * 32_000 + "a = 1",
        '"\u2028".' * 10_000 + "a = 1",
        "[" * 60_000,
        "x = " + "[" * 60_000,
        "a={" * 20_000,
        "x" * 60_000 + " = 1",
        "busy_timeout = " + "9" * 60_000,
        "busy_timeout = 0x" + "f" * 60_000,
        "assign_discuss.request_timeout = -" + "9" * 4_000,
        "busy_timeout" + ".a" * 990 + " = 1",
        "database = '~nobody-of-this-name/a.db'",
        "\n".join("[" + "a." * 990 + f"b{number}]" for number in range(30)),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_a_config_file_made_to_harm_is_refused_quickly(empty_team: Team, text: str) -> None:
    empty_team.config.write_text(text, encoding="utf-8")
    result = measured(empty_team, "config", "list")
    assert (result.exit_code, result.out) == (7, "")
    assert "config.toml" in result.err
    assert len(result.err) < 3_000


def test_no_value_is_set_that_could_not_be_read_again(team: Team) -> None:
    before = team.config.read_bytes(), team.snapshot()
    dots = "./" * 1_100 + "a.db"
    many = [f"{'x' * 990}{number}" for number in range(70)]
    for words in (("database", dots), ("operators", *many)):
        assert team.refused("config", "set", *words) == (7, "config_value_invalid")
    assert (team.config.read_bytes(), team.snapshot()) == before
    assert team.run("config", "list").exit_code == 0


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_reason_can_be_configured_beside_any_other(team: Team, text: str) -> None:
    comments = [line for line in team.config.read_text().split("\n") if line.startswith("#")]
    key = "assign_discuss.rejection_reasons"
    for name in (key, "operators"):
        for values in ([text, "Busy"], [text]):
            assert plain_run(team, "config", "set", ids=[name, *values])["value"] == values
    left = team.config.read_bytes().decode().split("\n")
    assert [line for line in left if line.startswith("#")] == comments
    assert sorted(path.name for path in team.folder.glob("config*")) == ["config.toml"]
    assert_harmless(team.run("config", "list").out + team.run("config", "get", key).out)


def test_links_in_a_circle_are_refused(empty_team: Team) -> None:
    empty_team.config.symlink_to("config.toml")
    for words in (("config", "set", "busy_timeout", "5s"), ("config", "list"), ("init",)):
        assert empty_team.run(*words).exit_code == 7, words


def test_an_empty_name_of_a_file_is_a_mistake(team: Team) -> None:
    for option in ("--config", "--db"):
        assert team.refused(option, "", "status", "--as", "mark") == (2, "usage")


def test_without_a_home_the_defaults_hold(
    empty_team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "~nobody-of-this-name/config")
    assert empty_team.ok("config", "get", "busy_timeout")["value"] == "10s"


@pytest.mark.parametrize(
    "name", ["a?mode=memory", ":memory:", "file:x.db", "-x.db", "%41#.db", "a b\u202e.db", "é.db"]
)
def test_a_database_has_exactly_the_name_that_it_is_given(empty_team: Team, name: str) -> None:
    empty_team.ok("--db", name, "init", "--demo")
    assert name in [path.name for path in empty_team.folder.iterdir()]
    assert len(empty_team.ok("--db", name, "user", "list")) == 4
    empty_team.ok("--db", name, "backup", "copy.db")
    empty_team.ok("--db", name, "export", "everything")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "x" * 300, "a/" * 3_000, "config.toml/x", "\0"]
)
def test_a_place_where_no_copy_can_be_is_refused(team: Team, name: str) -> None:
    for words in (("backup", name), ("backup", name, "--force"), ("export", name)):
        result = team.run(*words)
        assert (result.exit_code, result.out) in ((2, ""), (6, "")), result


@pytest.mark.parametrize("value", ["\x1b[2J", "a\nb", " mark", "x" * 201, "\udcff"])
def test_a_hostile_user_in_the_environment_is_refused(
    empty_team: Team, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    team = empty_team
    team.ok("init", "--demo")
    monkeypatch.setenv("ASSIGNCHAT_USER", value)
    for words in (("inbox",), ("user", "add", "ann"), ("accept", "1")):
        result = team.run(*words)
        assert (result.exit_code, result.out) == (2, "")
        assert_harmless(result.err)


@pytest.mark.parametrize("name", ["ASSIGNCHAT_DB", "ASSIGNCHAT_CONFIG"])
def test_a_file_name_in_the_environment_need_not_be_text(team: Team, name: str) -> None:
    result = team.process("user", "list", env={name: "\udcff\x1b[2J"})
    assert (result.exit_code, result.out) == (6 if name == "ASSIGNCHAT_DB" else 7, "")
    assert_harmless(result.err)
