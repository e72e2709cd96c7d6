"""What a run does next, step by step. Pure: states in, decisions out; nothing is started here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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

    A step starts when every step it needs, directly or through others, has ended well: succeeded, skipped, or failed and
    tolerated. One whose need failed or was cancelled is cancelled. A need of a need counts because a retry re-opens it while
    what lies between stays done. When all steps have ended, `on_failure` steps run one after the other if the run failed
    and are skipped if not, then the `finally` steps; a cleanup step that fails does not keep the next from running.
    """
    by_name = {step.name: step for step in steps}
    decision = Decision()
    main = [step for step in steps if step.section == "steps"]
    for step in main:
        if step.status in ENDED or step.name in active:
            continue
        needed = [by_name[need] for need in step.needs if need in by_name]
        blocker = _blocker(needed)
        if blocker is None and all(other.status in ENDED for other in needed):
            needed = _ancestors(needed, by_name)
            blocker = _blocker(needed)
        if blocker is not None:
            decision.close.append((step.name, "cancelled", blocker))
        elif all(other.status in ENDED for other in needed):
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


def _blocker(needed: Iterable[StepView]) -> str | None:
    for other in needed:
        if other.status == "failed" and not other.tolerated:
            return f"needs {other.name}, which failed"
        if other.status == "cancelled":
            return f"needs {other.name}, which was cancelled"
    return None


def _ancestors(needed: Sequence[StepView], by_name: Mapping[str, StepView]) -> list[StepView]:
    """These steps and all that they need, directly or through others, the nearest first."""
    found = {step.name: step for step in needed}
    waiting = list(needed)
    for step in waiting:
        for name in step.needs:
            if name in by_name and name not in found:
                found[name] = by_name[name]
                waiting.append(by_name[name])
    return waiting
