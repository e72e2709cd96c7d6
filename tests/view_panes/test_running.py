"""The page of an item that runs."""

from __future__ import annotations

import pytest

from tests.ui.screen import opened
from tests.ui.simulate import Simulation, http_error
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import Item
from tui_workflow.facts.work import Running
from tui_workflow.ui.actions.open import show
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.nav import Items
from tui_workflow.view.numbers import clock
from tui_workflow.view.panes import item
from tui_workflow.view.ports import AttemptRow, Flight, ItemDetail, ItemRow, Printed

SINCE = 1_769_824_800.0


def page(detail: ItemDetail, flight: Flight | None, *, times: bool = False) -> str:
    rows = item.rows(detail, (), 70, UNICODE, unfolded=False, times=times, flight=flight)
    return "\n".join(plain(row.line) for row in rows)


def detail_of(state: Item, *attempts: AttemptRow) -> ItemDetail:
    return ItemDetail(ItemRow(3, 3, "k3", state, len(attempts), None, None, 1), "3", attempts)


def test_it_says_that_it_runs_since_when_and_what_it_has_printed() -> None:
    said = tuple(Printed(SINCE + n, "work", 3, f"line {n}") for n in range(2))
    text = page(detail_of(Item.PENDING), Flight(1, SINCE, SINCE + 65, "40 %", said), times=True)
    assert "has not run" not in text
    assert f"● runs since {clock(SINCE)}, 1:05   40 %" in text
    assert f"{clock(SINCE + 1)}  line 1" in text


@pytest.mark.parametrize("state", [Item.PENDING, Item.RETRYING])
def test_of_a_later_attempt_it_says_which_and_keeps_what_the_one_before_came_to(state: Item) -> None:
    before = AttemptRow(1, Ended.RETRYING, SINCE - 9, 1.0, 1, SINCE - 3, http_error(3), None, None)
    text = page(detail_of(state, before), Flight(2, SINCE, SINCE + 4))
    assert text.startswith(f"● runs since {clock(SINCE)}, ")
    assert ", attempt 2" in text.split("\n", 1)[0]
    assert "then waited" in text
    assert "raise_for_status" in text
    assert text.count("● runs") == 2, "in the headline and as the last attempt"


def test_an_item_that_is_to_run_again_has_run() -> None:
    before = AttemptRow(1, Ended.OK, SINCE - 9, 1.0, 1, None, None, None, None)
    assert "waits to run again" in page(detail_of(Item.PENDING, before), None)
    assert "has not run yet" in page(detail_of(Item.PENDING), None)


async def test_the_page_on_the_screen_follows_what_the_item_prints() -> None:
    run = Simulation(total=1000)
    async with opened(run) as screen:
        busy: Running = run.running("process_chunks")[2]
        run.lines.append(Printed(busy.since - 60, "process_chunks", busy.item, "of an attempt before"))
        run.lines.append(Printed(busy.since + 1, "process_chunks", busy.item, "fetching page 1"))
        run.lines.append(Printed(busy.since + 1, "process_chunks", busy.item + 1, "of another item"))
        show(screen.desk, Items("process_chunks", "process_chunks", item=busy.item, reading=True))
        text = await screen.settle()
        assert f"● runs since {clock(busy.since)}" in text
        assert "88 %" in text
        assert "fetching page 1" in text
        assert "of another item" not in text
        assert "of an attempt before" not in text
        run.lines.append(Printed(busy.since + 2, "process_chunks", busy.item, "fetching page 2"))
        assert "fetching page 2" in await screen.settle()
