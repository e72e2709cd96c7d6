"""What ended as the flow wants it although items failed. It is a success for the flow, and must not look like one to a person."""

from __future__ import annotations

from tui_workflow.facts.state import RunState, StepState


def of_step(step: StepState) -> int:
    """The failed items of a step that succeeded; 0 for any other."""
    return step.failed if step.status == "succeeded" else 0


def of_run(run: RunState) -> int:
    """The failed items of a run that succeeded; 0 for any other."""
    return run.failed if run.status == "succeeded" else 0


def part_read(run: RunState, step: StepState) -> tuple[int, int] | None:
    """Of the items whose results a step read, those that succeeded and all of them; None when it had them all.

    A step that does not run again after a retry may have read fewer than there are now: nothing is claimed of it.
    """
    if step.status != "succeeded" or not step.shape.rerun:
        return None
    read = [run.steps[name] for name in step.shape.reads or () if name in run.steps]
    partly = [other for other in read if other.shape.for_each and of_step(other)]
    if not partly:
        return None
    return sum(other.succeeded for other in partly), sum(other.total for other in partly)
