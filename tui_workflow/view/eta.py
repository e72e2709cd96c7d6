"""When a step will be done: a range, because one number would be a guess, and none before there is evidence.

Only items that ended since the step was taken up count, so a resumed run does not inherit the speed of another day, and
pauses are no time that items take.

What ended before a change of slots says nothing certain about what comes after it: twice as many slots may be twice as quick,
or wait for the same disk. Until enough has ended since, the range reaches from the pace of before to that pace in proportion to
the slots; `unknown` instead would hide for minutes, where items are slow, the very thing that slots are changed for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil, floor, inf, sqrt
from typing import NamedTuple

from tui_workflow.facts.state import RunState, StepState
from tui_workflow.facts.work import Running
from tui_workflow.view.numbers import count
from tui_workflow.view.spark import SPAN

ENOUGH_ITEMS, ENOUGH_SECONDS = 10, 5.0
"""So many items that ended in so long a time tell how long the others take, roughly."""
EARLY_SHARE, EARLY_ITEMS, EARLY_SECONDS = 0.05, 5, 2.0
"""Or so great a part of all, if it is some items and some time."""
KEPT = 64
"""Spans that a state keeps at least once it forgets old ones; see `facts.state.Pace.ended`."""
MOST_DOUBT = 0.75
USUALLY = 0.95
"""The share of items that take no longer than items usually do."""
LATE_SECONDS = 1.0
"""What is told in seconds does not change for an item that is late by less."""
HOLE_SECONDS = 300.0
HOLE_TIMES = 20
"""A hole is longer than this many seconds, and than so many times the usual distance of spans in which items end."""
USUAL_SPANS = 4
"""From so many spans on there is a usual distance; with fewer, nobody knows whether a long one is a hole or how the step is."""
_WINDOWS = (60.0, 300.0, inf)
"""Seconds looked back: what holds now, and what has held lately. The whole period counts only for want of better."""

_UNITS = ((100, 1, "s"), (6000, 60, "min"), (172800, 3600, "h"), (inf, 86400, "d"))
"""Up to how many seconds a unit is used, and its length."""


class Eta(NamedTuple):
    """Seconds from now, at the earliest and at the latest."""

    low: float
    high: float


class _Stretch(NamedTuple):
    """A time in which a step had the same slots. `ended_before` is as in `StepState`; `ended_last` are the items that had ended
    by the end in the ten seconds of the end, None where it is now.
    """

    begin: float
    ended_before: int
    slots: int
    end: float
    ended_last: int | None = None


class _Pace(NamedTuple):
    """Items per second, at the least and at the most."""

    low: float
    high: float


def of_step(step: StepState, now: float) -> Eta | None:
    """The time a running step still takes, or None while that is unknown: its listing goes on, or too little has ended."""
    if step.status != "running" or step.started is None or not step.total_known:
        return None
    if not step.waiting:
        return Eta(0.0, 0.0)
    *earlier, latest = _stretches(step, step.started, now)
    pace = _pace(step, latest)
    for stretch in reversed(earlier if pace is None else ()):
        before = _pace(step, stretch)
        if before is not None:
            scaled = step.slots / max(1, stretch.slots)
            low, seconds = before.low * min(1.0, scaled), _active(step, latest.begin, now)
            if seconds >= ENOUGH_SECONDS:  # where nothing ends any more, it is slower than it was
                low = min(low, (sum(_ended(step, latest).values()) + 1) / seconds)
            pace = _Pace(low, before.high * max(1.0, scaled))
            break
    return Eta(step.waiting / pace.high, step.waiting / pace.low) if pace is not None else None


def _stretches(step: StepState, started: float, now: float) -> list[_Stretch]:
    """The times with the same slots since the step was started, the latest last."""
    found, begin, before = [], started, step.ended_before
    slots = [*(rest.slots for rest in step.rests), step.slots]
    for rest, after in zip(step.rests, slots[1:], strict=True):
        if rest.slots != after:
            found.append(_Stretch(begin, before, rest.slots, rest.end, rest.ended_before))
            begin, before = rest.end, rest.ended_before
    return [*found, _Stretch(begin, before, step.slots, now)]


def _ended(step: StepState, stretch: _Stretch) -> dict[int, int]:
    """By ten seconds, how many items ended in a stretch."""
    first, last = int(stretch.begin) // SPAN, int(stretch.end) // SPAN
    spans = {span: ended for span, ended in step.pace.ended.items() if span >= first}
    if stretch.ended_last is not None:
        spans = {span: stretch.ended_last if span == last else ended for span, ended in spans.items() if span <= last}
    if first in spans:
        spans[first] -= stretch.ended_before
    return {span: ended for span, ended in spans.items() if ended > 0}


def _pace(step: StepState, stretch: _Stretch) -> _Pace | None:
    """How fast the step went in a stretch; None without evidence."""
    begin, now, spans = int(stretch.begin) // SPAN, stretch.end, _ended(step, stretch)
    hole = _after_hole(spans, now)
    if hole > begin:
        begin = hole + 1  # where in its first span a hole ended is not known
        spans = {span: ended for span, ended in spans.items() if span >= begin}
    known_since = max(stretch.begin, begin * SPAN)
    if len(step.pace.ended) >= KEPT:  # of a long time the beginning is forgotten
        known_since = max(known_since, min(step.pace.ended) * SPAN)
    if not _is_enough(sum(spans.values()), step.total, _active(step, known_since, now)):
        return None
    paces = []
    for window in _WINDOWS:
        since = max(known_since, now - window)
        ended = sum(number for span, number in spans.items() if (span + 1) * SPAN > since)
        since = max(known_since, floor(since / SPAN) * SPAN)
        seconds = _active(step, since, now)
        if (ended >= ENOUGH_ITEMS and seconds >= EARLY_SECONDS) or window == _WINDOWS[-1]:
            doubt = min(MOST_DOUBT, max(1 / sqrt(ended), 1 / sqrt(seconds)))
            paces.append(_Pace(ended / seconds * (1 - doubt), ended / seconds * (1 + doubt)))
            if window != _WINDOWS[0]:
                break
    return _Pace(min(pace.low for pace in paces), max(pace.high for pace in paces))


def _active(step: StepState, since: float, until: float) -> float:
    """The seconds from `since` to `until` in which the run was not paused."""
    paused = (min(until, rest.end) - max(since, rest.begin) for rest in step.rests)
    return until - since - sum(seconds for seconds in paused if seconds > 0)


def _is_enough(ended: int, total: int, seconds: float) -> bool:
    """Whether what has ended is evidence for the rest."""
    if ended >= ENOUGH_ITEMS and seconds >= ENOUGH_SECONDS:
        return True
    return ended >= max(EARLY_ITEMS, EARLY_SHARE * total) and seconds >= EARLY_SECONDS


def _after_hole(spans: dict[int, int], now: float) -> int:
    """The first span after the last hole: a time with no item that is so long that the machine must have slept, or its clock jumped.

    0 when there is none; a span to come when nothing has ended since, or when it cannot be told yet.
    """
    if not spans:
        return 0
    order = sorted(spans)
    gaps = [(later - earlier, later) for earlier, later in pairwise([*order, max(order[-1], int(now) // SPAN)])]
    usual = sorted(gap for gap, _ in gaps)[len(gaps) // 2]
    if len(order) < USUAL_SPANS and any(gap > HOLE_SECONDS / SPAN for gap, _ in gaps):
        return max(order[-1], int(now) // SPAN) + 1
    longest = max(HOLE_SECONDS / SPAN, HOLE_TIMES * usual)
    return max((later for gap, later in gaps if gap > longest), default=0)


def in_flight(step: StepState, running: Sequence[Running], now: float) -> Eta | None:
    """How long items in flight take at the most: as long as their like usually do. None while one has taken longer than that
    already, or nobody knows how long its like take.
    """
    usual = step.pace.percentile(USUALLY)
    if usual is None or any(now - each.since > usual + LATE_SECONDS for each in running):
        return None
    return Eta(0.0, usual)


def of_run(run: RunState, now: float, lanes: Mapping[str, Sequence[Running]]) -> Eta | None:
    """The time the steps that run now still take together; None if one of them cannot tell. Later steps are not in it: see `after`.

    `lanes` are the items in flight. Of a step of which only these are left, their pace says no more than they do.
    """
    found = [
        None if not _may_tell(step, lanes.get(step.name, ()), now) else of_step(step, now)
        for step in run.steps.values()
        if step.status == "running" and step.shape.for_each
    ]
    if not found or any(eta is None for eta in found):
        return None
    return Eta(max(eta.low for eta in found if eta), max(eta.high for eta in found if eta))


def after(run: RunState) -> int:
    """How many steps have not started, of which `of_run` tells nothing: how long they take nobody knows yet."""
    return sum(step.status == "pending" and step.shape.section == "steps" for step in run.steps.values())


def _may_tell(step: StepState, running: Sequence[Running], now: float) -> bool:
    return not running or step.waiting > len(running) or in_flight(step, running, now) is not None


def words(eta: Eta | None, *, paused: bool = False, dash: str = "–") -> str:
    """`42–58 min`, `about 12 s`, `unknown`, `paused`: rounded outwards, in one unit."""
    if paused:
        return "paused"
    if eta is None:
        return "unknown"
    size, unit = next((size, unit) for until, size, unit in _UNITS if eta.high < until or until == inf)
    low, high = max(1, floor(eta.low / size)), max(1, ceil(eta.high / size))
    if unit == "s" and high > 20:
        low, high = max(5, low // 5 * 5), ceil(high / 5) * 5
    if low == high or (unit == "s" and high <= 20):
        middle = round((low + high) / 2)
        return f"about {count(middle)} {unit}"
    return f"{count(low)}{dash}{count(high)} {unit}"
