"""Filter, search, the next hit, sort."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import compress

from tui_workflow.facts.state import Item, StepState
from tui_workflow.ui.actions import walk
from tui_workflow.ui.actions.mark import end_range
from tui_workflow.ui.actions.walk import Act, settle, step_names
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.itemlist import SORTABLE
from tui_workflow.view import numbers
from tui_workflow.view.nav import ITEM_SORTS, Filter, Items, Pane, TextLine
from tui_workflow.view.panes.definition import lines_of
from tui_workflow.view.panes.failures import SORTS
from tui_workflow.view.ports import ItemRow

FIRST = 1000
"""Items of a list that are sorted before the others, when they are many."""


def begin(desk: Desk) -> None:
    """Open the line in which a filter or a search is typed."""
    nav = desk.nav
    if nav.place == "history":
        desk.refuse(f"{desk.key('filter')} does nothing here: runs are not filtered")
        return
    if nav.place == "main" and nav.pane == Pane.STEP and not _open_items(desk):
        return
    if nav.place == "items" and nav.items is not None:
        nav.items.reading = False
    held = _held(desk)
    nav.entry = TextLine(held, len(held))


def _open_items(desk: Desk) -> bool:
    """List the items of the selected step, at the one under the map's cursor; says why if there are none to look through."""
    if (step := walk.step_with_items(desk, "filter")) is None:
        return False
    desk.nav.items = Items(step.name, step.name, item=walk.item_of_cell(desk))
    desk.nav.go("items")
    return True


def _held(desk: Desk) -> str:
    nav = desk.nav
    if nav.place == "items" and nav.items is not None:
        return nav.items.filter.typed
    if nav.place == "definition":
        return nav.definition_search
    return {
        Pane.STEPS: nav.step_filter.typed,
        Pane.FAILURES: nav.group_filter.typed,
        Pane.LOG: nav.log.search,
    }.get(nav.pane, "")


def apply(desk: Desk) -> None:
    """Let what is typed hold."""
    nav, typed = desk.nav, desk.nav.entry.text if desk.nav.entry is not None else ""
    if nav.place == "items" and nav.items is not None:
        nav.items.filter = Filter.of(typed)
        return
    if nav.place == "definition":
        nav.definition_search = typed
        return
    match nav.pane:
        case Pane.STEPS:
            nav.step_filter = Filter.of(typed)
            names = step_names(desk)
            if names and nav.step not in names:
                nav.step = names[0]
        case Pane.FAILURES:
            nav.group_filter = Filter.of(typed)
            settle(desk)
        case Pane.LOG if typed != nav.log.search:
            nav.log.search, nav.log.hits = typed, None


def press(desk: Desk, key: str, character: str | None) -> None:
    """A key while the line is open."""
    nav = desk.nav
    entry = nav.entry
    assert entry is not None
    match key:
        case "escape":
            entry.text = ""
            apply(desk)
            nav.entry = None
        case "enter" | "ctrl+m" | "ctrl+j":
            apply(desk)
            nav.entry = None
            _settle(desk)
        case "down" | "up":
            apply(desk)
            nav.entry = None
        case _:
            if character is not None:
                entry.insert(character)
            elif not entry.edit(key):
                return
            apply(desk)


def _settle(desk: Desk) -> None:
    """After the line was closed with enter: go to a hit where hits are searched rather than filtered."""
    nav = desk.nav
    if nav.place == "definition" and nav.definition_search:
        nav.definition_at -= 1
        next_hit(desk, 1)
    elif nav.place == "main" and nav.pane == Pane.LOG and nav.log.search:
        desk.search_log(nav.log.search)


def clear(desk: Desk) -> bool:
    """Take a filter or a search away; False if there is none here."""
    nav = desk.nav
    if not _held(desk):
        return False
    nav.entry = TextLine()
    apply(desk)
    nav.entry = None
    return True


def next_hit(desk: Desk, by: int) -> None:
    """To the next or the previous place that holds what is searched for."""
    nav = desk.nav
    rejected = desk.feed.rejected()
    if nav.place == "definition" and rejected is not None and not nav.definition_search:
        wrong = frozenset(rejected.lines)
        _jump(desk, len(lines_of(rejected.text)), nav.definition_at, by, lambda at: at + 1 in wrong)
    elif nav.place == "definition" and nav.definition_search:
        lines = lines_of(desk.definition()[1])
        _jump(desk, len(lines), nav.definition_at, by, lambda at: nav.definition_search.lower() in lines[at].lower())
    elif nav.place == "main" and nav.pane == Pane.LOG and nav.log.search:
        desk.next_log_hit(by)
    elif nav.place == "items" and nav.items is not None and nav.items.filter.text:
        desk.item_list.move(nav.items, by)
    else:
        desk.refuse(f"Nothing is searched for   {desk.key('filter')} search")


def _jump(desk: Desk, length: int, at: int, by: int, holds: Callable[[int], bool]) -> None:
    for turn in range(1, length + 1):
        place = (at + by * turn) % length
        if holds(place):
            desk.nav.definition_at = place
            return
    desk.refuse(f"{desk.nav.definition_search or 'A problem'} is not in the text")


def sort(desk: Desk) -> None:
    """By the next column."""
    nav = desk.nav
    if nav.place == "items" and nav.items is not None:
        _sort_items(desk, nav.items)
    elif nav.place == "main" and nav.pane == Pane.FAILURES:
        nav.group_sort = SORTS[(SORTS.index(nav.group_sort) + 1) % len(SORTS)]
    else:
        desk.refuse("Runs are sorted by their start, the newest first")


def _sort_items(desk: Desk, items: Items) -> None:
    step = desk.state.steps[items.step]
    end_range(desk)
    items.sort = ITEM_SORTS[(ITEM_SORTS.index(items.sort) + 1) % len(ITEM_SORTS)]
    _put_in_order(items, None, top=True)
    listed = desk.item_list.members
    if items.sort == "item":
        return
    if items.sort == "tries" and len(listed) <= SORTABLE:
        _put_in_order(items, by_tries(bytes(step.states), step.attempts_of, listed))
    elif items.sort == "tries":
        desk.spawn("sort", _sort_by_tries(step, items, listed))
    elif len(listed) > SORTABLE:
        desk.spawn("sort", _sort_many(desk, items, len(listed)))
    else:
        desk.spawn("sort", _read_and_sort(desk, items, listed))


def _put_in_order(items: Items, order: Sequence[int] | None, *, top: bool = False) -> None:
    """Let an order hold, with the cursor on its first row: what it puts there is what it was asked for.

    Without `top` a cursor that has been moved since stays on its item.
    """
    items.order = order
    if top or items.row == 0:
        items.item, items.left, items.row, items.first, items.top = None, None, 0, 0, 0


async def _sort_by_tries(step: StepState, items: Items, listed: Sequence[int]) -> None:
    """The state knows the attempts of all items that needed more than one."""
    states, attempts = bytes(step.states), step.attempts_of.copy()
    order = await asyncio.to_thread(by_tries, states, attempts, listed)
    if items.sort == "tries":
        _put_in_order(items, order)


def by_tries(states: bytes, attempts: Mapping[int, int], listed: Sequence[int]) -> list[int]:
    """Items by their number of attempts, the most first, those with as many in their order before: by C loops, for a million."""
    tried = bytearray(states.translate(_BEGUN))
    for number, count in attempts.items():
        tried[number] = count if count < 255 else 255
    if isinstance(listed, range):
        values = bytes(tried[listed.start : listed.stop])
    else:
        values = bytes(map(tried.__getitem__, listed))
    found: list[int] = []
    for count in sorted(set(values), reverse=True):
        found += compress(listed, values.translate(bytes(int(value == count) for value in range(256))))
    return found


_BEGUN = bytes(int(state != Item.PENDING) for state in range(256))
"""By state of an item of which no attempts are kept, how often it was tried."""


async def _sort_many(desk: Desk, items: Items, length: int) -> None:
    """The first ones at once, then all of them: sorting a million takes the run file a second or two."""
    wanted = items.sort
    assert wanted in ("took", "ended", "key")
    share = len(desk.state.steps[items.step].states) / length
    first = await desk.details.sorted(items.step, wanted, int(FIRST * share) + 1)
    if items.sort != wanted:
        return
    _put_in_order(items, first)
    said = f"The first of {numbers.count(length)} items are in order, the others are being sorted"
    desk.say(said)
    order = await desk.details.sorted(items.step, wanted, None)
    if items.sort == wanted:
        _put_in_order(items, order)
        if desk.notice == (said, False):
            desk.hush()


async def _read_and_sort(desk: Desk, items: Items, listed: Sequence[int]) -> None:
    wanted = items.sort
    rows = await desk.details.items(items.step, listed)
    orders: dict[str, Callable[[ItemRow], tuple[object, ...]]] = {
        "took": lambda row: (-(row.duration or 0.0),),
        "ended": lambda row: (-(row.ended or 0.0),),
        "key": lambda row: (row.key,),
    }
    if items.sort == wanted:
        _put_in_order(items, [row.number for row in sorted(rows, key=orders[wanted])])


ACTIONS: dict[str, Act] = {
    "filter": begin,
    "next_hit": lambda desk: next_hit(desk, 1),
    "previous_hit": lambda desk: next_hit(desk, -1),
    "sort": sort,
}
