"""The list of what runs: the items in flight, anew in each frame, so that one that hangs is found among many."""

from __future__ import annotations

from tests.ui.screen import opened
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
