"""export: everything as files that any tool reads, whole or not at all."""

import csv
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import run
from tests.support.team import Team

PROMISED = {
    "users",
    "chats",
    "requests",
    "engagement_tracking",
    "batches",
    "notifications",
    "engagement_records",
}
HOSTILE = 'Zoë "Z"\nO\'Brien, 👩🏽‍💻'


@pytest.fixture
def busy(team: Team) -> Team:
    """A team with a row in every table."""
    team.ok("chat", "add", "c-1", "--customer", HOSTILE, "--owner", "omar")
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    team.ok("bulk-assign", "chat-2", "--to", "omar", "--as", "maria")
    return team


def _contents(folder: str, form: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path in Path(folder).iterdir():
        assert path.suffix == f".{form}"
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = (
                list(csv.DictReader(file)) if form == "csv" else [json.loads(row) for row in file]
            )
    return found


def _around(team: Team) -> set[str]:
    return {path.name for path in team.folder.iterdir()}


@pytest.mark.parametrize(("options", "form"), [((), "csv"), (("--format", "jsonl"), "jsonl")])
def test_each_table_and_view_is_a_file_with_all_its_rows(
    busy: Team, options: tuple[str, ...], form: str
) -> None:
    done = busy.ok("export", "out", *options)
    files = _contents("out", form)
    assert set(files) >= PROMISED
    assert sorted(done["files"]) == sorted(f"{name}.{form}" for name in files)
    for name, rows in files.items():
        assert [(len(rows),)] == busy.rows(f'SELECT count(*) FROM "{name}"')
        columns = [column for _, column, *_ in busy.sqlite(f'PRAGMA table_info("{name}")')]
        assert all(list(row) == columns for row in rows)
    assert {row["id"]: row["customer"] for row in files["chats"]}["c-1"] == HOSTILE


def test_what_sqlite_utils_reads_back_from_jsonl_is_what_was_exported(busy: Team) -> None:
    busy.ok("reject", "1", "--reason", "At lunch\r\nor so", "--as", "martha")
    busy.ok("export", "out", "--format", "jsonl")
    words = [sys.executable, "-m", "sqlite_utils"]
    for path in sorted(Path("out").iterdir()):
        if not path.read_text(encoding="utf-8"):  # sqlite-utils makes no table of nothing
            assert busy.rows(f'SELECT * FROM "{path.stem}"') == []
            continue
        done = run(busy.folder, *words, "insert", "back.db", path.stem, path, "--nl")
        assert done.exit_code == 0, done.err
        with closing(sqlite3.connect("back.db")) as back:
            rows = back.execute(f'SELECT * FROM "{path.stem}"').fetchall()
        assert sorted(rows, key=repr) == sorted(busy.rows(f'SELECT * FROM "{path.stem}"'), key=repr)


def test_jsonl_keeps_what_is_absent_apart_from_what_is_empty(busy: Team) -> None:
    busy.ok("export", "out", "--format", "jsonl")
    (request,) = _contents("out", "jsonl")["requests"]
    assert request["resolved_at"] is None
    assert request["id"] == 1


def test_an_empty_table_is_a_file_with_its_columns(team: Team) -> None:
    team.ok("export", "out")
    assert Path("out/batches.csv").read_text(encoding="utf-8") == "id,at,actor,reason,undone_at\n"


def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(team: Team) -> None:
    team.ok("chat", "add", "c-1", "--customer", "=cmd()", "--owner", "omar")
    team.ok("export", "out")
    customers = [row["customer"] for row in _contents("out", "csv")["chats"]]
    assert "'=cmd()" in customers
    assert "=cmd()" not in customers


def test_an_export_is_its_owners_alone(team: Team) -> None:
    team.ok("export", "out")
    assert Path("out").stat().st_mode & 0o077 == 0


def test_an_empty_folder_may_be_named(team: Team) -> None:
    Path("out").mkdir()
    team.ok("export", "out")
    assert set(_contents("out", "csv")) >= PROMISED


@pytest.mark.parametrize("folders", [("full", "full/", "file", "file/out", ".."), (".", "/")])
def test_what_is_there_already_is_refused_and_left_alone(
    team: Team, folders: tuple[str, ...]
) -> None:
    Path("full").mkdir()
    Path("full/notes.txt").write_text("mine", encoding="utf-8")
    Path("file").write_text("mine", encoding="utf-8")
    before = _around(team)
    for folder in folders:
        assert team.refused("export", folder) == (2, "invalid_value"), folder
    assert _around(team) == before
    assert [path.read_text(encoding="utf-8") for path in Path("full").iterdir()] == ["mine"]
    assert Path("file").read_text(encoding="utf-8") == "mine"


def test_a_form_that_is_none_is_a_usage_error(team: Team) -> None:
    assert team.refused("export", "out", "--format", "xml") == (2, "usage")
    assert not Path("out").exists()


def test_an_export_that_fails_half_way_leaves_nothing_behind(empty_team: Team) -> None:
    empty_team.ok("init", "--demo")
    empty_team.sqlite("DROP TABLE batch_recipients")
    before = _around(empty_team)
    assert empty_team.refused("export", "out")[0] == 6
    assert _around(empty_team) == before


def test_exporting_changes_nothing(busy: Team) -> None:
    before = busy.snapshot()
    busy.ok("export", "out")
    assert busy.snapshot() == before
