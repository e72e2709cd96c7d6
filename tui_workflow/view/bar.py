"""Bars: the progress of a step, whose counts below it are its legend, and the lane of one item."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from tui_workflow.facts.state import StepState
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span

ORDER = ("ok", "failed", "skipped", "running", "retrying", "pending")
"""The parts of a progress bar, left to right."""
_ROLES = ("ok", "failed", "skipped", "running", "retrying", "track")
_LAST_TO_GO = (1, 5, 3, 0, 4, 2)
"""Which parts keep their cell when there are more parts than cells, by place in `ORDER`."""


def cells(counts: Sequence[int], columns: int) -> list[int]:
    """How many of `columns` each count takes: at least one for each that is not zero, the rest by largest remainder.

    The cells sum to `columns` unless every count is zero. With fewer columns than counts the least telling go
    without: a failure is the last to disappear.
    """
    total = sum(counts)
    if total <= 0 or columns <= 0:
        return [0] * len(counts)
    present = [place for place, count in enumerate(counts) if count > 0]
    if len(present) > columns:
        ranked = [place for place in _LAST_TO_GO if place in present]
        kept = set((ranked + [place for place in present if place not in ranked])[:columns])
        return [1 if place in kept else 0 for place in range(len(counts))]
    exact = [count * columns / total for count in counts]
    taken = [max(1, floor(share)) if count > 0 else 0 for share, count in zip(exact, counts, strict=True)]
    while sum(taken) < columns:
        taken[max(present, key=lambda place: exact[place] - taken[place])] += 1
    while sum(taken) > columns:
        shrinkable = [place for place in present if taken[place] > 1]
        taken[min(shrinkable, key=lambda place: exact[place] - taken[place])] -= 1
    return taken


def parts(step: StepState, running: int) -> tuple[int, ...]:
    """The counts of a step in the order of the bar; they add up to its total. `running` is how many are in flight."""
    retrying = min(step.retrying, step.waiting)
    running = min(running, step.waiting - retrying)
    return (step.succeeded, step.failed, step.skipped, running, retrying, step.waiting - retrying - running)


def progress_bar(counts: Sequence[int], columns: int, glyphs: Glyphs) -> Line:
    """A bar of exactly `columns`; without any item it is an empty track."""
    taken = cells(counts, columns)
    if not any(taken):
        return (Span(glyphs.bar[-1] * columns, "track"),) if columns > 0 else ()
    return tuple(Span(glyphs.bar[place] * own, _ROLES[place]) for place, own in enumerate(taken) if own)


def lane(done: float, total: float, columns: int, glyphs: Glyphs) -> Line:
    """`━━━╸────`: how far one item is, in half columns; it is full only when the item is done."""
    if columns <= 0:
        return ()
    share = min(1.0, max(0.0, done / total)) if total > 0 else 0.0
    halves = floor(share * columns * 2)
    full, half = divmod(halves, 2)
    drawn = glyphs.lane * full + glyphs.lane_half * half
    spans = (
        Span(glyphs.lane * full, "running"),
        Span(glyphs.lane_half * half, "track" if glyphs.ascii else "running"),
        Span(glyphs.lane_rest * (columns - len(drawn)), "track"),
    )
    return tuple(span for span in spans if span.text)
