"""Into a thing and back out of it."""

from __future__ import annotations

from dataclasses import replace

from tui_workflow.facts.state import Item
from tui_workflow.ui.actions import find, walk
from tui_workflow.ui.actions.walk import Act
from tui_workflow.ui.desk import Desk
from tui_workflow.view import numbers
from tui_workflow.view.causes import kept
from tui_workflow.view.nav import Filter, Items, Pane
from tui_workflow.view.panes.banner import closes
from tui_workflow.view.panes.failures import Cause


def open_selected(desk: Desk) -> None:
    """Enter: what is selected, one level deeper."""
    nav = desk.nav
    match nav.place:
        case "items" if nav.items is not None:
            if nav.items.reading:
                nav.items.unfolded = not nav.items.unfolded
            elif nav.items.item is not None:
                nav.items.reading = True
            else:
                desk.refuse("No item is selected")
        case "history":
            _open_run(desk)
        case "definition":
            desk.refuse(f"There is nothing to open in the definition   {desk.key('filter')} search")
        case _:
            _open_in_pane(desk)


def _open_in_pane(desk: Desk) -> None:
    nav = desk.nav
    match nav.pane:
        case Pane.STEPS:
            open_step(desk)
        case Pane.STEP:
            open_cell(desk)
        case Pane.FAILURES:
            found = walk.cause(desk)
            if found is None:
                desk.refuse("No item has failed")
            elif not found.group.count:
                desk.refuse("No item of this group is failed now: what was retried has not ended yet")
            else:
                open_group(desk, found)
        case Pane.LOG:
            at = len(desk.log) - 1 if nav.log.at is None else nav.log.at
            if not 0 <= at < len(desk.log) or desk.log[at].item < 0:
                desk.refuse("This line is of no item")
            else:
                line = desk.log[at]
                show(desk, Items(line.step, line.step, item=line.item, reading=True))


def open_step(desk: Desk, item: int = 0) -> None:
    """All items of the selected step, with the cursor on one; a plain step is its one item, and that is read at once."""
    step = desk.step
    if step is None:
        desk.refuse("No step is selected")
    elif not step.states:
        desk.refuse(f"No item of {step.name} has been listed yet")
    else:
        show(desk, Items(step.name, step.name, item=item, reading=not step.shape.for_each))


def open_cell(desk: Desk) -> None:
    """The items of the map's cell under the cursor; all of the step when a cell is an item."""
    step, skyline, cell = desk.step, walk.map_of(desk), desk.nav.cell
    if step is None or skyline is None or cell is None or skyline.grid.size == 1:
        open_step(desk, walk.item_of_cell(desk))
    else:
        held = skyline.items_of(cell)
        words = f"items {numbers.count(held.start)} to {numbers.count(held.stop - 1)}"
        words = words if len(held) > 1 else f"item {numbers.count(held.start)}"
        failed = next((number for number in held if number in step.failures), held.start)
        show(desk, Items(step.name, words, cell=held, item=failed))


def open_group(desk: Desk, cause: Cause) -> None:
    """The items of a group of failures."""
    group = cause.group
    title = f"{group.type} {group.message}".strip()
    desk.nav.group = cause.mark
    items = Items(cause.step, title, group=group.fingerprint)
    if kept(desk.state, desk.nav, cause) is not None:
        items.filter = replace(desk.nav.group_filter)  # what the row counted is what it opens
    show(desk, items)


def go_on(desk: Desk) -> None:
    """From the list of a group of which nothing is left to the next group, once what was queued of it has ended.

    Not while its item is read, or runs, or has failed for another cause: what is in front stays in front.
    """
    nav, held = desk.nav, desk.nav.items
    if nav.place != "items" or held is None or held.group is None or held.reading or held.filter.text:
        return
    step = desk.state.steps.get(held.step)
    if step is None or nav.entry is not None or desk.dialogs or desk.retried or desk.canary is not None:
        return
    if any(group.count and group.fingerprint == held.group for group in step.groups):
        return
    if held.item is not None and step.states[held.item] not in (Item.OK, Item.SKIPPED, Item.GONE):
        return
    found = walk.causes(desk)
    if found:
        nav.group_row = min(nav.group_row, len(found) - 1)
        open_group(desk, found[nav.group_row])


def show(desk: Desk, items: Items) -> None:
    """Open a list of items."""
    desk.nav.items = items
    desk.nav.go("items")


def _open_run(desk: Desk) -> None:
    runs, library = desk.runs(), desk.options.library
    if not runs or library is None:
        desk.refuse("There is no run to open")
        return
    run = runs[min(desk.nav.run, len(runs) - 1)].run
    if run == desk.state.run:
        desk.nav.back()
        return

    async def work() -> None:
        desk.show_run(*await library.open_run(run))

    desk.spawn("open run", work())


def back(desk: Desk) -> None:
    """One level up: a filter or a search first, then from an item's log to that of its step, then the page, then the run."""
    nav = desk.nav
    if find.clear(desk):
        return
    if desk.context() == "log" and nav.log.item is not None:
        nav.log.item = None
    elif nav.place == "items" and nav.items is not None:
        step = desk.state.steps.get(nav.items.step)
        if nav.items.reading and (step is None or step.shape.for_each):  # a plain step's list would hold what was read
            nav.items.reading = False
        elif nav.items.marked:
            nav.items.marked.clear()
            nav.items.anchor = None
        else:
            nav.back()
            walk.settle(desk)
    elif nav.zoomed:
        nav.zoomed = False
        desk.set_mouse(True)
    elif nav.groups_marked and nav.pane == Pane.FAILURES:
        nav.groups_marked.clear()
        nav.group_anchor = None
    elif nav.back():
        pass
    elif nav.step_filter.text:
        nav.step_filter = Filter()
    elif nav.log.item is not None:
        nav.log.item = None
    elif desk.banner_shows() and closes(desk.due, nav.banner_hidden):
        nav.banner_hidden = desk.due.mark
    elif desk.up is not None:
        desk.up()
    else:
        desk.refuse(f"This is the first page   {desk.key('leave')} leave")


ACTIONS: dict[str, Act] = {"open": open_selected, "back": back}
