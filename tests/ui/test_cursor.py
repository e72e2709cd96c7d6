"""What is marked and where the cursor is, while items come and go: keys act on what is seen, and on nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.ui.screen import Screen, opened
from tests.ui.simulate import Simulation, http_error, key_error
from tui_workflow.facts import commands as cm
from tui_workflow.facts.outcome import Ended, ErrorInfo
from tui_workflow.ui.actions import walk
from tui_workflow.view.glyphs import UNICODE


async def test_an_open_range_is_shown_as_what_the_next_key_acts_on() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "enter", "v")
        text = await screen.press("j", "j", "j", "k")
        assert "3 marked" in text
        assert "r retry 3 marked" in screen.footer
        items = screen.desk.nav.items
        assert items is not None
        assert items.marked == set(screen.desk.item_list.numbers[:3])
        assert sum(f"{UNICODE.mark} doc-" in line[:8] for line in screen.lines) == 3
        assert "Skip the 3 marked?" in await screen.press("s")
        await screen.press("escape", "j")
        assert len(items.marked) == 3, "a key that acts has ended the range"


async def test_an_open_range_of_groups_is_shown_too() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        text = await screen.press("3", "g", "v", "j")
        assert "2 marked" in text
        text = await screen.press("j", "k", "k")
        assert "1 marked" in text


async def ends(screen: Screen, number: int, error: ErrorInfo | None) -> str:
    """The screen once an item has ended, badly with an error."""
    how = Ended.FAILED if error is not None else Ended.OK
    screen.run.end("process_chunks", screen.run.clock, [(number, how, 4, 0.9, error)])
    screen.app._tick()
    return await screen.settle()


@pytest.mark.parametrize("key", ["r", "C"])
@pytest.mark.parametrize("error", [http_error, key_error])
async def test_the_cursor_stays_on_an_item_that_is_tried_again(key: str, error: Callable[[int], ErrorInfo]) -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "enter", "j", "j")
        items = screen.desk.nav.items
        assert items is not None
        tried, before = items.item, list(screen.desk.item_list.numbers)
        assert tried == before[2]
        await screen.press(key)
        assert items.item == tried
        assert f"{len(before) - 1} items" in screen.text, "what has left the list is not counted in it"
        assert list(screen.desk.item_list.numbers) == before
        await screen.press("r")
        assert len(screen.run.sent) == 1, "a second key hits no other item"
        assert "is not failed" in screen.footer
        await ends(screen, tried, error(tried))
        assert items.item == tried
        await screen.press("j")
        assert items.item == before[3]
        await screen.press("k")
        assert items.item == before[2 if error is http_error else 1]


async def test_the_cursor_stays_on_an_item_in_a_list_that_is_sorted_or_filtered() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "enter", "slash", *"doc-31", "enter", "o", "j", "j")
        items = screen.desk.nav.items
        assert items is not None
        tried, before = items.item, list(screen.desk.item_list.numbers)
        assert tried == before[2]
        await screen.press("r")
        assert (items.item, items.row) == (tried, 2)
        await ends(screen, tried, http_error(tried))
        assert items.item == tried
        async with asyncio.timeout(10):
            while items.left is not None:  # a search that took long rests before it is made again
                await asyncio.sleep(0.05)
                await screen.settle()
        assert screen.desk.item_list.numbers.index(tried) == items.row


async def test_an_item_that_is_done_keeps_its_row_until_the_cursor_goes_on() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "enter", "j", "r")
        items = screen.desk.nav.items
        assert items is not None
        tried = items.item
        assert tried is not None
        await ends(screen, tried, None)
        assert items.item == tried
        following = screen.desk.item_list.numbers[2]
        await screen.press("j")
        assert items.item == following
        assert tried not in screen.desk.item_list.numbers


async def test_the_list_of_a_group_that_has_been_mended_gives_way_to_the_next_group() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "j", "enter")
        marks = [cause.mark for cause in walk.causes(screen.desk)]
        items = screen.desk.nav.items
        assert items is not None
        mended = list(screen.desk.item_list.numbers)
        await screen.press("a", "enter")
        for number in mended[:-1]:
            await ends(screen, number, None)
        assert screen.desk.nav.items is items, "one of them still runs"
        text = await ends(screen, mended[-1], None)
        assert screen.desk.nav.group == marks[2]
        assert "no item is left here" not in text
        held = screen.desk.nav.items
        assert held is not None
        assert held.item == screen.desk.item_list.numbers[0]
        assert f"{len(mended)} tried again: all succeeded" in screen.footer
        await screen.press("escape")
        assert any(row.cursor == "here" for area in screen.desk.frame.areas if area.pane == 3 for row in area.rows)


async def test_escape_from_a_list_leads_to_a_group_that_is_there() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "j", "enter", "a", "enter", "escape")
        assert walk.cause(screen.desk) is not None


async def test_a_list_that_is_sorted_anew_is_shown_from_its_first_row() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "enter", "G")
        items = screen.desk.nav.items
        assert items is not None
        assert items.row > 100
        for _ in range(5):
            await screen.press("o")
            assert (items.row, items.first) == (0, 0)
            assert items.item == screen.desk.item_list.numbers[0]
            await screen.press("j", "j")


async def test_what_cannot_be_skipped_is_said_before_a_reason_is_asked_for() -> None:
    async with opened() as screen:
        await screen.press("2", "g", "enter", "g", "space", "j", "space", "s")
        assert "Nothing to skip: the 2 marked are done " in screen.footer
        assert not screen.desk.dialogs


async def test_what_runs_is_ended_when_it_is_skipped_and_the_question_says_so() -> None:
    async with opened() as screen:
        await screen.press("2", "g", "enter")
        items = screen.desk.nav.items
        assert items is not None
        items.item = screen.desk.lanes()[items.step][0].item
        text = await screen.press("s")
        assert "It runs now: its attempt ends at once." in " ".join(text.split())
        await screen.type("hangs")
        await screen.press("enter")
        assert screen.run.sent == [cm.SkipItems(items.step, (items.item,), "hangs", running=True)]


async def test_the_question_of_a_skip_names_the_steps_that_run_again() -> None:
    async with opened() as screen:
        text = " ".join((await screen.press("3", "enter", "s")).split())
        assert "build_index and publish run" in text
