"""How fast a step goes, from the counts that its state keeps: nothing is remembered here."""

from __future__ import annotations

from typing import NamedTuple

from tui_workflow.facts.state import StepState
from tui_workflow.view.spark import SPAN

FEW = 30
"""Items that make a rate; with fewer in ten seconds it would sway with each that ends."""
MINUTE = 6 * SPAN


class Rates(NamedTuple):
    """Items per second of late (see `recent`) and over the run, and seconds of an attempt; None without evidence."""

    now: float | None
    run: float | None
    p50: float | None
    p95: float | None
    slowest: float | None


def clock_of(step: StepState, now: float) -> float:
    """The time by which a step is judged: its end if it has ended, else now."""
    return step.finished if step.finished is not None else now


def recent(step: StepState, now: float) -> float | None:
    """Items that ended per second over the latest ten seconds, or up to a minute if few end; None before one second has run.

    It begins anew when the step is taken up again and when the run goes on after a pause: what was before says nothing
    about now. Items are counted by ten seconds of the clock, so the span before the time looked at counts in proportion.
    """
    at = clock_of(step, now)
    begin, before = (
        (step.rests[-1].end, step.rests[-1].ended_before) if step.rests else (step.started, step.ended_before)
    )
    if begin is None or at - begin < 1:
        return None
    for seconds in range(SPAN, MINUTE + 1, SPAN):
        since = max(begin, at - seconds)
        count = 0.0
        for span in range(int(since) // SPAN, int(at) // SPAN + 1):
            first, last = max(begin, span * SPAN), min(at, (span + 1) * SPAN)
            ended = step.pace.ended[span] - (before if span == int(begin) // SPAN else 0)
            if last > first:
                count += max(0, ended) * (last - max(since, first)) / (last - first)
        if count >= FEW or since == begin:
            break
    return count / (at - since)


def overall(step: StepState, now: float) -> float | None:
    """Items that ended per second of all the time the step has run; pauses are left out, in which nothing could start."""
    seconds = step.active(now)
    if not step.done or seconds is None or seconds <= 0:
        return None
    return step.done / seconds


def rates(step: StepState, now: float, *, paused: bool = False) -> Rates:
    """All that the rate line of a step says. While the run is paused nothing goes at any rate."""
    pace = step.pace
    return Rates(
        recent(step, now) if not paused else None,
        overall(step, now),
        pace.percentile(0.5),
        pace.percentile(0.95),
        pace.slowest if pace.slowest_item >= 0 else None,
    )
