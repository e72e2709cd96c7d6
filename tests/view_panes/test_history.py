"""The earlier runs: whatever a run file says of its times, the list is drawn, and says how much of it is out of sight."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.view.columns import width as text_width
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


def with_params(number: int, **params: str) -> RunRow:
    return RunRow(f"20270115-0800{number:02}-abcd", "nightly", "succeeded", 1.8e9, 60.0, 0, params)


def test_parameters_that_differ_tell_runs_apart_and_others_are_not_shown() -> None:
    runs = [
        with_params(1, source="a.csv", region="eu", size="10"),
        with_params(2, source="a.csv", region="us", size="10"),
        with_params(3, source="a.csv", size="20"),
    ]
    head, *lines = drawn(runs, width=130)[1:]
    assert head.split() == ["run", "status", "started", "parameters", "took", "failed"]
    assert ["  ".join(line.split()[5:-1]) for line in lines] == ["region=eu  size=10", "region=us  size=10", "size=20"]
    assert "=" not in "".join(drawn(runs, width=76)), "no room"
    assert "parameters" not in drawn(runs[:1], width=130)[1]


def test_long_values_of_parameters_are_shortened_together() -> None:
    runs = [with_params(number, source=f"/data/customers/north/2027/export-{number:04}.csv") for number in range(9)]
    lines = drawn(runs, width=100)[2:]
    assert len({line.split("source=")[1].split()[0] for line in lines}) == 9


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=400), max_size=9), st.integers(58, 200))
def test_a_row_with_any_parameters_fits(params: dict[str, str], width: int) -> None:
    for line in drawn([with_params(1, **params), with_params(2, x="1")], width=width):
        assert text_width(line) <= width
