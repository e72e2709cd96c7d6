"""Items of an earlier listing do not start before the one under way has them: they may have been taken out of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.store.facts import shape
from tui_workflow.engine.stock import Stock
from tui_workflow.facts.events import ListedItem
from tui_workflow.facts.state import Item, StepState


class NoStore:
    """Nothing is read here."""


def stock_of(count: int, *, in_order: bool) -> tuple[Stock, StepState]:
    state = StepState(shape("work"))
    state.states, state.made_by = bytearray(count), bytearray(count)
    return Stock(lambda: state, NoStore(), lambda: 0.0, in_order=in_order), state  # type: ignore[arg-type]


def taken(stock: Stock) -> list[int]:
    numbers = stock.numbers_to_read(10)
    stock._reading = []  # as if they had been read and handed out
    return numbers


@pytest.mark.parametrize("in_order", [False, True])
def test_items_that_are_not_met_wait_for_the_end_of_the_listing(in_order: bool) -> None:
    stock, state = stock_of(6, in_order=in_order)
    stock.expect_listing()
    stock.confirm([1, 2, 5])
    assert taken(stock) == ([] if in_order else [1, 2, 5])
    assert not stock.empty
    stock.confirm([0, 0])
    assert taken(stock) == ([0, 1, 2] if in_order else [0])
    state.states[3] = state.states[4] = Item.GONE
    stock.confirm_all()
    assert taken(stock) == ([5] if in_order else [])
    assert stock.empty


def test_an_item_that_is_queued_again_meanwhile_starts_once() -> None:
    stock, _ = stock_of(2, in_order=False)
    stock.expect_listing()
    assert taken(stock) == []
    stock.queue_again([1])
    assert taken(stock) == []
    stock.confirm([1])
    assert taken(stock) == [1]
    stock.confirm_all()
    assert taken(stock) == [0]


def test_items_that_the_listing_adds_start_at_once() -> None:
    stock, state = stock_of(1, in_order=False)
    stock.expect_listing()
    state.states.extend(bytes(2))
    assert taken(stock) == [1, 2]


def test_items_that_have_just_been_listed_need_not_be_read_if_it_is_their_turn() -> None:
    stock, state = stock_of(0, in_order=False)
    assert stock.numbers_to_read(4) == []

    def listed(first: int, count: int) -> None:
        state.states.extend(bytes(count))
        stock.listed([ListedItem(n, f"k{n}", n, b"%d" % n) for n in range(first, first + count)])

    listed(0, 3)
    listed(3, 3)
    listed(6, 3)  # four were wanted, and there are six: the bytes of these stay where they are
    assert [(item.number, item.attempt, item.payload) for item in stock.take(9)] == [
        (n, 1, b"%d" % n) for n in range(6)
    ]
    stock.put_back([2])
    listed(9, 3)  # an earlier one waits
    assert stock.take(9) == []
    assert stock.numbers_to_read(9) == [2, 6, 7, 8, 9, 10, 11]


class Bytes:
    """Every item is there to be read."""

    async def payloads(self, step: str, numbers: Sequence[int]) -> dict[int, tuple[str, int, bytes]]:
        return {number: (f"k{number}", number, b"") for number in numbers}


async def test_an_attempt_that_is_due_goes_before_all_that_is_at_hand() -> None:
    """A page that has just been listed is at hand as a whole: to wait for its end could take hours."""
    state = StepState(shape("work"))
    now = 0.0
    stock = Stock(lambda: state, Bytes(), lambda: now, in_order=False)  # type: ignore[arg-type]
    stock.numbers_to_read(4)
    state.states.extend(bytes(300))
    stock.listed([ListedItem(n, f"k{n}", n, b"") for n in range(300)])
    assert [item.number for item in stock.take(10)] == list(range(10))
    for number in range(10):
        state.states[number] = Item.RETRYING
        stock.wait(number, 1.0)
    assert not stock.fetches
    assert [item.number for item in stock.take(2)] == [10, 11]
    now, started = 1.0, []
    while not stock.empty:
        await stock.read(stock.numbers_to_read(4))
        if not stock.fetches:
            started += [item.number for item in stock.take(1)]
    assert started == [*range(10), *range(12, 300)]


async def test_an_attempt_that_is_due_and_handed_back_still_goes_first() -> None:
    state = StepState(shape("work"))
    stock = Stock(lambda: state, Bytes(), lambda: 0.0, in_order=False)  # type: ignore[arg-type]
    state.states.extend(bytes(5))
    assert stock.numbers_to_read(5) == [0, 1, 2, 3, 4]
    await stock.read([0, 1, 2, 3, 4])
    stock.take(5)
    state.states[4] = Item.RETRYING
    stock.put_back([1, 4, 2])
    assert stock.numbers_to_read(5) == [4, 1, 2]


async def test_items_that_are_handed_back_again_and_again_keep_their_turn() -> None:
    """All at hand comes back with what a slot hands back, and is read again a few at a time: none may stay behind the others."""
    state = StepState(shape("work"))
    stock = Stock(lambda: state, Bytes(), lambda: 0.0, in_order=False)  # type: ignore[arg-type]
    stock.numbers_to_read(4)
    state.states.extend(bytes(200))
    stock.listed([ListedItem(n, f"k{n}", n, b"") for n in range(200)])
    held = [item.number for item in stock.take(20)]
    order: list[int] = []
    while not stock.empty:
        if len(order) in (0, 1, 7):
            stock.put_back(held)
            held = []
        if reading := stock.numbers_to_read(4):
            await stock.read(reading)
        order += [item.number for item in stock.take(1)]
        if len(order) == 6:
            held = [item.number for item in stock.take(3)]
    assert sorted(order) == list(range(200))
    assert all(place < number + 20 for place, number in enumerate(order)), order
    assert all(place > number - 20 for place, number in enumerate(order)), order


def test_what_is_listed_while_an_item_waits_for_its_next_attempt_keeps_its_place() -> None:
    stock, state = stock_of(1, in_order=True)
    assert taken(stock) == [0]
    state.states[0] = Item.RETRYING
    stock.wait(0, 5.0)
    state.states.extend(bytes(1))
    stock.listed([ListedItem(1, "k1", 1, b"1")])
    assert stock.take(9) == []
