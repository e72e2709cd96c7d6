"""The list of what runs: the items in flight, anew in each frame, so that one that hangs is found among many."""

from __future__ import annotations

import re

import pytest

from tests.ui.screen import opened
from tests.ui.simulate import Simulation, http_error
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import Item
from tui_workflow.view import listing


async def test_i_lists_first_what_runs() -> None:
    async with opened() as screen:
        text = await screen.press("2", "i")
        items = screen.desk.nav.items
        assert items is not None
        assert items.states == listing.RUNNING
        running = sorted(run.item for run in screen.desk.lanes()[items.step])
        assert list(screen.desk.item_list.numbers) == running
        assert f"{len(running)} running" in text
        assert items.item == running[0]
        text = await screen.press("i")
        assert "failed" in screen.lines[2]


async def test_a_running_item_shows_the_attempt_under_way_and_the_key_that_gives_it_up() -> None:
    run = Simulation(total=1000)
    async with opened(run) as screen:
        lane = run.running("process_chunks")[2]
        name = run.key("process_chunks", lane.item)
        error = http_error(lane.item)
        run.end(
            "process_chunks", run.clock - 9, [(lane.item, Ended.RETRYING, 1, 0.8, error)], {lane.item: run.clock - 5}
        )
        await screen.press("1", "i")
        assert screen.desk.nav.items is not None
        screen.desk.nav.items.item = lane.item
        text = await screen.settle()
        line = next(line for line in text.split("\n") if f"● {name}" in line)
        assert re.search(rf"● {name} +2 +4.0 s", line), "the second attempt, for so long"
        assert "HTTPError" not in line.split("  process_chunks")[0]
        assert "s give up" in screen.footer
        assert "r retry" not in screen.footer


@pytest.mark.parametrize(
    ("state", "offered"), [(Item.OK, ()), (Item.SKIPPED, ("r retry",)), (Item.FAILED, ("r retry", "C canary"))]
)
async def test_the_footer_of_a_list_offers_what_the_item_under_the_cursor_takes(
    state: Item, offered: tuple[str, ...]
) -> None:
    run = Simulation(total=1000)
    ends = {Item.OK: Ended.OK, Item.SKIPPED: Ended.SKIPPED, Item.FAILED: Ended.FAILED}
    run.end("process_chunks", run.clock, [(5, ends[state], 2, 0.5, http_error(5) if state == Item.FAILED else None)])
    async with opened(run, (140, 32)) as screen:
        await screen.press("1", "enter")
        assert screen.desk.nav.items is not None
        screen.desk.nav.items.item = 5
        await screen.settle()
        for words in ("r retry", "C canary"):
            assert (words in screen.footer) is (words in offered)
