"""The items of one step that may be handed out: the queue that says which, and the few whose bytes are at hand.

The bytes of items lie in the run file and are read in pages, so memory holds some batches, never the listing. Where items are
worked off as fast as they are listed, those that have just been committed come to hand as they are.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain

from tui_workflow.engine.ports import ItemStore
from tui_workflow.engine.queue import STARTABLE, ItemQueue
from tui_workflow.facts.events import ListedItem
from tui_workflow.facts.state import Item, StepState
from tui_workflow.facts.work import WorkItem

_make_item: Callable[[tuple[int, str, int, int, bytes]], WorkItem] = partial(tuple.__new__, WorkItem)
"""What `WorkItem._make` does, in a third of its time."""
PAGE = 4096
"""Items read from the run file at once, at the most."""


class Stock:
    """What of a step has not started, in the order in which it will."""

    def __init__(
        self,
        state: Callable[[], StepState],
        store: ItemStore,
        monotonic: Callable[[], float],
        *,
        in_order: bool,
    ) -> None:
        self._state = state
        self._store = store
        self._monotonic = monotonic
        self._in_order = in_order
        self._queue = ItemQueue(state().states, in_order=in_order)
        self._at_hand: deque[WorkItem] = deque()
        self._back_at_hand: deque[WorkItem] = deque()
        """Those that came back where order is not kept: they go in their turn, before others of which a whole page may be at hand."""
        self._want = 0
        """How many items were to be at hand when that was last asked."""
        self._reading: list[int] = []
        self._reading_back = False
        self._withheld: Counter[int] = Counter()
        """By item, the facts about it that are recorded and not committed: until then it does not start, or it would start twice."""
        self._unconfirmed = bytearray()
        """While items are listed anew, by number, 1 for those of earlier listings that may be gone or have another payload now."""
        self._aside: set[int] = set()
        """Those of them whose turn has come."""

    @property
    def ready(self) -> int:
        """About how many items could start now."""
        return len(self._back_at_hand) + len(self._at_hand) + len(self._reading) + self._queue.ready()

    @property
    def empty(self) -> bool:
        """Nothing is left to start, now or later, of what is listed."""
        at_hand = self._back_at_hand or self._at_hand
        return not (at_hand or self._reading or self._withheld or self._aside) and self._queue.empty

    @property
    def holds(self) -> bool:
        """A step that keeps order starts nothing while an earlier item waits for its next attempt."""
        due = self._queue.next_due()
        return self._in_order and due is not None and due > self._monotonic()

    @property
    def due(self) -> bool:
        """An item that waited may start by now."""
        due = self._queue.next_due()
        return due is not None and due <= self._monotonic()

    @property
    def fetches(self) -> bool:
        """An attempt that goes before all that is at hand is due, or being read: it will be at hand in a moment."""
        return not self._in_order and not self._back_at_hand and (self._reading_back or self.due)

    def take(self, count: int) -> list[WorkItem]:
        """At most `count` items whose bytes are at hand."""
        states, back, others = self._state().states, self._back_at_hand, self._at_hand
        taken: list[WorkItem] = []
        while (back or others) and len(taken) < count:
            item = (back if back and self._comes_first(back[0].number) else others).popleft()
            if states[item.number] in STARTABLE:
                taken.append(item)
        return taken

    def _comes_first(self, number: int) -> bool:
        """An item that came back goes before all at hand if its attempt is due, else before those behind it in the listing.

        What was at hand may have come back with it, so that those that came back would never end.
        """
        others = self._at_hand
        return not others or number < others[0].number or self._state().states[number] == Item.RETRYING

    def put_back(self, numbers: Iterable[int]) -> None:
        """Items that were handed out and have not started; those at hand return too, so that the order stays."""
        numbers = list(numbers)
        if numbers:
            self.return_all()
            for number in numbers:
                self._queue.put_back(number)

    def keep_order(self, in_order: bool) -> None:
        """Whether an item that waits for its next attempt holds up those after it; an edit may change that."""
        self.return_all()
        self._in_order = in_order
        self._queue.keep_order(in_order)

    def return_all(self) -> None:
        """Put what is at hand back into the queue."""
        for at_hand in (self._back_at_hand, self._at_hand):
            for item in at_hand:
                self._queue.put_back(item.number)
            at_hand.clear()

    def wait(self, number: int, due: float) -> None:
        """An item whose next attempt is due at a time of the monotonic clock."""
        if self._in_order:
            self.return_all()
        self._queue.wait(number, due)

    def withhold(self, numbers: Iterable[int]) -> None:
        """Items that are to be queued again or skipped, as soon as that is committed."""
        self._withheld.update(numbers)
        self._queue.forget_waits(set(self._withheld))
        for at_hand in (self._back_at_hand, self._at_hand):
            kept = [item for item in at_hand if item.number not in self._withheld]
            at_hand.clear()
            at_hand.extend(kept)

    def queue_again(self, numbers: Iterable[int]) -> None:
        """Ended items that are pending again. One whose turn has come already has left the queue, and must not be in it twice."""
        numbers = list(numbers)
        self._release(numbers)
        self._queue.forget_waits(set(numbers))
        at_hand = chain(self._back_at_hand, self._at_hand)
        on_their_way = {item.number for item in at_hand}.union(self._reading)
        self._queue.queue_again(number for number in numbers if number not in on_their_way)

    def _release(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if self._withheld[number] <= 1:
                del self._withheld[number]
            else:
                self._withheld[number] -= 1

    def forget_waits(self, numbers: Iterable[int]) -> None:
        """Items that ended while they waited for an attempt: they were skipped."""
        numbers = set(numbers)
        self._release(numbers)
        self._queue.forget_waits(numbers)

    def expect_listing(self) -> None:
        """Items are listed anew: start none of those that there are before `confirm` names it, or the listing has ended."""
        self._unconfirmed = bytearray(b"\1") * len(self._state().states)

    def confirm(self, numbers: Iterable[int]) -> None:
        """Items that the listing still has, with what it says of them in the run file."""
        for number in numbers:
            self._unconfirmed[number] = 0
            if number in self._aside:
                self._aside.discard(number)
                self._queue.put_back(number)

    def confirm_all(self) -> None:
        """The listing has ended: what it did not have is gone by its state."""
        self.confirm(tuple(self._aside))
        self._unconfirmed = bytearray()

    def numbers_to_read(self, want: int) -> list[int]:
        """The next items to read so that `want` are at hand; none while a read is under way or half is still there.

        In a step that keeps order, what is at hand goes back first if an earlier item has come due.
        """
        self._want = want
        if self._reading or self.holds or (self._in_order and self._aside):
            return []
        if self._in_order and self.due:
            self.return_all()
        now = self._monotonic()
        numbers: list[int] = []
        passing = not self._in_order and bool(self._at_hand or self._back_at_hand)
        if passing and len(self._back_at_hand) * 2 <= want:
            numbers = self._queue.take_back(min(PAGE, want - len(self._back_at_hand)), now)
        self._reading_back = bool(numbers)
        if not numbers and len(self._at_hand) * 2 <= want:
            numbers = self._queue.take(min(PAGE, want - len(self._at_hand)), now)
        if self._withheld:
            numbers = [number for number in numbers if number not in self._withheld]
        if self._unconfirmed:
            numbers = self._confirmed(numbers)
        self._reading = numbers
        self._reading_back = self._reading_back and bool(numbers)
        return numbers

    def _confirmed(self, numbers: list[int]) -> list[int]:
        """Those that may start; the others wait for the listing, and in a step that keeps order hold up those after them."""
        waits = self._unconfirmed
        aside = {number for number in numbers if number < len(waits) and waits[number]}
        if not aside:
            return numbers
        if self._in_order:
            first = min(aside)
            for number in numbers:
                if number > first:
                    self._queue.put_back(number)
            self._aside.add(first)
            return [number for number in numbers if number < first]
        self._aside.update(aside)
        return [number for number in numbers if number not in aside]

    def listed(self, items: Sequence[ListedItem]) -> None:
        """New items are in the run file. If it is their turn, and there is room, their bytes need not be read from there."""
        if self._reading or (self._in_order and self._aside) or len(self._at_hand) >= self._want:
            return
        if items and self._queue.is_next(items[0].number):
            self._queue.skip(len(items))
            self._at_hand.extend(
                [_make_item((number, key, position, 1, payload)) for number, key, position, payload in items]
            )

    async def read(self, numbers: list[int]) -> None:
        """Bring the bytes of items to hand; a failed read puts the items back."""
        try:
            found = await self._store.payloads(self._state().name, numbers)
        except BaseException:
            self._reading, self._reading_back = [], False
            for number in numbers:
                self._queue.put_back(number)
            raise
        at_hand = self._back_at_hand if self._reading_back and not self._in_order else self._at_hand
        self._reading, self._reading_back = [], False
        attempts = self._state().attempts_of
        for number in numbers:
            if number in self._withheld:
                continue
            key, position, payload = found[number]
            attempt = attempts.get(number, 0) + 1 if attempts else 1
            at_hand.append(_make_item((number, key, position, attempt, payload)))
