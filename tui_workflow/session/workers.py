"""How many workers a run will ask for at once, so that they can start while the rest is being made ready."""

from __future__ import annotations

from tui_workflow.engine.decide import ENDED
from tui_workflow.engine.settings import cores
from tui_workflow.facts.state import RunState
from tui_workflow.flow.executor import executor_of
from tui_workflow.flow.plan import Plan, PlannedStep


def at_start(plan: Plan, state: RunState | None, most: int | None) -> int:
    """Workers for the slots of the steps that begin at once, beside the one that lists; never more than processors."""
    ended = {name for name, step in state.steps.items() if step.status in ENDED} if state is not None else set()
    first = [planned for planned in plan.steps if not set(planned.needs) - ended and planned.name not in ended]
    return min(cores(), sum(_slots(plan, planned, most) for planned in first))


def _slots(plan: Plan, planned: PlannedStep, most: int | None) -> int:
    step = planned.step
    if step.for_each is None:
        return 0  # it takes the worker that the program starts in any case
    if step.parallel is None or executor_of(step, plan.handlers) != "process":
        return 1
    slots = step.parallel.max_parallel
    if isinstance(slots, str):
        return 1  # a template, which only a worker evaluates
    value = step.for_each.value
    items = len(value) if isinstance(value, list) else value if type(value) is int else cores()
    return max(0, min(slots or cores(), most or cores(), items))
