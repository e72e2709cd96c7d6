"""The item map of a step, a skyline: a cell for one item or for many, failures standing up from it.

The share of failures in a cell decides its height and colour, so that one failure in five hundred is seen and does not
paint the row red. A cell with an item that waits is not drawn as done, so that what was retried is seen to wait. Items that
have left the listing have no place: a hole would ask what is missing. Cells are counted with `bytes.count`, and only those
whose bytes changed are counted again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

from tui_workflow.facts.state import Item, StepState
from tui_workflow.view.columns import line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.numbers import count

MANY = 0.5
"""From this share of failed items on, a cell is at full height."""


class Cell(IntEnum):
    """What a cell shows; the place in `Glyphs.map`."""

    PENDING = 0
    RUNNING = 1
    OK = 2
    SOME_FAILED = 3
    MANY_FAILED = 4
    SKIPPED = 5
    STALE = 6
    RETRYING = 7


_ROLES = ("faint", "running", "ok_soft", "failed_soft", "failed", "skipped", "stale", "retrying")
_LEGEND = {
    Cell.OK: "ok",
    Cell.SOME_FAILED: "some failed",
    Cell.MANY_FAILED: "half or more failed",
    Cell.STALE: "stale",
    Cell.SKIPPED: "skipped",
    Cell.RUNNING: "running",
    Cell.RETRYING: "waits for another attempt",
    Cell.PENDING: "waiting",
}
_BRIEF = {Cell.MANY_FAILED: "half failed", Cell.RETRYING: "retrying"}
"""Words for where there is little room."""
_OBVIOUS = (Cell.PENDING, Cell.RUNNING)
"""Kinds that a narrow legend leaves out, the first to go at the front: they stand where the map is not done yet."""
_SINGLE_ROLES = ("dim", "running", "ok", "failed", "failed", "skipped", "stale", "retrying")
_SINGLE_SIGNS = ("pending", "running", "ok", "failed", "failed", "skipped", "stale", "retrying")


@dataclass(frozen=True, slots=True)
class Grid:
    """How items are laid out. `row` cells in a row, `size` items in a cell, `columns` of the screen for a cell."""

    size: int
    row: int
    columns: int
    label: int
    """Columns of the row's first index, without the space after it; 0 without labels."""


def sizes() -> Iterator[int]:
    """1 2 5 10 20 50 …"""
    power = 1
    while True:
        yield power
        yield 2 * power
        yield 5 * power
        power *= 10


def grid(items: int, columns: int, rows: int, *, labels: bool = True) -> Grid:
    """The layout with the smallest cells that fits `rows` rows of `columns`; a row holds a multiple of ten cells."""
    rows = max(1, rows)
    label = len(count(max(0, items - 1))) if labels else 0
    room = max(1, columns - label - 1 if labels else columns)
    if room < 10 and labels:
        return grid(items, columns, rows, labels=False)
    wide = _tens(room // 2)
    if room >= 20 and items <= wide * rows:
        return Grid(1, wide, 2, label)
    row = _tens(room)
    size = next(size for size in sizes() if -(-items // size) <= row * rows)
    return Grid(size, row, 1, label)


def _tens(columns: int) -> int:
    return columns // 10 * 10 if columns >= 10 else max(1, columns)


class Skyline:
    """The map of one step, kept between paintings; `update` brings it up to date and says whether it changed."""

    def __init__(self) -> None:
        self.grid = Grid(1, 10, 2, 1)
        self.cells = bytearray()
        """A `Cell` for each cell."""
        self._listed = b""
        """The states of all items, those that have left the listing among them."""
        self._seen = b""
        self._stale_seen = b""
        self._running: frozenset[int] = frozenset()

    def update(
        self, step: StepState, running: Collection[int], columns: int, rows: int, *, labels: bool = True
    ) -> bool:
        """Follow the step's state. `running` are the items in flight. True when anything that is drawn changed."""
        listed = bytes(step.states)
        states, stale = listed, _stale_items(step) if step.stale else b""
        if Item.GONE in listed:
            states, stale = _present(listed, stale)
            running = [item - listed.count(Item.GONE, 0, item) for item in running]
        shape = grid(len(states), columns, rows, labels=labels)
        whole = shape != self.grid or len(stale) != len(self._stale_seen)
        size = shape.size
        busy = {item // size for item in running}
        was_busy = {item // size for item in self._running}
        number = -(-len(states) // size)
        cells = bytearray(number)
        changed = whole or number != len(self.cells)
        for place in range(number):
            first, after = place * size, (place + 1) * size
            part = states[first:after]
            own_stale = stale[first:after] if stale else b""
            if (
                not whole
                and place < len(self.cells)
                and (place in busy) == (place in was_busy)
                and part == self._seen[first:after]
                and own_stale == self._stale_seen[first:after]
            ):
                cells[place] = self.cells[place]
                continue
            cells[place] = judge(part, own_stale.count(1), place in busy)
            changed = changed or cells[place] != self.cells[place]
        self.grid, self.cells = shape, cells
        self._listed, self._seen, self._stale_seen, self._running = listed, states, stale, frozenset(running)
        return changed

    def items_of(self, place: int) -> range:
        """The numbers of a cell's items; those between them that have left the listing are in it."""
        first, after = place * self.grid.size, min((place + 1) * self.grid.size, len(self._seen))
        if len(self._seen) == len(self._listed) or first >= after:
            return range(first, after)
        return range(self._number(first), self._number(after - 1) + 1)

    def _number(self, place: int) -> int:
        """The number of the item at a place among those that are listed."""
        return (
            bisect_right(
                range(len(self._listed)), place, key=lambda number: number - self._listed.count(Item.GONE, 0, number)
            )
            - 1
        )

    def caption(self) -> str:
        """`one cell = 500 items`; empty when a cell is an item."""
        return f"one cell = {count(self.grid.size)} items" if self.grid.size > 1 else ""

    def legend(self, columns: int, glyphs: Glyphs) -> Line:
        """What the cells that there are mean, and at its end what the numbers before the rows do, in `columns`.

        Where it is narrow, what the numbers are goes, then what waits, the caption, and what runs: a sign that nothing
        explains is worse than a number. Empty when a cell is an item: those have the signs of the counts.
        """
        if self.grid.size == 1 or not self.cells:
            return ()
        last = (len(self.cells) - 1) // self.grid.row * self.grid.row * self.grid.size
        rows = f"rows from item 0 {glyphs.ellipsis} {count(last)}" if self.grid.label and last else ""
        there = [kind for kind in _LEGEND if kind in self.cells]
        caption = "" if self.captioned(columns) else self.caption()
        both = "   ".join(filter(None, (caption, rows)))
        brief = f"a cell = {count(self.grid.size)}" if caption else ""
        choices = [(0, both), (0, caption), (0, brief), (1, caption), (0, ""), (1, ""), (2, caption), (2, "")]
        for left_out, end in choices:
            kinds = [kind for kind in there if kind not in _OBVIOUS[:left_out]]
            for words, gap in ((_LEGEND, 3), (_LEGEND | _BRIEF, 2)):
                found = _signs(kinds, glyphs, words, gap)
                space = columns - line_width(found) - len(end)
                if space >= (2 if end else 0):
                    return (*found, Span(" " * space), Span(end, "dim")) if end else found
        while kinds and line_width(found) > columns:
            found = _signs(kinds := kinds[:-1], glyphs, _LEGEND | _BRIEF, 2)
        return found

    def lines(self, columns: int, glyphs: Glyphs, *, cursor: int | None = None, caption_row: bool = True) -> list[Line]:
        """The rows, each with its first index, and the caption at the end of the last one.

        When it does not fit there it gets a row of its own, if `caption_row` allows for one row more than the grid
        has. `cursor` is the cell that is drawn in reverse.
        """
        shape = self.grid
        drawn: list[Line] = []
        for start in range(0, len(self.cells), shape.row):
            spans: list[Span] = []
            if shape.label:
                spans.append(Span(count(start * shape.size).rjust(shape.label) + " ", "dim"))
            spans += self._row(start, min(start + shape.row, len(self.cells)), glyphs, cursor)
            drawn.append(tuple(spans))
        caption = self.caption()
        if caption and drawn:
            room = columns - line_width(drawn[-1])
            if self.captioned(columns):
                drawn[-1] = (*drawn[-1], Span(" " * (room - len(caption))), Span(caption, "dim"))
            elif caption_row and columns >= len(caption):
                drawn.append((Span(" " * (columns - len(caption))), Span(caption, "dim")))
        return drawn

    def captioned(self, columns: int) -> bool:
        """Whether the last row leaves room for the caption, so that it stands there."""
        shape = self.grid
        used = (len(self.cells) - 1) % shape.row + 1 + (shape.label + 1 if shape.label else 0)
        return columns - used >= len(self.caption()) + 2

    def _row(self, start: int, after: int, glyphs: Glyphs, cursor: int | None) -> Iterator[Span]:
        for (kind, here), group in groupby(range(start, after), key=lambda place: (self.cells[place], place == cursor)):
            number = sum(1 for _ in group)
            if self.grid.columns == 1 and self.grid.size > 1:
                sign = glyphs.map[kind]
                role = _ROLES[kind]
            else:
                sign = getattr(glyphs, _SINGLE_SIGNS[kind])
                role = _SINGLE_ROLES[kind]
            text = (sign + " " * (self.grid.columns - 1)) * number
            if here:
                yield Span(text[:1], "bg", fill=role)
                if text[1:]:
                    yield Span(text[1:], role)
            else:
                yield Span(text, role)


def _signs(kinds: Sequence[Cell], glyphs: Glyphs, words: Mapping[Cell, str], gap: int) -> Line:
    """Each kind's sign and word, `gap` columns between two."""
    line: list[Span] = []
    for kind in kinds:
        line += (Span(" " * gap if line else ""), Span(f"{glyphs.map[kind]} ", _ROLES[kind]), Span(words[kind], "dim"))
    return tuple(line)


def judge(states: bytes, stale: int, running: bool) -> Cell:
    """What a cell shows, from the states of its items, how many of them are stale, and whether one is in flight."""
    number = len(states)
    ok = states.count(Item.OK)
    if ok == number and not stale and not running:
        return Cell.OK
    pending = states.count(Item.PENDING)
    failed = states.count(Item.FAILED) if ok + pending < number else 0
    retrying = states.count(Item.RETRYING) if ok + pending + failed < number else 0
    if failed:
        return Cell.MANY_FAILED if failed >= MANY * number else Cell.SOME_FAILED
    if running:
        return Cell.RUNNING
    if retrying:
        return Cell.RETRYING
    if pending:
        return Cell.PENDING
    if 2 * stale > ok:
        return Cell.STALE
    return Cell.OK if 2 * ok >= number else Cell.SKIPPED


_IS_OK = bytes(1 if state == Item.OK else 0 for state in range(256))


def _stale_items(step: StepState) -> bytes:
    """One byte an item, 1 where it succeeded under another definition than the one that holds now."""
    definition = step.shape.definition
    current = step.definitions.index(definition) if definition in step.definitions else -1
    other = bytes(0 if place == current else 1 for place in range(256))
    succeeded = int.from_bytes(step.states.translate(_IS_OK), "little")
    made_before = int.from_bytes(step.made_by.translate(other), "little")
    return (succeeded & made_before).to_bytes(len(step.states), "little")


_STALE = len(Item)
_TO_STATE = bytes(Item.OK if mark == _STALE else mark for mark in range(256))
_TO_STALE = bytes(1 if mark == _STALE else 0 for mark in range(256))


def _present(states: bytes, stale: bytes) -> tuple[bytes, bytes]:
    """The states of the items that are listed, and which of them are stale: a million in a few milliseconds."""
    marks = states
    if stale:
        # A stale item is one that is done, so its state has room for a mark.
        more = int.from_bytes(stale, "little") * (_STALE - Item.OK)
        marks = (int.from_bytes(states, "little") + more).to_bytes(len(states), "little")
    marks = marks.translate(None, bytes((Item.GONE,)))
    return marks.translate(_TO_STATE), marks.translate(_TO_STALE) if stale else b""
