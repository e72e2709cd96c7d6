"""How long attempts took, kept in classes: what is told is about what was."""

from __future__ import annotations

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.facts.state import _EDGES, Pace


def pace_of(durations: list[float]) -> Pace:
    pace = Pace()
    for duration in durations:
        pace.durations[bisect_right(_EDGES, duration)] += 1
    pace.slowest = max(durations)
    return pace


@given(st.lists(st.floats(0.0002, 50.0), min_size=1, max_size=60), st.sampled_from([0.5, 0.95]))
def test_a_percentile_is_within_eight_percent_of_a_duration_at_that_place(durations: list[float], share: float) -> None:
    told = pace_of(durations).percentile(share)
    assert told is not None
    order = sorted(durations)
    place = next(n for n in range(len(order)) if n + 1 >= share * len(order))
    assert order[place] * 0.92 <= told <= order[place] * 1.08
    assert told <= max(durations)


@pytest.mark.parametrize("asked", [0.05, 0.5, 2.0])
def test_what_sleeps_is_not_told_to_be_quicker_than_it_slept(asked: float) -> None:
    """An item that sleeps takes a little longer than it was asked to; two digits of it are right."""
    told = pace_of([asked * (1.005 + n / 1000) for n in range(20)]).percentile(0.5)
    assert told is not None
    assert round(told / asked, 1) >= 0.9
    assert told == pytest.approx(asked, rel=0.08)
