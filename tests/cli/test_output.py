"""What is printed: for people, for machines, and for spreadsheets."""

import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignchat.render import duration, json_text, visible
from assignchat.times import parse_duration
from tests.support.team import Team

LISTS = [["requests"], ["tracking"], ["batches"], ["chat", "list"], ["user", "list"]]
JOINERS = {0x200C: None, 0x200D: None}
HOSTILE = "\x1b[2JEve\tand\r\n\u202eco\x07\u200b"
# Default_Ignorable_Code_Point, as DerivedCoreProperties.txt of Unicode 16 has it.
IGNORABLE = (
    *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810)),
    *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164),
    *(*range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xFFF0, 0xFFF9)),
    *(*range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)),
)
BLANK = (0x2800, 0x1D159)  # a sign of Braille and a note without anything in them
SEEN_AS_NOTHING = "".join(map(chr, (*IGNORABLE, *BLANK)))

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
        st.characters(exclude_categories=("C", "Z")).filter(
            lambda char: char not in SEEN_AS_NOTHING
        )
        | st.just(" ")
    )
)
def test_what_is_printable_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("form", ["people", "json"])
def test_all_that_is_seen_as_nothing_is_written_out(form: str) -> None:
    for letter in SEEN_AS_NOTHING:
        written = letter.encode("unicode_escape" if form == "people" else "utf-16-be")
        if form == "people":
            for beside in ("ab", "éü", "马克", "Жл", "اب"):
                shown = f"{beside[0]}{written.decode()}{beside[1]}"
                assert visible(letter.join(beside)) == shown or letter == "\u200c"
        else:
            units = (written[at : at + 2].hex() for at in range(0, len(written), 2))
            assert json_text(f"a{letter}b") == f'"a{"".join(map(_UNIT.format, units))}b"'


_UNIT = "\\u{}"


# Persian for "I want", Hindi with and without a joint; a family, a flag, a heart, a keycap.
@pytest.mark.parametrize(
    "name",
    [
        *("می\u200cخواهم", "क्\u200dष", "क्\u200cष"),  # noqa: RUF001
        *("👩\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "❤\ufe0f", "1\ufe0f\u20e3", "👩🏽\u200d💻"),
    ],
)
def test_what_makes_a_word_or_an_emoji_look_as_it_should_is_kept(name: str) -> None:
    assert visible(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("\u200d", "ad\u200cmin", "a\u200d", "é\u200d", "\u200dé", "Ж\u200dл", "马\u200d克"),
        *("د\u200cا", "❤\ufe0f\ufe0f", "1\ufe0f2", "é\ufe0f", "🏴\U000e0067\U000e007f"),  # noqa: RUF001
        *("👩\u200d", "👩\u200dx", "क\u200dष", "a\u200c्"),
    ],
)
def test_what_only_hides_in_a_word_or_an_emoji_is_shown(name: str) -> None:
    assert visible(name).isprintable()
    assert len(visible(name)) > len(name) + 3


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
