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
    rate: float = 0.0,
    typical: float | None = None,
    slow: float | None = None,
) -> Rows:
    """The lanes in at most `height` rows, in two columns where they fit.

    `typical` is the median time of an item; below `QUICK` the slots share one row with their rate. `slow` is the
    time, in seconds, above which an item's elapsed stands out.
    """
    if height <= 0 or not running:
        return []
    if typical is not None and typical < QUICK and all(now - run.since < 4 * QUICK for run in running):
        each = rate / len(running)
        line = (
            Span(f"{numbers.plural(len(running), 'slot')} busy", "dim"),
            *((Span("   "), Span(numbers.rate(each), "text"), Span(" each", "dim")) if each else ()),
        )
        return [Row(line)]
    per_row = 2 if width >= 62 else 1
    column = (width - 3 * (per_row - 1)) // per_row
    names = [keys.get((step, run.item), f"item {numbers.count(run.item)}") for run in running]
    measured = any(run.total for run in running)
    key_width = max(min(6, column // 3), min(telling.longest(names), column - (_MEASURED if measured else _PLAIN)))
    told = telling.told(names, key_width, mark=glyphs.ellipsis)
    lanes = [
        _lane(run, called(key, key_width, "text", glyphs, told=told), key_width, now, column, glyphs, slow, measured)
        for run, key in zip(running, names, strict=True)
    ]
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
        found.append(Row(tuple(parts), Target("item", running[place].item)))
    if over > 0 and height > 1:
        found.append(Row((Span(f"{numbers.plural(over, 'more slot')}", "dim"),)))
    return found


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
    bar = lane(run.done, run.total, room, glyphs) if run.total and room >= 4 else (Span(" " * max(0, room)),)
    return (slot, *label, Span("  "), *bar, Span(" "), share, Span("  "), age)
