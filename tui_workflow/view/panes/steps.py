"""Pane 1: the steps of the flow, live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tui_workflow.facts.state import RunState, StepState
from tui_workflow.facts.work import Running
from tui_workflow.text import visible
from tui_workflow.view import numbers, telling, tolerated
from tui_workflow.view.bar import lane
from tui_workflow.view.columns import apart, fill, line_width
from tui_workflow.view.columns import width as columns_of
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes import counted
from tui_workflow.view.panes.row import Cursor, Row, Rows, Target, called, data, heading, name, short, window
from tui_workflow.view.sampling import Sampling

CLOCK = 7
"""Columns of the elapsed time."""
LANES = 8
WAITS_FOR = "waits for"
OLD = 1.0
"""Seconds after which an item is worth a row here."""
ENDED = ("succeeded", "failed", "skipped", "cancelled")
_WORDS = {"succeeded": "done", "failed": "failed", "skipped": "skipped", "cancelled": "cancelled"}
_ROLES = {
    "pending": "pending",
    "running": "running",
    "succeeded": "ok",
    "failed": "failed",
    "skipped": "skipped",
    "cancelled": "skipped",
}


def rows(
    state: RunState,
    selected: str,
    open_step: str,
    now: float,
    lanes: Mapping[str, Sequence[Running]],
    keys: Mapping[tuple[str, int], str],
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    cursor: Cursor,
    shown: Sequence[str] | None = None,
    sampling: Sampling | None = None,
) -> Rows:
    """The pane in at most `height` rows. Steps that have ended well go first when there are too many.

    `shown` names the steps that a filter leaves; `open_step` is the one whose slots another pane shows. With `sampling`
    no pane beside it counts items: each step says how many it has, and has a bar where rows are free, before the lanes do.
    """
    steps = [step for step in state.steps.values() if shown is None or step.name in shown]
    done = sum(step.status in ENDED for step in state.steps.values())
    extra = () if shown is None else (Span(f"{len(steps)} of {len(state.steps)}", "dim"),)
    title = heading(
        name(1, "Steps", extra, focused=cursor == "here"),
        (Span(f"{numbers.count(done)} of {numbers.count(len(state.steps))} done", "dim"),),
        width,
        focused=cursor == "here",
        glyphs=glyphs,
    )
    free = height - 1 - sum(2 if _says_why(step) else 1 for step in steps)
    barred: dict[str, Row] = {}
    if sampling is not None:
        flying = {name: len(running) for name, running in lanes.items()}
        barred = counted.rows(counted.chosen(steps, free), flying, sampling, width, glyphs)
    most = free - len(barred) if barred else LANES + 1
    blocks: list[tuple[StepState, Rows]] = []
    columns = _Columns(
        min(max((columns_of(step.name) for step in steps), default=0), max(8, width // 2)),
        counted.column(steps) if sampling is not None else 0,
    )
    for step in steps:
        mark: Cursor = cursor if step.name == selected else ""
        busy = len(lanes.get(step.name, ()))
        line = _step(state, step, busy, now, width, columns, glyphs, bold=bool(mark))
        block = [Row(line, Target("step", step.name), mark)]
        if _says_why(step):
            block.append(Row((Span("  "), *data(step.reason, "dim", italic=True)), Target("step", step.name)))
        if step.name in barred:
            block.append(barred[step.name])
        if step.status == "running" and step.name != open_step:
            own = _lanes(step.name, lanes.get(step.name, ()), keys, now, width, most, glyphs)
            most -= len(own) if barred else 0
            block += own
        blocks.append((step, block))
    if not state.steps:
        return [title, Row((Span("this flow has no steps", "dim", italic=True),))][:height]
    return [title, *_fit(blocks, selected, max(0, height - 1), glyphs)]


def _says_why(step: StepState) -> bool:
    return bool(step.reason) and step.status in ("skipped", "failed", "cancelled")


def _fit(blocks: list[tuple[StepState, Rows]], selected: str, height: int, glyphs: Glyphs) -> Rows:
    over = sum(len(block) for _, block in blocks) - height
    kept = []
    for step, block in blocks:
        if over > 0 and step.name != selected and step.status in ("succeeded", "skipped"):
            over -= len(block)
        else:
            kept.append((step, block))
    flat = [row for _, block in kept for row in block]
    at = next((place for place, row in enumerate(flat) if row.cursor), 0)
    return window(flat, height, at)


class _Columns(NamedTuple):
    """What stands in columns of its own: the steps' names, and how many of their items are done, 0 for nothing."""

    name: int
    done: int


def _step(
    state: RunState,
    step: StepState,
    flying: int,
    now: float,
    width: int,
    columns: _Columns,
    glyphs: Glyphs,
    *,
    bold: bool,
) -> Line:
    quiet = step.status in ("pending", "skipped", "cancelled") and not interrupted(state, step)
    sign = glyphs.of_step(step.status)
    if step.status == "running" and step.shape.for_each and not step.total:
        sign = glyphs.busy[int(now * 2) % len(glyphs.busy)]  # nothing else moves while it lists
    role = _ROLES[step.status]
    if interrupted(state, step) or _paused(state, step):
        sign, role = glyphs.paused, "retrying"
    elif tolerated.of_step(step):
        sign, role = glyphs.failed, "failed"
    elif retries(step, flying):
        sign, role = glyphs.retrying, "retrying"
    glyph = Span(f"{sign} ", role)
    right = _right(state, step, flying, now, width - 2 - columns.name - 3, width - 2 - columns_of(step.name) - 2)
    room = max(4, width - 2 - line_width(right) - 2)
    label = short(step.name, room, "strong" if bold else "dim" if quiet else "text", glyphs, bold=bold)
    left: Line = (glyph, *label)
    pad = max(2, columns.name + 3 - line_width(label))
    counts = (
        (step.failed if not tolerated.of_step(step) else 0, glyphs.failed, "failed"),
        (step.skipped if step.shape.for_each else 0, glyphs.skipped, "skipped"),
        (step.stale, glyphs.stale, "stale"),
    )
    beside = sum(len(numbers.count(number)) + 4 for number, _, _ in counts if number)
    wordless = right[2:] if len(right) > 1 and right[1].text == " " else right[1:]
    if step.stale and step.status == "running":
        # The sign says that it runs; where both counts have no room beside the word, the word goes.
        if line_width(left) + beside + 2 + line_width(right) > width:
            right, pad = wordless, 2
    elif columns.done and not tolerated.of_step(step) and (done := counted.words(step)):
        needed = line_width(left) + pad + columns.done + beside + 2
        if needed + line_width(right) > width >= needed + line_width(wordless) and step.status == "running":
            right = wordless
        if needed + line_width(right) <= width:
            left, pad = (*left, Span(" " * pad), Span(fill(done, columns.done, align="right"), "dim")), 2
    for number, sign, role in counts:
        count = Span(f"{sign} {numbers.count(number)}", role)
        if number and line_width(left) + pad + line_width((count,)) + 2 + line_width(right) <= width:
            left, pad = (*left, Span(" " * pad), count), 2
    return apart(left, right, width, mark=glyphs.ellipsis)


def _right(state: RunState, step: StepState, flying: int, now: float, room: int, own: int) -> Line:
    """The state in words, and the time. `room` are the columns that the steps' names leave, `own` those that its own does."""
    elapsed = step.duration(now)
    clock = fill(numbers.stopwatch(elapsed) if elapsed is not None else "", CLOCK, align="right")
    match step.status:
        case "running" if (waiting := retries(step, flying)) and not _paused(state, step):
            beside = len(numbers.count(step.failed)) + 4 if step.failed else 0
            few = numbers.plural(waiting, "retry", "retries") if step.shape.for_each else "retry"
            phrases = [f"waits for {few}", f"{few} to come", few]
            word = next((word for word in phrases if len(word) + 2 + len(clock) + beside <= room), few)
            return (Span(word, "retrying"), Span("  "), Span(clock, "dim"))
        case "running":
            share = numbers.percent(step.done, step.total, known=step.total_known) if step.total else ""
            if not step.shape.for_each:
                share = ""
            word = "lists" if step.shape.for_each and not step.total_known and not step.done else "running"
            word = "paused" if _paused(state, step) else word
            value = (Span(" "), Span(fill(share, 4, align="right"), "text")) if share else ()
            return (Span(word, "dim"), *value, Span("  "), Span(clock, "dim"))
        case "pending" if interrupted(state, step):
            return (Span("interrupted", "retrying"), Span("  "), Span(clock, "dim"))
        case "pending":
            why = waits(state, step)
            if columns_of(visible(why)) > own and why.startswith(WAITS_FOR):
                why = "waits"  # the step's own name tells more than that of another
            return data(why, "dim")
        case status:
            failed = tolerated.of_step(step)
            role = "failed" if status == "failed" or failed else "dim"
            words = [_WORDS[status]]
            if failed:
                short_ = f"{numbers.count(failed)} failed"
                words = [f"{numbers.count(failed)} of {numbers.count(step.total)} failed", short_]
            elif (part := tolerated.part_read(state, step)) is not None:
                some = f"{numbers.count(part[0])} of {numbers.count(part[1])}"
                words = [f"done with {some} items", f"with {some}", *words]
            word = next((word for word in words if columns_of(word) + 2 + len(clock) <= room), words[-1])
            return (Span(word, role), Span("  "), Span(clock, "dim"))


def _paused(state: RunState, step: StepState) -> bool:
    """Whether the step is held by a pause of the run, in which nothing of it starts."""
    return step.status == "running" and state.paused


def retries(step: StepState, flying: int) -> int:
    """How many items wait for their next attempt, while nothing else of the step is left to do; `flying` are in flight."""
    if step.status != "running" or flying or not step.retrying:
        return 0
    if not step.shape.for_each:
        return 1
    return step.retrying if step.total_known and step.retrying >= step.waiting else 0


def interrupted(state: RunState, step: StepState) -> bool:
    """Whether the run came to rest before the step had ended that it had begun."""
    return step.status == "pending" and step.began is not None and state.status not in ("running", "paused")


def waits(state: RunState, step: StepState) -> str:
    """What a step that has not started waits for."""
    if state.status not in ("running", "paused"):
        return "not run"
    if step.shape.section == "on_failure":
        return "runs if the flow fails"
    open_needs = [need for need in step.shape.needs if need in state.steps and state.steps[need].status not in ENDED]
    if len(open_needs) == 1:
        return f"{WAITS_FOR} {open_needs[0]}"
    if open_needs:
        return f"{WAITS_FOR} {len(open_needs)} steps"
    return "paused" if state.paused else "starts next"


def _lanes(
    step: str,
    running: Sequence[Running],
    keys: Mapping[tuple[str, int], str],
    now: float,
    width: int,
    most: int,
    glyphs: Glyphs,
) -> Rows:
    old = [run for run in running if now - run.since >= OLD]
    wide = width >= 60
    key_width = max(8, min(24, width * 4 // 11))
    listed = old[: min(LANES, most if len(old) <= most else most - 1)] if most > 0 else []
    names = {run.item: keys.get((step, run.item), f"item {run.item}") for run in listed}
    if wide:
        key_width = max(12, min(width // 4, telling.longest(names.values())))
    told = telling.told(names.values(), key_width, mark=glyphs.ellipsis)
    found = []
    for run in listed:
        label = called(names[run.item], key_width, "text", glyphs, told=told)
        head = apart((Span(f"  {run.slot + 1} ", "dim"), *label), (), 4 + key_width, mark=glyphs.ellipsis)
        share = numbers.percent(run.done, run.total) if run.total else ""
        tail: Line = (Span(fill(numbers.ticking(now - run.since), CLOCK, align="right"), "dim"),)
        if wide:
            tail = (Span(fill(share, 5, align="right"), "text"), Span("  "), *tail)
        room = width - line_width(head) - line_width(tail) - 4
        length = room if wide else min(10, room)
        bar = lane(run.done, run.total, length, glyphs) if run.total and length >= 4 else ()
        found.append(Row(apart((*head, Span("  "), *bar), tail, width, mark=glyphs.ellipsis), Target("item", run.item)))
    if listed and len(old) > len(listed):
        found.append(Row((Span(f"    {numbers.plural(len(old) - len(listed), 'more slot')}", "dim"),)))
    return found
