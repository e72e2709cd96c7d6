"""What a resume would do with the latest run of a flow: worked out from the run file and the flow as it is now, nothing run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tui_workflow.engine.decide import ENDED
from tui_workflow.engine.verdict import too_many_failures
from tui_workflow.engine.wishes import stale_items
from tui_workflow.facts import events as ev
from tui_workflow.facts.state import RunState, fold
from tui_workflow.flow.diff import StepDiff, diff
from tui_workflow.flow.plan import Plan
from tui_workflow.session.assignment import RESUMED, shapes, take_up
from tui_workflow.session.edited import keys_of
from tui_workflow.session.stored import stored_plan
from tui_workflow.store.places import open_state
from tui_workflow.store.runfile import RunFile


@dataclass(frozen=True, slots=True)
class StepPlan:
    """What a resume does with one step. Counts are items; `total` is None for a step that has not been listed."""

    name: str
    status: str
    what: str
    """`keep`, `run`, `go on`, `new`, or `removed`."""
    kept: int = 0
    again: int = 0
    waiting: int = 0
    stale: int = 0
    failed_kept: int = 0
    why: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class ResumePlan:
    """What a resume does; `run` is None when there is no run to resume, and it would begin one."""

    run: str | None
    status: str | None
    revision: int
    changed: bool
    steps: tuple[StepPlan, ...]


def resume_plan(plan: Plan, path: Path | None) -> ResumePlan:
    """The plan for the run in `path`, or for a first run."""
    if path is None:
        first = tuple(StepPlan(planned.name, "pending", "run", why=("it has not run",)) for planned in plan.steps)
        return ResumePlan(None, None, 1, False, first)
    with RunFile(path) as file:
        state, _ = open_state(file)
        before = stored_plan(file)
    changed = before.text != plan.text or before.handlers != plan.handlers
    difference = {step.name: step for step in diff(before, plan).steps} if changed else {}
    at = state.last_at
    facts: list[ev.Event] = []
    if changed:
        facts.append(ev.RevisionTaken(at, state.revision + 1, shapes(plan)))
    opening = take_up(plan, state, before if changed else None, at) if state.status != "succeeded" else []
    reopened = {fact.step: fact.reason for fact in opening if isinstance(fact, ev.StepReopened)}
    relist = {fact.step for fact in opening if isinstance(fact, ev.StepReopened) and fact.relist}
    gone = [name for name in state.steps if name not in {planned.name for planned in plan.steps}]
    known = set(state.steps)
    run, status, revision = state.run, state.status, state.revision
    fold(state, [*facts, *(fact for fact in opening if isinstance(fact, ev.ItemsOutdated))])
    steps = [
        _step(state, plan, planned.name, planned.name in known, reopened, relist, difference) for planned in plan.steps
    ]
    steps += [StepPlan(name, "", "removed", why=("the flow has it no longer",)) for name in gone]
    return ResumePlan(run, status, revision + (1 if changed else 0), changed, tuple(steps))


def _step(
    state: RunState,
    plan: Plan,
    name: str,
    known: bool,
    reopened: Mapping[str, str],
    relist: set[str],
    difference: dict[str, StepDiff],
) -> StepPlan:
    if not known:
        return StepPlan(name, "pending", "new", why=("it is new in the flow",))
    step = state.steps[name]
    why: list[str] = []
    if (changed := difference.get(name)) is not None:
        what = keys_of(changed)
        why.append(f"changed: {what}" if what else "moved")
    if step.status in ENDED and name not in reopened:
        return StepPlan(
            name,
            step.status,
            "keep",
            step.succeeded + step.skipped,
            0,
            0,
            len(stale_items(step)),
            step.failed,
            tuple(why),
        )
    policy = plan[name].step.on_error
    exceeded = too_many_failures(policy, step.failed, step.total, step.total_known and name not in relist)
    tried = sum(item in step.attempts_of for item in step.failures)  # a duplicate key never was, and never will be
    again = tried if policy.action == "fail" or exceeded else 0
    if name in relist:
        why.append("its list of items is made again" if reopened[name] == RESUMED else reopened[name])
    elif step.status == "cancelled":
        why.append("what it needs had failed")
    elif step.total and step.waiting and name not in reopened:
        why.append("it was interrupted")
    if again:
        why.append(f"{'more items failed than it tolerates: they' if exceeded else 'its failed items'} are tried again")
    kept, failed = step.succeeded + step.skipped, step.failed - again
    what = "go on" if step.done else "run"
    if name in relist and not step.shape.for_each:
        what, kept, again, failed = "run", 0, step.total, 0
    return StepPlan(
        name,
        step.status,
        what,
        kept,
        again,
        step.waiting,
        len(stale_items(step)),
        failed,
        tuple(why),
    )
