"""Under the steps: the settings of the selected step that hold now, and what it has come to."""

from __future__ import annotations

from collections.abc import Sequence

from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import StepState
from tui_workflow.view import numbers
from tui_workflow.view.columns import beginning, cut_line, line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import Row, Rows, called, data, gaps, heading
from tui_workflow.view.wrapping import wrapped

LABEL = 9
GAP = 3
LINES = 4
"""Rows of one setting."""


def rows(
    step: StepState,
    settings: Sequence[tuple[str, str]],
    slowest: str,
    ended: bool,
    width: int,
    height: int,
    glyphs: Glyphs,
) -> Rows:
    """The pane in at most `height` rows; `slowest` is the key of the slowest item. Nothing when two rows do not fit."""
    revisions = sorted({revision for revision, _ in step.by_revision})
    came = _came_to(step, revisions, slowest, width, glyphs) if ended or len(revisions) > 1 else []
    free = height - 1 - len(came) - len(settings)
    held = _settings(settings, width, free, glyphs)
    body = [*came, *held] if ended else [*held, *came]
    if height < 2 or not body:
        return []
    extra: Line = (Span("settings that hold now", "dim"),)
    if ended:
        tail = f", {numbers.plural(len(revisions), 'revision')}" if revisions else ""
        extra = (*data(step.name, "dim"), Span(tail, "dim"))
    head = (Span("Selected", "strong", bold=True), Span("  "), *extra)
    return [heading(head, (), width, focused=False, glyphs=glyphs), *body[: height - 1]]


def fact(label: str, value: Line) -> Row:
    """A labelled row."""
    return Row((Span(f"{label:<{LABEL}}", "dim"), *value))


def _settings(settings: Sequence[tuple[str, str]], width: int, free: int, glyphs: Glyphs) -> Rows:
    """A row for each setting, and of the `free` ones as many as those that are too long for one take, `LINES` at most."""
    found: Rows = []
    room = max(1, width - LABEL)
    for label, value in settings:
        lines = [beginning(line, room * LINES).rstrip() for line in value.splitlines() if line.strip()] or [""]
        parts = [part for line in lines for part in wrapped(data(line), room, words=True, near=room)]
        shown = parts[: max(1, min(LINES, 1 + free))]
        if len(shown) < len(parts):
            shown[-1] = (*cut_line(shown[-1], room - 2, mark=""), Span(f" {glyphs.ellipsis}", "dim"))
        free -= len(shown) - 1
        lead = data(f"{label:<{LABEL}}", "dim")
        found.append(Row((*lead, *shown[0])))
        found += [Row((Span(" " * LABEL), *part)) for part in shown[1:]]
    return found


def _came_to(step: StepState, revisions: Sequence[int], slowest: str, width: int, glyphs: Glyphs) -> Rows:
    counts = []
    for revision in revisions:
        done = step.by_revision[revision, Ended.OK]
        failed = step.by_revision[revision, Ended.FAILED] + step.by_revision[revision, Ended.RETRYING]
        if done or failed:  # under others items were only skipped, say
            counts.append((revision, done, failed))
    found = [_of_revision(*each, width) for each in counts] if len(counts) > 1 else []
    if not step.attempts:
        return found
    if slowest:
        took_longest = Span(numbers.duration(step.pace.slowest))
        room = max(1, width - LABEL - GAP - line_width((took_longest,)))
        found.append(fact("slowest", gaps([called(slowest, room, "text", glyphs), (took_longest,)], GAP)))
    took = [(word, step.pace.percentile(share)) for word, share in (("p50 ", 0.5), ("p95 ", 0.95))]
    facts: list[Line] = [
        (Span(word, "dim"), Span(numbers.duration(value))) for word, value in took if value is not None
    ]
    longest: Line = (Span("max ", "dim"), Span(numbers.duration(step.pace.slowest)))
    if not slowest or LABEL + line_width(gaps([*facts, longest])) <= width:
        facts.append(longest)
    found.append(fact("took", gaps(facts)))
    again = sum(map((1).__lt__, step.attempts_of.values()))  # in C: they may be a million
    if again:
        found.append(fact("tries", (Span(f"{numbers.count(step.attempts)}, {numbers.plural(again, 'item')} retried"),)))
    return found


def _of_revision(revision: int, done: int, failed: int, width: int) -> Row:
    """How attempts ended under a revision: what came of one stays, also when its item has been mended since."""
    lost = f", {numbers.count(failed)} failed" if failed else ""
    for label, unit in (
        (f"revision {revision}", " attempt ok" if done == 1 else " attempts ok"),
        (f"revision {revision}", " ok"),
        (f"r{revision}", " ok"),
    ):
        line = (Span(f"{label:<{LABEL}}  ", "dim"), Span(numbers.count(done)), Span(unit, "dim"), Span(lost))
        if line_width(line) <= width:
            break
    return Row(line)
