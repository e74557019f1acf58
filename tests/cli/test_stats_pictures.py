"""stats --html: the numbers of --json, drawn; nothing from outside, nothing run."""

import json
import re
import zlib
from html import unescape
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest

from assignchat.model import Status
from assignchat.render.stats.page import COLOURS, picture_html
from assignchat.render.stats.picture import picture
from assignchat.service.stats import stats
from assignchat.store.engines import engine_of
from tests.support.bars import length_of
from tests.support.needs import needs
from tests.support.processes import program, run
from tests.support.team import Team

HOSTILE = {
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "]]></style><b>x": "]]></style><b>x",
    "&amp;\"'": "&amp;\"'",
    "\u202eevil\u2066": r"\u202eevil\u2066",
    "Tab\tBell\x07": r"Tab\tBell\x07",
    "\ufffe\x85": r"\ufffe\x85",
    "प्रिया शर्मा": "प्रिया शर्मा",
    "王小明": "王小明",
}


class Page(HTMLParser):
    """The tags, attributes and text of an HTML file, and the cells of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.tables: dict[str, list[list[str]]] = {}
        self.text = ""
        self._rows: list[list[str]] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag in ("caption", "th", "td"):
            self._inside = tag
        if tag == "tr":
            self._rows.append([])
        if tag in ("th", "td"):
            self._rows[-1].append("")
        if tag == "data":  # the exact number stands for the text that people see
            self._rows[-1][-1] = dict(attrs)["value"] or ""
            self._inside = "data"

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside or tag in ("th", "td"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._inside == "caption":
            self._rows = self.tables.setdefault(data, [])
        elif self._inside in ("th", "td"):
            self._rows[-1][-1] += data


def page(team: Team, *words: str) -> Page:
    return Page(team.run("stats", "--html", "-", *words).out)


BAR = re.compile(
    r'<tr><th scope="row"><bdi>(.*?)</bdi>.*?</th>'
    r'<td><span class="bar" aria-hidden="true">(.*?)</span> (.*?)</td></tr>'
)


def bars(team: Team, *words: str) -> dict[str, tuple[float, str]]:
    """The length of each bar of the page in columns, and the value beside it, by its label."""
    text = team.run("stats", "--html", "-", *words).out
    found = [(unescape(label), bar, shown) for label, bar, shown in BAR.findall(text)]
    return {label: (length_of(bar), shown) for label, bar, shown in found}


@pytest.fixture
def week(team: Team) -> Team:
    """Requests that ended in different ways, and a chat that bounced."""
    for number, (chat, to, seconds) in enumerate(
        [("chat-1", "martha", 10), ("chat-2", "martha", 95), ("chat-3", "omar", 4)], start=1
    ):
        team.ok("assign", chat, "--to", to, "--as", "mark")
        team.advance(seconds)
        answer = ("reject", "--reason", "In a meeting") if chat == "chat-2" else ("accept",)
        team.ok(*answer, str(number), "--as", to)
    team.ok("assign", "chat-1", "--to", "mark", "--as", "martha")
    team.ok("accept", "4", "--as", "mark")
    return team


def test_the_tables_of_the_page_are_the_numbers_of_json(week: Team) -> None:
    found = week.ok("stats")
    tables = page(week).tables
    people = [
        [row["name"], row["id"], *("" if v is None else str(v) for v in list(row.values())[2:])]
        for row in found["users"]
    ]
    assert tables["People"][1:] == people
    assert [row[1] for row in tables["How requests ended"][1:]] == [
        str(row["count"]) for row in found["outcomes"]
    ]
    assert tables["Reasons"][1:] == [["In a meeting", "1"]]
    hours = tables[f"Hand-overs by hour of day ({found['time_zone']})"]
    assert [int(row[1]) for row in hours[1:]] == [row["hand_overs"] for row in found["hours"]]
    assert tables["Chats that bounce"][1:] == [["chat-1", "Priya Nair", "mark", "martha", "1"]]


def test_the_page_of_a_large_team_is_never_whole_in_memory(team: Team) -> None:
    with engine_of(team.location).open(team.location, os_user="tester") as database:
        found = stats(database)
    many = found._replace(users=[found.users[0]] * 10_000)
    parts = [len(part) for part in picture_html(picture(many, team.now))]
    assert len(parts) > len(many.users)
    assert max(parts) < 10_000


def test_the_bars_are_the_numbers_of_json_from_zero_to_one_scale(week: Team) -> None:
    found = week.ok("stats")
    drawn = bars(week)
    outcomes = {Status(row["status"]).label: row["count"] for row in found["outcomes"]}
    lengths = {drawn[name][0] / count for name, count in outcomes.items() if count}
    assert all(abs(length - max(lengths)) <= 1 / 8 for length in lengths)
    assert {name: drawn[name][1].split()[0] for name in outcomes} == {
        name: str(count) for name, count in outcomes.items()
    }
    assert drawn["Martha"][1] == "52s, 1m 35s"  # she answered after 10 s and after 95 s


def test_the_page_and_json_come_from_one_run(week: Team) -> None:
    found = week.ok("stats", "--since", "1h", "--html", "a.html")
    assert found == week.ok("stats", "--since", "1h")
    shown = week.run("stats", "--since", "1h", "--html", "-").out
    assert Path("a.html").read_text("utf-8") == shown


def test_the_page_fetches_and_runs_nothing(week: Team) -> None:
    text = week.run("stats", "--html", "-").out
    assert not re.search(r"https?://|<script|<link|<img|<iframe|@import|url\(", text)
    # Nor does a telephone make a link of a number or an address in a name.
    assert 'name="format-detection" content="telephone=no' in text
    assert not re.search(r"\b(?:href|src|on\w+)=", text)


@pytest.fixture
def hostile(week: Team) -> Team:
    """Every hostile text as the name of a user who holds a chat, as a customer, as a reason."""
    for number, text in enumerate(HOSTILE):
        week.ok("user", "add", f"u{number}", "--name", text)
        week.ok("chat", "add", f"c-{number}", "--customer", text, "--owner", f"u{number}")
        for owner in ("martha", f"u{number}"):
            week.ok("bulk-assign", f"c-{number}", "--to", owner, "--as", "maria")
        request = week.ok("assign", f"c-{number}", "--to", "martha", "--as", "maria")["id"]
        week.ok("reject", str(request), "--reason", text, "--as", "martha")
    return week


def test_hostile_text_is_only_text_in_the_page_and_all_of_it_is_there(hostile: Team) -> None:
    shown = page(hostile)
    usual = Page(hostile.run("stats", "--html", "-", "--until", "2000-01-01T00:00:00Z").out)
    assert shown.tags <= usual.tags | {"bdi", "data", "small"}
    assert not {name for name in shown.attributes if name.startswith("on")} & {"onload", "onerror"}
    names = [row[0] for row in shown.tables["People"][1:]]
    assert set(HOSTILE.values()) <= set(names)
    assert set(HOSTILE.values()) <= {row[0] for row in shown.tables["Reasons"][1:]}
    assert set(HOSTILE.values()) <= {row[1] for row in shown.tables["Chats that bounce"][1:]}


def _add_users(team: Team, count: int) -> None:
    users = [{"id": f"u{number}", "name": "Ann Ex"} for number in range(count)]
    Path("users.json").write_text(json.dumps(users), encoding="utf-8")
    team.ok("import", "users", "users.json")


def test_of_many_people_a_chart_has_the_first_and_the_page_all(team: Team) -> None:
    _add_users(team, 200)
    rows = [
        {"id": f"c-{n}", "customer": "Ann", "owner_id": f"u{n % 200}", "status": "open"}
        for n in range(1_000)
    ]
    Path("chats.json").write_text(json.dumps(rows))
    team.ok("import", "chats", "chats.json")
    shown = page(team)
    assert len(shown.tables["People"]) == 1 + 204
    assert "and 195 more, who hold 965" in shown.text
    drawn = {label: shown for label, (_, shown) in bars(team).items() if "Ann Ex" in label}
    assert len(drawn) == 8
    assert drawn["Ann Ex (u0)"] == "5"  # as they are all called alike


def test_an_empty_team_has_a_picture_too(empty_team: Team) -> None:
    empty_team.ok("init")
    assert "Nobody holds an open chat." in page(empty_team).text
    assert bars(empty_team) == {}


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_of_a_picture_can_be_read_on_its_background(theme: str) -> None:
    for text, behind in product(("ink", "soft"), ("page", "card")):
        lighter, darker = sorted(
            (luminance(getattr(COLOURS[name], theme)) for name in (text, behind)), reverse=True
        )
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, behind)


def first_pixel(png: bytes) -> str:
    """The colour of the upper left corner, whichever way its line was filtered."""
    data, place = b"", 8
    while place < len(png):
        length, kind = int.from_bytes(png[place : place + 4]), png[place + 4 : place + 8]
        data += png[place + 8 : place + 8 + length] if kind == b"IDAT" else b""
        place += length + 12
    return "#" + zlib.decompress(data)[1:4].hex()


def test_a_browser_shows_it_light_or_dark_as_the_reader_prefers(week: Team) -> None:
    needs("chromium")
    week.ok("stats", "--html", "team.html")
    shown = {}
    for scheme, setting in (("light", "1"), ("dark", "0")):
        drawn = run(
            week.folder,
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={week.folder}/browser",
            f"--blink-settings=preferredColorScheme={setting}",
            "--window-size=600,400",
            f"--screenshot={week.folder}/{scheme}.png",
            f"file://{week.folder}/team.html",
        )
        assert drawn.exit_code == 0, drawn.err
        shown[scheme] = first_pixel((week.folder / f"{scheme}.png").read_bytes())
    assert shown == COLOURS["page"]._asdict()


def test_a_file_that_is_there_is_replaced_and_stays_as_open_as_it_was(week: Team) -> None:
    Path("real.html").write_text("old")
    Path("real.html").chmod(0o644)
    Path("link.html").symlink_to("real.html")
    for name in ("link.html", "new.html"):
        assert week.run("stats", "--html", name).out == f"Drawn in {name}\n"
    assert Path("link.html").is_symlink()
    assert Path("real.html").read_text("utf-8").startswith("<!doctype html>")
    assert Path("real.html").stat().st_mode & 0o777 == 0o644
    assert Path("new.html").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("file", ["missing/a.html", ".", "folder", "/dev/full", "file/a.html", "/"])
def test_a_picture_that_cannot_be_written_is_said_and_leaves_nothing(week: Team, file: str) -> None:
    Path("folder").mkdir()
    Path("file").write_text("mine")
    before = sorted(Path().rglob("*"))
    assert week.refused("stats", "--html", file) == (1, "output_failed")
    assert sorted(Path().rglob("*")) == before


def test_a_disk_that_is_full_leaves_the_old_picture(week: Team) -> None:
    _add_users(week, 200)
    Path("team.html").write_text("the old one")
    before = sorted(Path().iterdir())
    limited = ("bash", "-c", 'ulimit -f 40; exec "$@"', "bash")
    done = run(Path.cwd(), *limited, *program("stats", "--html", "team.html", "--json"))
    assert (done.exit_code, done.out, done.error) == (1, "", "output_failed")
    assert Path("team.html").read_text() == "the old one"
    assert sorted(Path().iterdir()) == before


@pytest.mark.sqlite_only("names the database's file")
def test_a_slip_of_the_hand_does_not_replace_the_database_or_the_config(week: Team) -> None:
    before = week.snapshot()
    for file in ("assignchat.db", "config.toml"):
        assert week.refused("stats", "--html", file) == (2, "invalid_value")
    assert week.snapshot() == before
    assert "[assign_discuss]" in week.config.read_text()


def test_the_page_and_json_do_not_share_an_output(week: Team) -> None:
    result = week.run("stats", "--html", "-", "--json")
    assert (result.exit_code, result.out) == (2, "")
