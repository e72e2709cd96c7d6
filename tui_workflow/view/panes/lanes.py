"""What the slots of a step are doing: one lane each, with the item, how far it is and since when it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_workflow.facts.work import Running
from tui_workflow.view import numbers, telling
from tui_workflow.view.bar import lane
from tui_workflow.view.columns import apart, fill, fill_line, line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import Row, Rows, Target, called

QUICK = 0.25
"""Seconds below which the typical item is too quick to read its key."""
_PLAIN, _MEASURED = 9, 23
"""Columns of a lane that are not the key's: slot, age and spaces, and with progress its percents and eight of a bar."""
_SPARED = 3
"""Columns that a bar gives up where that makes room for whole keys."""
_NAMED = 12
"""Columns of a name that go before the number of others."""
LONG = 5.0
"""Seconds below which no item counts as slow."""


def rows(
    step: str,
    running: Sequence[Running],
    keys: Mapping[tuple[str, int], str],
    now: float,
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    typical: float | None = None,
    slow: float | None = None,
    slots: int = 0,
) -> Rows:
    """The lanes in at most `height` rows, in two columns where they fit.

    What form they take follows from the step and the room, not from what is busy at the moment: it would change from one
    second to the next. `typical` is the median time of an item; below `QUICK` the slots share one row with the item that
    takes longest. No rate stands there: the one that is known is of seconds in which other slots were busy. Where all
    `slots` have room each has its place, also while it is idle. `slow` is the time, in seconds, above which an item's
    elapsed stands out.
    """
    if height <= 0 or not running:
        return []
    if typical is not None and typical < QUICK:
        return [_quick(step, running, keys, now, width, glyphs, slow)]
    per_row = 2 if width >= 62 else 1
    column = (width - 3 * (per_row - 1)) // per_row
    names = [keys.get((step, run.item), f"item {numbers.count(run.item)}") for run in running]
    measured = any(run.total for run in running)
    longest, most = telling.longest(names), column - (_MEASURED if measured else _PLAIN)
    if measured and most < longest <= most + _SPARED:
        most = longest
    key_width = max(min(6, column // 3), min(longest, most))
    told = telling.told(names, key_width, mark=glyphs.ellipsis)
    drawn = {
        run: _lane(
            run, called(key, key_width, "text", glyphs, told=told), key_width, now, column, glyphs, slow, measured
        )
        for run, key in zip(running, names, strict=True)
    }
    at_slot = {run.slot: run for run in running}
    order: list[Running | None] = list(running)
    if len(running) < slots <= height * per_row and max(at_slot) < slots:
        order = [at_slot.get(slot) for slot in range(slots)]
    lanes = [drawn[run] if run else _idle(slot) for slot, run in enumerate(order)]
    needed = -(-len(lanes) // per_row)
    shown = min(needed, height)
    over = len(lanes) - shown * per_row
    if over > 0 and height > 1:
        shown -= 1
        over = len(lanes) - shown * per_row
    found = []
    for place in range(shown):
        parts: list[Span] = []
        for side in range(per_row):
            at = place + side * shown
            if at < min(len(lanes), shown * per_row):
                parts += [*((Span("   "),) if side else ()), *fill_line(lanes[at], column, mark=glyphs.ellipsis)]
        first = order[place]
        found.append(Row(tuple(parts), Target("item", first.item) if first else None))
    if over > 0 and height > 1:
        found.append(Row((Span(f"{numbers.plural(over, 'more slot')}", "dim"),)))
    return found


def _quick(
    step: str,
    running: Sequence[Running],
    keys: Mapping[tuple[str, int], str],
    now: float,
    width: int,
    glyphs: Glyphs,
    slow: float | None,
) -> Row:
    """All slots in one row: too quick to be read, but for an item that takes longer than others."""
    line: Line = (Span(f"{numbers.plural(len(running), 'slot')} busy", "dim"),)
    late = sorted((run for run in running if now - run.since >= 4 * QUICK), key=lambda run: run.since)
    if not late:
        return Row(line)
    longest = late[0]
    elapsed = now - longest.since
    role = "retrying" if elapsed > max(LONG, slow or LONG) else "dim"
    lead, tail = Span("   longest ", "dim"), Span(f"  {numbers.ticking(elapsed)}", role)
    others = Span(f", {numbers.count(len(late) - 1)} more over {4 * QUICK:g} s", "dim") if len(late) > 1 else Span("")
    key = keys.get((step, longest.item), f"item {numbers.count(longest.item)}")
    if line_width((*line, lead, tail, others)) + min(_NAMED, telling.longest([key])) > width:
        others = Span("")
    label = called(key, max(6, width - line_width((*line, lead, tail, others))), "text", glyphs)
    return Row((*line, lead, *label, tail, others), Target("item", longest.item))


def _idle(slot: int) -> Line:
    return (Span(f"{slot + 1} idle", "dim"),)


def _lane(
    run: Running,
    label: Line,
    key_width: int,
    now: float,
    width: int,
    glyphs: Glyphs,
    slow: float | None,
    measured: bool,
) -> Line:
    """One lane; the columns of how far an item is are there if any of the lanes is `measured`."""
    elapsed = max(0.0, now - run.since)
    late = elapsed > max(LONG, slow or LONG)
    age = Span(fill(numbers.ticking(elapsed), 5, align="right"), "retrying" if late else "dim")
    slot = Span(f"{run.slot + 1} ", "dim")
    label = fill_line(label, key_width, mark=glyphs.ellipsis)
    if not measured:
        return apart((slot, *label), (age,), width, mark=glyphs.ellipsis)
    share = Span(fill(numbers.percent(run.done, run.total) if run.total else "", 5, align="right"), "text")
    room = width - line_width((slot, *label, share, age)) - 5
    bar = lane(run.done, run.total, room, glyphs) if run.total and room >= 3 else (Span(" " * max(0, room)),)
    return (slot, *label, Span("  "), *bar, Span(" "), share, Span("  "), age)
