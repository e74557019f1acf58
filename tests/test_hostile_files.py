"""Whatever is fed in as a file or a pipe: refused clearly, quickly and in little room."""

import csv
import gzip
import io
import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.hostile import MEGABYTE, assert_harmless
from tests.support.measured import MIB, measured
from tests.support.processes import program, result, run, start
from tests.support.team import Team

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
