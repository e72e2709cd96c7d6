"""The earlier runs: whatever a run file says of its times, the list is drawn, and says how much of it is out of sight."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.panes import history
from tui_workflow.view.ports import RunRow


def drawn(runs: list[RunRow], at: int = 0, width: int = 100, height: int = 20) -> list[str]:
    return [plain(row.line).rstrip() for row in history.rows(runs, at, "", width, height, UNICODE)]


def run(number: int, started: float | None = 1.8e9, took: float | None = 60.0, failed: int = 0) -> RunRow:
    return RunRow(f"20270115-0800{number:02}-abcd", "nightly", "succeeded", started, took, failed)


@pytest.mark.parametrize("at", [1e18, -1e12, math.nan, math.inf])
def test_times_that_no_calendar_has_are_question_marks(at: float) -> None:
    (line,) = drawn([run(1, at, at)])[2:]
    assert line.split()[-2:] == ["?", "?"]


@given(st.floats() | st.none(), st.floats() | st.none(), st.integers(0, 10**9), st.integers(58, 200))
def test_every_row_fits(started: float | None, took: float | None, failed: int, width: int) -> None:
    assert all(len(line) <= width for line in drawn([run(1, started, took, failed)], width=width))


def test_long_runs_and_many_failures_are_whole() -> None:
    (line,) = drawn([run(1, took=86_400.0 * 12_345, failed=1_234_567)])[2:]
    assert line.endswith("1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567")
    assert "12\N{NO-BREAK SPACE}345 d 0 h" in line


def test_it_says_how_many_runs_are_below() -> None:
    runs = [run(number) for number in range(50)]
    assert drawn(runs)[-1].strip() == "33 more below"
    assert len(drawn(runs)) == 20
    assert drawn(runs, at=49)[-2].startswith("20270115-080049")
    assert drawn(runs, at=49)[-1] == ""
