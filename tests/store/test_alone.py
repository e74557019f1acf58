"""Blocks that nobody else runs at the same time, while transactions go on beside them."""

import sys
from pathlib import Path

from tests.store.conftest import Engine
from tests.support.processes import PATIENCE, start

HOLD = """
import signal
import sys
from assignchat.store.engines import engine_of
database = engine_of(sys.argv[1]).open(sys.argv[1], os_user="other")
with database.alone() as is_alone:
    print(is_alone, flush=True)
    signal.pause()
"""


def test_one_process_at_a_time_is_alone_and_others_write(engine: Engine, tmp_path: Path) -> None:
    other = start(tmp_path, sys.executable, "-c", HOLD, engine.location)
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    database = engine.open()
    with database.alone() as is_alone:
        assert not is_alone
    with database.write():
        database.execute("DELETE FROM notifications")
    other.kill()
    other.wait(PATIENCE)
    with engine.open(busy_seconds=10).alone() as is_alone:
        assert is_alone
