"""How many faults are tried, and how many were; teams to try them on."""

import os
from collections import Counter
from typing import Any

import pytest

from tests.faults.commands import COMMANDS
from tests.faults.trials import Trials
from tests.support.needs import needs

ALL = bool(os.environ.get("ALL_FAULTS"))
"""Whether every fault is tried, as by scripts/faults, or a selection."""

SECONDS_FOR_A_TEST = 3_600 if ALL else 120
"""To be named in a module of faults; see the conftest.py above."""

every_command = pytest.mark.parametrize(
    "trials",
    # One process of pytest-xdist has all of a command, because rehearsing it takes a while.
    [pytest.param(one, marks=pytest.mark.xdist_group(one.name), id=one.name) for one in COMMANDS],
    indirect=True,
)

_tried: Counter[str] = Counter()
_lost: Counter[str] = Counter()


@pytest.fixture(scope="session")
def prepared() -> dict[str, Trials]:
    """The trials of the commands so far, by the command's name."""
    return {}


@pytest.fixture
def trials(
    request: pytest.FixtureRequest,
    prepared: dict[str, Trials],
    tmp_path_factory: pytest.TempPathFactory,
) -> Trials:
    """The command that is tried, with what it does when nothing fails."""
    needs("strace")
    writing = request.param
    if writing.name not in prepared:
        folder = tmp_path_factory.mktemp("faults")
        prepared[writing.name] = Trials(writing, folder, tried=_tried, lost=_lost)
    return prepared[writing.name]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add up what the processes of pytest-xdist have tried."""
    tried, lost = getattr(node, "workeroutput", {}).get("faults", ({}, {}))
    _tried.update(tried)
    _lost.update(lost)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In such a process, hand over what it has tried."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["faults"] = (dict(_tried), dict(_lost))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many faults of each kind were tried."""
    if not _tried:
        return
    terminalreporter.section("faults")
    for kind, count in _tried.items():
        ended = f"{_lost[kind]} LOST" if _lost[kind] else "none lost"
        terminalreporter.write_line(f"{kind}: {count} tried, {ended}")
    terminalreporter.write_line(
        f"{_tried.total()} faults tried, {_lost.total() or 'none'} lost"
        + ("" if ALL else "; scripts/faults tries every one")
    )
