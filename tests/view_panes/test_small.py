"""Sixty columns by sixteen rows: what nobody gets on without stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.simulate import FETCH, http_error
from tui_workflow.facts.outcome import Ended, ErrorInfo, Frame
from tui_workflow.facts.state import Item
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.keys import DEFAULT, PANES, Context
from tui_workflow.view.line import Line, Span, plain
from tui_workflow.view.panes import footer, item
from tui_workflow.view.ports import AttemptRow, ItemDetail, ItemRow


def foot(context: Context, width: int, waits: Line = ()) -> str:
    return plain(footer.rows(DEFAULT.footer(context), {"open": "unfold frames"}, waits, width, UNICODE, 1).line)


@pytest.mark.parametrize("context", PANES)
def test_the_most_needed_keys_stay_in_the_footer(context: Context) -> None:
    shown = foot(context, 60)
    assert "enter unfold frames" in shown
    assert "/ filter" in shown
    assert "esc back" in shown
    assert "? help" in shown
    assert " ? help" in foot(context, 12, (Span("3 edits wait"),))


@given(st.sampled_from(PANES), st.integers(8, 200))
def test_a_footer_keeps_its_order_and_loses_nothing_when_it_grows(context: Context, width: int) -> None:
    narrow, wide = foot(context, width).split(), foot(context, width + 1).split()
    rest = iter(wide)
    assert all(word in rest for word in narrow) or "?" not in narrow


def detail(frames: tuple[Frame, ...], payload: str = "{}") -> ItemDetail:
    error: ErrorInfo = replace(http_error(310), frames=frames)
    row = ItemRow(0, 0, "doc", Item.FAILED, 1, 10.0, 1.0, 1, error.type, error.message)
    return ItemDetail(row, payload, (AttemptRow(1, Ended.FAILED, 9.0, 1.0, 1, None, error, None, None),))


def drawn(what: ItemDetail, room: int, *, unfolded: bool = False) -> list[str]:
    rows = item.rows(what, (), 58, UNICODE, unfolded=unfolded, times=True, room=room)
    return [plain(row.line).rstrip() for row in rows]


@pytest.mark.parametrize("outer", [1, 3, 12])
@pytest.mark.parametrize("payload", ["{}", '{"text": "' + "word " * 900 + '"}'])
def test_the_line_that_failed_is_in_sight(outer: int, payload: str) -> None:
    found = drawn(detail((*FETCH[:1] * outer, *FETCH[1:]), payload), 12)
    at = next(place for place, line in enumerate(found) if "▸" in line)
    assert at < 12
    assert "✗ HTTPError 429" in found[0]
    assert next(place for place, line in enumerate(found) if line.startswith("input")) > at
    if outer == 12:
        assert any("frames of clean folded, enter unfolds" in line for line in found)
        assert sum("clean.py:19" in line for line in drawn(detail(FETCH[:1] * 12), 12, unfolded=True)) == 12


def test_where_there_is_room_the_input_comes_first() -> None:
    found = drawn(detail(FETCH), 30)
    assert next(place for place, line in enumerate(found) if line.startswith("input")) < 5
    foreign = tuple(replace(frame, own=False) for frame in FETCH)
    assert drawn(detail(foreign, "[" + "1, " * 900 + "1]"), 12)[3].startswith("input"), "no line to be kept in sight"
