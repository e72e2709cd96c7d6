"""A listing that is made again: what it finds does not depend on how it is cut into pages, and little is looked up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.fakes import Memory
from tests.store.facts import shape
from tui_workflow.engine.listing import Lister, Stamp
from tui_workflow.facts import events as ev
from tui_workflow.facts.state import Item, RunState, StepState, fold
from tui_workflow.facts.work import ListedPage

Row = tuple[str, bytes]
KEYS = ("a", "b", "a~2", "b~2", "a~2~2", "c", "d")


@dataclass
class Bench:
    """A step whose items are listed again and again."""

    explicit: bool = False
    memory: Memory = field(default_factory=Memory)
    run: RunState = field(default_factory=RunState)
    confirmed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.run.steps["work"] = StepState(shape("work"))
        self.memory.committed = lambda facts: void(fold(self.run, facts))

    @property
    def step(self) -> StepState:
        return self.run.steps["work"]

    def list(self, rows: Sequence[Row], size: int, *, rekeyed: bool = False) -> list[ev.Event]:
        """List the rows in pages of a size; the facts that it came to."""
        known = len(self.memory.facts)

        async def pages() -> AsyncIterator[ListedPage]:
            met: set[str] = set()
            for first in range(0, len(rows), size):
                keys = [key for key, _ in rows[first : first + size]]
                perhaps = [key for place, key in enumerate(keys) if key in met or key in keys[:place]]
                met.update(keys)
                yield ListedPage(keys, [body for _, body in rows[first : first + size]], self.explicit, perhaps)

        async def work() -> None:
            self.confirmed = []
            stamp = Stamp(1, "d")
            lister = Lister(self.step, self.memory, self.memory, stamp, None, self.confirmed.extend, rekeyed=rekeyed)
            gone = await lister.run(pages(), 1.0)
            self.memory.append([ev.ListingFinished(1.0, "work", tuple(gone))])
            await self.memory.flush()

        asyncio.run(work())
        return [fact for fact in self.memory.facts[known:] if not isinstance(fact, ev.ListingFinished)]

    @property
    def numbers(self) -> dict[str, int]:
        """By key, the numbers of the items that the latest listing has."""
        rows = self.memory.items.get("work", {})
        return {rows[n].key: n for n, state in enumerate(self.step.states) if state != Item.GONE}

    @property
    def items(self) -> dict[str, tuple[int, bytes]]:
        """By key, place and value of the items that the latest listing has."""
        rows = self.memory.items.get("work", {})
        return {
            rows[n].key: (rows[n].position, rows[n].payload)
            for n, state in enumerate(self.step.states)
            if state != Item.GONE
        }


def void(_: object) -> None: ...


def rows(*keys: str) -> list[Row]:
    return [(key, key.encode()) for key in keys]


listings = st.lists(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from((b"1", b"2"))), max_size=9), max_size=3)


@given(listings, st.integers(1, 4), st.booleans(), st.booleans())
def test_how_a_listing_is_cut_into_pages_does_not_matter(
    made: list[list[Row]], size: int, explicit: bool, rekeyed: bool
) -> None:
    whole, cut = Bench(explicit), Bench(explicit)
    for listing in made:
        whole.list(listing, 100, rekeyed=rekeyed)
        cut.list(listing, size, rekeyed=rekeyed)
        assert cut.numbers == whole.numbers
        assert cut.items == whole.items
        assert len(cut.items) == len(listing)
        assert [place for place, _ in sorted(cut.items.values())] == list(range(len(listing)))
        assert cut.step.failed == whole.step.failed


def test_an_unchanged_listing_records_nothing_and_needs_no_index() -> None:
    bench = Bench()
    bench.list(rows(*"abcdefg"), 3)
    assert bench.list(rows(*"abcdefg"), 3) == []
    assert bench.confirmed == list(range(7))
    assert not bench.memory.indexed


def test_what_is_added_at_the_end_needs_no_index() -> None:
    bench = Bench()
    bench.list(rows(*"abcd"), 2)
    (fact,) = bench.list(rows(*"abcdef"), 2)
    assert isinstance(fact, ev.ItemsListed)
    assert [(item.number, item.key) for item in fact.items] == [(4, "e"), (5, "f")]
    assert not bench.memory.indexed


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_a_listing_goes_on_beside_the_items_that_follow_after_one_that_is_missing(size: int) -> None:
    bench = Bench()
    bench.list(rows(*"abcdefgh"), size)
    bench.list(rows(*"abdefgh"), size)
    assert bench.items == {key: (place, key.encode()) for place, key in enumerate("abdefgh")}


def test_a_page_with_another_value_is_no_unchanged_one() -> None:
    bench = Bench(explicit=True)
    bench.list([("a", b"1"), ("b", b"1")], 2)
    (fact,) = bench.list([("a", b"1"), ("b", b"2")], 2)
    assert isinstance(fact, ev.ItemsMoved)
    assert [(item.key, item.payload) for item in fact.items] == [("b", b"2")]


@pytest.mark.parametrize("size", [1, 3, 9])
def test_under_other_keys_items_stay_what_they_are(size: int) -> None:
    bench = Bench(explicit=True)
    bench.list(rows(*"abcdefgh"), size)
    new = [(f"k-{key}", key.encode()) for key in "abXdhefg"]
    facts = bench.list(new, size, rekeyed=True)
    assert bench.numbers == {"k-a": 0, "k-b": 1, "k-X": 8, "k-d": 3, "k-h": 7, "k-e": 4, "k-f": 5, "k-g": 6}
    assert not any(isinstance(fact, ev.ItemsQueued) for fact in facts)
