"""Roles become styles: what may look like a selection where there are no colours, and what may not."""

from __future__ import annotations

import pytest

from tests.ui.screen import opened
from tests.ui.simulate import Simulation
from tui_workflow.ui.styles import Styles
from tui_workflow.ui.widgets.canvas import Canvas
from tui_workflow.view.line import CHIP, Span
from tui_workflow.view.theme import TINTS, load_builtin


@pytest.mark.parametrize("tint", TINTS)
def test_without_colours_a_filled_line_is_bold_and_only_a_chip_is_reversed(tint: str) -> None:
    styles = Styles(load_builtin("dark"), "none")
    line, chip = styles.of(Span("88", "text", fill=tint)), styles.of(Span("RUNNING", "running", fill=CHIP + tint))
    assert line.bold
    assert not line.reverse
    assert not line.dim
    assert chip.reverse
    assert styles.of(Span("esc hides", "dim", fill=tint)).dim
    assert styles.of(Span("x", fill="selected")).reverse
    behind = styles.of(Span("88", fill=tint), faded=True)
    assert behind.dim
    assert not behind.bold


@pytest.mark.parametrize("tint", TINTS)
def test_with_colours_a_chip_is_as_its_tint(tint: str) -> None:
    styles = Styles(load_builtin("dark"), "true")
    assert styles.of(Span("x", fill=CHIP + tint)) == styles.of(Span("x", fill=tint))


async def test_the_line_that_failed_does_not_look_like_the_selection_without_colours() -> None:
    async with opened(Simulation(total=300), environ={"LANG": "C.UTF-8", "NO_COLOR": "1"}) as screen:
        text = await screen.press("3", "enter", "enter")
        row = next(at for at, line in enumerate(text.split("\n")) if "▸88" in line)
        segments = list(screen.app.screen.query_one(Canvas)._strips[row])
        failing = [segment for segment in segments if "raise_for_status" in segment.text]
        assert failing
        assert all(segment.style is not None and segment.style.bold for segment in failing)
        assert not any(segment.style is not None and segment.style.reverse for segment in failing)
