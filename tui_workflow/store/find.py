"""The items of a step that hold a text, out of a million in little memory.

What is found is kept as a byte an item while it is looked for, and as four bytes for each that was found when it has been: a
Python set of numbers takes a hundred bytes for each, and a search that many items answer would be what a dashboard needs most of
its memory for.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import compress, islice

from tui_workflow.store.browse import item_order
from tui_workflow.store.holding import Held
from tui_workflow.store.paging import among, pages
from tui_workflow.store.runfile import RunFile

_FEW = 20_000
"""Up to this many items are looked at one by one, rather than the whole step in one pass."""


def find(
    file: RunFile,
    step: str,
    text: str,
    states: bytearray,
    wanted: Sequence[int],
    *,
    inverse: bool = False,
    within: range | None = None,
    limit: int = 100_000,
) -> array[int]:
    """Numbers of the items in one of the states `wanted` whose key, stored value, error or log holds `text`, in item order.

    A label is a part of these, and so is searched with them. Case does not count. `inverse` gives those that do not hold it;
    `within` keeps to a range of numbers.
    """
    place = file.step_number(step)
    if place is None:
        return array("I")
    chosen = bytes(int(state in wanted) for state in range(256))
    marks = states.translate(chosen)
    if within is not None:
        marks[: within.start] = bytes(min(within.start, len(marks)))
        marks[within.stop :] = bytes(max(0, len(marks) - within.stop))
    if text:
        hits = _Hits(marks)
        held = Held(file, text)
        _look_at_values(file, place, held, hits)
        _look_at_errors(file, place, held, hits)
        marks = hits.others() if inverse else hits.holding()
    order = item_order(file, step, len(marks))
    picked: Iterable[int] = marks if isinstance(order, range) else map(marks.__getitem__, order)
    return array("I", islice(compress(order, picked), limit))


class _Hits:
    """Which items hold the text, of those that were asked about: a byte for each item of the step."""

    def __init__(self, asked: bytearray) -> None:
        self._marks = asked
        """0 for an item that was not asked about, 1 for one that was, 2 for one that holds the text."""
        self.few = array("I", compress(range(len(asked)), asked)) if asked.count(1) <= _FEW else None
        """The items that were asked about, if there are few."""

    def add(self, numbers: Iterable[int]) -> None:
        """These hold it. They may be others than those asked about, and newer than all that were known then."""
        marks, size = self._marks, len(self._marks)
        for number in numbers:
            if number < size and marks[number]:
                marks[number] = 2

    def holding(self) -> bytearray:
        """A one for each that holds the text."""
        return self._marks.translate(_HOLDING)

    def others(self) -> bytearray:
        """A one for each that was asked about and does not."""
        return self._marks.translate(_OTHERS)


_HOLDING, _OTHERS = (bytes(int(mark == kept) for mark in range(256)) for kept in (2, 1))


def _look_at_values(file: RunFile, place: int, held: Held, hits: _Hits) -> None:
    """Look for the text in keys, values and logs: of a few items, page by page, or of all of the step."""
    (in_key, key), (in_value, value), (in_log, printed) = held.key(), held.value(), held.log()
    prints = bool(file.rows("SELECT 1 FROM log WHERE step = ? LIMIT 1", (place,)))
    for page in [None] if hits.few is None else pages(hits.few):
        where, arguments = (">= ?", [0]) if page is None else among(page)
        sql = f"SELECT number FROM item WHERE step = ? AND number {where} AND ({in_key} OR {in_value})"  # noqa: S608
        hits.add(number for (number,) in file.each(sql, (place, *arguments, *key, *value)))
        if prints:
            sql = f"SELECT item FROM log WHERE step = ? AND item {where} AND {in_log}"  # noqa: S608
            hits.add(number for (number,) in file.each(sql, (place, *arguments, *printed)))


def _look_at_errors(file: RunFile, place: int, held: Held, hits: _Hits) -> None:
    """Look for the text in the errors that items ended with last; of all items of a step, in any of their errors."""
    test, pattern = held.error()
    errors = {number for (number,) in file.each(f"SELECT number FROM error WHERE {test}", pattern)}  # noqa: S608
    if not errors:
        return
    if hits.few is None:
        rows = file.each("SELECT item, error FROM outcome WHERE step = ? AND error IS NOT NULL", (place,))
        hits.add(item for item, error in rows if error in errors)
        return
    for page in pages(hits.few):
        where, arguments = among(page)
        sql = f"SELECT item, error, max(seq) FROM outcome WHERE step = ? AND item {where} GROUP BY item"  # noqa: S608
        hits.add(item for item, error, _ in file.each(sql, (place, *arguments)) if error in errors)
