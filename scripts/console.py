"""Run the `console` blocks of a page as they stand, and give the page with what they print now.

    scripts/console.py docs/tutorial.md    # prints the page; differs from it if it is out of date

The commands of a page run one after the other in one bash, in a new folder, on a terminal of 80
columns. Unless one of them is `assignchat init`, that folder has the demo team in it. The clock
stands at START and moves ten seconds with each command; `sleep` moves it too, and takes no time.
The login is `you`.
"""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 80
START = 1_795_356_310  # 2026-11-22T14:05:10Z
DEMO = "assignchat init --demo"
BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
COMMAND = re.compile(r"^\$ (.*(?:\n> .*)*)", re.MULTILINE)
STYLE = re.compile(r"\x1b\[[\d;]*m")
PROGRAM = f"""#!{sys.executable}
import os, pathlib, sys
from datetime import UTC, datetime
sys.path.insert(0, {str(ROOT)!r})
from assignchat.system import identity
from assignchat.cli import main
identity._account = lambda uid: "you"
now = datetime.fromtimestamp(int(pathlib.Path(os.environ["CLOCK"]).read_text()), UTC)
sys.exit(main(clock=lambda: now))
"""
SESSION = f"""
now={START}
tick() {{ now=$((now + $1)); echo "$now" >"$CLOCK"; }}
sleep() {{ tick "$1"; }}
"""
# What ends a command's output, and is seen in no other text.
END = "\x1d"


def transcript(commands: list[str]) -> list[str]:
    """Run commands on a terminal. Returns what each one prints, with its control sequences."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        home = folder / "home"
        home.mkdir()
        (home / "scripts").symlink_to(ROOT / "scripts")
        program = folder / "bin" / "assignchat"
        program.parent.mkdir()
        program.write_text(PROGRAM)
        program.chmod(0o755)
        script = folder / "script"
        script.write_text(SESSION + "".join(map(_step, commands)))
        shown = _on_terminal(["bash", str(script)], home, _environment(folder))
        *outputs, rest = shown.replace(str(home), "~").split(END)
    if len(outputs) != len(commands) or rest:
        raise RuntimeError(f"the commands ended early: {shown[-500:]}")
    return outputs


def _step(command: str) -> str:
    """One command in the session, which sees the `$?` of the command before."""
    return f"code=$?; tick 10; (exit $code)\n{command}\ncode=$?; printf '\\035'; (exit $code)\n"


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "CLOCK": str(folder / "clock"),
        "TZ": "UTC",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "error",
    }


def _on_terminal(words: list[str], folder: Path, env: dict[str, str]) -> str:
    here, there = pty.openpty()
    termios.tcsetwinsize(there, (40, COLUMNS))
    with subprocess.Popen(
        words, cwd=folder, env=env, stdin=there, stdout=there, stderr=there, start_new_session=True
    ):
        os.close(there)
        shown = b""
        while more := _read(here):
            shown += more
    os.close(here)
    return shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    """Read what appears next. Returns b"" at the end. Raises `TimeoutError` if a command waits."""
    if not select.select([terminal], [], [], 30)[0]:
        raise TimeoutError("a command neither goes on nor ends; does it ask something?")
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def remade(page: str) -> str:
    """Run the commands of a page. Returns the page with what they print now."""
    blocks = "".join(BLOCK.findall(page))
    commands = [command.replace("\n> ", "\n") for command in COMMAND.findall(blocks)]
    if not commands:
        return page
    setup = [] if "\n$ assignchat init" in f"\n{blocks}" else [DEMO]
    outputs = iter(transcript([*setup, *commands])[len(setup) :])

    def again(block: re.Match[str]) -> str:
        return "".join(
            f"$ {command}\n{_plain(next(outputs))}" for command in COMMAND.findall(block[0])
        )

    return BLOCK.sub(again, page)


def _plain(shown: str) -> str:
    """Output as it stands in a page, without styles and without spaces at the ends of lines."""
    lines = [line.rstrip() for line in STYLE.sub("", shown).splitlines()]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(remade(Path(sys.argv[1]).read_text(encoding="utf-8")))
