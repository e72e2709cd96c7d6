from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tui_workflow.errors import RunHeld, StateDirError
from tui_workflow.store.lock import Holder, RunLock, holder, is_held

HOLD = """
import sys
from pathlib import Path
from tui_workflow.store.lock import RunLock
lock = RunLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""
RACE = """
import sys
from pathlib import Path
from tui_workflow.errors import RunHeld
from tui_workflow.store.lock import RunLock
sys.stdin.readline()
wins = 0
for _ in range(int(sys.argv[2])):
    try:
        with RunLock(Path(sys.argv[1]), 5.0):
            mark = Path(sys.argv[1] + ".mark")
            mark.touch(exist_ok=False)
            wins += 1
            mark.unlink()
    except RunHeld:
        pass
print(wins)
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    return tmp_path / "20260131-140501-k3f9.db"


def test_one_process_holds_a_run_until_kill_9(run_file: Path) -> None:
    other = start(HOLD, str(run_file))
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    assert is_held(run_file)
    with pytest.raises(RunHeld) as caught:
        RunLock(run_file, 0.1).acquire()
    assert caught.value.exit_code == 75
    assert f"process {other.pid} on " in str(caught.value)
    assert re.search(r", since \d\d:\d\d:\d\d", str(caught.value))
    assert "20260131-140501-k3f9" in str(caught.value)
    other.send_signal(signal.SIGKILL)
    other.communicate()
    assert not is_held(run_file)
    with RunLock(run_file):
        found = holder(run_file)
        assert found is not None
        assert found.pid == os.getpid()
        assert stat.S_IMODE(run_file.with_suffix(".lock").stat().st_mode) == 0o600
        with pytest.raises(RunHeld):
            RunLock(run_file, 0.0).acquire()
    assert not run_file.with_suffix(".lock").exists()
    assert holder(run_file) is None


def test_a_race_has_one_winner_at_a_time(run_file: Path) -> None:
    racers = [start(RACE, str(run_file), "40") for _ in range(4)]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    wins = [int(racer.communicate()[0]) for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4
    assert sum(wins) == 160


def test_a_reader_that_looks_does_not_keep_a_runner_out(run_file: Path) -> None:
    looker = start(
        "import sys\nfrom pathlib import Path\nfrom tui_workflow.store.lock import is_held\nprint(flush=True)\n"
        "while True: is_held(Path(sys.argv[1]))",
        str(run_file),
    )
    assert looker.stdout is not None
    looker.stdout.readline()
    for _ in range(20):
        with RunLock(run_file):
            pass
    looker.kill()
    looker.communicate()


def test_a_planted_link_is_refused(run_file: Path) -> None:
    run_file.with_suffix(".lock").symlink_to("/etc/passwd")
    with pytest.raises(StateDirError):
        RunLock(run_file).acquire()
    assert not is_held(run_file)


def test_a_day_that_is_not_today_is_told() -> None:
    since = datetime(2026, 1, 31, 14, 5, 1).timestamp()
    assert str(Holder(7, "vm", since)) == "process 7 on vm, since 14:05:01 on 2026-01-31"
