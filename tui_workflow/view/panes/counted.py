"""How many items of each step are done, in the list of steps where no other pane stands beside it to say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_workflow.facts.state import StepState
from tui_workflow.view import bar, numbers, tolerated
from tui_workflow.view.columns import line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import Row, Target
from tui_workflow.view.panes.step import briefly
from tui_workflow.view.sampling import Sampling

BAR = 10
"""Columns below which a bar tells less than the counts beside it."""


def words(step: StepState) -> str:
    """`611 of 1 000`, with a plus while its items are being listed; `1 000 items` when all are done. Empty without any."""
    if not step.shape.for_each or not step.total:
        return ""
    if step.done == step.total and step.total_known:
        return numbers.plural(step.total, "item")
    return f"{numbers.count(step.done)} of {numbers.count(step.total)}{'' if step.total_known else '+'}"


def column(steps: Sequence[StepState]) -> int:
    """The columns that `words` take for these steps, also when their numbers have grown."""
    return max((len(numbers.count(step.total)) * 2 + 4 for step in steps if words(step)), default=0)


def chosen(steps: Sequence[StepState], rows: int) -> list[StepState]:
    """The steps whose counts get a row of their own where there are `rows` of them: those that run, then those with failures."""
    found = [step for step in steps if words(step)]
    found.sort(key=lambda step: (step.status != "running", not step.failed, bool(tolerated.of_step(step))))
    return found[: max(0, rows)]


def rows(
    steps: Sequence[StepState], running: Mapping[str, int], sampling: Sampling, width: int, glyphs: Glyphs
) -> dict[str, Row]:
    """By step the row below its name: a bar, as long for each, and the counts it is made of; `running` is what is in flight."""
    counts = {step.name: briefly(step, running.get(step.name, 0), glyphs) for step in steps}
    room = min(width // 2, width - 4 - max(map(line_width, counts.values()), default=0))
    found = {}
    for step in steps:
        line: Line = (Span("  "), *counts[step.name])
        if room >= BAR:
            drawn = bar.progress_bar(sampling.parts(step, running.get(step.name, 0)), room, glyphs)
            line = (Span("  "), *drawn, Span("  "), *counts[step.name])
        found[step.name] = Row(line, Target("step", step.name))
    return found
