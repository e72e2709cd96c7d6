"""The lanes of the slots keep their form while the items in them come and go."""

from __future__ import annotations

import pytest

from tui_workflow.facts.work import Running
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.panes import lanes

NOW = 100.0


def shown(ages: dict[int, float], height: int = 4, **how: float | int) -> list[str]:
    """The lanes of items by slot and age; the number of an item is that of its slot and a hundred."""
    running = [Running(slot, 100 + slot, NOW - age, 0, 0) for slot, age in ages.items()]
    found = lanes.rows("s", running, {}, NOW, 70, height, UNICODE, **how)  # type: ignore[arg-type]
    return [plain(row.line).rstrip() for row in found]


@pytest.mark.parametrize("oldest", [0.1, 0.9, 1.1, 4.0, 70.0])
def test_quick_items_share_one_row_also_when_one_of_them_takes_longer(oldest: float) -> None:
    found = shown({slot: oldest if slot == 7 else 0.1 for slot in range(16)}, typical=0.1, slots=16)
    assert len(found) == 1
    assert found[0].startswith("16 slots busy")
    assert "/s" not in found[0], "slots that are busy now are not those that made the rate of late"
    assert ("longest item 107" in found[0]) == (oldest > 1)


def test_a_row_for_all_slots_counts_the_other_items_that_take_long() -> None:
    found = shown({0: 0.1, 1: 3.0, 2: 9.0}, typical=0.1, slots=3)
    assert found == ["3 slots busy   longest item 102  9.0 s, 1 more over 1 s"]


@pytest.mark.parametrize("busy", [{0}, {3}, {0, 7}, set(range(8))])
def test_each_slot_has_its_place_where_all_have_room(busy: set[int]) -> None:
    found = shown(dict.fromkeys(busy, 2.0), typical=2.0, slots=8)
    assert len(found) == 4
    for slot in range(8):
        half = found[slot % 4][slot // 4 * 36 :]
        assert half.startswith(f"{slot + 1} item {100 + slot}" if slot in busy else f"{slot + 1} idle")


def test_where_not_all_slots_have_room_those_that_are_busy_have_it() -> None:
    found = shown({9: 2.0, 11: 3.0}, typical=2.0, slots=12)
    assert len(found) == 1
    assert "10 item 109" in found[0]
    assert "12 item 111" in found[0]
    assert len(shown({30: 2.0}, typical=2.0, slots=4)) == 1, "a slot that is being given up"


def test_a_bar_gives_up_a_little_where_that_makes_room_for_whole_keys() -> None:
    running = [Running(0, 0, NOW - 2, 3, 10), Running(1, 1, NOW - 2, 3, 10)]
    keys = {("s", number): f"img-0087{number}.png" for number in range(2)}
    found = [plain(row.line) for row in lanes.rows("s", running, keys, NOW, 69, 4, UNICODE, typical=2.0)]
    assert "img-00870.png  ╸──  30 %" in found[0]
    longer = {("s", number): f"scans/img-0087{number}.png" for number in range(2)}
    found = [plain(row.line) for row in lanes.rows("s", running, longer, NOW, 69, 4, UNICODE, typical=2.0)]
    assert found[0].count("━") + found[0].count("─") + found[0].count("╸") == 2 * 6
