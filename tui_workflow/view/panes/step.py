"""Pane 2: one step, how far it is, how fast it goes, what its slots do, and every item of it as a cell of the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.state import StepState
from tui_workflow.facts.work import Running
from tui_workflow.view import bar, numbers, rate
from tui_workflow.view.columns import apart, line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes import lanes
from tui_workflow.view.panes.row import BLANK, Cursor, Row, Rows, Target, data, gaps, heading, name
from tui_workflow.view.sampling import Sampling
from tui_workflow.view.tolerated import Read

MAP_ROWS = 4
TREND = 16


def rows(
    step: StepState,
    running: Sequence[Running],
    keys: Mapping[tuple[str, int], str],
    now: float,
    sampling: Sampling,
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    cursor: Cursor,
    cell: int | None = None,
    result: str | None = None,
    part: Read | None = None,
    untitled: bool = False,
    paused: bool = False,
    waits: str = "",
) -> Rows:
    """The pane in at most `height` rows.

    The second row of the map goes first, then the line of rates, then lanes. `cell` is the cursor's cell of the map;
    `result` the result of a plain step as JSON text; `part` how many of how many items it read when it did not have
    them all; `untitled` leaves the title to tabs; while the run is `paused` there is no rate;
    `waits` is what a step that has not started waits for.
    """
    if not step.shape.for_each or (waits and not step.total):
        return _plain(
            step, width, height, glyphs, now, cursor=cursor, result=result, part=part, untitled=untitled, waits=waits
        )
    narrow = width < 70
    speed = sampling.rates(step, now, paused=paused)
    lead = (
        [_title(step, width, glyphs, cursor)]
        if not untitled
        else [_fact_line(step, speed, now, sampling, width, glyphs)]
    )
    lead.append(Row(bar.progress_bar(sampling.parts(step, len(running)), width, glyphs)))
    with_rate = width >= 62 and not untitled
    lead.append(
        Row(_counts(step, len(running), speed, width, glyphs, words=width >= 62, beside=_beside(step, speed, untitled)))
    )
    room = height - len(lead)
    if room < 2:
        return lead[:height]
    room -= 2
    lane_rows = lanes.rows(
        step.name,
        running,
        keys,
        now,
        width,
        max(0, room - 1),
        glyphs,
        typical=speed.p50,
        slow=3 * speed.p95 if speed.p95 is not None else None,
        slots=0 if paused else step.slots,
    )
    room -= len(lane_rows) + 1 if lane_rows else 0
    rated = step.status == "running" and with_rate and room >= 2 and not (narrow and room < 4)
    room -= 2 if rated else 0
    body = list(lead)
    if rated:
        body += [BLANK, Row(_rates(step, speed, now, sampling, width, glyphs))]
        body[2] = Row(_counts(step, len(running), speed, width, glyphs, words=True, beside=()))
    if lane_rows:
        body += [BLANK, *lane_rows]
    map_rows = _map(step, running, sampling, width, 1 + max(0, min(room, MAP_ROWS - 1)), glyphs, cell)
    if not map_rows:
        return body[:height]
    return [*body, *([] if untitled and lane_rows else [BLANK]), *map_rows][:height]


def nothing(width: int, glyphs: Glyphs, *, cursor: Cursor) -> Row:
    """The pane of a flow without steps: its title."""
    focused = cursor == "here"
    title = name(2, "Step", (Span("none", "dim"),), focused=focused)
    return heading(title, (), width, focused=focused, glyphs=glyphs)


def legend(step: StepState, drawn: Rows, sampling: Sampling, width: int, glyphs: Glyphs) -> Rows:
    """A row below the pane as it was `drawn` that says what its map shows; nothing where it has none."""
    skyline = sampling.latest(step.name)
    if skyline is None or not drawn or drawn[-1].target is None or drawn[-1].target.kind != "cell":
        return []
    line = skyline.legend(width, glyphs)
    return [Row(line)] if line else []


def only_in_legend(step: StepState | None, sampling: Sampling, width: int) -> bool:
    """Whether nothing but the legend of its map says how many items a cell has."""
    skyline = sampling.latest(step.name) if step is not None else None
    return skyline is not None and not skyline.captioned(width)


def _title(step: StepState, width: int, glyphs: Glyphs, cursor: Cursor) -> Row:
    focused = cursor == "here"
    extra = (Span(_done(step), "dim"),)
    share = numbers.fine_percent(step.done, step.total, known=step.total_known)
    tail = (Span(share, "strong", bold=True),) if share else ()
    return heading(name(2, step.name, extra, focused=focused), tail, width, focused=focused, glyphs=glyphs)


def _done(step: StepState) -> str:
    return f"{numbers.count(step.done)} of {numbers.count(step.total)}{'' if step.total_known else ' so far'}"


def _fact_line(step: StepState, speed: rate.Rates, now: float, sampling: Sampling, width: int, glyphs: Glyphs) -> Row:
    share = numbers.fine_percent(step.done, step.total, known=step.total_known)
    left: Line = (Span(f"{share}  ", "strong", bold=True),) if share else ()
    left = (*left, Span(_done(step), "dim"))
    right: Line = ()
    if speed.now and step.status == "running":
        value, _, unit = numbers.rate(speed.now).partition("/")
        words = f" items/{unit} " if width >= 50 else f"/{unit} "
        right = (Span(value, "text", bold=True), Span(words, "dim"), *sampling.pace(step, now, 8, glyphs))
    return Row(apart(left, right, width, mark=glyphs.ellipsis))


def _beside(step: StepState, speed: rate.Rates, untitled: bool) -> Line:
    """What stands at the end of the counts when there is no line of rates."""
    if untitled:
        return (Span("p95 ", "dim"), Span(numbers.duration(speed.p95))) if speed.p95 is not None else ()
    if not speed.now or step.status != "running":
        return ()
    value, _, unit = numbers.rate(speed.now).partition("/")
    return (Span(value, "text", bold=True), Span(f"/{unit}", "dim"))


def counts(step: StepState, running: int) -> dict[str, int]:
    """The numbers below the bar; they add up to the total. `waiting` holds those that wait for another attempt."""
    ok, failed, skipped, busy, retrying, pending = bar.parts(step, running)
    return {"ok": ok, "failed": failed, "skipped": skipped, "running": busy, "waiting": retrying + pending}


def briefly(step: StepState, running: int, glyphs: Glyphs) -> Line:
    """The counts of a step by their signs alone."""
    return gaps(_counted(step, running, glyphs, words=False), 2)


def _counts(
    step: StepState, running: int, speed: rate.Rates, width: int, glyphs: Glyphs, *, words: bool, beside: Line
) -> Line:
    parts = _counted(step, running, glyphs, words=words)
    if words and line_width(gaps(parts)) > width:
        return _counts(step, running, speed, width, glyphs, words=False, beside=beside)
    line = gaps(parts, 3 if words else 2)
    if line_width(line) + line_width(beside) + 2 > width:
        beside = ()
    return apart(line, beside, width, mark=glyphs.ellipsis)


def _counted(step: StepState, running: int, glyphs: Glyphs, *, words: bool) -> list[Line]:
    found = counts(step, running)
    ended = step.status not in ("pending", "running")
    parts: list[Line] = []
    for key, glyph, role in (
        ("ok", glyphs.ok, "ok"),
        ("failed", glyphs.failed, "failed"),
        ("skipped", glyphs.skipped, "skipped"),
        ("running", glyphs.running, "running"),
        ("waiting", glyphs.pending, "pending"),
    ):
        number = found[key]
        if not number and (key != "ok" or ended):
            continue
        part: list[Span] = [Span(f"{glyph} ", role), Span(numbers.count(number), "text", bold=True)]
        if words:
            part.append(Span(f" {key}", "dim"))
        if key == "ok" and step.stale:
            part += (Span(" ("), Span(f"{glyphs.stale} ", "stale"), Span(numbers.count(step.stale)), Span(" stale)"))
        if key == "waiting" and step.retrying:
            part += (
                Span(" (", "dim"),
                Span(f"{glyphs.retrying} ", "retrying"),
                Span(numbers.count(min(step.retrying, number))),
                Span(")", "dim"),
            )
        parts.append(tuple(part))
    return parts


def _rates(step: StepState, speed: rate.Rates, now: float, sampling: Sampling, width: int, glyphs: Glyphs) -> Line:
    parts: list[Line] = []
    trend = sampling.pace(step, now, TREND, glyphs)
    first = (
        Span("now ", "dim"),
        Span(numbers.rate(speed.now) if speed.now is not None else glyphs.dash, "text", bold=True),
    )
    parts.append((*first, Span("  "), *trend) if trend and width >= 66 else first)
    if speed.run is not None:
        parts.append((Span("run ", "dim"), Span(numbers.rate(speed.run))))
    for word, value in (("p50", speed.p50), ("p95", speed.p95)):
        if value is not None:
            parts.append((Span(f"{word} ", "dim"), Span(numbers.duration(value))))
    while line_width(gaps(parts)) > width and len(parts) > 1:
        parts.pop(1)
    return gaps(parts)


def _map(
    step: StepState,
    running: Sequence[Running],
    sampling: Sampling,
    width: int,
    height: int,
    glyphs: Glyphs,
    cell: int | None,
) -> Rows:
    if height < 1 or not step.states:
        return []
    skyline = sampling.map(step, [run.item for run in running], width, height)
    lines = skyline.lines(width, glyphs, cursor=cell, caption_row=False)
    return [Row(line, Target("cell", place * skyline.grid.row)) for place, line in enumerate(lines)][:height]


def _plain(
    step: StepState,
    width: int,
    height: int,
    glyphs: Glyphs,
    now: float,
    *,
    cursor: Cursor,
    result: str | None,
    part: Read | None,
    untitled: bool,
    waits: str,
) -> Rows:
    focused = cursor == "here"
    words = waits or {"succeeded": "done"}.get(step.status, step.status)
    extra = data(words, "failed" if step.status == "failed" else "dim")
    elapsed = step.duration(now)
    tail = (Span(numbers.stopwatch(elapsed)),) if elapsed is not None else ()
    body = []
    if not untitled:
        body.append(heading(name(2, step.name, extra, focused=focused), tail, width, focused=focused, glyphs=glyphs))
    else:
        body.append(Row(apart((*data(step.name, "strong", bold=True), Span("  "), *extra), tail, width)))
    if step.shape.description:
        body.append(Row(data(step.shape.description, "dim")))
    if step.reason:
        body.append(Row(data(step.reason, "text", italic=True)))
    if part is not None:
        body.append(Row((Span(part.words, "retrying"),)))
    error = ErrorInfo.decode(step.error) if step.error else None
    if error is not None:
        body += [BLANK, Row((Span(f"{glyphs.failed} ", "failed"), *data(error.type, "failed", bold=True)))]
        body += [Row((Span("  "), *data(line))) for line in error.message.split("\n")]
    elif step.groups and step.failed:
        group = step.groups[next(iter(step.failures.values()))]
        body += [
            BLANK,
            Row(
                (
                    Span(f"{glyphs.failed} ", "failed"),
                    *data(group.type, "failed", bold=True),
                    Span(" "),
                    *data(group.message),
                )
            ),
        ]
    if step.retrying:
        body.append(Row((Span(f"{glyphs.retrying} ", "retrying"), Span("failed, waits for its next attempt", "dim"))))
    if result is not None:
        body += [BLANK, Row((Span("result", "dim"),)), *(Row(data(line)) for line in result.split("\n"))]
    return body[:height]
