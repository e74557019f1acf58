"""A new id that people would take for a known one is refused by name, wherever it comes from."""

import json
from pathlib import Path

import pytest

from tests.support.team import Team

GUID = "0a1b2c3d-0000-4000-8000-00000000abcd"
TWINS = {
    "case": ("kim", "Kim"),
    "wide": ("kim", "\uff4bim"),
    "a ligature": ("office", "o\ufb03ce"),
    "composed": ("zo\u00eb", "zoe\u0308"),
    "sharp s": ("stra\u00dfe", "STRASSE"),
    "two blanks": ("ann berg", "ann  berg"),
    "a blank that does not break": ("ann berg", "ann\u00a0berg"),
    "another alphabet's case": ("\u0436\u043b", "\u0416\u041b"),
    "braces of a CRM": (GUID, f"{{{GUID.upper()}}}"),
    "18 characters of a CRM": ("5005g00000AbCdE", "5005g00000AbCdEAAV"),
    "signs of LIKE": ("a%_\\b", "A%_\\B"),
}
UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b5\u180b\u200b\u200c\u200d\u202e\u2060\u2800\u3164\ufe0f\uffa0"
)
HIDDEN = [*UNSEEN, "\ufeff", "\u2066", "\U000e0041", "\U000e0101", "\U0001d159"]


def add(noun: str, new_id: str, *options: str) -> tuple[str, ...]:
    """The command that adds one."""
    about = ("--customer", "A", "--owner", "martha") if noun == "chat" else ()
    return (noun, "add", new_id, *about, *options)


def imported(noun: str, *ids: str) -> tuple[str, ...]:
    """The command that imports these."""
    rows = [{"id": i, **({"owner_id": "martha"} if noun == "chat" else {})} for i in ids]
    Path("new.json").write_text(json.dumps(rows))
    return ("import", f"{noun}s", "new.json")


@pytest.fixture
def clear(team: Team) -> Team:
    """A team without anybody of these ids."""
    team.ok("user", "add", "martin")
    return team


@pytest.mark.parametrize("noun", ["user", "chat"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("kind", TWINS)
def test_a_twin_is_refused_and_the_known_id_is_named(
    clear: Team, noun: str, kind: str, *, turned: bool
) -> None:
    known, new = TWINS[kind][::-1] if turned else TWINS[kind]
    clear.ok(*add(noun, known))
    assert clear.refused_leaving_no_trace(*add(noun, new)) == (2, "invalid_value")
    assert repr(known) in clear.run(*add(noun, new)).err
    assert "--any-id" in clear.run(*add(noun, new)).err
    problem = clear.run(*imported(noun, new))
    assert (problem.exit_code, repr(known) in problem.err) == (2, True), problem.err
    assert clear.ok(*add(noun, new, "--any-id"))["id"] == new


@pytest.mark.parametrize("noun", ["user", "chat"])
@pytest.mark.parametrize("char", HIDDEN, ids=ascii)
def test_what_cannot_be_seen_in_a_new_id_is_named(clear: Team, noun: str, char: str) -> None:
    new = f"x{char}y"
    assert clear.refused_leaving_no_trace(*add(noun, new)) == (2, "invalid_value")
    for words in (add(noun, new), imported(noun, new)):
        said = clear.run(*words).err
        assert f"U+{ord(char):04X}" in said
        assert char not in said
    assert clear.ok(*imported(noun, new), "--any-id")["created"] == 1
    looks_like_it = clear.run(*add(noun, "xy"))
    assert (looks_like_it.exit_code, "is another form" in looks_like_it.err) == (2, True)


@pytest.mark.parametrize("noun", ["user", "chat"])
@pytest.mark.parametrize(
    "word", ["\u0645\u06cc\u200c\u062e", "\u0915\u094d\u200d\u0937", "1\ufe0f\u20e3"]
)
def test_what_shapes_its_neighbours_is_seen_but_makes_no_other_id(
    clear: Team, noun: str, word: str
) -> None:
    clear.ok(*add(noun, word))
    without = "".join(char for char in word if char not in UNSEEN)
    assert clear.refused(*add(noun, without)) == (2, "invalid_value")


@pytest.mark.parametrize("noun", ["user", "chat"])
def test_twins_within_one_file_are_refused(clear: Team, noun: str) -> None:
    assert clear.refused(*imported(noun, "new-1", "New-1")) == (2, "import_invalid")
    assert clear.ok(*imported(noun, "new-1", "New-1"), "--any-id")["created"] == 2


@pytest.mark.parametrize("noun", ["user", "chat"])
def test_who_is_there_is_imported_again_whatever_the_id(clear: Team, noun: str) -> None:
    for new in ("m\u200bark", "MARK"):
        clear.ok(*add(noun, new, "--any-id"))
    assert clear.ok(*imported(noun, "m\u200bark", "MARK"))["created"] == 0


@pytest.mark.parametrize("noun", ["user", "chat"])
def test_ids_that_are_not_alike_are_taken(clear: Team, noun: str) -> None:
    ids = ("a", "aa", "a b", "5005g00000AbCdE", "5005g00000AbCde", "\u0430", "a%", "a_", "\u00e9")
    for new in ids:
        clear.ok(*add(noun, new))
    assert clear.ok("check")["warnings"] == []


@pytest.mark.parametrize("noun", ["user", "chat"])
@pytest.mark.parametrize("kind", [kind for kind in TWINS if "CRM" not in kind])
def test_check_warns_of_twins_that_are_there(clear: Team, noun: str, kind: str) -> None:
    known, new = TWINS[kind]
    for one in (known, new):
        clear.ok(*add(noun, one, "--any-id"))
    (found,) = clear.ok("check")["warnings"]
    assert found["code"] == f"{noun}s_alike"
    assert repr(known) in found["message"]
    assert repr(new) in found["message"]
