"""However a run is told to end, with the dashboard or without it: code, terminal, processes, and what a resume finds."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.crash import held, trace
from tests.crash.check import RESTORED, check_run, crashed
from tests.crash.rounds import now, run_file
from tests.crash.screen import Screen
from tests.end_to_end.bench import Folder, gone_within, wait_for


def terminate(folder: Folder, screen: Screen) -> int:
    """SIGTERM: what is in flight may finish."""
    os.kill(screen.pid, signal.SIGTERM)
    screen.see("DRAINING" if screen.full else "drain")
    (folder.path / held.GO).touch()
    return screen.wait()


def hang_up(folder: Folder, screen: Screen) -> int:
    """SIGHUP: nobody can be asked, nothing is waited for."""
    begin = time.monotonic()
    os.kill(screen.pid, signal.SIGHUP)
    code = screen.wait()
    assert time.monotonic() - begin < 5
    return code


def close_the_terminal(folder: Folder, screen: Screen) -> int:
    begin = time.monotonic()
    screen.take_away()
    code = screen.end_unseen()
    assert time.monotonic() - begin < 5
    return code


def press_ctrl_c_once(folder: Folder, screen: Screen) -> int:
    """The dashboard asks, and goes on until it is answered; without it, what is in flight finishes."""
    screen.press("\x03")
    if screen.full:
        screen.see("stop now")
        screen.read(0.3)
        assert trace.count(folder.path / "effects.log") == 2, "the two still run"
        screen.press("d")
        screen.see("DRAINING")
    else:
        screen.see("drain")
    (folder.path / held.GO).touch()
    return screen.wait()


def press_ctrl_c_twice(folder: Folder, screen: Screen) -> int:
    screen.press("\x03")
    screen.see("stop now" if screen.full else "drain")
    begin = time.monotonic()
    screen.press("\x03")
    code = screen.wait()
    assert time.monotonic() - begin < 4
    return code


ENDINGS: list[tuple[Callable[[Folder, Screen], int], int, bool]] = [
    (terminate, 143, True),
    (hang_up, 129, False),
    (close_the_terminal, 129, False),
    (press_ctrl_c_once, 130, True),
    (press_ctrl_c_twice, 130, False),
]
"""How it is told, its documented code, and whether what was in flight has had its effect."""


@pytest.mark.parametrize("full", [True, False], ids=["dashboard", "headless"])
@pytest.mark.parametrize(("tell", "code", "finished"), ENDINGS, ids=[ending[0].__name__ for ending in ENDINGS])
def test_a_run_ends_as_it_is_told(
    folder: Folder, tell: Callable[[Folder, Screen], int], code: int, finished: bool, full: bool
) -> None:
    held.write(folder)
    log = folder.path / "effects.log"
    with Screen(folder.path, "flow.yaml", *([] if full else ["--headless"])) as screen:
        screen.full = full
        screen.see("work", "RUNNING" if full else "running")
        wait_for(lambda: trace.count(log) == 2, "two items run")
        found = tell(folder, screen)
        gone_within(folder.path)
        marks = trace.read(log)
        assert sum(mark.sign == "+" for mark in marks) == 2, "none has begun since"
        assert sum(mark.sign == "-" for mark in marks) == (2 if finished else 0)
        crash = crashed(run_file(folder), log, now(), 2)
        assert len(crash.done) == (2 if finished else 0)
        assert folder.show()["status"] == "interrupted"
        if not screen.closed:
            assert screen.settings() == screen.before
            if full:
                assert all(sequence in screen.raw for sequence in RESTORED)
            else:
                assert b"\x1b" not in screen.raw, "without a dashboard the terminal is only written to"
        (folder.path / held.GO).touch()
        folder.run("--resume")
        terminal = (screen.raw, screen.before, screen.settings()) if full and not screen.closed else None
        report = check_run(
            run_file(folder),
            log,
            crashes=[crash],
            results={"work": list(range(held.COUNT))},
            folder=folder.path,
            code=(found, code),
            terminal=terminal,
        )
        assert report.violations == []
