"""An assignchat that every user of the machine may run."""

import compileall
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import assignchat
from tests.support.needs import needs, needs_root

LAUNCHER = """#!/bin/sh
LD_LIBRARY_PATH={folder}/python/lib exec {folder}/python/bin/python3 -B {folder}/app/assignchat "$@"
"""
SCRIPT = "from assignchat.__main__ import run; run()\n"  # as pip writes it


@pytest.fixture(scope="session")
def machine() -> Iterator[Path]:
    """A folder that everyone may enter, with `bin/assignchat`: this one, for everyone.

    The interpreter and the checkout that the tests run from may be in root's own folder.
    """
    needs_root()
    needs("setpriv")
    folder = Path(tempfile.mkdtemp(prefix="assignchat-users-", dir="/tmp"))
    folder.chmod(0o755)
    _copy_python(folder / "python")
    for name in ("app", "bin"):
        (folder / name).mkdir()
    (folder / "app" / "assignchat").write_text(SCRIPT)
    program = folder / "bin" / "assignchat"
    program.write_text(LAUNCHER.format(folder=folder))
    program.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _copy_python(target: Path) -> None:
    """The interpreter, its library, and assignchat with what it needs, without any venv."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = target / "lib" / version
    (target / "bin").mkdir(parents=True)
    _link_or_copy(Path(sys.executable).resolve(), str(target / "bin" / "python3"))
    leave_out = shutil.ignore_patterns("site-packages", "dist-packages", "test")
    _copy_tree(Path(sysconfig.get_path("stdlib")), library, leave_out)
    for shared in Path(str(sysconfig.get_config_var("LIBDIR"))).glob(f"lib{version}*.so*"):
        _link_or_copy(shared.resolve(), str(target / "lib" / shared.name))
    tools = shutil.ignore_patterns("apprise*", "hypothesis*", "mypy*", "pip*", "setuptools*")
    _copy_tree(Path(sysconfig.get_path("purelib")), library / "site-packages", tools)
    (library / "dist-packages").symlink_to("site-packages")  # where Debian's interpreter looks
    ours = library / "site-packages" / "assignchat"
    shutil.rmtree(ours, ignore_errors=True)
    _copy_tree(Path(assignchat.__file__).parent, ours, shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(ours, quiet=1)


def _copy_tree(source: Path, target: Path, ignore: object) -> None:
    shutil.copytree(source, target, copy_function=_link_or_copy, ignore=ignore)  # type: ignore[arg-type]


def _link_or_copy(source: object, target: str) -> None:
    """Linking is a hundred times faster, but works on one file system only."""
    try:
        os.link(str(source), target)
    except OSError:
        shutil.copy2(str(source), target)
