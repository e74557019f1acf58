"""The config file, the environment and names of files: used exactly as they are, or refused."""

import pytest

from tests.support.hostile import TEXTS, assert_harmless, plain_run
from tests.support.measured import measured
from tests.support.team import Team


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
