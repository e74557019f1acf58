"""Anything at all as a file to import, as a config file, and on the command line."""

import csv
import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from assignchat.config import addresses, keys
from assignchat.errors import ConfigInvalid
from assignchat.manual.tables import every_error
from tests.support.examples import tried
from tests.support.hostile import (
    IDS,
    NO_DURATIONS,
    NO_IDS,
    NO_NUMBERS,
    NO_TIMES,
    TEXTS,
    assert_harmless,
)
from tests.support.processes import Result
from tests.support.team import Team


class Bench:
    """A team whose folder can be put back as it was."""

    def __init__(self, team: Team, kept: Path) -> None:
        self.team = team
        self._kept = kept
        shutil.copytree(team.folder, kept)
        self.before = team.snapshot()
        self.config = team.config.read_bytes()

    def put_back(self) -> None:
        """Undo what an example has done."""
        for path in self.team.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self._kept, self.team.folder, dirs_exist_ok=True)

    def changed(self) -> bool:
        """Whether the database or the config file is another."""
        same_config = self.team.config.exists() and self.team.config.read_bytes() == self.config
        return not same_config or self.team.snapshot() != self.before


@pytest.fixture
def bench(team: Team, request_id: str, tmp_path: Path) -> Iterator[Bench]:
    """The demo team with a pending request and a batch."""
    assert request_id == "1"
    team.ok("bulk-assign", "chat-2", "--to", "omar", "--as", "maria")
    made = Bench(team, tmp_path / "kept")
    yield made
    made.put_back()


def last_error(result: Result) -> str:
    """The code of the error that stands below the notes."""
    return str(json.loads(result.err.splitlines()[-1])["error"]["code"])


# Files to import

COLUMNS = {
    "users": ("id", "name", "role", "active"),
    "chats": ("id", "customer", "owner_id", "status", "opened_at"),
}
CELLS = st.one_of(
    st.sampled_from(["", "c-1", "c-2", "mark", "martha", "chat-1", "open", "closed", "user"]),
    st.sampled_from(["manager", "yes", "no", "2026-11-01T10:00:00Z", "1970-01-01T00:00:00+14:00"]),
    st.sampled_from([*TEXTS.values(), *IDS.values()]),
    st.text(max_size=10),
)
VALUES: st.SearchStrategy[Any] = (
    CELLS | st.none() | st.booleans() | st.integers() | st.floats() | st.just([]) | st.just({})
)


def written(rows: Sequence[dict[str, Any]], columns: Sequence[str], form: str) -> str:
    """Rows as a CRM writes them."""
    if form == "json":
        return json.dumps(rows)
    if form == "ndjson":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, columns, delimiter={"csv": ",", "tsv": "\t", "semi": ";"}[form])
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


@st.composite
def spoilt_files(draw: st.DrawFn) -> tuple[str, bytes]:
    """Users or chats, and a file of them in which this or that is wrong."""
    kind = draw(st.sampled_from(list(COLUMNS)))
    form = draw(st.sampled_from(["csv", "tsv", "semi", "json", "ndjson"]))
    cells = VALUES if "json" in form else CELLS
    row = st.fixed_dictionaries(dict.fromkeys(COLUMNS[kind], cells))
    content = written(draw(st.lists(row, max_size=4)), COLUMNS[kind], form)
    spoilt = content.encode(
        draw(st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16"])), "replace"
    )
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(spoilt)))
        more = draw(st.binary(max_size=3) | st.sampled_from([b'"', b"\n", b"[", b"{", b",", b"}]"]))
        spoilt = spoilt[:start] + more + spoilt[start + draw(st.integers(0, 4)) :]
    return kind, spoilt


@tried(120)
@given(spoilt_files() | st.tuples(st.sampled_from(list(COLUMNS)), st.binary(max_size=60)))
@example(("chats", b"[%s, %s]" % ((b'{"id": "c", "customer": "A", "owner_id": "mark"}',) * 2)))
@example(("users", b'{"id": 1}{"id": 1}'))
@example(("chats", b'[{"id": "c", "customer": [[[]]], "owner_id": "mark"}]'))
def test_any_file_comes_in_or_is_refused_and_changes_nothing(
    bench: Bench, file: tuple[str, bytes]
) -> None:
    kind, content = file
    team = bench.team
    Path("crm").write_bytes(content)
    result = team.run("import", kind, "crm", "--json")
    assert result.exit_code in (0, 2), result.err
    assert_harmless(result.out + result.err)
    if result.exit_code:
        assert last_error(result) in ("import_invalid", "invalid_value", "file_unreadable")
        assert result.out == ""
        assert team.snapshot() == bench.before
    elif team.snapshot() != bench.before:
        again = team.ok("import", kind, "crm", "--any-id")
        assert (again["created"], again["updated"]) == (0, 0)
        assert team.run("check").exit_code == 0
        for words in (("chat", "list"), ("user", "list"), ("tracking",)):
            shown = team.run(*words)
            assert shown.exit_code == 0
            assert_harmless(shown.out)
        bench.put_back()


KEPT_TEXTS = st.one_of(
    st.sampled_from(list(TEXTS.values())),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
).filter(lambda text: text.strip())
KEPT_IDS = st.one_of(
    st.sampled_from([name for name in IDS.values() if not name.isdigit()]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
).filter(lambda text: text == text.strip())
YEARS = (datetime(1970, 1, 2), datetime(9000, 1, 1))  # noqa: DTZ001  # Z is added below
GOOD_CHATS = st.lists(
    st.fixed_dictionaries(
        {
            "id": KEPT_IDS,
            "customer": KEPT_TEXTS,
            "owner_id": st.sampled_from(["mark", "martha", "omar"]),
            "status": st.sampled_from(["open", "closed"]),
            "opened_at": st.datetimes(YEARS[0], YEARS[1]).map(
                lambda moment: f"{moment.isoformat(timespec='milliseconds')}Z"
            ),
        }
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda row: row["id"],
)


@tried(12)
@given(GOOD_CHATS)
def test_every_form_of_a_file_gives_the_same_chats(
    bench: Bench, rows: list[dict[str, str]]
) -> None:
    team = bench.team
    assume(not {row["id"] for row in rows} & {f"chat-{number}" for number in range(1, 6)})
    found = []
    for form in ("csv", "tsv", "semi", "json", "ndjson"):
        content = written(rows, COLUMNS["chats"], form)
        Path("crm").write_text(content, encoding="utf-8", newline="")
        assert team.ok("import", "chats", "crm", "--any-id")["created"] == len(rows)
        listed = team.ok("chat", "list")
        found.append([chat for chat in listed if not chat["id"].startswith("chat-")])
        bench.put_back()
    by_id = {row["id"]: row for row in rows}
    for chats in found:
        got = {chat["id"]: {name: chat[name] for name in COLUMNS["chats"]} for chat in chats}
        assert {key: row for key, row in by_id.items() if not key.startswith("chat-")} == got


@tried(20)
@given(GOOD_CHATS)
def test_what_is_listed_can_be_imported_and_is_the_same(
    bench: Bench, rows: list[dict[str, str]]
) -> None:
    team = bench.team
    assume(not {row["id"] for row in rows} & {f"chat-{number}" for number in range(1, 6)})
    Path("crm").write_text(json.dumps(rows))
    team.ok("import", "chats", "crm", "--any-id")
    for form in ("--json", "--jsonl", "--csv"):
        Path("listed").write_bytes(team.run("chat", "list", form).out.encode())
        again = team.ok("import", "chats", "listed")
        assert (again["created"], again["updated"]) == (0, 0)
        assert again["unchanged"] == len(rows) + 5
    Path("listed").write_text(team.run("user", "list", "--csv").out, encoding="utf-8")
    assert team.ok("import", "users", "listed")["unchanged"] == 4
    bench.put_back()


# Config files

SCRAPS = (
    *("database", "busy_timeout", "identity", "operators", "assign_discuss", "request_timeout"),
    *("rejection_reasons", "allow_other_reasons", "[assign_discuss]\n", "busy_timeout = ", " = "),
    *(".", "=", "[", "]", "[[", "{", "}", '"', "'", '"""', "'''", "\n", "\r\n", "\r", "#", ","),
    *("1", "true", "0x" + "f" * 5_000, "9" * 5_000, "-1", "inf", "nan", "1979-05-27", "07:32:00"),
    *("\\u0000", "\\ud800", "\0", "\x7f", "\u2028", "\x85", "\ufeff", "\x1b[2J", "'5s'", '["a"]'),
    *("[" * 300, "{a=" * 100, "a." * 990, "'~nobody-of-this-name/x'", "x" * 3_000),
)


@st.composite
def config_texts(draw: st.DrawFn) -> bytes:
    """The default file with this or that put in or taken out, or scraps of one."""
    if draw(st.booleans()):
        return "".join(draw(st.lists(st.sampled_from(SCRAPS), max_size=10))).encode()
    text = keys.default_text()
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.sampled_from([0, 0, 1, 3, 10, 40]))
        text = text[:start] + draw(st.sampled_from(SCRAPS) | st.just("")) + text[end:]
    return text.encode()


@tried(150)
@given(config_texts() | st.binary(max_size=60))
@example(b"busy_timeout = " + b"9" * 5_000)
@example(b"busy_timeout = 0x" + b"f" * 5_000)
@example(b"busy_timeout" + b".a" * 990 + b" = 1")
@example(b"database = '~nobody-of-this-name/x'")
def test_any_config_file_works_or_is_refused_by_its_name(bench: Bench, content: bytes) -> None:
    bench.team.config.write_bytes(content)
    result = bench.team.run("config", "list", "--json")
    assert result.exit_code in (0, 7), result.err
    assert_harmless(result.out + result.err)
    if result.exit_code:
        assert (result.out, result.error) == ("", "config_invalid")
        assert "config.toml" in result.err
        assert re.search(r"line \d|document|key|dots|deep|digits|long|UTF-8|: \w", result.err)
    bench.put_back()


TEXT_LISTS = st.lists(KEPT_TEXTS, min_size=1, max_size=3, unique=True)
SETTINGS: dict[str, st.SearchStrategy[list[str]]] = {
    "database": KEPT_TEXTS.filter(lambda text: "~" not in text).map(lambda text: [text]),
    "busy_timeout": st.integers(0, 600).map(lambda seconds: [f"{seconds}s"]),
    "identity": st.sampled_from([["claim"], ["login"]]),
    "operators": TEXT_LISTS,
    "assign_discuss.request_timeout": st.sampled_from([["off"], ["1s"], ["30d"], ["1h30m"]]),
    "assign_discuss.rejection_reasons": TEXT_LISTS,
    "assign_discuss.withdrawal_reasons": TEXT_LISTS,
    "assign_discuss.allow_other_reasons": st.sampled_from([["true"], ["false"]]),
}
COMMENTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\t"), max_size=20).map(
    lambda text: f"# {text}"
)


@tried(20)
@given(st.data(), st.lists(COMMENTS, max_size=3))
def test_what_is_set_is_what_is_read_and_comments_stay(
    empty_team: Team, data: st.DataObject, comments: list[str]
) -> None:
    text = keys.default_text()
    for comment in comments:
        place = data.draw(st.sampled_from([found.end() for found in re.finditer("\n", text)]))
        text = f"{text[:place]}{comment}\n{text[place:]}"
    empty_team.config.write_bytes(text.encode())
    expected = empty_team.ok("config", "list")
    for key in data.draw(st.lists(st.sampled_from(list(SETTINGS)), min_size=1, max_size=4)):
        words = data.draw(SETTINGS[key])
        result = empty_team.run("config", "set", key, "--json", "--", *words)
        assert result.exit_code == 0, result.err
        default = keys.KEYS[key].default
        if isinstance(default, bool):
            expected[key] = words[0] == "true"
        else:
            expected[key] = words if isinstance(default, list) else words[0]
        assert empty_team.ok("config", "get", key)["value"] == expected[key]
    assert empty_team.ok("config", "list") == expected
    left = Counter(empty_team.config.read_bytes().decode().split("\n"))
    assert not Counter(line for line in text.split("\n") if line.startswith("#")) - left
    assert [path.name for path in empty_team.folder.iterdir()] == ["config.toml"]


URLS = st.sampled_from(
    [
        *("mailtos://user:word@example.invalid", "", "://", "json://[::1", "json://h:99999999/"),
        *("json://x?a=%zz", "\u202e://x", "json://" + "a" * 5_000, "slack://a/b/c", "file:///x"),
        *("json://user:pa ss@h", "xml://%ff", "ntfy://", "form://x?:k=v", "tgram://1:a/b"),
    ]
)
LINES = st.one_of(
    st.builds(
        lambda where, urls: f"{where}{json.dumps(urls)}\n",
        st.sampled_from(["team.urls = ", "users.martha.urls = ", "users = ", "team = ", ""]),
        st.lists(URLS, max_size=2) | URLS | st.integers(),
    ),
    st.sampled_from(SCRAPS),
)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Apprise's own
@tried(60)
@given(st.lists(LINES, max_size=3))
@example(['"mailtos://user:word@example.invalid" = 1'])
def test_any_file_of_addresses_works_or_is_refused_and_no_address_is_told(
    empty_team: Team, lines: list[str]
) -> None:
    file = empty_team.folder / "notify.toml"
    file.write_bytes("".join(lines).encode())
    file.chmod(0o600)
    told = "notify.toml"
    try:
        addresses.load(empty_team.config, tell=print)
    except ConfigInvalid as error:
        told = f"{error.message} {error.hint}"
    assert "notify.toml" in told
    assert "word@" not in told


# The command line

COMMANDS = (
    *("assign", "accept", "reject", "withdraw", "inbox", "status", "requests", "bulk-assign"),
    *("undo", "batches", "sweep-timeouts", "tracking", "stats", "user add", "user set"),
    *("user list", "user activate", "user deactivate", "user away", "user back", "chat add"),
    *("chat list", "chat show", "chat close", "chat reopen", "import users", "import chats"),
    *("config list", "config get", "config set", "config unset", "config path", "check"),
    *("backup", "export", "init", "wait --for 0", "", "user", "nonsense"),
)
FLAGS = (
    *("--anyway", "--json", "--jsonl", "--csv", "--records", "--dry-run", "--yes", "--demo"),
    *("--mark-read", "--force", "--quiet", "--", "-", "--help", "--ids", "--last"),
)
OPTIONS = (
    *("--to", "--to-type", "--note", "--timeout", "--then", "--as", "--limit", "--since"),
    *("--until", "--chat", "--request", "--batch", "--user", "--event", "--reason", "--from"),
    *("--ids-from", "--status", "--split", "--requester", "--recipient", "--name", "--role"),
    *(
        "--customer",
        "--owner",
        "--column",
        "--format",
        "--for",
        "--reassign-to",
        "--after",
        "--cursor",
    ),
)
WORDS = st.one_of(
    st.sampled_from(["mark", "martha", "omar", "maria", "chat-1", "chat-2", "chat-3", "1", "open"]),
    st.sampled_from(["user", "manager", "all", "requested", "pending", "id=x", *SETTINGS, "5m"]),
    st.sampled_from([*TEXTS.values(), *IDS.values(), *NO_IDS]),
    st.sampled_from([*NO_NUMBERS, *NO_DURATIONS, *NO_TIMES]),
    st.sampled_from([".", "..", "/", "~", "config.toml", "assignchat.db", "a/b", "/dev/null"]),
    st.text(max_size=5),
)
CODES = {error.code: error.exit_code for error in every_error()}


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """A command with arguments and options that suit it or do not."""
    words = draw(st.sampled_from(COMMANDS)).split()
    words += draw(st.lists(WORDS, max_size=2))
    for option in draw(st.lists(st.sampled_from(FLAGS + OPTIONS), max_size=3)):
        words += [option] if option in FLAGS else [option, draw(WORDS)]
    if draw(st.booleans()):
        words += ["--as", draw(st.sampled_from(["mark", "martha", "maria"]))]
    before = draw(st.sampled_from([[]] * 8 + [["--db"], ["--config"]]))
    return [*before, *([draw(WORDS)] if before else []), *words]


@tried(250)
@given(command_lines())
@example(["accept", "0" * 10 + "9" * 40, "--as", "martha"])
@example(["backup", "x" * 300])
@example(["backup", "a\0b"])
@example(["backup", "/", "--force"])
@example(["chat", "add", "n", "--customer", "A", "--owner", "mark", "--as", "%"])
def test_any_command_line_ends_as_documented(bench: Bench, words: list[str]) -> None:
    team = bench.team
    result = team.run(*words)
    assert result.exit_code in {0, 8, 10, 11, 12, 13, *CODES.values()} - {1}, result.err
    assert "Traceback" not in result.err
    if "--csv" not in words:
        assert_harmless(result.out)
    assert_harmless(result.err)
    assert len(result.err) < 25_000
    if 2 <= result.exit_code <= 7:
        assert result.out == ""
        assert not bench.changed()
    bench.put_back()
