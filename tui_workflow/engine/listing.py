"""Items as they are listed become items of the run: known ones are found by key, new ones are numbered.

Nothing is kept per item but one byte, so ten million rows can be listed; the run file answers what is known. A listing that
is made again mostly has the same items in the same order, so each page is first held beside the items that follow those
met last. Only what is not among them is looked up by key, for which the run file needs an index.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count as count_from

from tui_workflow.engine.ports import ItemStore, Recorder
from tui_workflow.engine.renaming import Renaming
from tui_workflow.facts import events as ev
from tui_workflow.facts.events import ListedItem
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.record import same
from tui_workflow.facts.seen import SeenKeys
from tui_workflow.facts.state import Item, StepState
from tui_workflow.facts.work import Known, ListedPage

AHEAD = 12_000
"""Items that may be listed and not committed: the listing waits for the disk, memory does not grow."""
AHEAD_BYTES = 16 << 20
"""Bytes of their values, likewise."""

_COPY = "~"
"""Between a key and the number of the item that has it once more."""
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
    """Takes the pages of one listing of one step, in order, and records what they come to."""

    def __init__(
        self,
        step: StepState,
        store: ItemStore,
        recorder: Recorder,
        stamp: Stamp,
        limit: int | None,
        confirmed: Callable[[Sequence[int]], None] = lambda _: None,
        *,
        rekeyed: bool = False,
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
        self._unmet = self._before
        """Items of earlier listings that this one has not had so far: when there are none, what comes is new."""
        self._follows = 0
        """The number after that of the item met last: what the listing has next, if nothing has changed."""
        self._marked = SeenKeys()
        """Of the keys so far, those that look like one that was given to a copy, and those that were."""
        self._unflushed = self._unflushed_bytes = 0
        self._indexed = False
        self._read = 0
        self._copies: dict[str, int] = {}
        self._confirmed = confirmed
        self._met: list[int] = []
        self._renaming = Renaming(step, store) if rekeyed and step.states else None

    async def run(self, pages: AsyncIterator[ListedPage], now: float) -> list[int]:
        """Record every item of the listing; returns the numbers of known items that it no longer has.

        `confirmed` is told of known items that it still has, once what it says of them is in the run file; of the last ones
        the caller knows as much when it has recorded the end. Of a listing that is `rekeyed`, whose keys are made otherwise than
        those of the one before, an item with the value that it had, near where it was, is that item under another key. `now` stamps the facts. Duplicates under a default key get
        `~2`, `~3` …; under an explicit key they fail unrun.
        """
        async for page in pages:
            if self._limit is not None:
                room = max(0, self._limit - self._position)
                page = page._replace(keys=page.keys[:room], payloads=page.payloads[:room])
            if page.keys:
                await self._take(page, now)
            if self._limit is not None and self._position >= self._limit:
                break
        return [
            number
            for number in range(self._before)
            if not self._seen[number] and self._step.states[number] != Item.GONE
        ]

    async def _take(self, page: ListedPage, now: float) -> None:
        perhaps = [*page.perhaps, *self._marked.add_all([key for key in page.keys if _COPY in key])]
        if self._unmet:
            renaming = self._renaming
            if renaming is not None and renaming.begun:
                await self._recorder.flush()  # no item may be met under the key that it had
            following = await self._following(len(page.keys))
            if (renaming is None or not renaming.begun) and self._take_unchanged(page, following):
                if renaming is not None:
                    renaming.pass_by(self._follows)
                return
            await self._take_mixed(page, await self._known(page.keys, following), now)
        elif perhaps:
            await self._take_mixed(page, await self._known(perhaps, {}), now)
        else:
            self._take_new(page, now)
        self._unflushed += len(page.keys)
        self._unflushed_bytes += sum(map(len, page.payloads))
        if self._unflushed >= AHEAD or self._unflushed_bytes >= AHEAD_BYTES:
            self._unflushed = self._unflushed_bytes = 0
            await self._recorder.flush()
            self._confirm_met()

    async def _following(self, count: int) -> Mapping[str, Known]:
        """By key, the items of earlier listings that come after the one met last, in their order."""
        numbers = range(self._follows, min(self._follows + count, self._before))
        found = await self._store.payloads(self._step.name, numbers)
        return {
            key: Known(number, None if position < 0 else position, payload)
            for number, (key, position, payload) in found.items()
        }

    def _take_unchanged(self, page: ListedPage, following: Mapping[str, Known]) -> bool:
        """Take a page that is as it was at the same place, of which nothing has to be recorded; False if it is not."""
        first, count = self._follows, len(page.keys)
        last = first + count
        same = (
            list(following) == page.keys
            and [item.payload for item in following.values()] == page.payloads
            and all(item.position == place for place, item in enumerate(following.values(), self._position))
            and not any(self._seen[first:last])
            and Item.GONE not in self._step.states[first:last]
        )
        if same:
            self._seen[first:last] = b"\1" * count
            self._position += count
            self._unmet -= count
            self._follows = last
            self._confirmed(range(first, last))
        return same

    async def _take_mixed(self, page: ListedPage, known: dict[str, Known], now: float) -> None:
        """Take a page that has known items in it, or may have copies."""
        if self._renaming is not None:
            await self._renaming.read(len(page.keys))
        renamed: set[int] = set()
        name = self._step.name
        self._confirm_met()
        first = self._next
        fresh: dict[str, int] = {}
        listed_items: list[ev.ListedItem] = []
        moved: list[ev.ListedItem] = []
        changed: list[int] = []
        duplicates: list[Outcome] = []
        for original, payload in zip(page.keys, page.payloads, strict=True):
            key, copy_of = original, -1
            while True:
                entry = known.get(key)
                if entry is not None and entry.number in renamed:
                    entry = None
                taken = fresh.get(key, -1)
                if taken < 0 and entry is not None and self._is_seen(entry.number):
                    taken = entry.number
                if taken < 0:
                    break
                if copy_of < 0:
                    copy_of = taken
                copies = self._copies[original] = self._copies.get(original, 1) + 1
                key = f"{original}{_COPY}{copies}"
                if (self._marked.add(key) or self._before) and key not in known and key not in fresh:
                    await self._recorder.flush()
                    known.update(await self._match([key]))
            if self._renaming is not None:
                self._renaming.next_row()
                if entry is None and copy_of < 0 and (entry := self._renaming.find(payload, self._seen)) is not None:
                    renamed.add(entry.number)
                    fresh[key] = entry.number
            if entry is None:
                number = self._next
                self._next += 1
                fresh[key] = number
                self._seen.append(1)
                listed_items.append(ev.ListedItem(number, key, self._position, payload))
                if page.explicit and copy_of >= 0:
                    duplicates.append(self._duplicate(number, original, copy_of, now))
            else:
                self._unmet -= entry.number < self._before
                self._seen[entry.number] = 1
                self._met.append(entry.number)
                self._follows = entry.number + 1
                state = self._step.states[entry.number]
                if (
                    entry.position != self._position
                    or entry.payload != payload
                    or state == Item.GONE
                    or entry.number in renamed
                ):
                    moved.append(ev.ListedItem(entry.number, key, self._position, payload))
                if state == Item.GONE or (state != Item.PENDING and not same(entry.payload, payload)):
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

    def _confirm_met(self) -> None:
        """Say which known items the listing still has, after what it says of them has been committed."""
        if self._met:
            met, self._met = self._met, []
            self._confirmed(met)

    def _take_new(self, page: ListedPage, now: float) -> None:
        """Record a page of which every key is new: nearly all that a first listing has."""
        first, count = self._next, len(page.keys)
        items = tuple(map(_make_item, zip(count_from(first), page.keys, count_from(self._position), page.payloads)))
        self._next += count
        self._position += count
        self._seen.extend(b"\1" * count)
        self._recorder.append([ev.ItemsListed(now, self._step.name, first, count, items)])

    async def _known(self, keys: Sequence[str], following: Mapping[str, Known]) -> dict[str, Known]:
        """The items that exist under these keys."""
        # What was listed before must be findable, so that a key of this page meets its earlier copy.
        await self._recorder.flush()
        known = dict(following)
        if missing := [key for key in keys if key not in known]:
            known.update(await self._match(missing))
        return known

    async def _match(self, keys: Sequence[str]) -> Mapping[str, Known]:
        """Look keys up: by reading the whole step while that is rare, by an index once it is not."""
        if not self._indexed:
            self._read += self._next
            if self._before or self._read > READS_PER_ITEM * self._next:
                await self._store.index_keys()
                self._indexed = True
        return await self._store.match(self._step.name, keys)

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
