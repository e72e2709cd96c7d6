"""One step of the cursor in whatever list has the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tui_workflow.ui.desk import Desk
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
        found = causes(desk)
        if found and nav.group not in [cause.mark for cause in found]:
            nav.group = found[0].mark
    elif nav.pane == Pane.STEP and nav.cell is None:
        nav.cell = first_cell(desk)


def by(desk: Desk, rows: int) -> None:
    """Move the cursor by rows, within the list's ends."""
    nav = desk.nav
    match nav.pane:
        case Pane.STEPS:
            _steps(desk, rows)
        case Pane.STEP:
            skyline = map_of(desk)
            if skyline is not None:
                _cell(desk, rows * skyline.grid.row if abs(rows) < FAR else rows)
        case Pane.FAILURES:
            names = [cause.mark for cause in causes(desk)]
            if names:
                nav.group = names[moved(names, nav.group, rows)]
        case Pane.LOG:
            _log(desk, rows)


def aside(desk: Desk, cells: int) -> None:
    """Move left or right: over the map; elsewhere out of and into things."""
    if desk.nav.pane == Pane.STEP:
        _cell(desk, cells)


def causes(desk: Desk) -> list[failures.Cause]:
    """The failures as pane 3 lists them."""
    nav = desk.nav
    steps = list(desk.state.steps.values())
    return failures.causes(steps, nav.group_sort, nav.group_filter.text, nav.group_filter.inverse)


def _steps(desk: Desk, rows: int) -> None:
    nav = desk.nav
    held = nav.step_filter
    names = [name for name in desk.state.steps if not held.text or (held.text.lower() in name.lower()) != held.inverse]
    if names:
        select(desk, names[moved(names, nav.step, rows)])


def select(desk: Desk, step: str) -> None:
    """Look at another step."""
    nav = desk.nav
    if step != nav.step:
        nav.step, nav.cell, nav.log.item = step, None, None


def map_of(desk: Desk) -> Skyline | None:
    """The item map of the selected step as it is on the screen."""
    return desk.sampling.latest(desk.nav.step)


def first_cell(desk: Desk) -> int | None:
    skyline = map_of(desk)
    return 0 if skyline is not None and skyline.cells else None


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
        view.at = None
        return
    view.at = min(max(0, at), length - 1)
    if at <= 0:
        desk.read_older()


def point(desk: Desk, first: int, column: int) -> None:
    """Put the map's cursor on the cell at a column of the row that begins with cell `first`."""
    skyline = map_of(desk)
    if skyline is None:
        return
    label = skyline.grid.label + 1 if skyline.grid.label else 0
    cell = first + (column - label) // skyline.grid.columns
    if column >= label and first <= cell < min(first + skyline.grid.row, len(skyline.cells)):
        desk.nav.cell = cell
