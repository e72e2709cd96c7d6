"""Sparklines: one column for each ten seconds, from zero to the most that is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span

SPAN = 10
"""Seconds of one column; see `facts.state.Pace.ended` and `Group.trend`."""


def history(counts: Counter[int], now: float, columns: int, *, since: float | None = None) -> list[int]:
    """Counts of the latest complete spans before `now`, oldest first, at most `columns` of them.

    The span that has not ended is left out: it would always look like a decline. Spans that ended before
    `since` (a Unix time) are left out too.
    """
    last = int(now) // SPAN
    first = last - columns
    if since is not None:
        first = max(first, int(since) // SPAN)
    return [counts[span] for span in range(first, last)]


def levels(values: Sequence[float], degrees: int = 7) -> list[int]:
    """The height of each value, 0 to `degrees` - 1: zero is the lowest, anything more stands out from it.

    Values that are all the same sit in the middle, since a full block would look like a peak.
    """
    most = max(values, default=0)
    if most <= 0:
        return [0] * len(values)
    if min(values) == most:
        return [degrees // 2] * len(values)
    return [max(1, round(value / most * (degrees - 1))) if value > 0 else 0 for value in values]


def sparkline(values: Sequence[float], glyphs: Glyphs, role: str = "running_soft") -> Line:
    """A sparkline as wide as there are values."""
    text = "".join(glyphs.spark[level] for level in levels(values, len(glyphs.spark)))
    return (Span(text, role),) if text else ()
