"""How far the run is, in the one row that stays where panes 1 and 2 have no room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_workflow.facts.state import RunState, StepState
from tui_workflow.facts.work import Running
from tui_workflow.text import visible
from tui_workflow.view import bar, numbers
from tui_workflow.view.columns import apart, fill, line_width
from tui_workflow.view.columns import width as columns_of
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import Row, Target, gaps, short
from tui_workflow.view.panes.steps import ENDED
from tui_workflow.view.sampling import Sampling

BAR = 10
"""Columns below which a bar tells less than the number beside it."""
SHARE = 6
"""Columns of the share, so that the bar keeps its length."""
NAME = 12
"""Columns that a step's name keeps beside the numbers."""


def shown(state: RunState, selected: str) -> StepState | None:
    """The step that tells how far the run is: the selected one, unless it is another that runs."""
    chosen = state.steps.get(selected)
    if chosen is not None and chosen.status == "running":
        return chosen
    running = [step for step in state.steps.values() if step.status == "running"]
    return next((step for step in running if step.shape.for_each), next(iter(running), chosen))


def row(
    state: RunState,
    selected: str,
    lanes: Mapping[str, Sequence[Running]],
    sampling: Sampling,
    width: int,
    glyphs: Glyphs,
) -> Row:
    """How many steps are done, and how far the one is that `shown` chooses; `lanes` hold the items in flight by step.

    Where it is narrow the item counts go, then the steps, then the bar.
    """
    step = shown(state, selected)
    done = sum(each.status in ENDED for each in state.steps.values())
    steps: Line = (
        Span("1 ", "dim"),
        Span("Steps", "strong", bold=True),
        Span(f"  {numbers.count(done)} of {numbers.count(len(state.steps))} done", "dim"),
    )
    if step is None:
        return Row(apart(steps, (), width, mark=glyphs.ellipsis))
    number = (Span("2 ", "dim"),) if step.name == selected else ()
    counted: Line = ()
    if step.shape.for_each:
        total = numbers.count(step.total)
        percent = numbers.fine_percent(step.done, step.total, known=step.total_known)
        share = Span(fill(percent, SHARE, align="right"), "strong", bold=True)
        of = Span(f"{fill(numbers.count(step.done), len(total), align='right')} of {total}  ", "dim")
        tails: list[Line] = [(of, share), (share,)]
    else:
        tails = [(Span({"succeeded": "done"}.get(step.status, step.status), "dim"),)]
    wanted = BAR + 2 if step.shape.for_each else 0
    for lead, tail in [(steps, tails[0]), (steps, tails[-1]), ((), tails[-1])]:
        counted = tail
        room = width - line_width(lead) - line_width(number) - line_width(tail) - 2 - (3 if lead else 0)
        name = short(step.name, max(NAME, min(width // 3, room - wanted)), "strong", glyphs, bold=True)
        left = room - line_width(name)
        if left >= wanted and room - wanted >= min(columns_of(visible(step.name)), width // 3):
            break
    found = gaps([lead, (*number, *name)])
    if step.shape.for_each and left >= BAR + 2:
        parts = sampling.parts(step, len(lanes.get(step.name, ())))
        found = (*found, Span("  "), *bar.progress_bar(parts, left - 2, glyphs))
    return Row(apart(found, counted, width, mark=glyphs.ellipsis), Target("step", step.name))
