"""The time left, and rates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.view.made import BEGIN, ended, listed, run_of, shape
from tui_workflow.facts import events as ev
from tui_workflow.facts.state import RunState, StepState, fold
from tui_workflow.facts.work import Running
from tui_workflow.store.snapshot import load, pack, take
from tui_workflow.view.eta import Eta, of_run, of_step, words
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.rate import overall, rates, recent
from tui_workflow.view.sampling import Sampling
from tui_workflow.view.spark import history


def steady(seconds: int, per_second: int, total: int) -> RunState:
    """A step that ends `per_second` items each second."""
    run = run_of(shape("s"))
    listed(run, "s", total)
    for second in range(seconds):
        first = second * per_second
        fold(run, [ended("s", range(first, first + per_second), at=BEGIN + second + 0.5, duration=0.01)])
    return run


def test_unknown_until_some_items_and_seconds_or_a_part_of_all() -> None:
    early = steady(4, 10, 10_000)
    assert of_step(early.steps["s"], BEGIN + 4.5) is None
    few = steady(9, 1, 1000)
    assert of_step(few.steps["s"], BEGIN + 9) is None
    assert of_step(steady(10, 1, 1000).steps["s"], BEGIN + 10) is not None
    part = steady(6, 1, 100)
    assert of_step(part.steps["s"], BEGIN + 6) is not None
    at_once = steady(1, 90, 1000)
    assert of_step(at_once.steps["s"], BEGIN + 1) is None


@pytest.mark.parametrize("seconds", [5, 6, 8, 11, 13])
def test_a_short_steady_run_has_a_range_that_holds_the_true_time_and_narrows(seconds: int) -> None:
    run = steady(seconds, 75, 1200)
    eta = of_step(run.steps["s"], BEGIN + seconds)
    assert eta is not None
    left = (1200 - 75 * seconds) / 75
    assert eta.low < left < eta.high
    assert eta.high <= left * 2
    assert seconds < 11 or eta.high <= left * 1.5


def test_slow_items_that_end_in_bursts_are_counted_from_the_start() -> None:
    """Eight slots with items of a minute: what ends in the first second of a span is not the pace of a second."""
    run = run_of(shape("s"))
    listed(run, "s", 1000)
    for minute in range(1, 3):
        first = (minute - 1) * 8
        fold(run, [ended("s", range(first, first + 8), at=BEGIN + 60 * minute + 0.5, duration=60)])
    eta = of_step(run.steps["s"], BEGIN + 121)
    assert eta is not None
    assert eta.low < 984 / 8 * 60 < eta.high


@pytest.mark.parametrize("pause", [1, 3, 7, 60])
def test_after_a_resume_a_range_comes_as_soon_and_of_what_ended_since(pause: int) -> None:
    run = steady(23, 70, 20_000)
    fold(run, [ev.RunFinished(BEGIN + 23, "interrupted")])
    later = BEGIN + 23 + pause
    fold(run, [ev.RunResumed(later, 2, "host"), ev.StepStarted(later, "s", 4)])
    step = run.steps["s"]
    assert of_step(step, later + 1) is None
    for second in range(5):
        first = 1610 + second * 10
        fold(run, [ended("s", range(first, first + 10), at=later + second + 0.5, duration=0.01)])
    eta = of_step(step, later + 5)
    assert eta is not None
    assert eta.low < step.waiting / 10 < eta.high
    assert eta.low > step.waiting / 30


def test_the_range_holds_the_true_time() -> None:
    run = steady(120, 10, 10_000)
    eta = of_step(run.steps["s"], BEGIN + 120)
    assert eta is not None
    assert eta.low < 880 < eta.high
    assert eta.high < 880 * 1.5
    assert of_run(run, BEGIN + 120, {}) == eta


def test_unknown_while_the_listing_goes_on() -> None:
    run = run_of(shape("s"))
    listed(run, "s", 1000, complete=False)
    fold(run, [ended("s", range(500), at=BEGIN + 20)])
    assert of_step(run.steps["s"], BEGIN + 30) is None


def test_items_of_an_earlier_run_are_no_evidence() -> None:
    run = steady(60, 100, 100_000)
    fold(run, [ev.RunFinished(BEGIN + 60, "interrupted")])
    later = BEGIN + 63
    fold(run, [ev.RunResumed(later, 2, "host"), ev.StepStarted(later, "s", 4)])
    step = run.steps["s"]
    assert of_step(step, later + 20) is None
    for second in range(60):
        fold(run, [ended("s", [6000 + second], at=later + second, duration=0.01)])
    eta = of_step(step, later + 60)
    assert eta is not None
    assert eta.low > 50_000


def test_a_long_pause_does_not_slow_what_comes_after_it() -> None:
    run = steady(60, 10, 10_000)
    for second in range(400):
        fold(run, [ended("s", range(600 + second * 10, 610 + second * 10), at=BEGIN + 7200 + second, duration=0.01)])
    eta = of_step(run.steps["s"], BEGIN + 7600)
    assert eta is not None
    assert eta.low < 540 < eta.high < 800


@given(st.floats(0.1, 10**7), st.floats(0, 10**7))
def test_words_are_short_and_round_outwards(low: float, more: float) -> None:
    text = words(Eta(low, low + more))
    assert text.split(" ")[-1] in ("s", "min", "h", "d")
    assert not text.startswith("0")


def test_words() -> None:
    assert words(Eta(2530, 3470)) == "42–58 min"
    assert words(Eta(11, 13)) == "about 12 s"
    assert words(Eta(31, 44)) == "30–45 s"
    assert words(Eta(2530, 2535)) == "42–43 min"
    assert words(Eta(7200, 7300)) == "2–3 h"
    assert words(None) == "unknown"
    assert words(Eta(1, 2), paused=True) == "paused"


def test_the_rate_over_ten_seconds_and_over_the_run() -> None:
    run = steady(60, 10, 10_000)
    step = run.steps["s"]
    for offset in (0.5, 3, 7.2):
        now = recent(step, BEGIN + 50 + offset)
        assert now is not None
    settled = recent(step, BEGIN + 60)
    assert settled is not None
    assert abs(settled - 10) < 0.01
    over = overall(step, BEGIN + 60)
    assert over is not None
    assert abs(over - 10) < 0.01
    assert recent(step, BEGIN + 0.5) is None
    assert history(step.pace.ended, BEGIN + 60, 30, since=step.started) == [100] * 6


def test_a_finished_step_is_judged_by_its_end() -> None:
    run = steady(60, 10, 600)
    fold(run, [ev.StepFinished(BEGIN + 60, "s", "succeeded")])
    found = rates(run.steps["s"], BEGIN + 100_000)
    assert found.run is not None
    assert abs(found.run - 10) < 0.01
    assert found.slowest == 0.01
    assert found.p50 is not None
    assert 0.0085 <= found.p50 <= 0.0115


def test_nothing_is_claimed_without_evidence() -> None:
    run = run_of(shape("s"))
    assert rates(run.steps["s"], BEGIN + 5) == (None, None, None, None, None)


@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.sampled_from([0.3, 1.0, 10.0, 60.0, 400.0, 90_000.0, -50.0])), max_size=90
    ),
    st.floats(0, 30),
)
def test_whatever_the_clock_does_a_range_is_a_range(spurts: list[tuple[int, float]], after: float) -> None:
    run = run_of(shape("s"))
    step = listed(run, "s", 5000)
    at, number = BEGIN, 0
    for count, seconds in spurts:
        at += seconds
        fold(run, [ended("s", range(number, number + count), at=at, duration=0.1)])
        number += count
    eta = of_step(step, at + after)
    assert eta is None or 0 < eta.low <= eta.high < float("inf")


def going_on(run: RunState, at: float, number: int, per_second: int, first: int) -> StepState:
    """The run after so many seconds of `per_second` items from `at` on."""
    for second in range(number):
        items = range(first + second * per_second, first + (second + 1) * per_second)
        fold(run, [ended("s", items, at=at + second + 0.5, duration=0.01)])
    return run.steps["s"]


@pytest.mark.parametrize("pause", [2, 4, 30, 200])
def test_after_a_pause_the_rate_begins_anew_and_the_range_goes_on(pause: int) -> None:
    run = steady(43, 70, 20_000)
    before = of_step(run.steps["s"], BEGIN + 43)
    later = BEGIN + 43 + pause
    fold(run, [ev.Paused(BEGIN + 43, ""), ev.Unpaused(later)])
    step = run.steps["s"]
    assert recent(step, later + 0.5) is None
    going_on(run, later, 4, 70, 43 * 70)
    now = recent(step, later + 4)
    assert now is not None
    assert abs(now - 70) < 1
    after = of_step(step, later + 4)
    assert before is not None
    assert after is not None
    assert after.low < step.waiting / 70 < after.high
    assert after.high < 2 * before.high, "the pause is no time that items take"


@pytest.mark.parametrize("begin", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("second", [40, 43, 49])
def test_two_seconds_after_a_pause_a_rate_is_told(second: int, begin: float) -> None:
    run, sampling = steady(second, 50, 20_000), Sampling()
    fold(run, [ev.Paused(BEGIN + second, "")])
    step, later = run.steps["s"], BEGIN + second + 30 + begin
    assert sampling.rates(step, later - 0.1, paused=True).now is None
    fold(run, [ev.Unpaused(later)])
    for tenth in range(120):
        first = 50 * second + 5 * tenth
        fold(run, [ended("s", range(first, first + 5), at=later + tenth / 10, duration=0.01)])
        now = sampling.rates(step, later + tenth / 10, paused=False).now
        assert tenth < 20 or (now is not None and abs(now - 50) < 5), tenth


PERIODS: list[tuple[str, list[ev.Event], float]] = [
    ("paused", [ev.Paused(BEGIN + 20, "")], 20),
    ("paused twice", [ev.Paused(BEGIN + 20, ""), ev.Paused(BEGIN + 30, "")], 20),
    ("going on", [ev.Paused(BEGIN + 20, ""), ev.Unpaused(BEGIN + 50)], 30),
    (
        "two pauses",
        [
            ev.Paused(BEGIN + 20, ""),
            ev.Unpaused(BEGIN + 24),
            ev.Paused(BEGIN + 30, ""),
            ev.SlotsChanged(BEGIN + 32, "s", 2),
            ev.Unpaused(BEGIN + 56),
        ],
        30,
    ),
    (
        "stopped while it was paused, and taken up",
        [
            ev.Paused(BEGIN + 20, ""),
            ev.RunFinished(BEGIN + 25, "interrupted"),
            ev.RunResumed(BEGIN + 50, 2, "host"),
            ev.StepStarted(BEGIN + 50, "s", 4),
        ],
        30,
    ),
    (
        "killed while it was paused, and taken up",
        [ev.Paused(BEGIN + 20, ""), ev.RunResumed(BEGIN + 50, 2, "host"), ev.StepStarted(BEGIN + 50, "s", 4)],
        30,
    ),
    ("ended in a pause", [ev.Paused(BEGIN + 20, ""), ev.StepFinished(BEGIN + 21, "s", "succeeded", "")], 20),
    (
        "ended in a pause, and run again",
        [
            ev.Paused(BEGIN + 20, ""),
            ev.StepFinished(BEGIN + 21, "s", "succeeded", ""),
            ev.Unpaused(BEGIN + 40),
            ev.StepReopened(BEGIN + 45, "s", "asked for"),
            ev.StepStarted(BEGIN + 50, "s", 4),
        ],
        30,
    ),
]


@pytest.mark.parametrize(("facts", "active"), [case[1:] for case in PERIODS], ids=[case[0] for case in PERIODS])
def test_the_rate_over_the_run_leaves_out_the_time_in_which_nothing_could_start(
    facts: list[ev.Event], active: float
) -> None:
    run = steady(20, 53, 20_000)
    step = run.steps["s"]
    fold(run, facts)
    assert step.active(BEGIN + 60) == pytest.approx(active)
    assert overall(step, BEGIN + 60) == pytest.approx(20 * 53 / active)
    duration = step.duration(BEGIN + 60)
    assert duration is not None
    assert duration >= active
    assert load(pack(take(run))).steps["s"].active(BEGIN + 60) == step.active(BEGIN + 60)


@pytest.mark.parametrize("gone", [2, 5, 8])
def test_after_a_resume_the_rate_is_of_what_ended_since(gone: int) -> None:
    run = steady(43, 70, 20_000)
    later = BEGIN + 43 + gone
    fold(
        run, [ev.RunFinished(BEGIN + 43, "interrupted"), ev.RunResumed(later, 2, "host"), ev.StepStarted(later, "s", 4)]
    )
    for second in range(16):
        step = going_on(run, later + second, 1, 10, 43 * 70 + 10 * second)
        now = recent(step, later + second + 1)
        assert now is not None
        assert abs(now - 10) < 3
    drawn = plain(Sampling().pace(step, later + 16, 8, UNICODE))
    assert drawn
    assert drawn[-1] == max(drawn), "what ended in its first ten seconds before it was taken up is no peak"


def test_a_rate_is_of_the_time_it_is_told_at_and_stands_for_a_second() -> None:
    """Items of the second that has begun are not counted over whole seconds only: just after a start that is half the time."""
    run = steady(2, 70, 20_000)
    step, sampling = run.steps["s"], Sampling()
    first = sampling.rates(step, BEGIN + 1.9, paused=False)
    assert first.now is not None
    assert abs(first.now - 140 / 1.9) < 1
    fold(run, [ended("s", range(140, 300), at=BEGIN + 1.95)])
    assert sampling.rates(step, BEGIN + 1.99, paused=False) == first
    assert sampling.rates(step, BEGIN + 2.0, paused=False) != first
    assert sampling.rates(step, BEGIN + 2.0, paused=True).now is None


def test_while_it_is_paused_nothing_has_a_rate() -> None:
    step = steady(43, 70, 20_000).steps["s"]
    assert rates(step, BEGIN + 43).now is not None
    assert rates(step, BEGIN + 43, paused=True).now is None


def test_a_rate_of_few_items_does_not_sway_with_each_that_ends() -> None:
    found = [recent(steady(seconds, 1, 10_000).steps["s"], BEGIN + seconds) for seconds in range(61, 90)]
    assert all(rate is not None and 0.95 <= rate <= 1.05 for rate in found), found


def changed(run: RunState, at: float, slots: int) -> StepState:
    fold(run, [ev.SlotsChanged(at, "s", slots)])
    return run.steps["s"]


@pytest.mark.parametrize("slots", [1, 2, 8, 16])
@pytest.mark.parametrize("second", [40, 43])
def test_after_a_change_of_slots_the_range_holds_the_old_pace_and_that_in_proportion(slots: int, second: int) -> None:
    run = steady(second, 40, 20_000)
    now = BEGIN + second
    before = of_step(run.steps["s"], now)
    step = changed(run, now, slots)
    after = of_step(step, now + 1)
    assert before is not None
    assert after is not None
    for times in (1, slots / 4):
        assert after.low < step.waiting / 40 / times < after.high
    assert after.high - after.low > before.high - before.low
    assert recent(step, now + 0.5) is None, "the rate is of what ended since"


@pytest.mark.parametrize("rate", [5, 20, 80, 160])
@pytest.mark.parametrize("second", [40, 43])
def test_some_time_after_a_change_of_slots_the_range_is_made_of_what_ended_since(rate: int, second: int) -> None:
    run = steady(second, 40, 20_000)
    now = BEGIN + second
    changed(run, now, 8)
    step = going_on(run, now, 10, rate, 40 * second)
    after = of_step(step, now + 10)
    assert after is not None
    assert after.low < step.waiting / rate < after.high < 2 * step.waiting / rate
    found = recent(step, now + 10)
    assert found is not None
    assert abs(found - rate) <= 1 + rate / 10


def test_several_changes_at_once_take_their_evidence_from_before_the_first() -> None:
    run = steady(60, 10, 20_000)
    for press, slots in enumerate((5, 6, 7, 8)):
        changed(run, BEGIN + 60 + press / 4, slots)
    step = run.steps["s"]
    after = of_step(step, BEGIN + 61)
    assert after is not None
    assert after.low < step.waiting / 20 < step.waiting / 10 < after.high


def test_where_nothing_ends_any_more_after_a_change_of_slots_the_range_grows() -> None:
    run = steady(60, 10, 2_000)
    step = changed(run, BEGIN + 60, 8)
    soon, late = of_step(step, BEGIN + 61), of_step(step, BEGIN + 260)
    assert soon is not None
    assert late is not None
    assert late.high > 20 * soon.high


@pytest.mark.parametrize("at", [43, 50])
def test_slots_that_change_in_a_pause_and_a_pause_after_a_change_are_no_time_that_items_take(at: int) -> None:
    run = steady(40, 40, 20_000)
    paused: list[ev.Event] = [ev.Paused(BEGIN + 40, ""), ev.SlotsChanged(BEGIN + at, "s", 8), ev.Unpaused(BEGIN + 60)]
    step = fold(run, paused).steps["s"]
    soon = of_step(step, BEGIN + 61)
    assert soon is not None
    assert soon.low < step.waiting / 80 < step.waiting / 40 < soon.high < 2 * step.waiting / 40
    going_on(run, BEGIN + 60, 10, 80, 1600)
    fold(run, [ev.Paused(BEGIN + 70, ""), ev.Unpaused(BEGIN + 270)])
    after = of_step(step, BEGIN + 272)
    assert after is not None
    assert after.low < step.waiting / 80 < after.high < 2 * step.waiting / 80


def test_slots_that_stay_as_many_change_nothing() -> None:
    run = steady(43, 40, 20_000)
    before = of_step(run.steps["s"], BEGIN + 43), recent(run.steps["s"], BEGIN + 43)
    step = changed(run, BEGIN + 43, 4)
    assert (of_step(step, BEGIN + 43), recent(step, BEGIN + 43)) == before


def test_of_a_step_of_which_only_a_late_item_is_left_nothing_is_known() -> None:
    """Its pace says about a second, for ever."""
    run = steady(59, 1, 60)
    step = run.steps["s"]
    hung = Running(0, 59, BEGIN + 58, 0, 0)
    assert of_run(run, BEGIN + 59, {"s": [hung]}) == of_step(step, BEGIN + 59)
    assert of_run(run, BEGIN + 60, {"s": [hung]}) is None
    assert of_run(run, BEGIN + 60, {}) is not None


def test_as_long_as_others_wait_a_late_item_does_not_hide_how_long_they_take() -> None:
    run = steady(40, 1, 60)
    hung = Running(0, 40, BEGIN + 1, 0, 0)
    assert of_run(run, BEGIN + 40, {"s": [hung]}) == of_step(run.steps["s"], BEGIN + 40)
