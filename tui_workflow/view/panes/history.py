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
        Column(8, "right"),
        Column(8, "right"),
    )
    if width < 70:
        columns = (Column(12, stretch=True), Column(13), Column(8, "right"))
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
    return [*lead, *window(body, max(0, height - len(lead)), at)]


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
    started = f"{datetime.fromtimestamp(run.started):%Y-%m-%d %H:%M}" if run.started is not None else ""
    took = numbers.stopwatch(run.took) if run.took is not None else ""
    return [name, status, Span(started, "dim"), Span(took, "dim"), failed]
