"""K2: the engine is killed as it enters its k-th write or sync of the run file, for every k up to a clean end.

`strace` counts for each thread by itself: what the threads that open the file and that write it do is therefore hit in
two sweeps, one of a new run, and one of a run that is taken up half done.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import Literal

from tests.crash import trace
from tests.crash.check import Crash, Report, check_run, crashed
from tests.crash.rounds import Figures, now, run_file, vanish
from tests.end_to_end.bench import COMMAND, PATIENCE, Folder, environment

COUNT = 12
LAST = 120
"""More calls than any thread of so short a run makes."""
HANDLERS = (
    trace.PYTHON
    + """
def work(item, key, attempt):
    mark("+", key, attempt)
    if item == 5 and os.path.exists("half"):
        os.remove("half")
        time.sleep(0.3)  # what came before is committed by now
        os.kill(os.getppid(), 9)
        time.sleep(9)
    mark("-", key, attempt)
    return item
"""
)
FLOW = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {range: COUNT}
    key: "py-{{ item }}"
    CHECKPOINT
    inputs: {operation: custom, handler: work}
  total:
    type: python
    inputs:
      code: result = sum(steps.work.result)
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One place to be killed at: the k-th call of a thread, of a new run or of one that is taken up."""

    k: int
    sweep: Literal["new", "resumed"]
    each: bool = False
    """Every item is committed by itself, so that there are many calls."""

    @staticmethod
    def of(number: int) -> Call:
        """All places, numbered: seeds of the long loop. Neighbours lie far apart, and 480 seeds in a row are all there are."""
        number = (number - 1) * 101 % (4 * LAST)
        return Call(number // 4 % LAST + 1, ("new", "resumed")[number % 2 == 1], bool(number // 2 % 2))


def available() -> bool:
    """Whether this machine lets `strace` kill a process at a call."""
    if shutil.which("strace") is None:
        return False
    words = ["strace", "-e", "trace=getpid", "-e", "inject=getpid:signal=KILL:when=1", "-o", "/dev/null", "true"]
    return subprocess.run(words, capture_output=True).returncode in (0, -9, 137)


def one_call(folder: Folder, call: Call, figures: Figures) -> Report:
    """Kill at one call, take the run up, hold it to the invariants. No violation when there was no such call."""
    folder.write("handlers.py", HANDLERS)
    checkpoint = "checkpoint: each" if call.each else "checkpoint: group"
    folder.write("flow.yaml", FLOW.replace("COUNT", str(COUNT)).replace("CHECKPOINT", checkpoint))
    log = folder.path / "effects.log"
    crashes: list[Crash] = []
    words = ["flow.yaml", "--headless"]
    if call.sweep == "resumed":
        folder.write("half", "")
        folder.wf(*words)
        vanish(folder, figures)
        crashes.append(crashed(run_file(folder), log, now(), 1))
        words.append("--resume")
    calls = "pwrite64,fdatasync"
    traced = ["strace", "-f", "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={call.k}"]
    done = subprocess.run(
        [*traced, "-o", "/dev/null", *COMMAND, *words],
        cwd=folder.path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    at = now()
    left = vanish(folder, figures)
    if killed := done.returncode in (-9, 137):
        crashes.append(crashed(run_file(folder), log, at, 1))
        done = folder.wf("flow.yaml", "--headless", "--resume")
    report = check_run(
        run_file(folder),
        log,
        crashes=crashes,
        results={"work": list(range(COUNT)), "total": [COUNT * (COUNT - 1) // 2]},
        folder=folder.path,
        code=(done.returncode, 0),
    )
    if left:
        report.say("I8", f"still there two seconds after a kill: {left}")
    if call.each and report.repeats > 1:
        report.say("I5", f"{report.repeats} effects were repeated although each item is committed by itself")
    if done.returncode:
        report.violations.append(done.stdout + done.stderr)
    figures.add(report, killed)
    return report
