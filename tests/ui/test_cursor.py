"""What is marked and where the cursor is, while items come and go: keys act on what is seen, and on nothing else."""

from __future__ import annotations

from tests.ui.screen import opened
from tests.ui.simulate import Simulation
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
