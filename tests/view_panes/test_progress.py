"""How far the run is can be seen from every pane, at every size that has room for a row."""

from __future__ import annotations

import pytest

from tests.ui.simulate import Simulation
from tests.view.made import ended, listed, run_of, shape
from tests.view_panes.scenes import drawn
from tui_workflow.facts import events as ev
from tui_workflow.facts.state import fold
from tui_workflow.view.columns import line_width
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.nav import Pane
from tui_workflow.view.panes import progress
from tui_workflow.view.sampling import Sampling


@pytest.mark.parametrize("size", [(120, 32), (80, 24), (60, 16)], ids=str)
@pytest.mark.parametrize("pane", list(Pane))
def test_how_far_the_step_is_stays_in_sight(size: tuple[int, int], pane: Pane) -> None:
    shown = drawn(Simulation(total=20_000), *size, pane=pane)
    assert "61.1 %" in shown or "61 %" in shown
    if size == (80, 24):
        assert "3 of 9 done" in shown


@pytest.mark.parametrize("width", [30, 50, 76])
def test_the_step_that_runs_is_told_and_its_name_goes_last(width: int) -> None:
    run = run_of(
        shape("read", for_each=False), shape("index_documents"), shape("a_name_of_forty_letters_that_is_too_long")
    )
    listed(run, "index_documents", 1000)
    fold(run, [ended("index_documents", range(250), at=1_000_006.0)])
    row = progress.row(run, "read", {}, Sampling(), width, UNICODE)
    shown = plain(row.line).replace("\u00a0", " ")
    assert line_width(row.line) == width
    assert shown.rstrip().endswith("25.0 %")
    assert ("index_documents" in shown) == (width > 30)
    assert ("0 of 3 done" in shown) == (width > 50)
    fold(run, [ev.StepFinished(1_000_007.0, "index_documents", "succeeded", "")])
    assert "index_documents" not in plain(progress.row(run, "read", {}, Sampling(), width, UNICODE).line)
