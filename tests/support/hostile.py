"""Texts, ids, numbers and times that are made to do harm, and how they are given."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from tests.support.team import Team

MEGABYTE = 10**6

TEXTS = {
    "escape sequence": "\x1b[31mred\x1b]0;owned\x07",
    "C1 controls": "\x9b31m\x85\x90",
    "other controls": "\x01\x08\x0b\x0c\x7f",
    "bidirectional": "\u202eevil\u2066\u200f\u061c",
    "zero width": "Ma\u200brk\u2060\ufeff\u00ad",
    "joiners": "\u200dMark\u200c",
    "unseen letters": "Mark\u3164\u115f\u034f\u2800\uffa0",
    "tags and variations": "Mark\U000e0041\U000e007f",
    "line ends": "a\nb\rc\r\nd\u2028e\u2029f\ng",
    "tab": "a\tb",
    "white space around": "  a  ",
    "markup": "[red]Ann[/red] [link=x]y[/] {value} {0} %s %(x)s",
    "HTML": "<script>alert(1)</script>&amp;",
    "SQL": "'; DROP TABLE chats; --",
    "LIKE wildcards": "%_%",
    "shell": "$(id) `id` ; rm -rf ~",
    "formula": '=HYPERLINK("http://x","y")',
    "options": "--json",
    "one option": "-rf",
    "quotes": "'\"\\",
    "JSON": '{"id": "x"}',
    "TOML": 'a" # b\n[assign_discuss]',
    "CSV": 'a,"b";c',
    "composed": "Zo\u00eb",
    "decomposed": "Zoe\u0308",
    "emoji": "\U0001f469\u200d\U0001f4bb",
    "beyond": "\U0010ffff\uffff\ue000",
    "a thousand": "\U0001f600" * 1000,
}
IDS = {
    "bidirectional": "\u202eevil\u2066",
    "zero width": "ma\u200brk",
    "markup": "[red]ann[/red]{0}%s",
    "SQL": "'; DROP TABLE chats; --",
    "all": "%",
    "any": "_",
    "options": "-rf",
    "an option": "--json",
    "the end of options": "--",
    "stdin": "-",
    "number": "1",
    "path": "../../etc/passwd",
    "formula": "=1+1",
    "quotes": "'\"\\",
    "composed": "zo\u00eb",
    "decomposed": "zoe\u0308",
    "blanks inside": "a  b",
    "longest": "\U0001f600" * 200,
}
NO_TEXTS = ("", " ", "\t\n", "a\0b", "\udcff", "a\ud800", "x" * MEGABYTE)
NO_IDS = (*NO_TEXTS, " a", "a ", "a\u00a0", "a\nb", "\x1b[2J", "a\x7f", "a\x85", "x" * 201)
NO_DURATIONS = (
    *("", " ", "-1s", "+1s", "1e9", "inf", "nan", "1.5h", "1_0s", "\u0663s", "1h1h", "1m1h", "s"),
    *("999999999999h", "9" * 5_000, "9" * 5_000 + "s", "1 s", "5min", "P1D", "0x10s", "always"),
)
NO_NUMBERS = (
    *("0", "-1", "+1", "1e5", " 1", "1 ", "\u0661", "\u00b2", "\uff11", "1_000", "1.0", "0x1", ""),
    *(str(2**63), str(2**64), "9" * 20, "9" * 5_000, "0" * 10 + "9" * 40, "##1", "1;", "NaN"),
)
NO_TIMES = (
    *("", "long ago", "25:00", "2026-11-22 noon", "2026-02-30T00:00:00Z", "1e9", "-1h"),
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *("1970-01-01T00:00:00+14:00", "9000-12-31T23:59:59-14:00", "+292277026596-12-04T15:30:08Z"),
    *(
        "99999999999d",
        "2026-11-22T14:05:10+99:99",
        "\u0662026-11-22T14:05:10Z",
        "9" * 5_000,
    ),
)


def assert_harmless(shown: str) -> None:
    """Nothing is printed that a terminal obeys or hides, but for joiners inside words."""
    for char in shown.replace("\n", "").replace("\t", ""):
        assert unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or (
            char in "\u200c\u200d"
        ), ascii(shown)


def plain_run(team: Team, *words: str, ids: Sequence[str]) -> Any:
    """Run a command on ids that may look like options. Returns its document."""
    result = team.run(*words, "--json", "--", *ids)
    assert result.exit_code == 0, result.err
    return result.json
