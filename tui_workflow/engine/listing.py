"""Items as they are listed become items of the run: known ones are found by key, new ones are numbered.

Nothing is kept per item but one byte, so ten million rows can be listed; the index of the run file answers what is known.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count as count_from
from operator import itemgetter

from tui_workflow.engine.ports import ItemStore, Known, Recorder
from tui_workflow.engine.seen import SeenKeys
from tui_workflow.facts import events as ev
from tui_workflow.facts.events import ListedItem
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.state import Item, StepState
from tui_workflow.facts.work import Listed

AHEAD = 4000
"""Items that may be listed and not committed: the listing waits for the disk, memory does not grow."""


_KEY, _PAYLOAD = itemgetter(0), itemgetter(1)
_make_item: Callable[[tuple[int, str, int, bytes]], ListedItem] = partial(tuple.__new__, ListedItem)
"""What `ListedItem._make` does, in a third of its time."""
READS_PER_ITEM = 64
"""How often an item may be read while keys are looked up without an index: about as dear as one entry of the index."""


@dataclass(slots=True)
class Stamp:
    """What outcomes made by the listing itself carry."""

    revision: int
    definition: str


class Lister:
    """Takes the chunks of one listing of one step, in order, and records what they come to."""

    def __init__(
        self,
        step: StepState,
        store: ItemStore,
        recorder: Recorder,
        stamp: Stamp,
        limit: int | None,
        confirmed: Callable[[Sequence[int]], None] = lambda _: None,
    ) -> None:
        self._step = step
        self._store = store
        self._recorder = recorder
        self._stamp = stamp
        self._limit = limit
        self._before = len(step.states)
        self._next = self._before
        self._position = 0
        self._seen = bytearray(self._before)
        self._keys = SeenKeys()
        self._unflushed = 0
        self._indexed = False
        self._read = 0
        self._copies: dict[str, int] = {}
        self._confirmed = confirmed
        self._met: list[int] = []

    async def run(self, chunks: AsyncIterator[list[Listed]], now: float) -> list[int]:
        """Record every item of the listing; returns the numbers of known items that it no longer has.

        `confirmed` is told of known items that it still has, once what it says of them is in the run file; of the last ones
        the caller knows as much when it has recorded the end. `now` stamps the facts. Duplicates under a default key get
        `~2`, `~3` …; under an explicit key they fail unrun.
        """
        async for chunk in chunks:
            if self._limit is not None:
                chunk = chunk[: max(0, self._limit - self._position)]
            if chunk:
                await self._take(chunk, now)
            if self._limit is not None and self._position >= self._limit:
                break
        return [
            number
            for number in range(self._before)
            if not self._seen[number] and self._step.states[number] != Item.GONE
        ]

    async def _take(self, chunk: Sequence[Listed], now: float) -> None:
        name = self._step.name
        perhaps = self._keys.add_all([listed.key for listed in chunk])
        if not perhaps and not self._before:
            self._take_new(chunk, now)
            await self._recorded(len(chunk))
            return
        known = await self._known([listed.key for listed in chunk] if self._before else perhaps)
        if self._met:
            met, self._met = self._met, []
            self._confirmed(met)
        first = self._next
        fresh: dict[str, int] = {}
        listed_items: list[ev.ListedItem] = []
        moved: list[ev.ListedItem] = []
        changed: list[int] = []
        duplicates: list[Outcome] = []
        for listed in chunk:
            key, original, copy_of = listed.key, listed.key, -1
            while True:
                entry = known.get(key)
                taken = fresh.get(key, -1)
                if taken < 0 and entry is not None and self._is_seen(entry.number):
                    taken = entry.number
                if taken < 0:
                    break
                if copy_of < 0:
                    copy_of = taken
                copies = self._copies[original] = self._copies.get(original, 1) + 1
                key = f"{original}~{copies}"
                if (self._keys.add(key) or self._before) and key not in known and key not in fresh:
                    await self._recorder.flush()
                    known.update(await self._match([key]))
            if entry is None:
                number = self._next
                self._next += 1
                fresh[key] = number
                self._seen.append(1)
                listed_items.append(ev.ListedItem(number, key, self._position, listed.payload))
                if listed.explicit and copy_of >= 0:
                    duplicates.append(self._duplicate(number, original, copy_of, now))
            else:
                self._seen[entry.number] = 1
                self._met.append(entry.number)
                state = self._step.states[entry.number]
                if entry.position != self._position or entry.payload != listed.payload or state == Item.GONE:
                    moved.append(ev.ListedItem(entry.number, key, self._position, listed.payload))
                if state == Item.GONE or (entry.payload != listed.payload and state != Item.PENDING):
                    changed.append(entry.number)
            self._position += 1
        facts: list[ev.Event] = []
        if listed_items:
            facts.append(ev.ItemsListed(now, name, first, len(listed_items), tuple(listed_items)))
        if moved:
            facts.append(ev.ItemsMoved(now, name, tuple(moved)))
        if changed:
            facts.append(ev.ItemsQueued(now, name, tuple(changed), "changed"))
        if duplicates:
            facts.append(
                ev.ItemsEnded(now, name, self._stamp.revision, self._stamp.definition, 0, tuple(duplicates), None)
            )
        self._recorder.append(facts)
        await self._recorded(len(chunk))

    def _take_new(self, chunk: Sequence[Listed], now: float) -> None:
        """Record a chunk of which every key is new: nearly all that a first listing has."""
        first, count = self._next, len(chunk)
        keys, payloads = map(_KEY, chunk), map(_PAYLOAD, chunk)
        items = tuple(map(_make_item, zip(count_from(first), keys, count_from(self._position), payloads)))
        self._next += count
        self._position += count
        self._seen.extend(b"\1" * count)
        self._recorder.append([ev.ItemsListed(now, self._step.name, first, count, items)])

    async def _recorded(self, items: int) -> None:
        """Wait for the disk when too much waits for it."""
        self._unflushed += items
        if self._unflushed >= AHEAD:
            self._unflushed = 0
            await self._recorder.flush()

    async def _known(self, keys: Sequence[str]) -> dict[str, Known]:
        """The items that exist under these keys."""
        if not keys:
            return {}
        # What was listed before must be findable, so that a key of this chunk meets its earlier copy.
        await self._recorder.flush()
        return await self._match(keys)

    async def _match(self, keys: Sequence[str]) -> dict[str, Known]:
        """Look keys up: by reading the whole step while that is rare, by an index once it is not."""
        if not self._indexed:
            self._read += self._next
            if self._before or self._read > READS_PER_ITEM * self._next:
                await self._store.index_keys()
                self._indexed = True
        return dict(await self._store.match(self._step.name, keys))

    def _is_seen(self, number: int) -> bool:
        return number < len(self._seen) and bool(self._seen[number])

    def _duplicate(self, number: int, key: str, first: int, now: float) -> Outcome:
        message = f"duplicate key {key!r} (also item {first})"
        error = ErrorInfo("DuplicateKey", message, fingerprint("DuplicateKey", message), ("DuplicateKey",))
        return Outcome(number, 0, Ended.FAILED, now, 0.0, None, error.encode(), None, None)


def single_item(step: StepState, now: float) -> list[ev.Event]:
    """The listing of a step without `for_each`: item 0, and none of those it had while it looped."""
    item = ev.ListedItem(0, step.name, 0, b"null")
    if not step.states:
        return [ev.ItemsListed(now, step.name, 0, 1, (item,)), ev.ListingFinished(now, step.name)]
    gone = tuple(number for number in range(1, len(step.states)) if step.states[number] != Item.GONE)
    queued = [ev.ItemsQueued(now, step.name, (0,), "changed")] if step.states[0] else []
    return [ev.ItemsMoved(now, step.name, (item,)), *queued, ev.ListingFinished(now, step.name, gone)]
