"""How long attempts took, kept in classes: what is told is about what was."""

from __future__ import annotations

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.facts.state import _EDGES, Pace
from tui_workflow.view import numbers


def pace_of(durations: list[float]) -> Pace:
    pace = Pace()
    for duration in durations:
        place = bisect_right(_EDGES, duration)
        pace.durations[place] += 1
        pace.seconds[place] += duration
    pace.slowest = max(durations)
    return pace


@given(st.lists(st.floats(0.0002, 50.0), min_size=1, max_size=60), st.sampled_from([0.5, 0.95]))
def test_a_percentile_is_within_eight_percent_of_a_duration_at_that_place(durations: list[float], share: float) -> None:
    told = pace_of(durations).percentile(share)
    assert told is not None
    order = sorted(durations)
    place = next(n for n in range(len(order)) if n + 1 >= share * len(order))
    assert order[place] * 0.92 <= told <= order[place] * 1.08
    assert min(durations) * (1 - 1e-12) <= told <= max(durations)


@given(st.floats(0.0002, 500_000.0), st.integers(1, 200), st.lists(st.floats(0.0, 1000.0), max_size=5))
def test_what_always_takes_the_same_is_told_to_take_that_whatever_a_few_others_took(
    duration: float, count: int, others: list[float]
) -> None:
    """To the digits that are shown."""
    constant = pace_of([duration] * count)
    assert constant.percentile(0.5) == pytest.approx(duration, rel=1e-9)
    assert constant.percentile(0.95) == pytest.approx(duration, rel=1e-9)
    apart = [other for other in others if not duration * 0.9 < other < duration * 1.1]
    assert pace_of([duration] * (count + len(apart) + 1) + apart).percentile(0.5) == pytest.approx(duration, rel=1e-9)


def test_nothing_is_told_to_be_quicker_than_all_that_there_was() -> None:
    pace = pace_of([0.150, 0.153, 0.156, 0.18] * 20)
    assert [numbers.duration(pace.percentile(share) or 0) for share in (0.5, 0.95)] == ["0.15 s", "0.18 s"]


@pytest.mark.parametrize("asked", [0.05, 0.5, 2.0])
def test_what_sleeps_is_not_told_to_be_quicker_than_it_slept(asked: float) -> None:
    """An item that sleeps takes a little longer than it was asked to; two digits of it are right."""
    told = pace_of([asked * (1.005 + n / 1000) for n in range(20)]).percentile(0.5)
    assert told is not None
    assert round(told / asked, 1) >= 0.9
    assert told == pytest.approx(asked, rel=0.08)
