"""What stays in the terminal after the dashboard: at most fifteen lines with the state, the counts, what failed, what next.

Numbers have no spaces in them here, as they are copied from a terminal into commands and mails.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.state import RunState, StepState
from tui_workflow.text import visible
from tui_workflow.view import numbers, tolerated
from tui_workflow.view.columns import Column, cut_line, fill, layout, row, width
from tui_workflow.view.glyphs import UNICODE, Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.banner import resume_command
from tui_workflow.view.panes.failures import headline, where

LINES, STEPS, GROUPS = 15, 3, 10
_EMPTY: Line = ()


def summary(
    run: RunState,
    columns: int = 80,
    glyphs: Glyphs = UNICODE,
    *,
    now: float | None = None,
    flow: str | None = None,
    options: Sequence[str] = (),
    place: Sequence[str] = (),
) -> list[Line]:
    """The lines to leave behind, none wider than `columns` but for commands, which are never cut.

    `flow` is the path of the flow as a command would name it, `options` are words that commands need to find the
    run from where they are typed, such as `--state-dir DIR`; `place` are those that `--resume` needs, such as `--run RUN`.
    """
    steps, broken, commands = _steps(run), _broken(run), _commands(run, flow or run.path, options, place)
    room = LINES - 4 - len(steps) - len(broken) - len(commands)
    blocks = [[_headline(run, glyphs, now)], steps, _groups(run, columns, room, glyphs) + broken, commands]
    lines: list[Line] = []
    for at, block in enumerate(blocks):
        if block and lines:
            lines.append(_EMPTY)
        lines += block if at == len(blocks) - 1 else [cut_line(line, columns, mark=glyphs.ellipsis) for line in block]
    return lines


def _count(number: int) -> str:
    return numbers.copyable(numbers.count(number))


def _plural(number: int, one: str) -> str:
    return numbers.copyable(numbers.plural(number, one))


def _headline(run: RunState, glyphs: Glyphs, now: float | None) -> Line:
    role = {"succeeded": "ok", "failed": "failed", "running": "running"}.get(run.status, "retrying")
    waiting = run.waiting
    said: str = run.status
    failed = _plural(run.failed, "failed item")
    skipped = sum(step.skipped for step in run.steps.values() if step.shape.for_each)
    match run.status:
        case "succeeded" if tolerated.of_run(run):
            role, said = "failed", f"done, {_plural(run.failed, 'item')} failed"
            said += f", {_count(skipped)} skipped" if skipped else ""
        case "succeeded" if skipped:
            said += f", {_plural(skipped, 'item')} skipped"
        case "interrupted" | "paused" if waiting:
            said += f", {_plural(waiting, 'item')} {'waits' if waiting == 1 else 'wait'}"
        case "failed" | "cancelled" if run.failed:
            said += f", {failed}"
    return (
        Span(glyphs.failed if tolerated.of_run(run) else glyphs.of_run(run.status), role, bold=True),
        Span(" "),
        Span(visible(run.flow), "strong", bold=True),
        Span(f" r{run.revision}  ", "dim"),
        Span(said, role),
        Span("   " + numbers.copyable(numbers.stopwatch(run.duration(now))), "dim"),
    )


def _steps(run: RunState) -> list[Line]:
    """The batch steps that say most, with aligned counts, and the others in one line."""
    batches = [step for step in run.steps.values() if step.shape.for_each and step.total]
    shown = sorted(batches, key=lambda step: (-step.failed, -step.total))[:STEPS]
    shown = [step for step in batches if step in shown]
    others = [step for step in run.steps.values() if step not in shown]
    cells = [(_succeeded(step), _unsuccessful(step), f"{_count(step.total)}") for step in shown]
    rest = _plural_steps(others, bool(shown))
    name = max((width(visible(step.name)) for step in shown), default=0)
    name = min(30, max(name, width(rest)))
    ok, bad, total = (max((width(cell[place]) for cell in cells), default=0) for place in range(3))
    lines: list[Line] = []
    for step, (good, poor, all_of_them) in zip(shown, cells, strict=True):
        lines.append(
            (
                Span("  "),
                Span(fill(visible(step.name), name)),
                Span("   "),
                Span(good.rjust(ok), "ok"),
                Span("   " if bad else ""),
                Span(poor.ljust(bad), "failed" if step.failed else "dim"),
                Span(f"   of {all_of_them.rjust(total)}", "dim"),
            )
        )
    if others:
        lines.append((Span("  "), Span(rest.ljust(name), "dim"), Span("   "), Span(_tally(others), "dim")))
    return lines


def _plural_steps(others: Sequence[StepState], after_some: bool) -> str:
    return _plural(len(others), "other step" if after_some else "step") if others else ""


def _succeeded(step: StepState) -> str:
    return f"{_count(step.succeeded)} ok"


def _unsuccessful(step: StepState) -> str:
    facts = ((step.failed, "failed"), (step.skipped, "skipped"), (step.waiting, "waiting"))
    words = [f"{_count(number)} {word}" for number, word in facts if number]
    return "   ".join([*words, *([f"({_count(step.stale)} stale)"] if step.stale else [])])


def _tally(steps: Sequence[StepState]) -> str:
    words = {"succeeded": "done", "pending": "waiting"}
    found: dict[str, int] = {}
    for step in steps:
        word = words.get(step.status, step.status)
        found[word] = found.get(word, 0) + 1
    return "   ".join(f"{number} {word}" for word, number in found.items())


def _groups(run: RunState, columns: int, room: int, glyphs: Glyphs) -> list[Line]:
    """The largest groups of failures in at most `room` lines: how many, what, where."""
    groups = [group for step in run.steps.values() for group in step.groups if group.count]
    groups.sort(key=lambda group: -group.count)
    most = min(room, GROUPS)
    shown = groups if len(groups) <= most else groups[: most - 1]
    if not shown:
        return []
    counts = [_count(group.count) for group in shown]
    places = [where(group) for group in shown]
    longest = max(width(visible(f"{group.type} {group.message}".strip())) for group in shown)
    places_wide = max(width(visible(place)) for place in places)
    number_wide = max(4, *map(len, counts))
    what_wide = max(10, min(longest, columns - 2 - number_wide - 2 - 3 - places_wide))
    shape = (Column(number_wide, "right"), Column(what_wide), Column(places_wide, keep="end"))
    whats = [headline(group, what_wide, glyphs) for group in shown]
    widths = layout(shape, sum(column.columns for column in shape) + 4)
    lines: list[Line] = [
        (
            Span("  "),
            *row(
                (Span(number, "failed", bold=True), what, Span(visible(place), "dim")),
                shape,
                widths,
                mark=glyphs.ellipsis,
            ),
        )
        for number, what, place in zip(counts, whats, places, strict=True)
    ]
    if len(groups) > len(shown):
        left = groups[len(shown) :]
        text = f"{_plural(len(left), 'more group')}, {_plural(sum(group.count for group in left), 'item')}"
        lines.append((Span(" " * (number_wide + 4)), Span(text, "dim")))
    return lines


def _broken(run: RunState) -> list[Line]:
    """One line for a step that failed by itself, not by an item."""
    for step in run.steps.values():
        if step.status == "failed" and step.error:
            error = ErrorInfo.decode(step.error)
            message = visible(error.message.split("\n", 1)[0])
            return [
                (Span("  "), Span(visible(step.name), "failed", bold=True), Span(f"  {visible(error.type)} {message}"))
            ]
    return []


def _commands(run: RunState, flow: str, options: Sequence[str], place: Sequence[str]) -> list[Line]:
    """What goes on with the run, the cheapest first: what is stale is done, and costs again what it did."""
    here = _extra(options)
    commands = []
    if run.failed:
        commands.append(("retry", f"wf-tui retry --run {run.run}{here}"))
    if run.status in ("interrupted", "paused", "failed", "cancelled"):
        commands.append(("resume", resume_command(flow, place)))
    commands.append(("look again", f"wf-tui open {run.run}{here}"))
    if run.failed:
        commands.append(("write a file", f"wf-tui failed --run {run.run}{here} --jsonl > failed.jsonl"))
    if stale := sum(step.stale_to_run for step in run.steps.values()):
        commands.append((f"run {_count(stale)} stale", resume_command(flow, ("--rerun-stale", *place))))
    wide = max(12, *(width(word) for word, _ in commands)) + 2
    return [(Span("  "), Span(word.ljust(wide), "dim"), Span(visible(command))) for word, command in commands]


def _extra(options: Sequence[str]) -> str:
    return f" {shlex.join(options)}" if options else ""
