"""The cause that a saved edit may have mended: the failures in front, when the edit is about their step and came after them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import RunState, StepState
from tui_workflow.view.causes import listed
from tui_workflow.view.nav import Nav, Pane
from tui_workflow.view.ports import ReloadPlan


@dataclass(frozen=True, slots=True)
class Mended:
    """Failures that are older than an edit of their step. `count` is 0 where it is their list that is in front."""

    step: str
    revision: int
    type: str
    count: int = 0
    edited: tuple[str, ...] = ()
    """What was edited: the step by its name, and the names of handler files."""


def edited(plan: ReloadPlan, *, waiting: bool) -> Collection[str]:
    """The steps in which something else holds by an edit; with `waiting` also those in which it will once it is accepted."""
    edits = (*plan.in_force, *plan.waiting) if waiting else plan.in_force
    return {edit.step for edit in edits if edit.what == "changed"} | {
        name for file in plan.files for name in file.steps
    }


def mended(state: RunState, nav: Nav, plan: ReloadPlan | None) -> Mended | None:
    """What there is to try again after the latest edit; None when nothing, or several causes, are in front."""
    if plan is None:
        return None
    if nav.place == "items" and nav.items is not None and nav.items.group is not None and not nav.items.marked:
        name, fingerprint, count = nav.items.step, nav.items.group, 0
    elif nav.place == "main" and nav.pane == Pane.FAILURES and not nav.groups_marked:
        cause = next((each for each in listed(state, nav) if each.mark == nav.group), None)
        if cause is None:
            return None
        name, fingerprint, count = cause.step, cause.group.fingerprint, cause.group.count
    else:
        return None
    step = state.steps.get(name)
    if step is None or name not in edited(plan, waiting=False):
        return None
    place = next((n for n, group in enumerate(step.groups) if group.fingerprint == fingerprint), None)
    if place is None or not step.groups[place].count or not _older(step, place, state.revision, plan.saved):
        return None
    return Mended(name, state.revision, step.groups[place].type, count, tuple(_names(plan, name)))


def _names(plan: ReloadPlan, step: str) -> list[str]:
    """What a person edited: the step where one of its keys has another text, not where it is only made of other code."""
    files = [file.path.rsplit("/", 1)[-1] for file in plan.files if step in file.steps]
    edits = [edit for edit in plan.in_force if edit.step == step and edit.what == "changed"]
    own = [step] if any(edit.old != edit.new for edit in edits) or (edits and not files) else []
    return [*own, *files]


def _older(step: StepState, place: int, revision: int, saved: float) -> bool:
    """Whether all items of a group failed before an edit, or as they had begun before it: who has tried after it knows more
    than the edit does.
    """
    if step.groups[place].last_at < saved or not step.by_revision.get((revision, Ended.FAILED)):
        return True
    return all(
        step.definitions[step.made_by[item]] != step.shape.definition
        for item, own in reversed(step.failures.items())  # the latest come last: one of them tells at once
        if own == place
    )
