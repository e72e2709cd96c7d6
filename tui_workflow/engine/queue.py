"""Which item of a step comes next. Pure: time is given, and the states are read, never written.

New items are found by a cursor that runs over the state bytes once; items that come back (recalled, retried, interrupted)
wait in a heap by number, so they go first and keep their order; items between attempts wait in a heap by time. In a step that
does not keep order, an attempt that is due goes before all of these: what may come right by itself is known to soon, and
hours of other work do not stand before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from tui_workflow.facts.state import Item

_PENDING = bytes([Item.PENDING])
STARTABLE = frozenset({int(Item.PENDING), int(Item.RETRYING)})
"""States from which an item may start; one that was skipped while it waited has another."""


class ItemQueue:
    """The items of one step that have not started; memory is what is waiting out of order, not what is listed."""

    def __init__(self, states: bytearray, *, in_order: bool) -> None:
        self._states = states
        self._in_order = in_order
        self._cursor = 0
        self._back: list[int] = []
        self._due: list[int] = []
        """Those whose next attempt is due, where order is not kept."""
        self._waiting: list[tuple[float, int]] = []

    def keep_order(self, in_order: bool) -> None:
        """Whether an item that waits holds up those after it."""
        self._in_order = in_order
        others, self._back, self._due = [*self._back, *self._due], [], []
        for number in others:
            self.put_back(number)

    def queue_again(self, numbers: Iterable[int]) -> None:
        """Ended items whose state has become pending again; those the cursor has yet to reach need no place of their own."""
        for number in numbers:
            if number < self._cursor:
                heappush(self._back, number)

    def put_back(self, number: int) -> None:
        """An item that was taken and has not started, or that is queued anew."""
        due = self._states[number] == Item.RETRYING and not self._in_order
        heappush(self._due if due else self._back, number)

    def wait(self, number: int, due: float) -> None:
        """An item whose next attempt is due at a time of the monotonic clock, in seconds."""
        heappush(self._waiting, (due, number))

    def forget_waits(self, numbers: set[int]) -> None:
        """Items that no longer wait for an attempt: skipped, or queued at once."""
        self._waiting = sorted(entry for entry in self._waiting if entry[1] not in numbers)
        self._due = sorted(number for number in self._due if number not in numbers)

    def take(self, count: int, now: float) -> list[int]:
        """At most `count` items that may start now. In a step that keeps order, none while an earlier one waits."""
        taken = self.take_back(count, now)
        if self._in_order and self._waiting:
            return []
        while len(taken) < count and (first := self._find()) is not None:
            last = first + count - len(taken)
            page = self._states[first:last]
            run = len(page) - len(page.lstrip(_PENDING))
            taken.extend(range(first, first + run))
            self._cursor = first + run
        return taken

    def take_back(self, count: int, now: float) -> list[int]:
        """At most `count` items that may start now, of those that have come back."""
        while self._waiting and self._waiting[0][0] <= now:
            heappush(self._back if self._in_order else self._due, heappop(self._waiting)[1])
        taken: list[int] = []
        if self._in_order and self._waiting:
            return taken
        for heap in (self._due, self._back):
            while heap and len(taken) < count:
                number = heappop(heap)
                while heap and heap[0] == number:  # one that waits and is queued again comes once
                    heappop(heap)
                if self._states[number] in STARTABLE:
                    taken.append(number)
        return taken

    def is_next(self, number: int) -> bool:
        """True if an item that has just been listed is the first that is left."""
        return self._cursor == number and not self._back and not self._due and not self._waiting

    def skip(self, count: int) -> None:
        """The next items in the order of listing have been taken without `take`."""
        self._cursor += count

    def ready(self) -> int:
        """About how many items could start: all that came back, and all from the cursor on that are listed."""
        return len(self._back) + len(self._due) + max(0, len(self._states) - self._cursor)

    def next_due(self) -> float | None:
        """When the next waiting item becomes ready, or None."""
        return self._waiting[0][0] if self._waiting else None

    @property
    def empty(self) -> bool:
        """True when nothing is left to start, now or later, of what is listed."""
        for heap in (self._due, self._back):
            while heap and self._states[heap[0]] not in STARTABLE:
                heappop(heap)
        return not self._back and not self._due and not self._waiting and self._find() is None

    def _find(self) -> int | None:
        found = self._states.find(_PENDING, self._cursor)
        return found if found >= 0 else None
