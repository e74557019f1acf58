"""What is printed: for people, for machines, and for spreadsheets."""

import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignchat.render import duration, visible
from assignchat.times import parse_duration
from tests.support.team import Team

LISTS = [["requests"], ["tracking"], ["batches"], ["chat", "list"], ["user", "list"]]
JOINERS = {0x200C: None, 0x200D: None}
HOSTILE = "\x1b[2JEve\tand\r\n\u202eco\x07\u200b"
SEEN_AS_NOTHING = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"

any_text = st.text(st.characters() | st.sampled_from("\u200c\u200dé\x1b\u202e"))


@pytest.fixture
def hostile(team: Team) -> Team:
    """A team with a customer whose name is an attack on terminals."""
    team.ok("chat", "add", "chat-6", "--customer", HOSTILE, "--owner", "mark")
    return team


def ids(words: list[str]) -> str:
    return " ".join(words)


@given(any_text)
def test_nothing_that_a_terminal_obeys_is_shown(text: str) -> None:
    shown = visible(text).translate(JOINERS)
    assert all(char.isprintable() or unicodedata.category(char) == "Zs" for char in shown)


@given(
    st.text(
        st.characters(exclude_categories=("C", "Z"), exclude_characters=SEEN_AS_NOTHING)
        | st.just(" ")
    )
)
def test_what_is_printable_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("letter", SEEN_AS_NOTHING)
def test_a_letter_that_is_seen_as_nothing_is_written_out(letter: str) -> None:
    assert visible(f"a{letter}b") == f"a\\u{ord(letter):04x}b"


@pytest.mark.parametrize(
    "name",
    ["می\u200cخواهم", "क्\u200dष", "👩\u200d👩\u200d👧"],  # noqa: RUF001  # Persian for "I want"
)
def test_a_joiner_inside_a_word_is_kept(name: str) -> None:
    assert visible(name) == name


@pytest.mark.parametrize("name", ["\u200d", "ad\u200cmin", "a\u200d", "é\u200d", "\u200dé"])
def test_a_joiner_that_hides_is_shown(name: str) -> None:
    assert visible(name).isprintable()
    assert visible(name) != name.translate(JOINERS)


@given(st.integers(0, 3599))
def test_a_duration_that_is_shown_can_be_typed_again(seconds: int) -> None:
    assert parse_duration(duration(seconds).replace(" ", "")) == seconds


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (118, "1m 58s"),
        (120, "2m"),
        (3600, "1h"),
        (0, "0s"),
        (-5, "0s"),
        (59.9, "59s"),
        (7500, "2h 5m"),
        (273_600, "3d 4h"),
    ],
)
def test_durations_are_shown_in_two_units(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_hostile_name_stays_in_its_cell(hostile: Team) -> None:
    shown = hostile.run("chat", "list").out
    lines = shown.splitlines()
    assert len(lines) == 6
    assert {line.count("\t") for line in lines} == {lines[0].count("\t")}
    assert shown.replace("\n", "").replace("\t", "").isprintable()
    card = hostile.run("chat", "show", "chat-6").out
    assert card.replace("\n", "").isprintable()


def test_machines_get_every_text_exactly(hostile: Team) -> None:
    for words in (["chat", "list", "--owner", "mark"], ["chat", "list"]):
        assert HOSTILE in [chat["customer"] for chat in hostile.ok(*words)]
    lines = hostile.run("chat", "list", "--jsonl").out.split("\n")
    assert HOSTILE in [json.loads(line)["customer"] for line in lines if line]
    rows = csv.DictReader(io.StringIO(hostile.run("chat", "list", "--csv").out, newline=""))
    assert HOSTILE in [row["customer"] for row in rows]


@pytest.mark.parametrize("words", LISTS, ids=ids)
def test_only_one_form_can_be_asked_for(team: Team, words: list[str]) -> None:
    for forms in (["--json", "--csv"], ["--jsonl", "--csv"], ["--json", "--jsonl"]):
        assert team.run(*words, *forms).exit_code == 2
        assert team.run(*words, *forms).out == ""


@pytest.mark.usefixtures("request_id")
@pytest.mark.parametrize("words", LISTS, ids=ids)
def test_csv_json_and_jsonl_say_the_same(team: Team, words: list[str]) -> None:
    team.ok("bulk-assign", "chat-4", "--to", "omar", "--as", "maria")
    document = team.ok(*words)
    assert document
    lines = team.run(*words, "--jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == document
    heading, *rows = csv.reader(io.StringIO(team.run(*words, "--csv").out, newline=""))
    assert heading == list(document[0])
    assert [row[0] for row in rows] == [str(item[heading[0]]) for item in document]
    people = team.run(*words).out.splitlines()
    assert len(people) == len(document)


@pytest.mark.parametrize("words", LISTS[:3], ids=ids)
def test_an_empty_list_is_still_a_document(empty_team: Team, words: list[str]) -> None:
    empty_team.ok("init")
    assert empty_team.ok(*words) == []
    assert empty_team.run(*words, "--jsonl").out == ""
    assert len(empty_team.run(*words, "--csv").out.splitlines()) == 1
    assert empty_team.run(*words).out == ""


def test_a_table_in_a_pipe_is_tab_separated_and_not_cut(team: Team) -> None:
    name = "Priya " * 100 + "Nair"
    team.ok("chat", "add", "chat-6", "--customer", name, "--owner", "mark")
    piped = team.process("chat", "list", env={"COLUMNS": "20"})
    row = next(line for line in piped.out.splitlines() if line.startswith("chat-6"))
    assert name in row.split("\t")
    assert "\x1b" not in piped.out


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n="])
def test_no_cell_runs_as_a_formula(team: Team, start: str) -> None:
    name = f'{start}HYPERLINK("http://evil","x")'
    team.ok("chat", "add", "chat-6", "--customer", name, "--owner", "mark")
    team.ok("user", "add", "=eve", "--name", name)
    team.ok("bulk-assign", "chat-6", "--to", "omar", f"--reason={name}", "--as", "mark")
    for words in (*LISTS[1:], ["tracking", "--records"]):
        for row in csv.reader(io.StringIO(team.run(*words, "--csv").out, newline="")):
            assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert name in [chat["customer"] for chat in team.ok("chat", "list")]


def test_a_cell_that_is_no_formula_is_left_alone(team: Team) -> None:
    rows = csv.DictReader(io.StringIO(team.run("chat", "list", "--csv").out, newline=""))
    assert [row["customer"] for row in rows] == [
        chat["customer"] for chat in team.ok("chat", "list")
    ]


def test_output_is_utf_8_whatever_the_locale(team: Team) -> None:
    for env in ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"LC_ALL": "xx"}):
        assert "田中 美咲" in team.process("chat", "list", env=env).out


@pytest.mark.usefixtures("request_id")
def test_people_see_statuses_in_words_and_machines_as_stored(team: Team) -> None:
    team.advance(120)
    assert "Timed Out" in team.run("requests").out
    assert team.ok("requests")[0]["status"] == "timed_out"
