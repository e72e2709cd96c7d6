"""What follows when items of a step run again, or it gets others: which steps run again, and what is stale from then on."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tui_workflow.facts import events as ev
from tui_workflow.facts.state import RunState
from tui_workflow.flow.graph import outdated, readers
from tui_workflow.flow.plan import Plan


def reruns(plan: Plan, state: RunState, step: str) -> tuple[str, ...]:
    """The steps that have run, read `step`, and so run again when its items do."""
    return tuple(
        name
        for name in readers(plan, step)
        if name in state.steps and state.steps[name].status not in {"pending", "cancelled"}
    )


def keepers(plan: Plan, state: RunState, step: str) -> tuple[str, ...]:
    """The steps that keep done items, which are stale when items of `step` run again."""
    return tuple(name for name in outdated(plan, step) if name in state.steps and state.steps[name].succeeded)


def outdate(plan: Plan, state: RunState, names: Iterable[str], whole: Collection[str], now: float) -> list[ev.Event]:
    """Say of the items that are kept that they are stale, but for those of the steps that run again as a `whole`.

    So are those that a step has in flight: they were told to read what was there when it started.
    """
    found = dict.fromkeys(each for name in names for each in outdated(plan, name) if each not in whole)
    steps = (state.steps[name] for name in found if name in state.steps)
    return [ev.ItemsOutdated(now, step.name) for step in steps if step.succeeded or step.status == "running"]


def reopen_readers(plan: Plan, state: RunState, names: Collection[str], now: float) -> list[ev.StepReopened]:
    """Reopen the steps that read these, with other lists of items, and those that were cancelled: all but these themselves."""
    touched = set(names)
    facts: list[ev.StepReopened] = []
    for name in names:
        for reader in reruns(plan, state, name):
            if reader not in touched:
                touched.add(reader)
                facts.append(ev.StepReopened(now, reader, f"{name} runs again", relist=True))
    for step in state.steps.values():
        if step.status == "cancelled" and step.name not in touched and step.shape.section == "steps":
            facts.append(ev.StepReopened(now, step.name, "what it needs runs again"))
    return facts
