"""What the eye follows slowly: bars, maps and trends change at most twice a second, however fast items end.

A value is made when a pane asks for it, and kept until the next beat; a pane that is not shown costs nothing. What shows
items in flight is made anew when its step ends: beside counts that are complete nothing may seem to run.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tui_workflow.facts.state import Group, StepState
from tui_workflow.view import bar, rate, spark
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line
from tui_workflow.view.skyline import Skyline

BEAT = 0.5
"""Seconds between two drawings of a bar or a map."""


class Sampling:
    """The slow values of one run, by what they show and how large."""

    def __init__(self) -> None:
        self._since = float("-inf")
        self._kept: dict[tuple[Any, ...], Any] = {}
        self._maps: dict[str, Skyline] = {}
        self._rates: dict[str, tuple[tuple[Any, ...], rate.Rates]] = {}

    def beat(self, at: float, *, now: bool = False) -> None:
        """Let go of what is older than a beat, by a clock in seconds; of everything when `now` (an error, the end)."""
        if now or at - self._since >= BEAT or at < self._since:
            self._since = at
            self._kept.clear()

    def parts(self, step: StepState, running: int) -> tuple[int, ...]:
        """The counts of a step's bar."""
        key = ("parts", step.name, step.status)
        if key not in self._kept:
            self._kept[key] = bar.parts(step, running)
        found: tuple[int, ...] = self._kept[key]
        return found

    def map(self, step: StepState, running: Collection[int], columns: int, rows: int) -> Skyline:
        """The item map of a step, for a place of this size."""
        key = ("map", step.name, columns, rows, step.status)
        if key not in self._kept:
            skyline = self._maps.setdefault(step.name, Skyline())
            skyline.update(step, running, columns, rows, labels=rows > 1 or columns >= 62)
            self._kept = {kept: value for kept, value in self._kept.items() if kept[:2] != key[:2]}
            self._kept[key] = skyline
        found: Skyline = self._kept[key]
        return found

    def pace(self, step: StepState, now: float, columns: int, glyphs: Glyphs) -> Line:
        """How many items of a step ended, by ten seconds."""
        key = ("pace", step.name, columns, glyphs.ascii)
        if key not in self._kept:
            values = spark.history(step.pace.ended, now, columns, since=step.started)
            if step.started is not None and len(values) == int(now) // spark.SPAN - int(step.started) // spark.SPAN:
                values[:1] = [max(0, each - step.ended_before) for each in values[:1]]  # of an earlier period
            self._kept[key] = spark.sparkline(values, glyphs) if any(values) else ()
        found: Line = self._kept[key]
        return found

    def rates(self, step: StepState, now: float, *, paused: bool) -> rate.Rates:
        """How fast a step goes, as it was when the second began to be told: it would sway between two items that end."""
        key = (int(now), step.status, step.started, len(step.rests), paused)
        kept = self._rates.get(step.name)
        if kept is None or kept[0] != key:
            kept = self._rates[step.name] = (key, rate.rates(step, now, paused=paused))
        return kept[1]

    def trend(self, mark: str, group: Group, now: float, columns: int, glyphs: Glyphs) -> Line:
        """How many items failed for one cause, by ten seconds; nothing if none did lately."""
        key = ("trend", mark, columns, glyphs.ascii)
        if key not in self._kept:
            values = spark.history(group.trend, now, columns)
            self._kept[key] = spark.sparkline(values, glyphs, "failed_soft") if any(values) else ()
        found: Line = self._kept[key]
        return found

    def latest(self, step: str) -> Skyline | None:
        """The map of a step as it was drawn last."""
        return self._maps.get(step)
