"""Kill a run again and again at times that a seed chooses, take it up to its end, and hold it to the invariants."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.crash import trace
from tests.crash.check import Crash, Report, check_run, crashed
from tests.end_to_end.bench import PATIENCE, Folder, kill, processes_of

HANDLERS = (
    trace.PYTHON
    + """
def work(item, key, attempt):
    mark("+", key, attempt)
    time.sleep(PAUSE)
    mark("-", key, attempt)
    return [item, item * 2]
"""
)
FLOW = """
handlers: [handlers.py]
params:
  slots: 4
steps:
  handled:
    type: python
    for_each: {range: HALF}
    key: "py-{{ item }}"
    needs: []
    parallel: "{{ params.slots }}"
    inputs: {operation: custom, handler: work}
  commanded:
    type: shell
    for_each: {range: HALF}
    key: "sh-{{ item }}"
    needs: []
    parallel: "{{ params.slots }}"
    inputs:
      command: |
        BEGUN
        sleep PAUSE
        ENDED
        printf %s {{ item }}
  total:
    type: python
    needs: [handled, commanded]
    inputs:
      code: |
        result = [sum(pair[1] for pair in steps.handled.result), [int(r["stdout"]) for r in steps.commanded.result]]
"""


@dataclass(slots=True)
class Figures:
    """What many rounds came to."""

    rounds: int = 0
    kills: int = 0
    violations: int = 0
    repeats: int = 0
    late: float = 0.0
    resumes: list[float] = field(default_factory=list)
    """Seconds from the start of a resume to the first item that it ran."""
    gone: float = 0.0
    """Seconds until nothing was left of a killed run, at worst."""

    def add(self, report: Report, kills: int) -> None:
        self.rounds += 1
        self.kills += kills
        self.violations += len(report.violations)
        self.repeats = max(self.repeats, report.repeats)
        self.late = max(self.late, report.late)

    def __str__(self) -> str:
        first = sorted(self.resumes) or [0.0]
        return (
            f"{self.rounds} rounds, {self.kills} kills, {self.violations} violations; at worst {self.repeats} repeated"
            f" effects after one kill, the oldest uncommitted {self.late * 1000:.0f} ms old; nothing left after"
            f" {self.gone:.2f} s; first item of a resume after {first[len(first) // 2]:.2f} s (median),"
            f" {first[-1]:.2f} s (worst)"
        )


def now() -> float:
    """Seconds since boot, as the marks have them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def prepare(folder: Folder, half: int, pause: float) -> None:
    """Write a flow of twice `half` items, each of which takes about `pause` seconds."""
    begun, ended = (trace.SHELL.format(sign=sign, key="sh-{{ item }}") for sign in "+-")
    text = FLOW.replace("HALF", str(half)).replace("BEGUN", begun).replace("ENDED", ended)
    folder.write("flow.yaml", text.replace("PAUSE", str(pause)))
    folder.write("handlers.py", HANDLERS.replace("PAUSE", str(pause)))


def expected(half: int) -> dict[str, list[Any]]:
    """The results of a run that nobody disturbs."""
    commanded = [{"returncode": 0, "stdout": str(item), "stderr": ""} for item in range(half)]
    return {
        "handled": [[item, item * 2] for item in range(half)],
        "commanded": commanded,
        "total": [[half * (half - 1), list(range(half))]],
    }


def run_file(folder: Folder) -> Path:
    """The one run file of a folder; a path that is not there while there is none."""
    found = sorted((folder.path / ".wf-tui" / "runs").glob("*.db"))
    assert len(found) <= 1, f"more than one run: {found}"
    return found[0] if found else folder.path / "none.db"


def until(what: Callable[[], bool], process: subprocess.Popen[str], seconds: float = PATIENCE) -> bool:
    """Wait until something holds, or until the process has ended; whether it holds."""
    end = time.monotonic() + seconds
    while not what():
        if process.poll() is not None:
            return what()
        assert time.monotonic() < end, f"waited {seconds:g} s in vain"
        time.sleep(0.002)
    return True


def vanish(folder: Folder, figures: Figures, seconds: float = 2.0) -> list[int]:
    """Wait for the end of what a killed run left running; gives what is still there after `seconds`."""
    begin = time.monotonic()
    while left := processes_of(folder.path):
        if time.monotonic() - begin > seconds:
            return left
        time.sleep(0.01)
    figures.gone = max(figures.gone, time.monotonic() - begin)
    return []


def one_round(
    folder: Folder, seed: int, figures: Figures, *, half: int = 100, pause: float = 0.01, slots: int = 4, kills: int = 3
) -> Report:
    """A run, `kills` kills at seeded moments of it and of its resumes, and a last resume to its end.

    A moment is chosen either as a number of marks and some milliseconds more, or as a time after the start, so that starting up,
    listing, committing and ending are all hit.
    """
    chance = random.Random(seed)
    prepare(folder, half, pause)
    log = folder.path / "effects.log"
    words = ["flow.yaml", f"slots={slots}", "--headless"]
    crashes: list[Crash] = []
    left: list[int] = []
    for number in range(kills):
        before = trace.count(log)
        begin = time.monotonic()
        process = folder.start(*words)
        if chance.random() < 0.75:
            more = before + 1 + chance.randrange(max(1, 4 * half // (kills + 1)))
            until(lambda more=more: trace.count(log) >= more, process)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.06))
        else:
            end = begin + chance.uniform(0.1, 1.2)
            until(lambda end=end: time.monotonic() >= end, process)  # type: ignore[misc]
        at = now()
        kill(process)
        left += vanish(folder, figures)
        if trace.count(log) > before and number:
            marks = trace.read(log)
            figures.resumes.append(marks[before].at - (now() - (time.monotonic() - begin)))
        crashes.append(crashed(run_file(folder), log, at, 2 * slots))
        words = ["flow.yaml", f"slots={slots}", "--headless", "--resume"]
    before, begin = trace.count(log), now()
    done = folder.wf(*words)
    figures.resumes += [mark.at - begin for mark in trace.read(log)[before : before + 1]]
    report = check_run(
        run_file(folder),
        log,
        crashes=crashes,
        results=expected(half),
        folder=folder.path,
        code=(done.returncode, 0),
    )
    if left:
        report.say("I8", f"still there two seconds after a kill: {left}")
    if done.returncode:
        report.violations.append(done.stdout + done.stderr)
    figures.add(report, kills)
    return report


def fresh(path: Path) -> Folder:
    """A folder with nothing in it."""
    shutil.rmtree(path, ignore_errors=True)
    return Folder(path)


def again(request: pytest.FixtureRequest) -> str:
    """How a failure is had once more: the test's name holds its seed."""
    return f"again with:  python -m pytest -m '' '{request.node.nodeid}'"


SIGNALS = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}
