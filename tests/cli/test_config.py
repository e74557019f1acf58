"""config: shows what holds and why; changes one key and nothing else, or nothing at all."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from tests.support.databases import held
from tests.support.team import Team, shell, together, unprivileged

OURS = """\
# Sales team, ask Ann before you change anything.
busy_timeout = "5s"

# Who acts.
identity = "claim"   # for now

[assign_discuss]
rejection_reasons = [
    "In a meeting",  # the usual one
    "Not [yet] available",
]
request_timeout = "2m"  # agreed in May
# The end.
"""


@pytest.fixture
def ours(empty_team: Team) -> Team:
    """A team with a config file of its own making, and no database."""
    empty_team.config.write_text(OURS)
    return empty_team


def changed(old: str, new: str, text: str = OURS) -> str:
    """The file with one place changed."""
    assert text.count(old) == 1
    return text.replace(old, new)


def test_get_prints_the_bare_value(ours: Team) -> None:
    assert ours.run("config", "get", "busy_timeout").out == "5s\n"
    assert ours.run("config", "get", "assign_discuss.allow_other_reasons").out == "true\n"
    reasons = ours.run("config", "get", "assign_discuss.rejection_reasons").out
    assert reasons == "In a meeting\nNot [yet] available\n"


def test_get_says_where_a_value_comes_from(ours: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def got(key: str) -> object:
        return ours.ok("config", "get", key)

    assert got("busy_timeout") == {"key": "busy_timeout", "value": "5s", "source": "file"}
    assert got("operators") == {"key": "operators", "value": [], "source": "default"}
    monkeypatch.setenv("ASSIGNCHAT_DB", "/tmp/x.db")  # noqa: S108  # never opened
    assert got("database") == {
        "key": "database",
        "value": "/tmp/x.db",  # noqa: S108
        "source": "environment",
    }


def test_list_prints_every_key_with_its_value(ours: Team) -> None:
    assert ours.ok("config", "list") == {
        "database": "assignchat.db",
        "busy_timeout": "5s",
        "identity": "claim",
        "operators": [],
        "assign_discuss.request_timeout": "2m",
        "assign_discuss.rejection_reasons": ["In a meeting", "Not [yet] available"],
        "assign_discuss.withdrawal_reasons": ["No longer needed", "I resolved it myself"],
        "assign_discuss.allow_other_reasons": True,
        "assign_discuss.fallback": [],
        "assign_discuss.tell_when_nobody_took": [],
        "assign_discuss.away_after_misses": 0,
    }


def test_people_also_see_where_values_come_from(
    ours: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIGNCHAT_DB", "other.db")
    lines = ours.run("config", "list").out.splitlines()
    sources = {line.split("\t")[0]: line.split("\t")[1:3] for line in lines}
    assert sources["busy_timeout"] == ["5s", "file"]
    assert sources["operators"] == ["[]", "default"]
    assert sources["database"] == ["other.db", "environment"]


def test_path_prints_which_file_is_in_force(ours: Team) -> None:
    assert ours.run("config", "path").out == f"{ours.config}\n"
    assert ours.ok("config", "path")["path"] == str(ours.config)


@pytest.mark.parametrize("action", [("get",), ("set", "x"), ("unset",)])
def test_a_key_that_is_none_is_refused_and_the_right_one_suggested(
    ours: Team, action: tuple[str, ...]
) -> None:
    words = ("config", action[0], "busy_timout", *action[1:])
    assert ours.refused(*words) == (7, "config_key_unknown")
    assert "busy_timeout" in ours.run(*words).err
    assert ours.config.read_text() == OURS


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [
        (["busy_timeout", "7s"], '"5s"', '"7s"'),
        (["assign_discuss.request_timeout", "off"], '"2m"', '"off"'),
        (["identity", "login"], '"claim"', '"login"'),
    ],
)
def test_set_changes_one_value_and_keeps_the_rest(
    ours: Team, words: list[str], old: str, new: str
) -> None:
    assert ours.ok("config", "set", *words) == {
        "key": words[0],
        "value": words[1],
        "source": "file",
    }
    assert ours.config.read_text() == changed(old, new)


def test_set_replaces_a_list_of_several_lines(ours: Team) -> None:
    ours.ok("config", "set", "assign_discuss.rejection_reasons", "Busy", "Off duty")
    text = ours.config.read_text()
    assert text.startswith(OURS[: OURS.index("rejection_reasons")])
    assert text.endswith(OURS[OURS.index("request_timeout") :])
    assert ours.run("config", "get", "assign_discuss.rejection_reasons").out == "Busy\nOff duty\n"


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        (OURS, "assign_discuss.allow_other_reasons", "false"),
        (OURS, "database", "sales.db"),
        ("# ours\n", "busy_timeout", "7s"),
        ("# ours", "busy_timeout", "7s"),
        ("identity = 'claim'", "busy_timeout", "7s"),
        ("identity = 'claim'", "assign_discuss.request_timeout", "7s"),
        ("[assign_discuss]", "assign_discuss.request_timeout", "7s"),
        ("[assign_discuss]", "busy_timeout", "7s"),
        ("[ assign_discuss ] # ours\n\n\n", "assign_discuss.request_timeout", "7s"),
        ("", "busy_timeout", "7s"),
        ("# [assign_discuss]\n", "assign_discuss.request_timeout", "7s"),
    ],
)
def test_set_adds_a_key_and_keeps_every_line(ours: Team, text: str, key: str, value: str) -> None:
    ours.config.write_text(text, encoding="utf-8")
    ours.ok("config", "set", key, value)
    left = ours.config.read_text(encoding="utf-8").split("\n")
    assert [line for line in text.split("\n") if line and line not in left] == []
    assert ours.run("config", "get", key).out == f"{value}\n"
    assert sorted(path.name for path in ours.folder.iterdir()) == ["config.toml"]


def test_a_file_written_on_windows_keeps_its_ends_of_lines(ours: Team) -> None:
    ours.config.write_bytes(OURS.replace("\n", "\r\n").encode())
    ours.ok("config", "set", "busy_timeout", "7s")
    lines = ours.config.read_bytes().split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert any(line.startswith(b'busy_timeout = "7s"') for line in lines)


def test_set_makes_a_file_where_there_is_none(empty_team: Team, tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        empty_team.ok("config", "set", "busy_timeout", "7s")
    finally:
        os.umask(umask)
    made = tmp_path / "xdg" / "assignchat" / "config.toml"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert empty_team.run("config", "get", "busy_timeout").out == "7s\n"


def test_unset_makes_the_key_a_comment_and_its_default_holds(ours: Team) -> None:
    done = ours.ok("config", "unset", "busy_timeout")
    assert done == {"key": "busy_timeout", "value": "10s", "source": "default"}
    assert ours.config.read_text() == changed("busy_timeout = ", "# busy_timeout = ")


def test_unset_of_what_is_not_there_changes_nothing(team: Team) -> None:
    team.config.write_text(OURS)
    before = team.snapshot()
    team.ok("config", "unset", "operators")
    assert team.config.read_text() == OURS
    assert team.snapshot() == before


@pytest.mark.parametrize(
    "text",
    [
        '# ours\nassign_discuss = { request_timeout = "3m" }\nbusy_timeout = "5s"\n',
        '# ours\nassign_discuss.request_timeout = "3m"\nbusy_timeout = "5s"\n',
        '# ours\n"busy_timeout" = "5s"\n["assign_discuss"]\nrequest_timeout = "3m"\n',
    ],
    ids=["inline table", "dotted key", "quoted"],
)
def test_a_file_that_cannot_be_edited_in_place_is_kept_beside_the_new_one(
    ours: Team, text: str
) -> None:
    ours.config.write_text(text)
    done = ours.run("config", "set", "assign_discuss.request_timeout", "9m")
    assert done.exit_code == 0
    assert "config.toml.bak" in done.err
    assert ours.config.with_name("config.toml.bak").read_text() == text
    values = ours.ok("config", "list")
    assert values["assign_discuss.request_timeout"] == "9m"
    assert values["busy_timeout"] == "5s"


def test_permissions_and_a_symbolic_link_are_kept(ours: Team, tmp_path: Path) -> None:
    target = tmp_path / "shared.toml"
    ours.config.rename(target)
    ours.config.symlink_to(target)
    target.chmod(0o640)
    ours.ok("config", "set", "busy_timeout", "7s")
    assert ours.config.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.read_text() == changed('"5s"', '"7s"')


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_of_the_file_is_kept(ours: Team) -> None:
    os.chown(ours.config, 65534, 65534)
    ours.ok("--config", "config.toml", "config", "set", "busy_timeout", "7s")
    assert (ours.config.stat().st_uid, ours.config.stat().st_gid) == (65534, 65534)


def test_a_change_where_no_config_file_was_names_the_file_that_it_made(empty_team: Team) -> None:
    made = empty_team.run("config", "set", "busy_timeout", "7s").err
    written = empty_team.ok("config", "path")["path"]
    assert f"There was no config file; this is now in {written}" in made
    assert empty_team.run("config", "set", "busy_timeout", "8s").err == ""


def test_without_a_database_a_change_needs_none(ours: Team) -> None:
    ours.ok("config", "set", "busy_timeout", "7s")
    assert not ours.database.exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nonsense", "5"], "config_key_unknown"),
        (["busy_timeout", "soon"], "config_value_invalid"),
        (["busy_timeout", "5s", "6s"], "config_value_invalid"),
        (["identity", "root"], "config_value_invalid"),
        (["database", ""], "config_value_invalid"),
        (["assign_discuss.request_timeout", "0"], "config_value_invalid"),
        (["assign_discuss.request_timeout", "30d1s"], "config_value_invalid"),
        (["assign_discuss.allow_other_reasons", "yes"], "config_value_invalid"),
        (["assign_discuss.rejection_reasons", "Busy", " "], "config_value_invalid"),
    ],
)
def test_a_value_that_is_wrong_changes_nothing(team: Team, words: list[str], code: str) -> None:
    team.config.write_text(OURS)
    before = team.snapshot()
    assert team.refused("config", "set", *words) == (7, code)
    assert team.config.read_text() == OURS
    assert team.snapshot() == before


WRONG = {
    "busy_timeout = 1.5": ("busy_timeout", "5s"),
    "busy_timeout = 2026-11-22": ("busy_timeout", "5s"),
    "busy_timeout = nan": ("busy_timeout", "5s"),
    "identity = 'logn'": ("identity", "login"),
    "database = 5": ("database", "assignchat.db"),
    "operators = [[]]": ("operators", "omar"),
    "[assign_discuss]\nallow_other_reasons = false\nrejection_reasons = []": (
        "assign_discuss.rejection_reasons",
        "At lunch",
    ),
}


@pytest.mark.parametrize("text", WRONG)
def test_the_key_that_is_wrong_can_be_set_or_unset(team: Team, text: str) -> None:
    key, value = WRONG[text]
    team.config.write_text(f"# ours\n{text}\n")
    assert team.refused("config", "list") == (7, "config_invalid")
    team.ok("config", "set", key, value)
    assert team.run("config", "get", key).out == f"{value}\n"
    team.config.write_text(f"# ours\n{text}\n")
    team.ok("config", "unset", key)
    assert team.ok("config", "get", key)["source"] == "default"
    assert team.config.read_text().startswith("# ours\n")


def test_where_another_key_is_wrong_too_nothing_is_changed(empty_team: Team) -> None:
    text = "busy_timeout = 1.5\nidentity = 'logn'\n"
    empty_team.config.write_text(text)
    for words in (("set", "busy_timeout", "5s"), ("unset", "busy_timeout"), ("unset", "operators")):
        assert empty_team.refused("config", *words) == (7, "config_invalid")
    assert "identity" in empty_team.run("config", "unset", "busy_timeout").err
    assert empty_team.config.read_text() == text


def test_values_that_would_leave_nobody_a_reason_are_refused_together(team: Team) -> None:
    text = "[assign_discuss]\nrejection_reasons = []\n"
    team.config.write_text(text)
    wanted = ("config", "set", "assign_discuss.allow_other_reasons", "false")
    assert team.refused(*wanted) == (7, "config_value_invalid")
    assert team.config.read_text() == text


def test_while_the_database_is_locked_nothing_is_set(team: Team) -> None:
    team.config.write_text("busy_timeout = 0\n")
    with held(team.database):
        assert team.refused("config", "set", "operators", "ann") == (6, "database_locked")
    assert team.config.read_text() == "busy_timeout = 0\n"


def test_a_folder_that_may_not_be_written_refuses_the_change(ours: Team) -> None:
    ours.folder.chmod(0o555)
    done = unprivileged(ours, "config", "set", "busy_timeout", "7s", "--json")
    ours.folder.chmod(0o755)
    assert (done.exit_code, done.error, done.out) == (7, "config_not_writable", "")
    assert ours.config.read_text() == OURS
    assert list(ours.folder.iterdir()) == [ours.config]


@pytest.mark.parametrize("with_database", [True, False])
def test_of_two_who_set_at_once_neither_loses_their_change(
    empty_team: Team, with_database: bool
) -> None:
    if with_database:
        empty_team.ok("init")
    else:
        empty_team.config.write_text(OURS)
    for number in range(3):
        results = together(
            empty_team,
            ("config", "set", "busy_timeout", f"{number + 20}s"),
            ("config", "set", "operators", f"ann-{number}"),
        )
        assert [result.exit_code for result in results] == [0, 0], results
        values = empty_team.ok("config", "list")
        assert (values["busy_timeout"], values["operators"]) == (
            f"{number + 20}s",
            [f"ann-{number}"],
        )


def test_a_process_that_stands_still_keeps_nobody_waiting_for_long(ours: Team) -> None:
    folder = os.open(ours.folder, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    refusal = ours.refused("config", "set", "busy_timeout", "5s")
    os.close(folder)
    assert refusal == (7, "config_not_writable")
    ours.ok("config", "set", "busy_timeout", "5s")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_change_that_cannot_be_shown_stands_and_says_so(ours: Team) -> None:
    done = shell(ours, '"$@" --json >/dev/full', "config", "set", "busy_timeout", "7s")
    assert (done.exit_code, done.error) == (1, "output_failed")
    assert ours.config.read_text() == changed('"5s"', '"7s"')
    assert "stands" in done.err


def test_a_list_over_many_lines_is_replaced_with_its_comments_and_what_follows_stays(
    ours: Team,
) -> None:
    """Brackets and number signs in texts and comments do not end it."""
    lines = "".join(f'  "{n}: no # and no ]", # not "] yet\n' for n in range(1_200))
    end = "] # after the list, [all of it]\n\n# about the next\nallow_other_reasons = true\n"
    ours.config.write_text(f"[assign_discuss]\nrejection_reasons = [\n{lines}{end}")
    ours.ok("config", "set", "assign_discuss.rejection_reasons", "Busy")
    text = ours.config.read_text()
    assert text.startswith("[assign_discuss]\nrejection_reasons = [\n")
    assert text.endswith(f'    "Busy",\n{end}')
    assert text.count("#") == 2
