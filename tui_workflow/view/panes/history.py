"""The earlier runs of this flow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui_workflow.view import numbers
from tui_workflow.view.columns import Column, layout, line_width
from tui_workflow.view.columns import row as columns_row
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import Row, Rows, Target, data, heading, window
from tui_workflow.view.ports import RunRow

_ROLES = {"running": "running", "succeeded": "ok", "failed": "failed", "paused": "retrying"}
UNKNOWN = "?"
_LONGEST = 86_400.0 * 100_000
"""Seconds from which on what a run took cannot be true."""
_SIGNS = {"running": "running", "succeeded": "ok", "failed": "failed", "cancelled": "cancelled"}


def rows(runs: Sequence[RunRow] | None, at: int, present: str, width: int, height: int, glyphs: Glyphs) -> Rows:
    """The list in `height` rows, newest first; `runs` is None until they have been read, `present` the run on the screen."""
    extra = "" if runs is None else f"  {numbers.plural(len(runs), 'run')}"
    title = heading(
        (Span("History", "accent", bold=True), Span(extra, "dim")),
        (Span("newest first", "dim"),),
        width,
        focused=True,
        glyphs=glyphs,
    )
    if not runs:
        words = "reading" if runs is None else "no run of this flow is stored here"
        return [title, Row((Span(words, "dim", italic=True),))]
    columns: tuple[Column, ...] = (
        Column(20, stretch=True),
        Column(13),
        Column(17),
        Column(12, "right"),
        Column(11, "right"),
    )
    if width < 70:
        columns = (Column(12, stretch=True), Column(13), Column(11, "right"))
    widths = layout(columns, width)
    heads = ["run", "status", "started", "took", "failed"] if width >= 70 else ["run", "status", "failed"]
    lead = [title, Row(columns_row([Span(word, "dim") for word in heads], columns, widths))]
    body = [
        Row(
            columns_row(_cells(run, run.run == present, glyphs, widths), columns, widths, mark=glyphs.ellipsis),
            Target("run", place),
            "here" if place == at else "",
        )
        for place, run in enumerate(runs)
    ]
    room = max(0, height - len(lead))
    if len(body) <= room or room < 3:
        return [*lead, *window(body, room, at)]
    shown = window(body, room - 1, at)
    last = shown[-1].target
    below = len(body) - 1 - (last.value if last is not None and isinstance(last.value, int) else len(body) - 1)
    words = f"{numbers.count(below)} more below" if below else ""
    return [*lead, *shown, Row((Span(" " * max(0, width - len(words))), Span(words, "dim")))]


def _cells(run: RunRow, here: bool, glyphs: Glyphs, widths: Sequence[int]) -> list[Span | Line]:
    role = _ROLES.get(run.status, "skipped")
    sign = getattr(glyphs, _SIGNS.get(run.status, "paused"))
    word = run.status
    if run.status == "succeeded" and run.failed:
        role, sign, word = "failed", glyphs.failed, "some failed"
    name = data(run.run, "strong" if here else "text", bold=here)
    told = next((words for words in ("  on the screen", "  this") if line_width(name) + len(words) <= widths[0]), "")
    name = (*name, Span(told if here else "", "dim"))
    status: Line = (Span(f"{sign} ", role), *data(word, role))
    failed = Span(numbers.count(run.failed) if run.failed else "", "failed")
    if len(widths) == 3:
        return [name, status, failed]
    started = _moment(run.started) if run.started is not None else ""
    took = "" if run.took is None else numbers.stopwatch(run.took) if 0 <= run.took < _LONGEST else UNKNOWN
    return [name, status, Span(started, "dim"), Span(took, "dim"), failed]


def _moment(at: float) -> str:
    """A time of day and its date; a run file may say what no calendar has."""
    try:
        return f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return UNKNOWN
