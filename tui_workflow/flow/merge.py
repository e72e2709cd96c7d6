"""What of an edit holds at once, while the rest waits for a person's word.

Settings and code hold for items that start from now. Steps that came, went or moved, and changes of `type`, `for_each`, `key` and
`needs`, wait; until they are taken up the run keeps the structure that it has.
"""

from __future__ import annotations

from typing import Any

from tui_workflow.flow.digest import definition
from tui_workflow.flow.plan import Plan, PlannedStep


def in_force(current: Plan, new: Plan) -> Plan:
    """The plan that holds when `new` has been saved and its structural edits have not been taken up. Parameters stay."""
    after = {planned.name: planned for planned in new.steps}
    names = {planned.name for planned in current.steps}
    flow = new.flow.model_copy(update={"params": current.flow.params})
    steps = []
    for planned in current.steps:
        wanted = after.get(planned.name)
        # The inputs of another type would not fit, so such a step stays as it is as a whole.
        if wanted is None or wanted.step.type != planned.step.type:
            steps.append(planned)
        else:
            steps.append(_merged(planned, wanted, names, new))
    return Plan(new.path, new.text, flow, new.handlers, tuple(steps))


def _merged(planned: PlannedStep, wanted: PlannedStep, names: set[str], new: Plan) -> PlannedStep:
    kept = planned.step
    loop = (kept.for_each is None) == (wanted.step.for_each is None)
    update: dict[str, Any] = {"for_each": kept.for_each, "key": kept.key, "needs": kept.needs}
    if not loop:
        # A step that gains or loses its loop changes in all that goes with it.
        update |= {"parallel": kept.parallel, "inputs": kept.inputs, "condition": kept.condition}
        update |= {"condition_per_item": kept.condition_per_item}
    step = wanted.step.model_copy(update=update)
    read = set(wanted.reads or ())
    added = tuple(name for name in wanted.needs if name in read and name in names and name not in planned.needs)
    needs = planned.needs + added
    digest = definition(step, new.flow, new.handlers)
    return PlannedStep(step, planned.section, needs, wanted.reads, digest, wanted.item_reads)
