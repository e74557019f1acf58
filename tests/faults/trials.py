"""A command tried again and again, each time with another fault, and judged."""

import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.faults.afterwards import left_over, state
from tests.faults.commands import Writing
from tests.faults.injection import Fault, Traced, run, run_standing_still
from tests.support import processes
from tests.support.processes import ROOT, Result, program
from tests.support.stopping import Point
from tests.support.team import run_here

# As many as a small machine has cores, unless the tests themselves run beside each other.
AT_ONCE = 1 if "PYTEST_XDIST_WORKER" in os.environ else 2


class Trials:
    """One command on fresh copies of one team."""

    def __init__(
        self, writing: Writing, folder: Path, *, tried: Counter[str], lost: Counter[str]
    ) -> None:
        self.writing = writing
        self._folder = folder
        self._tried, self._lost = tried, lost
        self._team = folder / "prepared"
        self._team.mkdir()
        writing.before(self._team)
        self.old = state(self._team)
        with self._copy() as team:
            rehearsal = run(team, writing.words)
            assert rehearsal.result.exit_code == 0, rehearsal.result.err
            assert not rehearsal.struck
            self.new = state(team)
        assert self.new != self.old
        self.points = rehearsal.points()

    def try_all(self, kind: str, faults: Iterable[Fault]) -> None:
        """Try each fault; assert that the command survives all of them."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(self._try, faults))
        assert results, f"{self.writing.name} makes no call that could fail so"
        wrong = [line for line in results if line]
        self._tried[kind] += len(results)
        self._lost[kind] += len(wrong)
        assert not wrong, "\n".join(wrong)

    @contextmanager
    def _copy(self) -> Iterator[Path]:
        above = Path(mkdtemp(dir=self._folder))
        yield self.copy_to(above / "team")
        shutil.rmtree(above)  # what went wrong is left to be looked at

    def copy_to(self, team: Path) -> Path:
        """A fresh copy of the team's folder, at this place."""
        shutil.copytree(self._team, team)
        return team

    def refused(self, team: Path, result: Result, *codes: str) -> None:
        """Assert that the command was refused with one of these codes and changed nothing."""
        assert list(self._wrong_output(result)) == []
        error = json.loads(result.err)["error"]
        assert error["code"] in codes, result.err
        assert result.exit_code == (7 if error["code"].startswith("config") else 6)
        assert (state(team), left_over(team)) == (self.old, [])

    def recovers(self, team: Path) -> None:
        """Assert that the command works now."""
        for words in (self.writing.words, ["check"]):
            result = run_here(team, *words)
            assert result.exit_code == 0, result.err
        assert state(team) == self.new

    def _try(self, fault: Fault) -> str:
        """Try one fault. Returns what is wrong then, if anything."""
        with self._copy() as team:
            if fault.stops:
                wrong = list(self._wrong_standing(team, fault))
            else:
                traced = run(team, self.writing.words, *fault.options)
                found = look(team, self.writing.again)
                wrong = list(self._wrong(fault, traced, found))
        return f"{fault} ({fault.point.about}): {'; '.join(wrong)}" if wrong else ""

    def _wrong_standing(self, team: Path, fault: Fault) -> Iterator[str]:
        """What is wrong while the command stands still, and after it has gone on or was killed."""
        found: dict[str, Any] = {}
        again = self.writing.again
        if not self.writing.writes_config:  # which would be another config's
            again = ["--config", _impatient(team), *again]
        traced = run_standing_still(
            team, self.writing.words, fault, lambda: found.update(look(team, again))
        )
        if not found:
            yield f"it did not stand still: {traced.result}"
            return
        if found["state"] not in (self.old, self.new, self._between()):
            yield f"while it stood: {self._difference(found)}"
        told = list(self._told(fault, found))
        yield from told
        after = look(team, ["user", "add", "late"])
        for step in ("check", "next", "check after it"):
            exit_code, text = after.get(step, (0, ""))
            if exit_code != 0:
                yield f"afterwards {step}: exit {exit_code}, {text}"
        if fault.then == signal.SIGCONT:
            yield from self._wrong_after_it_went_on(traced.result, after)

    def _told(self, fault: Fault, found: dict[str, Any]) -> Iterator[str]:
        """Whether others were served, or at least told that somebody is in their way."""
        for step in ("check", "next", "check after it"):
            exit_code, text = found.get(step, (0, ""))
            in_the_way = "is held by" in text or "Another process has the folder" in text
            if exit_code != 0 and not (fault.what == "SIGSTOP" and in_the_way):
                yield f"while it stood, {step}: exit {exit_code}, {text}"

    def _wrong_after_it_went_on(self, result: Result, after: dict[str, Any]) -> Iterator[str]:
        yield from wrong_output(result)
        # The other one has made its copy first.
        refused = self.writing.name == "backup" and "is there already" in result.err
        if result.exit_code != 0 and not refused:
            yield f"gone on, it ended with exit {result.exit_code} {result.err.strip()}"
        if after["left_over"]:
            yield f"gone on, left over: {after['left_over']}"

    def _wrong(self, fault: Fault, traced: Traced, found: dict[str, Any]) -> Iterator[str]:
        if not traced.struck:
            yield "it did not come to pass"
        if not fault.kills:  # what is killed may have printed its result
            yield from self._wrong_output(traced.result)
        yield from self._wrong_state(fault, traced.result, found)
        for step in ("check", "next", "check after it"):
            exit_code, text = found.get(step, (0, ""))
            if exit_code != 0:
                yield f"{step}: exit {exit_code}, {text}"

    def _wrong_output(self, result: Result) -> Iterator[str]:
        out = "" if self.writing.delivers else result.out  # else it comes before the change
        return wrong_output(result._replace(out=out))

    def _wrong_state(self, fault: Fault, result: Result, found: dict[str, Any]) -> Iterator[str]:
        old, new = found["state"] == self.old, found["state"] == self.new
        between = found["state"] == self._between()
        ended = f"exit {result.exit_code} {result.err.strip()}"
        if between and result.exit_code == 0:
            yield "exit 0, and only one of database and config was changed"
        elif not (old or new or between):
            yield f"neither the old state nor the new one, {ended}: {self._difference(found)}"
        elif fault.kills:
            if result.exit_code != -signal.Signals[fault.what]:
                yield ended
            if result.out and not new and not self.writing.delivers:
                yield f"printed {result.out!r}, and nothing was changed"
        elif result.exit_code == 0:
            if not new:
                yield "exit 0, and nothing was changed"
        elif not (old or between) and not (
            self.writing.on_opening and fault.effect.startswith("signal=")
        ):
            yield f"{ended}, and yet it was changed"
        elif found["left_over"] and not fault.point.call.startswith("unlink"):
            yield f"{ended}, left over: {found['left_over']}"
        else:
            yield from wrong_exit(fault, result)

    def _between(self) -> dict[str, str] | None:
        """The state where only one of database and config is changed, if the command allows it."""
        if not self.writing.writes_config:
            return None
        config_first = self.writing.writes_config == "first"
        config, rest = (self.new, self.old) if config_first else (self.old, self.new)
        without = {name: text for name, text in rest.items() if name != "config"}
        return without | {name: text for name, text in config.items() if name == "config"}

    def _difference(self, found: dict[str, Any]) -> str:
        there = found["state"]
        return ", ".join(
            f"{name}: {there.get(name)!r}, old {self.old.get(name)!r}, new {self.new.get(name)!r}"
            for name in sorted(there | self.old | self.new)
            if not there.get(name) == self.old.get(name) == self.new.get(name)
        )


def _impatient(team: Path) -> str:
    """A config beside the team's folder with which a command does not wait long for another."""
    config = team.parent / "impatient.toml"
    config.write_text(f'database = "{team.name}/assignchat.db"\nbusy_timeout = 1\n')
    return f"../{config.name}"


def wrong_output(result: Result) -> Iterator[str]:
    """What a script that reads the output would stumble over."""
    if "Traceback" in result.err:
        yield result.err
    if result.exit_code != 0 and result.out:
        yield f"failed, and printed {result.out!r}"


def wrong_exit(fault: Fault, result: Result) -> Iterator[str]:
    """Whether this is not how a command should end that changed nothing."""
    if fault.effect.startswith("signal="):
        expected = {"SIGINT": 130, "SIGTERM": 143}[fault.what]
        if result.exit_code != expected or "nothing was changed" not in result.err:
            yield f"exit {result.exit_code} {result.err.strip()}"
        return
    code = json.loads(result.err)["error"]["code"]
    allowed = allowed_codes(fault)
    if code not in allowed or result.exit_code != allowed[code]:
        yield f"exit {result.exit_code}, {code}, which is none of {', '.join(allowed)}"


def allowed_codes(fault: Fault) -> dict[str, int]:
    """The error codes that tell of such a fault, with their exit codes.

    A full disk shows first where a file grows. Where SQLite is told of it later, or of a disk
    that fails, it does not pass on which of the two it was.
    """
    if ".config.toml" in fault.point.about and not fault.for_ever:
        return {"config_not_writable": 7}
    # Of the shared memory it does not tell; an unfinished file may get to that again and again.
    untold = fault.point.about.endswith("-shm") or (fault.for_ever and fault.point.about[0] == ".")
    if fault.what == "ENOSPC" and fault.point.call == "pwrite64" and not untold:
        return {"database_full": 6}
    database = {"database_full": 6, "database_damaged": 6, "database_read_only": 6}
    if fault.point.call == "pwrite64":  # SQLite's alone
        return database
    return database | {"config_not_writable": 7, "config_invalid": 7}


def start(team: Path, words: Sequence[str], *before: str) -> Result:
    """Run a command as a process in the team's folder, perhaps through another program."""
    return processes.run(team, *before, *program(*words), env={"PYTHONPATH": str(ROOT)})


def look(team: Path, words: Sequence[str]) -> dict[str, Any]:
    """What is there after a fault, by a process of its own; see `afterwards`."""
    look_there = [sys.executable, "-m", "tests.faults.afterwards", *words]
    done = processes.run(team, *look_there, env={"PYTHONPATH": str(ROOT)})
    assert done.exit_code == 0, done.err
    found: dict[str, Any] = done.json
    return found


def spread(points: Sequence[Point], count: int, turn: float) -> list[Point]:
    """Choose so many points, where something else begins or ends: others at another `turn`.

    Between them lie more of the same, such as page after page of the same file.
    """
    edges: list[Point] = []
    for _, group in groupby(points, key=lambda point: (point.call, point.about)):
        several = list(group)
        edges += several[:1] + several[1:][-1:]
    if len(edges) <= count:
        return edges
    return [edges[int((turn + place) / count % 1 * len(edges))] for place in range(count)]
