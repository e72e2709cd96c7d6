"""What a run does next, step by step. Pure: states in, decisions out; nothing is started here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tui_workflow.facts.events import RunStatus, StepStatus

ENDED: frozenset[StepStatus] = frozenset({"succeeded", "failed", "skipped", "cancelled"})


@dataclass(frozen=True, slots=True)
class StepView:
    """What the decision depends on, for one step. `tolerated`: its failure does not fail the run, nor block."""

    name: str
    section: str
    needs: tuple[str, ...]
    status: StepStatus
    tolerated: bool = False


@dataclass(slots=True)
class Decision:
    """Steps to start; steps that end without running, with the status and the reason; how the run ends, if it does."""

    start: list[str] = field(default_factory=list)
    close: list[tuple[str, StepStatus, str]] = field(default_factory=list)
    finish: RunStatus | None = None
    reason: str = ""


def decide(steps: Sequence[StepView], active: Collection[str]) -> Decision:
    """Decide from the steps in file order and the names of those that are being run.

    A step starts when every step it needs has ended well: succeeded, skipped, or failed and tolerated. One whose need failed
    or was cancelled is cancelled. When all steps have ended, `on_failure` steps run one after the other if the run failed
    and are skipped if not, then the `finally` steps; a cleanup step that fails does not keep the next from running.
    """
    by_name = {step.name: step for step in steps}
    decision = Decision()
    main = [step for step in steps if step.section == "steps"]
    for step in main:
        if step.status in ENDED or step.name in active:
            continue
        blocker = _blocker(step, by_name)
        if blocker is not None:
            decision.close.append((step.name, "cancelled", blocker))
        elif all(by_name[need].status in ENDED for need in step.needs if need in by_name):
            decision.start.append(step.name)
    if active or decision.start or decision.close or any(step.status not in ENDED for step in main):
        return decision
    failed = [step.name for step in main if step.status == "failed" and not step.tolerated]
    for step in steps:
        if step.section == "steps" or step.status in ENDED:
            continue
        if step.section == "on_failure" and not failed:
            decision.close.append((step.name, "skipped", "the run did not fail"))
        else:
            decision.start.append(step.name)
            return decision
    if decision.close:
        return decision
    broken = failed + [
        step.name for step in steps if step.section != "steps" and step.status == "failed" and not step.tolerated
    ]
    decision.finish = "failed" if broken else "succeeded"
    decision.reason = f"{', '.join(broken)} failed" if broken else ""
    return decision


def _blocker(step: StepView, by_name: Mapping[str, StepView]) -> str | None:
    for need in step.needs:
        other = by_name.get(need)
        if other is None:
            continue
        if other.status == "failed" and not other.tolerated:
            return f"needs {need}, which failed"
        if other.status == "cancelled":
            return f"needs {need}, which was cancelled"
    return None
