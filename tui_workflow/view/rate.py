"""How fast a step goes, from the counts that its state keeps: nothing is remembered here."""

from __future__ import annotations

from typing import NamedTuple

from tui_workflow.facts.state import StepState
from tui_workflow.view.spark import SPAN


class Rates(NamedTuple):
    """Items per second over the latest ten seconds and over the run, and seconds of an attempt; None without evidence."""

    now: float | None
    run: float | None
    p50: float | None
    p95: float | None
    slowest: float | None


def clock_of(step: StepState, now: float) -> float:
    """The time by which a step is judged: its end if it has ended, else now."""
    return step.finished if step.finished is not None else now


def recent(step: StepState, now: float) -> float | None:
    """Items that ended per second over the latest ten seconds; None before the step has run for one second.

    Items are counted by ten seconds of the clock, so the span before this one counts in proportion.
    """
    at = clock_of(step, now)
    if step.started is None or at - step.started < 1:
        return None
    span, into = divmod(at, SPAN)
    ended = step.pace.ended
    count = ended[int(span)] + ended[int(span) - 1] * (1 - into / SPAN)
    return float(count / min(SPAN, at - step.started))


def overall(step: StepState, now: float) -> float | None:
    """Items that ended per second of all the time the step has run."""
    seconds = step.duration(now)
    if not step.done or seconds is None or seconds <= 0:
        return None
    return step.done / seconds


def rates(step: StepState, now: float) -> Rates:
    """All that the rate line of a step says."""
    pace = step.pace
    return Rates(
        recent(step, now),
        overall(step, now),
        pace.percentile(0.5),
        pace.percentile(0.95),
        pace.slowest if pace.slowest_item >= 0 else None,
    )
