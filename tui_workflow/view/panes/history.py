"""The earlier runs of this flow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui_workflow.text import visible
from tui_workflow.view import numbers, telling
from tui_workflow.view.columns import Column, beginning, layout, line_width
from tui_workflow.view.columns import row as columns_row
from tui_workflow.view.columns import width as text_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import Row, Rows, Target, data, heading, window
from tui_workflow.view.ports import RunRow

_ROLES = {"running": "running", "succeeded": "ok", "failed": "failed", "paused": "retrying"}
UNKNOWN = "?"
ID = 20
"""Columns of a run id."""
THIS = "  this"
PARAMS = "parameters"
LEAST = 12
"""Columns that parameters take at least."""
LONG = 200
"""Columns of a value that are looked at."""
GAP = 2
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
    table = _columns(runs, present, width)
    columns, widths = tuple(table.values()), layout(tuple(table.values()), width)
    lead = [title, Row(columns_row([Span(word, "dim") for word in table], columns, widths))]
    wide = dict(zip(table, widths, strict=True))
    room = max(0, height - len(lead))
    more = len(runs) > room >= 3
    places = window(list(range(len(runs))), room - more, at)
    params = _params(runs, places, wide[PARAMS], glyphs) if PARAMS in table else [""] * len(places)
    body = []
    for place, told in zip(places, params, strict=True):
        run = runs[place]
        cells = _cells(run, run.run == present, told, wide["run"], glyphs)
        line = columns_row([cells[word] for word in table], columns, widths, mark=glyphs.ellipsis)
        body.append(Row(line, Target("run", place), "here" if place == at else ""))
    below = len(runs) - 1 - places[-1] if places else 0
    words = f"{numbers.count(below)} more below" if below else ""
    end = [Row((Span(" " * max(0, width - len(words))), Span(words, "dim")))] if more else []
    return [*lead, *body, *end]


def _columns(runs: Sequence[RunRow], present: str, width: int) -> dict[str, Column]:
    """The columns by their heads. Parameters are among them where some differ and there is room."""
    failed = Column(max(8, *(len(numbers.count(run.failed)) for run in runs)), "right")
    if width < 70:
        return {"run": Column(12, stretch=True), "status": Column(13), "failed": failed}
    took = Column(max(8, *(len(_took(run)) for run in runs)), "right")
    called = ID + (len(THIS) if any(run.run == present for run in runs) else 0)
    rest = {"took": took, "failed": failed}
    fixed = {"run": Column(called), "status": Column(13), "started": Column(17)}
    room = width - sum(column.columns + GAP for column in (*fixed.values(), *rest.values()))
    if room >= LEAST and telling.differing([run.params for run in runs]):
        return {**fixed, PARAMS: Column(LEAST, stretch=True), **rest}
    return {**fixed, "run": Column(ID, stretch=True), **rest}


def _params(runs: Sequence[RunRow], places: Sequence[int], columns: int, glyphs: Glyphs) -> list[str]:
    """For each run in sight what of its parameters is not the same in all. Values that are too long are shortened together."""
    names = telling.differing([run.params for run in runs])
    shown = [runs[place].params for place in places]
    values = {name: [beginning(each.get(name, ""), LONG) for each in shown] for name in names}
    free = columns - sum(text_width(visible(name)) + 1 for name in names) - GAP * (len(names) - 1)
    if sum(map(telling.longest, values.values())) > free:
        room = max(LEAST // 2, free // len(names))
        for name, texts in values.items():
            short = telling.told(filter(None, texts), room, mark=glyphs.ellipsis)
            values[name] = [short.get(text, text) for text in texts]
    return [
        (" " * GAP).join(f"{name}={values[name][place]}" for name in names if name in each)
        for place, each in enumerate(shown)
    ]


def _cells(run: RunRow, here: bool, params: str, columns: int, glyphs: Glyphs) -> dict[str, Span | Line]:
    role = _ROLES.get(run.status, "skipped")
    sign = getattr(glyphs, _SIGNS.get(run.status, "paused"))
    word = run.status
    if run.status == "succeeded" and run.failed:
        role, sign, word = "failed", glyphs.failed, "some failed"
    name = data(run.run, "strong" if here else "text", bold=here)
    told = next((words for words in ("  on the screen", THIS) if line_width(name) + len(words) <= columns), "")
    name = (*name, Span(told if here else "", "dim"))
    status: Line = (Span(f"{sign} ", role), *data(word, role))
    return {
        "run": name,
        "status": status,
        "started": Span(_moment(run.started) if run.started is not None else "", "dim"),
        PARAMS: data(params),
        "took": Span(_took(run), "dim"),
        "failed": Span(numbers.count(run.failed) if run.failed else "", "failed"),
    }


def _took(run: RunRow) -> str:
    return "" if run.took is None else numbers.stopwatch(run.took) if 0 <= run.took < _LONGEST else UNKNOWN


def _moment(at: float) -> str:
    """A time of day and its date; a run file may say what no calendar has."""
    try:
        return f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return UNKNOWN
