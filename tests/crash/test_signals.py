"""S1 to S4: told to end, or left without a terminal: in order, nothing left running, the terminal as it was."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.crash import every_call, held, trace
from tests.crash.check import check_run, crashed
from tests.crash.rounds import now, run_file
from tests.crash.screen import Screen
from tests.end_to_end.bench import COMMAND, Folder, environment, gone_within, wait_for


@pytest.fixture
def stubborn(folder: Folder) -> Folder:
    """A flow whose items hear no signal and have children that hear none either."""
    held.write(folder, deaf=True)
    return folder


def busy(folder: Folder) -> bool:
    return trace.count(folder.path / "effects.log") >= 2


def shown(folder: Folder) -> Screen:
    """The dashboard, with two items in flight."""
    screen = Screen(folder.path, "flow.yaml")
    screen.see("RUNNING", "work")
    wait_for(lambda: busy(folder), "two items run")
    return screen


def goes_on(folder: Folder, screen: Screen | None, code: int, documented: int) -> None:
    """Nothing is left, and a resume comes to its end; all invariants hold."""
    gone_within(folder.path)
    log = folder.path / "effects.log"
    crash = crashed(run_file(folder), log, now(), 2)
    (folder.path / held.GO).touch()
    folder.run("--resume")
    found = check_run(
        run_file(folder),
        log,
        crashes=[crash],
        results={"work": list(range(held.COUNT))},
        folder=folder.path,
        code=(code, documented),
        terminal=None if screen is None else (screen.raw, screen.before, screen.settings()),
    )
    assert found.violations == []


@pytest.mark.slow
def test_sigterm_waits_ten_seconds_for_items_and_then_ends_their_groups(stubborn: Folder) -> None:
    process = stubborn.start("flow.yaml", "--headless")
    wait_for(lambda: busy(stubborn), "two items run")
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert 9.5 < time.monotonic() - begin < 14
    assert trace.count(stubborn.path / "effects.log") == 2, "no new item began"
    goes_on(stubborn, None, process.returncode, 143)


@pytest.mark.slow
def test_sigterm_ends_the_dashboard_too(stubborn: Folder) -> None:
    with shown(stubborn) as screen:
        begin = time.monotonic()
        os.kill(screen.pid, signal.SIGTERM)
        screen.see("DRAINING")
        code = screen.wait(30)
        assert 9.5 < time.monotonic() - begin < 14
        goes_on(stubborn, screen, code, 143)


def test_ctrl_c_twice_in_the_dashboard(stubborn: Folder) -> None:
    with shown(stubborn) as screen:
        screen.press("\x03")
        screen.see("stop now")
        begin = time.monotonic()
        screen.press("\x03")
        code = screen.wait()
        assert time.monotonic() - begin < 4
        goes_on(stubborn, screen, code, 130)


@pytest.mark.slow
def test_sigint_from_outside_while_items_hang(stubborn: Folder) -> None:
    """The first waits for them, the second does not."""
    with shown(stubborn) as screen:
        os.kill(screen.pid, signal.SIGINT)
        screen.see("DRAINING")
        os.kill(screen.pid, signal.SIGINT)
        goes_on(stubborn, screen, screen.wait(), 130)


def test_sighup(stubborn: Folder) -> None:
    with shown(stubborn) as screen:
        os.kill(screen.pid, signal.SIGHUP)
        goes_on(stubborn, screen, screen.wait(), 129)


def test_a_closed_terminal(stubborn: Folder) -> None:
    with shown(stubborn) as screen:
        begin = time.monotonic()
        screen.take_away()
        code = screen.end_unseen()
        assert time.monotonic() - begin < 5
        goes_on(stubborn, None, code, 129)


@pytest.mark.skipif(not every_call.available(), reason="strace is not there, or may not trace")
def test_nothing_is_written_to_a_terminal_that_is_closed(stubborn: Folder) -> None:
    """Neither what would restore it, nor an error about that."""
    calls = stubborn.path / "calls"
    strace = shutil.which("strace")
    assert strace is not None
    command = (strace, "-D", "-f", "-qq", "-y", "-e", "trace=write,writev", "-o", str(calls), *COMMAND)
    with Screen(stubborn.path, "flow.yaml", command=command) as screen:
        screen.see("RUNNING", "work")
        wait_for(lambda: busy(stubborn), "two items run")
        screen.take_away()
        assert screen.end_unseen() == 129
    before, _, after = calls.read_text("utf-8", "replace").partition("--- SIGHUP")
    assert "/dev/pts/" in before
    written = [line for line in after.splitlines() if "/dev/pts/" in line and "2026" not in line]
    assert written == [], "but for a frame that was being painted"


def test_a_closed_terminal_that_sends_no_signal(stubborn: Folder) -> None:
    """As below `nohup` and some multiplexers: reads and writes fail, and that is all that is heard."""
    begin = time.monotonic()
    quiet = "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])"
    with Screen(stubborn.path, "flow.yaml", command=(COMMAND[0], "-c", quiet, *COMMAND)) as screen:
        screen.see("RUNNING", "work")
        wait_for(lambda: busy(stubborn), "two items run")
        before = screen.cpu()
        begin = time.monotonic()
        screen.take_away()
        try:
            code = screen.end_unseen(8)
        except AssertionError:
            spent = (screen.cpu() - before) / (time.monotonic() - begin)
            raise AssertionError(f"it stayed, and used {spent:.0%} of a processor") from None
        goes_on(stubborn, None, code, 129)


def test_ctrl_z_and_going_on(stubborn: Folder) -> None:
    with shown(stubborn) as screen:
        screen.press("\x1a")
        assert screen.stopped()
        screen.raw = b""
        os.kill(screen.pid, signal.SIGCONT)
        screen.see("RUNNING", "work")
        (stubborn.path / held.GO).touch()
        screen.see("SUCCEEDED")
        screen.press("q")
        assert screen.wait() == 0
    assert stubborn.results("work") == list(range(held.COUNT))


def test_a_storm_of_sizes(stubborn: Folder) -> None:
    chance = random.Random(4)
    with shown(stubborn) as screen:
        for _ in range(120):
            screen.resize(chance.choice((1, 2, 7, 20, 60, 80, 120, 300)), chance.choice((1, 2, 5, 16, 24, 32, 90)))
            screen.read(0.01)
        screen.resize(120, 32)
        screen.see("RUNNING", "work")
        (stubborn.path / held.GO).touch()
        screen.see("SUCCEEDED")
        screen.press("q")
        assert screen.wait() == 0


def test_a_pipe_whose_reader_goes(stubborn: Folder) -> None:
    """`wf-tui … | head -1`: the run goes on, and its exit code says how it ended."""
    (stubborn.path / held.GO).touch()
    for form in ("--headless", "--json"):
        process = stubborn.start("flow.yaml", form, "--new")
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == ""
        process.stderr.close()


def test_a_full_pipe_ends_with_the_signal_all_the_same(stubborn: Folder) -> None:
    """Nobody reads stdout: what is told waits, the items do not, and a signal is heard."""
    stubborn.write(
        "flow.yaml",
        held.FLOW.replace("range: 6", "range: 4000").replace("custom, handler: work", "custom, handler: fail"),
    )
    stubborn.write("handlers.py", "def fail(item):\n    raise ValueError('x' * 200 + str(item))\n")
    stubborn.write("flow.yaml", (stubborn.path / "flow.yaml").read_text() + "    on_error: continue\n")
    reader, writer = os.pipe()
    try:
        process = subprocess.Popen(
            [*COMMAND, "flow.yaml", "--json"],
            cwd=stubborn.path,
            stdout=writer,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        os.close(writer)
        try:
            stored = Path(stubborn.path / ".wf-tui" / "runs")
            wait_for(lambda: list(stored.glob("*.db")) and stubborn.step("work")["failed"] == 4000, "all items ended")
            process.send_signal(signal.SIGHUP)
            assert process.wait(20) in (0, 129)
        finally:
            process.kill()
            process.wait()
    finally:
        os.close(reader)
    gone_within(stubborn.path)
