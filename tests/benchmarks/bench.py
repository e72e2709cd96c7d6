"""What the benchmarks share: one result per row, sides measured in turn, and the real command in a folder of its own.

A figure is only ever compared with one that was taken in the same run: the sides take turns, several times, and what is
reported is the median of the ratios. Absolute times on a shared machine say little.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "tui_workflow")
PATIENCE = 600.0
"""Seconds after which a side is given up."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ratio` is ours by the other, and must be at most `target`, or at least it if `at_least`."""

    name: str
    ours: float
    other: float
    ratio: float
    target: float
    unit: str
    n: int
    at_least: bool = False

    @property
    def ok(self) -> bool:
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    def json(self) -> str:
        figures = {name: float(f"{getattr(self, name):.4g}") for name in ("ours", "other", "ratio")}
        return json.dumps(
            {"name": self.name, **figures, "target": self.target, "ok": self.ok, "unit": self.unit, "n": self.n}
        )


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much to measure: `quick` for a try, `peers` with programs that have to be installed first."""

    quick: bool = False
    peers: bool = False

    def __call__(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    @property
    def rounds(self) -> int:
        return 1 if self.quick else 5


def main(measure: Callable[[Sizes], list[Row]]) -> None:
    """Run one script by itself."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: whether it works")
    parser.add_argument("--peers", action="store_true", help="also install and measure programs of others")
    options = parser.parse_args()
    for row in measure(Sizes(options.quick, options.peers)):
        print(row.json(), flush=True)


def in_turn(rounds: int, ours: Callable[[], float], other: Callable[[], float]) -> tuple[float, float, float]:
    """Medians of both sides, and the median of the ratios of each round."""
    pairs = [(ours(), other()) if turn % 2 else (other(), ours())[::-1] for turn in range(rounds)]
    middle = statistics.median
    return middle(a for a, _ in pairs), middle(b for _, b in pairs), middle(a / b for a, b in pairs)


def compare(
    name: str,
    unit: str,
    n: int,
    target: float,
    sides: tuple[Callable[[], float], Callable[[], float]],
    rounds: int,
    *,
    at_least: bool = False,
) -> Row:
    """Measure both sides in turn."""
    ours, other, ratio = in_turn(rounds, *sides)
    return Row(name, ours, other, ratio, target, unit, n, at_least)


def environment() -> dict[str, str]:
    """What every side runs in: modules compiled once, as where they are installed, and nothing of the person's own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WF_", "TEXTUAL", "PYTEST_")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    cache = Path(tempfile.gettempdir()) / f"wf-tui-benchmark-bytecode-{os.getuid()}"
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(cache), "LC_ALL": "C.UTF-8"}


@contextmanager
def folder() -> Iterator[Folder]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="wf-tui-benchmark-") as name:
        yield Folder(Path(name))


@dataclass(frozen=True, slots=True)
class Run:
    """A headless run that has ended."""

    seconds: float
    """From its first fact to its last."""
    step_seconds: dict[str, float]
    wall: float
    """From the start of the command to its end."""
    first_ended: float
    """From the start of the command to the first report of progress."""
    memory: int
    """The most memory that the engine's process had, in bytes."""
    shown: dict[str, Any]
    path: Path

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size


class Folder:
    """Where flows are written and run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)

    def command(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, flow: str, *words: str) -> Run:
        """Run a flow without a dashboard; it must succeed."""
        began = time.perf_counter()
        first, memory, last = 0.0, 0, ""
        with self.command(flow, "--json", *(words or ("--new",))) as process:
            assert process.stdout is not None
            for line in process.stdout:
                memory = max(memory, high_water(process.pid))
                if not first and '"step_progress"' in line:
                    first = time.perf_counter() - began
                last = line
        wall = time.perf_counter() - began
        shown = json.loads(last) if last.startswith("{") else {}
        assert process.returncode == 0, f"{flow}: {process.returncode}: {last}"
        steps = {step["name"]: step["duration"] for step in shown["steps"]}
        return Run(
            seconds_between(shown["started"], shown["finished"]),
            steps,
            wall,
            first,
            memory,
            shown,
            self.file(shown["run"]),
        )

    def file(self, run: str) -> Path:
        return next(self.path.rglob(f"{run}.db"))

    def forget(self) -> None:
        """Delete all runs."""
        for state in self.path.rglob("runs"):
            shutil.rmtree(state)


def seconds_between(start: str, end: str) -> float:
    """Seconds from one time in the form of the JSON output to another."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def high_water(pid: int) -> int:
    """The most memory that a process has had, in bytes; 0 when it has ended."""
    return _status(pid, "VmHWM")


def resident(pid: int) -> int:
    """The memory that a process has now, in bytes; 0 when it has ended."""
    return _status(pid, "VmRSS")


def _status(pid: int, name: str) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = [line for line in status.splitlines() if line.startswith(name)]
    return int(found[0].split()[1]) * 1024 if found else 0


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used, its children not counted."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(words: list[str], cwd: Path | None = None) -> float:
    """Seconds that a command takes from start to end; it must succeed."""
    began = time.perf_counter()
    subprocess.run(
        words,
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=PATIENCE,
        check=True,
    )
    return time.perf_counter() - began


def told(words: list[str], cwd: Path | None = None) -> float:
    """The number of seconds that a command prints."""
    done = subprocess.run(
        words, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return float(done.stdout)


def side(name: str, *arguments: object) -> float:
    """A side of `tests.benchmarks.sides`, in a process of its own; seconds as it measured them."""
    return told([sys.executable, "-m", "tests.benchmarks.sides", name, *map(str, arguments)])
