"""The progress bar, lanes and sparklines."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.view.made import BEGIN, ended, error, listed, run_of, shape
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import fold
from tui_workflow.view.bar import cells, lane, parts, progress_bar
from tui_workflow.view.columns import line_width
from tui_workflow.view.glyphs import ASCII, COLOURLESS, UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.spark import history, levels, sparkline

counts = st.lists(st.one_of(st.just(0), st.integers(1, 10**7)), min_size=6, max_size=6)


@given(counts, st.integers(1, 200))
def test_cells_sum_to_the_width(numbers: list[int], columns: int) -> None:
    taken = cells(numbers, columns)
    assert sum(taken) == (columns if any(numbers) else 0)
    assert all(own == 0 for own, number in zip(taken, numbers, strict=True) if not number)


@given(counts, st.integers(6, 200))
def test_whatever_has_a_count_has_a_cell(numbers: list[int], columns: int) -> None:
    assert all(own >= 1 for own, number in zip(cells(numbers, columns), numbers, strict=True) if number)


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=6))
def test_when_each_item_has_a_cell_the_bar_is_exact(numbers: list[int]) -> None:
    numbers += [0] * (6 - len(numbers))
    assert cells(numbers, sum(numbers)) == numbers


@given(counts, st.integers(1, 5))
def test_a_failure_is_the_last_to_disappear(numbers: list[int], columns: int) -> None:
    if numbers[1]:
        assert cells(numbers, columns)[1] >= 1


def test_the_bar_of_a_running_step() -> None:
    bar = progress_bar((60_700, 415, 0, 8, 88, 38_789), 69, ASCII)
    assert plain(bar) == "#" * 41 + "x" + "o" + "r" + "." * 25
    assert [span.role for span in bar] == ["ok", "failed", "running", "retrying", "track"]
    assert plain(progress_bar((0, 0, 0, 0, 0, 0), 5, UNICODE)) == "▄▄▄▄▄"


def test_the_parts_of_a_step_add_up_to_its_total() -> None:
    run = run_of(shape("s"))
    step = listed(run, "s", 100)
    failure = error("E", "m")
    fold(run, [
        ended("s", range(50), at=BEGIN + 1),
        ended("s", range(50, 60), at=BEGIN + 1, status=Ended.FAILED, failure=failure),
        ended("s", range(60, 65), at=BEGIN + 1, status=Ended.RETRYING, failure=failure),
        ended("s", [65], at=BEGIN + 1, status=Ended.SKIPPED),
    ])  # fmt: skip
    assert parts(step, 4) == (50, 10, 1, 4, 5, 30)
    assert sum(parts(step, 1000)) == 100


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(0, 60))
def test_a_lane_takes_its_columns_and_is_full_only_at_the_end(done: float, total: float, columns: int) -> None:
    for glyphs in (UNICODE, ASCII):
        drawn = lane(done, total, columns, glyphs)
        assert line_width(drawn) == columns
        if columns and done < total * 0.999:
            assert plain(drawn) != glyphs.lane * columns


def test_lanes_move_by_half_columns() -> None:
    assert [plain(lane(done, 8, 4, UNICODE)) for done in (0, 1, 2, 5, 8)] == ["────", "╸───", "━───", "━━╸─", "━━━━"]
    assert plain(lane(5, 8, 4, ASCII)) == "==.."


@given(st.lists(st.integers(0, 10**6), max_size=60))
def test_zero_is_lowest_and_anything_stands_out_from_it(values: list[int]) -> None:
    heights = levels(values)
    assert len(heights) == len(values)
    assert all((height == 0) == (value == 0) for height, value in zip(heights, values, strict=True))


def test_a_constant_sits_in_the_middle() -> None:
    assert plain(sparkline([5, 5, 5], UNICODE)) == "▄▄▄"
    assert plain(sparkline([0, 1, 6], UNICODE)) == "▁▂▇"
    assert plain(sparkline([0, 1, 6], COLOURLESS)) == ".:#"


def test_history_leaves_out_the_span_that_has_not_ended() -> None:
    spans = Counter({100: 3, 101: 5, 103: 7})
    assert history(spans, 1035.0, 4) == [0, 3, 5, 0]
    assert history(spans, 1040.0, 4) == [3, 5, 0, 7]
    assert history(spans, 1040.0, 10, since=1012.0) == [5, 0, 7]


@pytest.mark.parametrize("name", ["bar", "map", "spark", "busy", "corners"])
def test_the_tables_of_glyphs_differ_by_lookup_only(name: str) -> None:
    assert len(getattr(ASCII, name)) == len(getattr(UNICODE, name))
