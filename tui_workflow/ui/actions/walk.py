"""One step of the cursor in whatever list has the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tui_workflow.facts.state import StepState
from tui_workflow.ui.desk import Desk
from tui_workflow.view.causes import listed
from tui_workflow.view.nav import Pane, moved
from tui_workflow.view.panes import failures
from tui_workflow.view.skyline import Skyline

Act: TypeAlias = Callable[[Desk], None]
FAR = 1 << 40
"""More rows than there are: to an end."""


def settle(desk: Desk) -> None:
    """See to it that the pane with the keyboard has something selected."""
    nav = desk.nav
    if nav.pane == Pane.FAILURES:
        marks = [cause.mark for cause in causes(desk)]
        if not marks:
            return
        if nav.group in marks:
            nav.group_row = marks.index(nav.group)
        else:  # all its items were queued again, say: the row that took its place is where the eyes are
            nav.group_row = min(nav.group_row, len(marks) - 1)
            nav.group = marks[nav.group_row]
    elif nav.pane == Pane.STEP and nav.cell is None:
        skyline = map_of(desk)
        nav.cell = 0 if skyline is not None and skyline.cells else None


def step_with_items(desk: Desk, action: str) -> StepState | None:
    """The selected step, if it has items to list; else it is said why the key of this action does nothing."""
    step = desk.step
    if step is not None and step.shape.for_each and step.states:
        return step
    what = "no step is selected" if step is None else f"{step.name} has no list of items"
    desk.refuse(f"{desk.key(action)} does nothing here: {what}")
    return None


def by(desk: Desk, rows: int) -> None:
    """Move the cursor by rows, within the list's ends."""
    nav = desk.nav
    match nav.place:
        case "items" if nav.items is not None:
            if nav.items.reading:
                nav.items.top = max(0, nav.items.top + rows)
            else:
                desk.item_list.move(nav.items, rows)
        case "definition":
            from tui_workflow.view.panes.definition import lines_of

            last = len(lines_of(desk.definition()[1])) - 1
            nav.definition_at = min(max(0, nav.definition_at + rows), last)
        case "history":
            nav.run = min(max(0, nav.run + rows), max(0, len(desk.runs() or ()) - 1))
        case _:
            _in_pane(desk, rows)


def _in_pane(desk: Desk, rows: int) -> None:
    nav = desk.nav
    match nav.pane:
        case Pane.STEPS:
            names = step_names(desk)
            if names:
                select(desk, names[moved(names, nav.step, rows)])
        case Pane.STEP:
            skyline = map_of(desk)
            if skyline is not None:
                _cell(desk, rows * skyline.grid.row if abs(rows) < FAR else rows)
        case Pane.FAILURES:
            settle(desk)
            marks = [cause.mark for cause in causes(desk)]
            if marks:
                nav.group_row = moved(marks, nav.group, rows)
                nav.group = marks[nav.group_row]
        case Pane.LOG:
            _log(desk, rows)


def aside(desk: Desk, cells: int) -> None:
    """Move left or right: over the map; elsewhere into a thing and out of it."""
    nav = desk.nav
    if nav.place == "items" and nav.items is not None:
        nav.items.reading = cells > 0
    elif nav.place == "main" and nav.pane == Pane.STEP:
        _cell(desk, cells)


def causes(desk: Desk) -> list[failures.Cause]:
    """The failures as pane 3 lists them."""
    return listed(desk.state, desk.nav)


def cause(desk: Desk) -> failures.Cause | None:
    """The group under the cursor."""
    return next((each for each in causes(desk) if each.mark == desk.nav.group), None)


def step_names(desk: Desk) -> list[str]:
    """The steps as pane 1 lists them."""
    held = desk.nav.step_filter
    return [name for name in desk.state.steps if not held.text or (held.text.lower() in name.lower()) != held.inverse]


def select(desk: Desk, step: str) -> None:
    """Look at another step."""
    nav = desk.nav
    nav.chosen = True
    if step != nav.step:
        nav.step, nav.cell, nav.log.item = step, None, None


def map_of(desk: Desk) -> Skyline | None:
    """The item map of the selected step as it is on the screen."""
    step = desk.step
    return desk.sampling.latest(step.name) if step is not None and step.shape.for_each else None


def item_of_cell(desk: Desk) -> int:
    """The first item of the map's cell under the cursor, the first of all where there is none."""
    skyline, cell = map_of(desk), desk.nav.cell
    return skyline.items_of(cell).start if skyline is not None and cell is not None and cell < len(skyline.cells) else 0


def point(desk: Desk, first: int, column: int) -> None:
    """Put the map's cursor on the cell at a column of the row that begins with cell `first`."""
    skyline = map_of(desk)
    if skyline is None:
        return
    label = skyline.grid.label + 1 if skyline.grid.label else 0
    cell = first + (column - label) // skyline.grid.columns
    if column >= label and first <= cell < min(first + skyline.grid.row, len(skyline.cells)):
        desk.nav.cell = cell


def _cell(desk: Desk, cells: int) -> None:
    skyline = map_of(desk)
    if skyline is None or not skyline.cells:
        return
    desk.nav.cell = min(max(0, (desk.nav.cell or 0) + cells), len(skyline.cells) - 1)


def _log(desk: Desk, rows: int) -> None:
    view, length = desk.nav.log, len(desk.log)
    if not length:
        return
    at = (length - 1 if view.at is None else view.at) + rows
    if at >= length - 1 and rows > 0:
        desk.log_to_end()
        return
    view.at = min(max(0, at), length - 1)
    if at <= 0:
        desk.read_older()
