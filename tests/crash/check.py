"""What must hold of a run that was killed and taken up again: the invariants I1 to I10, each an own message."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash import trace
from tests.crash.trace import Mark
from tests.end_to_end.bench import processes_of
from tui_workflow import values
from tui_workflow.facts.state import Item, RunState
from tui_workflow.store import browse
from tui_workflow.store.runfile import RunFile

WINDOW = 0.05
"""Seconds of a commit window."""
SLACK = 0.45
"""Seconds by which a busy machine of two cores may be late with a commit; the figures tell how late it was."""


@dataclass(frozen=True, slots=True)
class Crash:
    """What was found after a kill, before anything was taken up again.

    `at` is the time of the kill in seconds since boot, `marks` the number of marks at that time, `done` the keys of
    items that the run file called done, `slots` what was running at most.
    """

    at: float
    marks: int
    done: frozenset[str]
    slots: int


@dataclass(slots=True)
class Report:
    """What `check_run` found: violations, each with its invariant in front, and figures of the worst crash."""

    violations: list[str] = field(default_factory=list)
    repeats: int = 0
    """The most effects that one crash made happen again."""
    late: float = 0.0
    """Seconds: the oldest effect that a crash found uncommitted."""

    def say(self, invariant: str, words: str) -> None:
        self.violations.append(f"{invariant}: {words}")


def done_keys(run_file: Path) -> frozenset[str]:
    """The keys of items that a run file calls done, opened as it lies there; none if it has not come into being."""
    if not run_file.exists():
        return frozenset()
    with RunFile(run_file) as file:
        return _done(file, file.state())


def crashed(run_file: Path, log: Path, at: float, slots: int) -> Crash:
    """Write down how a kill has left things."""
    return Crash(at, len(trace.read(log)), done_keys(run_file), slots)


def check_run(
    run_file: Path,
    effects_log: Path,
    *,
    crashes: Sequence[Crash] = (),
    results: Mapping[str, Sequence[Any]] | None = None,
    attempts: int = 1,
    folder: Path | None = None,
    ended: bool = True,
    code: tuple[int, int] | None = None,
    terminal: tuple[bytes, Sequence[Any], Sequence[Any]] | None = None,
) -> Report:
    """Hold a run against its invariants.

    `crashes` are what `crashed` gave after each kill, in order. `results` are those of an uninterrupted run, by step.
    `attempts` is what the flow allows an item without any crash. `folder` is where no process may be left. `code` is the exit
    code and the documented one; `terminal` the bytes that it was sent, and its settings before and after. With
    `ended=False` the run has not been taken up to its end: then I2 and I7 are left out.
    """
    report = Report()
    marks = trace.read(effects_log)
    if not _intact(report, run_file):
        return report
    with RunFile(run_file) as file:
        state = file.state()
        if ended:
            _all_ended(report, state)
        _no_new_effects(report, marks, crashes)
        _few_effects(report, marks, crashes, attempts)
        _few_repeats(report, marks, crashes)
        _done_was_seen(report, marks, _done(file, state))
        if ended and results is not None:
            _same_results(report, file, state, results)
    if folder is not None and (left := processes_of(folder)):
        report.say("I8", f"processes are left: {left}")
    if terminal is not None:
        _restored(report, *terminal)
    if code is not None and code[0] != code[1]:
        report.say("I10", f"the exit code is {code[0]}, not {code[1]}")
    return report


def _done(file: RunFile, state: RunState) -> frozenset[str]:
    found: set[str] = set()
    for name, step in state.steps.items():
        if step.shape.for_each:
            numbers = [number for number, value in enumerate(step.states) if value == Item.OK]
            found.update(item.key for item in browse.item_rows(file, name, numbers))
    return frozenset(found)


def _intact(report: Report, run_file: Path) -> bool:
    """By a reader of its own, which SQLite lets roll back what a kill has left half written, as it does for everyone.

    False for a file that is damaged: nothing else can be asked of it.
    """
    try:
        with closing(sqlite3.connect(f"file:{run_file}?mode=rw", uri=True)) as db:
            words = [row[0] for row in db.execute("PRAGMA integrity_check")]
    except sqlite3.DatabaseError as error:
        words = [str(error)]
    if words != ["ok"]:
        report.say("I1", f"the run file is damaged: {words[:3]}")
    return words == ["ok"]


def _all_ended(report: Report, state: RunState) -> None:
    for name, step in state.steps.items():
        ends = (Item.OK, Item.FAILED, Item.SKIPPED, Item.GONE)
        open_items = [number for number, value in enumerate(step.states) if value not in ends]
        if open_items or step.status not in ("succeeded", "failed", "skipped"):
            report.say("I2", f"{name} is {step.status} with {len(open_items)} items that have not ended")


def _no_new_effects(report: Report, marks: Sequence[Mark], crashes: Sequence[Crash]) -> None:
    for number, crash in enumerate(crashes, 1):
        again = sorted({mark.key for mark in marks[crash.marks :] if mark.key in crash.done})
        if again:
            report.say("I3", f"done before crash {number}, and run again: {again[:5]}")


def _few_effects(report: Report, marks: Sequence[Mark], crashes: Sequence[Crash], attempts: int) -> None:
    for key, times in trace.begun(marks).items():
        flying = 0
        for crash in crashes:
            before = marks[: crash.marks]
            flying += key not in crash.done and any(mark.key == key for mark in before)
        if times > attempts + flying:
            report.say("I4", f"{key} ran {times} times with {flying} crashes while it was in flight")


def _few_repeats(report: Report, marks: Sequence[Mark], crashes: Sequence[Crash]) -> None:
    begin = 0
    for number, crash in enumerate(crashes, 1):
        life = marks[begin : crash.marks]
        later = {mark.key for mark in marks[crash.marks :] if mark.sign == "-"}
        ended = {mark.key: mark.at for mark in life if mark.sign == "-" and mark.key not in crash.done}
        flying = {mark.key for mark in life if mark.sign == "+"} - crash.done - set(ended)
        report.repeats = max(report.repeats, len(later & ended.keys()))
        if len(flying) > crash.slots:
            report.say("I5", f"at crash {number} {len(flying)} items were in flight on {crash.slots} slots")
        for key, at in ended.items():
            report.late = max(report.late, crash.at - at)
            if crash.at - at > WINDOW + SLACK:
                report.say("I5", f"{key} had its effect {crash.at - at:.3f} s before crash {number}, uncommitted")
        begin = crash.marks


def _done_was_seen(report: Report, marks: Sequence[Mark], done: frozenset[str]) -> None:
    unseen = sorted(done - trace.had_effect(marks).keys())
    if unseen:
        report.say("I6", f"done without an effect: {unseen[:5]}")


def _same_results(report: Report, file: RunFile, state: RunState, expected: Mapping[str, Sequence[Any]]) -> None:
    for name, wanted in expected.items():
        stored = browse.results(file, name, state.steps[name].states)
        found = [None if body is None else values.decode(body) for body in stored]
        if found != list(wanted):
            wrong = [n for n, (one, other) in enumerate(zip(found, wanted, strict=False)) if one != other]
            report.say("I7", f"{name} has {len(found)} results of {len(wanted)}, different at {wrong[:5]}")


RESTORED = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l", b"\x1b[?1006l")
"""What gives a terminal back: the first screen, its cursor, no reports of the mouse."""


def _restored(report: Report, sent: bytes, before: Sequence[Any], after: Sequence[Any]) -> None:
    for sequence in RESTORED:
        undone = sequence[:-1] + {b"l": b"h", b"h": b"l"}[sequence[-1:]]
        if sent.rfind(sequence) <= sent.rfind(undone):
            report.say("I9", f"{sequence!r} was not the last word")
    if before != after:
        report.say("I9", f"the terminal's settings were {before} and are {after}")
