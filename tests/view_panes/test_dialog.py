"""Dialogs on small screens: the answers and the keys stay, whatever stands above them."""

from __future__ import annotations

import pytest

from tui_workflow.view.columns import line_width
from tui_workflow.view.frame import Frame
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import Span, plain
from tui_workflow.view.panes.dialog import Box, Choice, choices, keys, over, seen
from tui_workflow.view.panes.row import BLANK, Row

FOOT = [
    BLANK,
    *choices([Choice("enter", "go", "resume"), Choice("esc", "no", "leave")], 0),
    BLANK,
    *keys([("d", "diff", "d")], 40),
]


def words(count: int) -> list[Row]:
    return [Row((Span(f"line {number}"),)) for number in range(count)]


def test_what_fits_is_whole() -> None:
    assert seen(Box("t", words(4), foot=FOOT), 12) == [*words(4), *FOOT]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 9, 50])
@pytest.mark.parametrize("height", [6, 7, 8, 11, 16])
def test_the_foot_is_seen_at_every_height(count: int, height: int) -> None:
    rows = seen(Box("t", words(count), foot=FOOT), height)
    assert len(rows) <= height - 3
    assert [plain(row.line) for row in rows if row != BLANK][-3:] == ["enter  resume", "esc    leave", "d diff"]
    missing = [plain(row.line) for row in rows if "more row" in plain(row.line)]
    whole = count + 3 <= height - 3
    assert missing == ([] if whole or height == 6 else [f"{count + 3 - (height - 3) + 1} more rows"])


def test_a_foot_without_room_keeps_the_answer_with_the_cursor() -> None:
    rows = seen(Box("t", words(9), foot=FOOT), 4)
    assert [plain(row.line) for row in rows] == ["enter  resume"]


def test_a_click_finds_the_keys_wherever_they_are_drawn() -> None:
    frame = Frame(60, 11, UNICODE).finish([])
    over(frame, Box("t", words(30), width=40, foot=FOOT))
    y = next(y for area in frame.areas for y, row in enumerate(area.rows, area.y) if plain(row.line) == "d diff")
    hit = frame.at(frame.areas[0].x, y)
    assert hit is not None
    assert hit.target is not None
    assert hit.target.value == "d"


@pytest.mark.parametrize("width", [10, 20, 40, 60])
def test_keys_that_have_no_room_beside_another_take_a_row_of_their_own(width: int) -> None:
    pairs = [("d", "diff", "a"), ("b", "back", "b"), ("e", "edit it", "c"), ("esc", "close", "d")]
    rows = keys(pairs, width)
    assert all(line_width(row.line) <= width for row in rows)
    assert " ".join(" ".join(plain(row.line) for row in rows).split()) == "d diff b back e edit it esc close"
    for row in rows:
        for hot in row.hot:
            assert plain(row.line)[hot.start : hot.stop].split(" ")[0] in ("d", "b", "e", "esc")
    assert [hot.target.value for row in rows for hot in row.hot] == ["a", "b", "c", "d"]


def test_a_row_with_a_fill_has_it_from_side_to_side() -> None:
    frame = Frame(40, 11, UNICODE).finish([])
    line = next(
        line
        for line, _ in over(frame, Box("t", [Row((Span("+ x"),), fill="ok_tint")], width=20))
        if "+ x" in plain(line)
    )
    assert sum(len(span.text) for span in line if span.fill == "ok_tint") == 26
