"""The time left, and rates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.view.made import BEGIN, ended, listed, run_of, shape
from tui_workflow.facts import events as ev
from tui_workflow.facts.state import RunState, fold
from tui_workflow.view.eta import Eta, of_run, of_step, words
from tui_workflow.view.rate import overall, rates, recent
from tui_workflow.view.spark import history


def steady(seconds: int, per_second: int, total: int) -> RunState:
    """A step that ends `per_second` items each second."""
    run = run_of(shape("s"))
    listed(run, "s", total)
    for second in range(seconds):
        first = second * per_second
        fold(run, [ended("s", range(first, first + per_second), at=BEGIN + second + 0.5, duration=0.01)])
    return run


def test_unknown_until_thirty_items_and_ten_seconds() -> None:
    early = steady(9, 10, 1000)
    assert of_step(early.steps["s"], BEGIN + 9) is None
    few = steady(29, 1, 1000)
    assert of_step(few.steps["s"], BEGIN + 29) is None
    enough = steady(30, 1, 1000)
    assert of_step(enough.steps["s"], BEGIN + 30) is not None


def test_the_range_holds_the_true_time() -> None:
    run = steady(120, 10, 10_000)
    eta = of_step(run.steps["s"], BEGIN + 120)
    assert eta is not None
    assert eta.low < 880 < eta.high
    assert eta.high < 880 * 1.5
    assert of_run(run, BEGIN + 120) == eta


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
