"""Items that a listing has under other keys than the one before: known again by their value, near the place where they were.

A key says which item an item is. When the template of the keys of a step has been edited, no key is known any more, and all that
has been done, and paid for, would be done again. An item with the value of one that nobody has met so far is that item.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from tui_workflow.engine.ports import ItemStore
from tui_workflow.facts.record import placeless
from tui_workflow.facts.state import Item, StepState
from tui_workflow.facts.work import Known

NEAR = 1000
"""How far from its place an item is looked for: so many may have come or gone before it, or it may have moved so far."""


class Renaming:
    """The items of the listing before, while a new one goes by. Holds `2 * NEAR` of them and those of a page."""

    def __init__(self, step: StepState, store: ItemStore) -> None:
        self._state = step
        self._store = store
        self._left = _worth_keeping(step, 0)
        self.begun = False
        """Something was looked for; until then the new listing is what the one before was."""
        self._read: deque[Known] = deque()
        """Read, and not yet near."""
        self._near: deque[Known] = deque()
        self._by_value: dict[bytes, deque[Known]] = {}
        self._row = 0
        self._admitted = 0

    def pass_by(self, number: int) -> None:
        """All items before this number have been met, one after the other."""
        self._row = self._admitted = number
        self._left = _worth_keeping(self._state, number)

    async def read(self, rows: int) -> None:
        """Have at hand what the next `rows` rows may be."""
        self.begun = True
        missing = self._row + rows + NEAR - self._admitted - len(self._read)
        numbers = list(islice(self._left, max(0, missing)))
        if numbers:
            found = await self._store.payloads(self._state.name, numbers)
            for number in numbers:
                _, position, payload = found[number]
                self._read.append(Known(number, None if position < 0 else position, payload))

    def next_row(self) -> None:
        """The listing goes on by a row: what is near moves on with it."""
        self._row += 1
        while self._read and self._admitted < self._row + NEAR:
            item = self._read.popleft()
            self._near.append(item)
            self._by_value.setdefault(placeless(item.payload), deque()).append(item)
            self._admitted += 1
        while len(self._near) > 2 * NEAR:
            item = self._near.popleft()
            value = placeless(item.payload)
            alike = self._by_value.get(value)
            if alike and alike[0].number == item.number:
                alike.popleft()
                if not alike:
                    del self._by_value[value]

    def find(self, payload: bytes, seen: Sequence[int]) -> Known | None:
        """The first item near here with this value that is not among the `seen`, by number; it is found once."""
        value = placeless(payload)
        alike = self._by_value.get(value)
        while alike:
            item = alike.popleft()
            if not alike:
                del self._by_value[value]
            if not seen[item.number]:
                return item
        return None


def _worth_keeping(step: StepState, first: int) -> Iterator[int]:
    """The items from a number on that have not gone, those left out that only failed as duplicates of a key, and so have never run."""
    for number, state in enumerate(step.states[first:], first):
        if state != Item.GONE and not (state == Item.FAILED and number not in step.attempts_of):
            yield number
