"""The lines of the log in sight: what is stored before the screen opened, then what items print while it is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import overload

from tui_workflow.view.panes.log import Entry
from tui_workflow.view.ports import LogRow, Printed

KEPT = 5000
"""Printed lines that are kept; older ones are in the run file when their item has ended."""
DROP = 1000
"""Lines dropped at once when there are more."""


class LogFeed(Sequence[Entry]):
    """The log of one step, or of one of its items. An entry is made when a row needs it, not when it is printed."""

    def __init__(self, step: str, item: int | None, keys: Mapping[tuple[str, int], str]) -> None:
        self.step = step
        self.item = item
        self.complete = False
        """True when nothing older is stored."""
        self.detached = False
        """True when an earlier part of the log is shown, to which nothing is added."""
        self._keys = keys
        self._stored: list[LogRow] = []
        self._printed: list[Printed] = []

    def add_stored(self, rows: Sequence[LogRow], wanted: int) -> int:
        """Put older rows in front; fewer than were wanted means that there are no more. Returns how many were added."""
        self.complete = len(rows) < wanted
        self._stored[:0] = rows
        return len(rows)

    def add_printed(self, lines: Sequence[Printed]) -> int:
        """Add what was printed; returns how many lines were dropped in front for it."""
        if self.detached:
            return 0
        mine = [line for line in lines if line.step == self.step and self.item in (None, line.item)]
        self._printed += mine[-KEPT:]
        if len(self._printed) <= KEPT:
            return 0
        cut = len(self._printed) - KEPT + DROP
        del self._printed[:cut]
        gone = cut + len(self._stored)
        self._stored.clear()
        return gone

    def detach(self, rows: Sequence[LogRow]) -> None:
        """Show an earlier part of the log."""
        self._stored, self._printed = list(rows), []
        self.detached, self.complete = True, False

    def find(self, text: str, start: int, by: int) -> int | None:
        """The next place from `start` on, excluded, in the direction of `by`, whose text holds `text` in either case."""
        wanted = text.lower()
        places = range(start + 1, len(self)) if by > 0 else range(min(start, len(self)) - 1, -1, -1)
        return next((place for place in places if wanted in self._text(place).lower()), None)

    def printed_hits(self, text: str, since: Mapping[int, float]) -> int:
        """How many lines of items in flight hold a text."""
        wanted = text.lower()
        return sum(wanted in line.text.lower() for line in self._flying(since))

    def hits(self, text: str, counts: Callable[[int, float], bool]) -> list[tuple[int, float]]:
        """Place and time of the printed lines that hold a text, as far as a line of that item and that time `counts`."""
        wanted = text.lower()
        return [
            (place, line.at)
            for place, line in enumerate(self._printed, len(self._stored))
            if counts(line.item, line.at) and wanted in line.text.lower()
        ]

    def hits_at(self, text: str, at: float, end: int) -> int:
        """How many of the lines right before a place, printed at this time, hold a text."""
        wanted, found = text.lower(), 0
        while end and self[end - 1].at == at:
            end -= 1
            found += wanted in self._text(end).lower()
        return found

    def in_flight(self, since: Mapping[int, float]) -> int:
        """How many lines items in flight have printed."""
        return sum(1 for _ in self._flying(since))

    def _flying(self, since: Mapping[int, float]) -> Iterator[Printed]:
        """The lines that are not stored yet; `since` tells when the items in flight began."""
        return (line for line in self._printed if line.at >= since.get(line.item, line.at + 1.0))

    def _text(self, place: int) -> str:
        start = len(self._stored)
        return self._stored[place].text if place < start else self._printed[place - start].text

    @property
    def first_at(self) -> float | None:
        """The time of the oldest line."""
        if self._stored:
            return self._stored[0].at
        return self._printed[0].at if self._printed else None

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Entry]: ...
    def __getitem__(self, place: int | slice) -> Entry | Sequence[Entry]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        if place < len(self._stored):
            row = self._stored[place]
            return Entry(row.at, row.step, row.item, row.label or row.key, row.text, row.error)
        line = self._printed[place - len(self._stored)]
        key = self._keys.get((line.step, line.item), "")
        return Entry(line.at, line.step, line.item, key, line.text)

    def __len__(self) -> int:
        return len(self._stored) + len(self._printed)

    def unnamed(self, first: int, last: int) -> set[int]:
        """Items of the lines from `first` to `last` whose key is not known yet."""
        start = len(self._stored)
        lines = self._printed[max(0, first - start) : max(0, last - start)]
        return {line.item for line in lines if line.item >= 0 and (line.step, line.item) not in self._keys}
