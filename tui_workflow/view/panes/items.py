"""A list of items: of a group of failures, of a cell of the map, or of a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tui_workflow.facts.state import Item
from tui_workflow.view import listing, numbers, telling
from tui_workflow.view.columns import Column, Keep, layout, line_width
from tui_workflow.view.columns import row as columns_row
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.nav import Items
from tui_workflow.view.panes.row import Cursor, Row, Rows, Target, called, data, heading, short
from tui_workflow.view.ports import ItemRow

ROLES = {
    Item.PENDING: "dim",
    Item.OK: "ok",
    Item.FAILED: "failed_soft",
    Item.SKIPPED: "skipped",
    Item.RETRYING: "retrying",
    Item.GONE: "dim",
}
RULE = 5
"""Columns that are left for the rule of a title."""
GAP = 2
ERRORS = 50
"""Columns of the list from which on there is one for errors."""
ERROR = 20
"""Columns that errors have before facts give way to them."""
WHOLE = 60
"""Columns of an error for which other facts give way at most."""
OPEN = "…"
"""What stands in the title of a group where the messages of its items differ; see `facts.fingerprint.common`."""
LOOKED_AT = 500
"""Characters of a message that are compared with others."""
GIVE_WAY = ("rev", "tries", "ended at", "took")
GIVE_MORE = ("rev", "tries")
"""What gives way also to an error that has `ERROR` columns and would be cut."""
_SORTED = {"item": "by item", "tries": "by tries", "took": "by time taken", "ended": "by end", "key": "by key"}


def rows(
    listed: Sequence[int],
    total: int,
    items: Items,
    top: int,
    known: Mapping[int, ItemRow],
    running: Mapping[int, float],
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    cursor: Cursor,
    crumbs: Sequence[str] = (),
    entry: Row | None = None,
) -> Rows:
    """The list in `height` rows from row `top` on. `total` is its length without the filter; `known` the rows in sight;
    `running` the seconds that those which run have taken so far.

    `crumbs` are the titles of what it was opened from, when those are not on the screen.
    """
    focused = cursor == "here"
    rows_ = [_title(listed, total, items, crumbs, width, glyphs, focused)]
    if entry is not None:
        rows_.append(entry)
    room = max(0, height - len(rows_) - 1)
    shown = listed[top : top + room]
    below = len(listed) - top - len(shown)
    if below > 0 and room > 1:
        shown = listed[top : top + room - 1]
        below = len(listed) - top - len(shown)
    known = {number: _now(row, running.get(number)) for number in shown if (row := known.get(number)) is not None}
    names = {row.label or row.key for number in shown if (row := known.get(number)) is not None}
    alike = items.group is not None
    failed = alike or items.states == (Item.FAILED,)  # in other lists errors come and go while one scrolls
    said = max((_said(row, alike) for number in shown if failed and (row := known.get(number)) is not None), default=0)
    # Where a group's title leaves nothing open, all its items say just that; what runs has no error yet.
    errors = OPEN in items.title if alike else items.states != listing.RUNNING
    columns = _columns(width, telling.longest(names), said, items.sort, errors=errors)
    widths = layout([column for _, column in columns], width - 2, gap=GAP)
    told = telling.told(names, widths[0], mark=glyphs.ellipsis)
    apart = _errors_apart(shown, known, columns, widths, glyphs) if alike else None
    heads = [Span(head, "dim") for head, _ in columns]
    rows_.append(
        Row((Span("  "), *columns_row(heads, [column for _, column in columns], widths, mark=glyphs.ellipsis)))
    )
    for number in shown:
        here: Cursor = cursor if number == items.item else ""
        line = _item(
            number,
            known.get(number),
            number in items.marked,
            number in running,
            columns,
            widths,
            told,
            apart,
            glyphs,
            bool(here),
        )
        rows_.append(Row(line, Target("item", number), here))
    if not listed:
        words = "no item matches" if items.filter.text else "no item is left here"
        rows_.append(Row((Span("  "), Span(words, "dim", italic=True))))
    if below > 0:
        more = f"{numbers.count(below)} more below"
        rows_.append(Row((Span(" " * max(0, width - len(more))), Span(more, "dim"))))
    return rows_[:height]


def _now(row: ItemRow, seconds: float | None) -> ItemRow:
    """An item as it is now: of one that runs, the attempt under way and not the one before."""
    if seconds is None:
        return row
    return replace(row, attempts=row.attempts + 1, duration=seconds, ended=None, error_type="", error_message="")


def _title(
    listed: Sequence[int], total: int, items: Items, crumbs: Sequence[str], width: int, glyphs: Glyphs, focused: bool
) -> Row:
    step = " > " if glyphs.ascii else " › "
    lead: list[Span] = []
    for crumb in crumbs:
        lead += (*data(crumb, "dim"), Span(step, "dim"))
    state = listing.STATES[items.states] if items.states else ""
    held = items.count(listed)
    if items.filter.text:
        extra = f"  {numbers.count(held)}{'+' if items.more else ''} of {numbers.count(total)}"
        extra += f" {state}" if state else ""
    elif state:
        extra = f"  {numbers.count(held)} {state}"
    elif items.cell is not None and len(items.cell) == 1:
        extra = ""  # the title says which item it is
    else:
        extra = f"  {numbers.plural(held, 'item')}"
    marked = len(items.marked)
    if marked:
        tail: Line = (Span(f"{numbers.count(marked)} marked", "accent"),)
    else:
        sign = "" if items.sort == "item" else f" {glyphs.ascending if items.sort == 'key' else glyphs.descending}"
        tail = (Span(f"{_SORTED[items.sort]}{sign}", "dim"),)
    room = max(8, width - line_width(lead) - len(extra) - line_width(tail) - RULE)
    keep: Keep = "start" if items.group is not None else "ends"  # the exception's type tells more than its message
    head = (*lead, *short(items.title, room, "accent" if focused else "strong", glyphs, bold=True, keep=keep))
    return heading((*head, Span(extra, "dim")), tail, width, focused=focused, glyphs=glyphs)


def _said(row: ItemRow, alike: bool) -> int:
    """The columns that an item's error takes; a skipped one has none."""
    kind = 0 if alike and row.error_message else len(row.error_type) + 1
    return min(WHOLE, kind + len(row.error_message)) if row.state != Item.SKIPPED else 0


def _columns(width: int, longest: int, said: int, sort: str, *, errors: bool) -> list[tuple[str, Column]]:
    """The columns with their heads: of the facts as many as the keys leave room for, but always that which sorts the list.

    `longest` is the width of the longest key in sight, `said` that of the longest error. The error has a column of its own
    where the list is wide and `errors` are to be told, and what says least of an item makes room for more of it.
    """
    facts = [
        ("tries", Column(5, "right")),
        ("took", Column(7, "right")),
        ("rev", Column(4, "right")),
        ("ended at", Column(8, "right")),
    ]
    wide = width >= ERRORS and errors
    key = min(longest, width // 3 if wide else width // 2)
    for giving in GIVE_WAY:
        error = max(ERROR, said) if giving in GIVE_MORE else ERROR
        needed = max(14, width // 5, key) + GAP + error if wide else max(8, key)
        if width - 2 - sum(column.columns + GAP for _, column in facts) >= needed:
            break
        facts = [(head, column) for head, column in facts if head != giving or head.startswith(sort)]
    if not wide:
        return [("key", Column(8, stretch=True, keep="ends")), *facts]
    return [("key", Column(max(14, width // 5, key), keep="ends")), ("error", Column(8, stretch=True)), *facts]


def _item(
    number: int,
    row: ItemRow | None,
    marked: bool,
    running: bool,
    columns: Sequence[tuple[str, Column]],
    widths: Sequence[int],
    told: Mapping[str, str],
    apart: Mapping[str, str] | None,
    glyphs: Glyphs,
    selected: bool,
) -> Line:
    """One item. `told` has what tells keys apart, `apart` the messages of items that failed alike; it is None for others."""
    only = [column for _, column in columns]
    cells: list[Span | Line]
    if row is None:
        text = f"item {numbers.count(number)}"
        cells = [Span(text, "dim"), *[Span("")] * (len(columns) - 1)]
        return (Span("  "), *columns_row(cells, only, widths, mark=glyphs.ellipsis))
    if marked:
        sign = Span(f"{glyphs.mark} ", "accent")
    elif running:
        sign = Span(f"{glyphs.running} ", "running")
    elif row.stale:
        sign = Span(f"{glyphs.stale} ", "stale")
    else:
        sign = Span(f"{glyphs.of_item(row.state)} ", ROLES[Item(row.state)])
    cells = [
        called(row.label or row.key, widths[0], "strong" if selected else "text", glyphs, bold=selected, told=told)
    ]
    if row.state == Item.SKIPPED:
        # What else there is of an item says little of one that did not run.
        reason = row.error_message or "skipped"
        room = sum(widths[1:]) + GAP * (len(widths) - 2)
        told_why = short(reason, room, "dim", glyphs, keep="start") if len(widths) > 1 else ()
        return (sign, *columns_row(cells, only[:1], widths[:1], mark=glyphs.ellipsis), Span(" " * GAP), *told_why)
    for (head, _), room in zip(columns[1:], widths[1:], strict=True):
        match head:
            case "error":
                cells.append(_error(row, room, glyphs, apart))
            case "tries":
                cells.append(Span(numbers.count(row.attempts) if row.attempts else "", "dim"))
            case "took":
                told_time = numbers.ticking if running else numbers.duration
                cells.append(Span(told_time(row.duration) if row.duration is not None else "", "text"))
            case "rev":
                cells.append(Span(f"r{row.revision}" if row.revision is not None else "", "dim"))
            case _:
                cells.append(Span(numbers.clock(row.ended) if row.ended is not None else "", "dim"))
    return (sign, *columns_row(cells, only, widths, mark=glyphs.ellipsis))


def _errors_apart(
    shown: Sequence[int],
    known: Mapping[int, ItemRow],
    columns: Sequence[tuple[str, Column]],
    widths: Sequence[int],
    glyphs: Glyphs,
) -> Mapping[str, str]:
    """By message what to write for it, so that the messages of items that failed alike are told apart."""
    room = next((own for (head, _), own in zip(columns, widths, strict=True) if head == "error"), 0)
    messages = {row.error_message[:LOOKED_AT] for number in shown if (row := known.get(number)) is not None}
    return telling.told(messages, room, mark=glyphs.ellipsis)


def _error(row: ItemRow, room: int, glyphs: Glyphs, apart: Mapping[str, str] | None) -> Line:
    """What went wrong with an item, in at most `room` columns; the end of the message stays. Of items that failed alike the
    title says the exception's type.
    """
    if apart is not None and row.error_message:
        return called(row.error_message[:LOOKED_AT], room, "dim", glyphs, told=apart)
    kind = data(row.error_type, "text", bold=True)
    left = room - line_width(kind) - 1
    return (*kind, Span(" "), *short(row.error_message, left, "dim", glyphs)) if left >= 4 else kind
