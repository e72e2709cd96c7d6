"""Where the editor is to open: the line that matters for what is selected."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from tui_workflow.facts.state import StepState
from tui_workflow.ui.actions import walk
from tui_workflow.ui.desk import Desk
from tui_workflow.view.nav import Pane
from tui_workflow.view.stepline import block_line, step_line, work_line

_IN_FLOW = re.compile(r"<code of step (?P<step>[^,>]+)(?:, (?P<key>on_progress))?>")
"""The file name in tracebacks of code that stands in the flow."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file and where in it; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1


def place(desk: Desk) -> Place:
    """The problem of a save that was not taken up; else the line that failed, of a failure; else the selected step."""
    rejected = desk.feed.rejected()
    if rejected is not None:
        return Place(rejected.path, rejected.line, rejected.column)
    nav = desk.nav
    if nav.place == "definition":
        return Place(desk.details.definition()[0], nav.definition_at + 1)
    step, number = _item(desk)
    if step is not None:
        found = _failed_at(step, number)
        if found is not None:
            return _own(desk, step.name, *found)
        return _in_flow(desk, step.name, failed=number in step.failures)
    cause = walk.cause(desk) if nav.place == "main" and nav.pane == Pane.FAILURES else None
    if cause is not None:
        return (
            _own(desk, cause.step, *cause.group.where) if cause.group.where else _in_flow(desk, cause.step, failed=True)
        )
    return _in_flow(desk, nav.step)


def _item(desk: Desk) -> tuple[StepState | None, int]:
    """The selected item, if what is selected is one."""
    nav, steps = desk.nav, desk.state.steps
    if nav.place == "items" and nav.items is not None and nav.items.step in steps:
        return steps[nav.items.step], -1 if nav.items.item is None else nav.items.item
    if nav.place == "main" and nav.pane == Pane.LOG and nav.step in steps:
        at = len(desk.log) - 1 if nav.log.at is None else nav.log.at
        line = desk.log[at] if 0 <= at < len(desk.log) else None
        if nav.log.item is not None or (line is not None and line.item >= 0):
            return steps[nav.step], nav.log.item if nav.log.item is not None else line.item if line is not None else -1
    return None, -1


def _failed_at(step: StepState, number: int) -> tuple[str, int] | None:
    group = step.failures.get(number)
    return step.groups[group].where if group is not None else None


def _own(desk: Desk, step: str, file: str, line: int) -> Place:
    """A line of a traceback, if it is in a file that can be opened; the step in the flow if not."""
    inside = _IN_FLOW.fullmatch(file)
    if inside is not None:
        return _in_flow(desk, inside["step"], inside["key"] or "code", line, failed=True)
    if not os.path.isabs(file):
        file = os.path.join(os.path.dirname(desk.details.definition()[0]), file)
    return Place(file, line) if os.path.isfile(file) else _in_flow(desk, step, failed=True)


def _in_flow(desk: Desk, step: str, key: str = "", line: int = 0, *, failed: bool = False) -> Place:
    """Line `line` of the block `key` of a step; of one that `failed`, else, what it runs; its first line where neither is found."""
    path, text = desk.details.definition()
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(1 << 24)  # as it is on disk, where edits may wait
    except OSError:
        pass
    at = block_line(text, step, key, line) if key else None
    if at is None and failed:
        at = work_line(text, step)
    return Place(path, at or step_line(text, step) or 1)
