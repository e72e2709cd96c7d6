"""What one process is to do with one run: a new one, or one that is taken up again."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_workflow.engine.decide import ENDED
from tui_workflow.engine.following import outdate, reopen_readers
from tui_workflow.facts import events as ev
from tui_workflow.facts.commands import Command
from tui_workflow.facts.state import RunState
from tui_workflow.flow.plan import Plan
from tui_workflow.store.meta import RunMeta


@dataclass(slots=True)
class Assignment:
    """A run and how to go about it.

    `state` is None for a new run. `previous` is the plan of the stored revision when the flow has changed since.
    `params` are all values, secret ones included; `secrets` the texts of the secret ones, to keep out of sight.
    `wishes` are sent as soon as the run is open.
    """

    plan: Plan
    path: Path
    meta: RunMeta
    params: Mapping[str, Any]
    secrets: tuple[str, ...] = ()
    state: RunState | None = None
    made: bool = False
    """The run file is there already, though nothing happened in it: its process died before the first fact."""
    context: dict[str, bytes] = field(default_factory=dict)
    previous: Plan | None = None
    changed: bool = False
    limit: int | None = None
    max_slots: int | None = None
    only: frozenset[str] | None = None
    wishes: Sequence[Command] = ()
    source: str = ""
    """The path by which the flow was named, which may be a link that is turned to another file; empty: the plan's own."""
    notes: list[str] = field(default_factory=list)
    """Sentences to tell before it begins."""

    @property
    def revision(self) -> int:
        """The number of the revision that this process runs by."""
        if self.state is None:
            return 1
        return self.state.revision + (1 if self.changed else 0)

    def opening(self, now: float) -> list[ev.Event]:
        """The facts with which this process begins."""
        host = socket.gethostname()
        facts: list[ev.Event] = []
        if self.state is None:
            facts.append(ev.RunStarted(now, self.meta.run, self.plan.flow.name, self.plan.path, os.getpid(), host))
        else:
            facts.append(ev.RunResumed(now, os.getpid(), host))
        if self.state is None or self.changed:
            facts.append(ev.RevisionTaken(now, self.revision, shapes(self.plan)))
        if self.state is not None:
            facts += take_up(self.plan, self.state, self.previous, now)
            if self.only is not None:
                taken = {fact.step for fact in facts if isinstance(fact, ev.StepReopened)}
                facts += run_again(self.plan, self.state, self.only - taken, now)
        return facts


def run_again(plan: Plan, state: RunState, names: frozenset[str], now: float) -> list[ev.Event]:
    """The facts by which steps that have ended go on, because they were asked for by name: all but what is done in them.

    Their items are listed again, and those that failed are tried again; a plain step runs again, unless it never does after
    success. So the same command given twice costs nothing twice.
    """
    facts: list[ev.Event] = []
    for planned in plan.steps:
        step = state.steps.get(planned.name)
        if planned.name not in names or step is None or step.status not in ENDED:
            continue
        if step.shape.for_each:
            # A duplicate of a key has no attempts, and gets none.
            items = tuple(item for item in sorted(step.failures) if item in step.attempts_of)
            if items:
                facts.append(ev.ItemsQueued(now, step.name, items, "retry"))
        elif step.status == "succeeded" and not step.shape.rerun:
            continue
        facts.append(ev.StepReopened(now, step.name, "asked for by name", relist=True))
    return facts


def shapes(plan: Plan) -> tuple[ev.StepShape, ...]:
    """What the fold must know of each step of a plan."""
    return tuple(
        ev.StepShape(
            name=planned.name,
            section=planned.section,
            for_each=planned.step.for_each is not None,
            needs=planned.needs,
            reads=planned.reads,
            definition=planned.definition,
            parallel=planned.step.parallel is not None,
            rerun=planned.step.rerun,
            description=planned.step.description,
        )
        for planned in plan.steps
    )


def relisted(old: Plan, new: Plan, state: RunState) -> set[str]:
    """Steps to be listed again: an edit changed where their items come from, or their key, or it brought the step back."""
    looped = {planned.step.name for planned in new.steps if planned.step.for_each is not None}
    back = {name for name in looped if name in state.removed}
    before = {planned.name: planned.step for planned in old.steps}
    return back | {
        planned.name
        for planned in new.steps
        if (planned.step.for_each is not None or before.get(planned.name, planned.step).for_each is not None)
        and (step := before.get(planned.name)) is not None
        and (step.for_each, step.key) != (planned.step.for_each, planned.step.key)
    }


RESUMED = "resumed"
"""Why steps are opened again that run again for no other step's sake."""


def take_up(plan: Plan, state: RunState, previous: Plan | None, now: float) -> list[ev.Event]:
    """The facts by which a run that did not end well is taken up again.

    Steps that failed, or were cancelled because of it, are pending again; so are cleanup steps, which run at every end.
    What failed and was tolerated stays as it is until somebody retries it. Steps that read one whose items are listed again
    run again too.
    """
    again = relisted(previous, plan, state) if previous is not None else set()
    facts: list[ev.Event] = []
    if state.status == "succeeded" and not again:
        return facts
    for planned in plan.steps:
        step = state.steps.get(planned.name)
        if step is None:
            continue
        failed = step.status == "failed" and not (
            planned.step.on_error.action == "continue" and planned.step.for_each is None
        )
        cleanup = planned.section != "steps" and step.status in ENDED and planned.step.rerun
        if failed or step.status == "cancelled" or cleanup or planned.name in again:
            relist = planned.name in again or (failed and not step.total_known)
            facts.append(ev.StepReopened(now, planned.name, RESUMED, relist=relist))
    reopened = {fact.step for fact in facts if isinstance(fact, ev.StepReopened)}
    known = [planned.name for planned in plan.steps if planned.name in again and planned.name in state.steps]
    facts += outdate(plan, state, known, (), now)
    facts += (fact for fact in reopen_readers(plan, state, known, now) if fact.step not in reopened)
    return facts
