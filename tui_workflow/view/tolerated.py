"""What ended as the flow wants it although items failed. It is a success for the flow, and must not look like one to a person."""

from __future__ import annotations

from typing import NamedTuple

from tui_workflow.facts.state import RunState, StepState
from tui_workflow.view.numbers import count, plural


def of_step(step: StepState) -> int:
    """The failed items of a step that succeeded; 0 for any other."""
    return step.failed if step.status == "succeeded" else 0


def of_run(run: RunState) -> int:
    """The failed items of a run that succeeded; 0 for any other."""
    return run.failed if run.status == "succeeded" else 0


def items(run: RunState) -> int:
    """The items of all steps that list some, and plain steps that failed: of these are the failed ones of the run."""
    return sum(step.total for step in run.steps.values() if step.shape.for_each or step.failed)


class Read(NamedTuple):
    """Of the items whose results a step read: those that have one, all of them, and what became of the others."""

    succeeded: int
    total: int
    failed: int
    skipped: int

    @property
    def words(self) -> str:
        """A sentence."""
        if self.skipped:
            others = f"{count(self.failed)} failed, {plural(self.skipped, 'was', 'were')} skipped"
        else:
            others = "the other failed" if self.failed == 1 else "the others failed"
        return f"It had the results of {count(self.succeeded)} of {plural(self.total, 'item')}: {others}."


def part_read(run: RunState, step: StepState) -> Read | None:
    """What a step had of the items whose results it read; None when none of them failed.

    A step that does not run again after a retry may have read fewer than there are now: nothing is claimed of it. Neither
    of one that lists other items than these results, such as those that failed.
    """
    if step.status != "succeeded" or not step.shape.rerun:
        return None
    read = [run.steps[name] for name in step.shape.reads or () if name in run.steps]
    partly = [other for other in read if other.shape.for_each and of_step(other)]
    if not partly:
        return None
    succeeded = sum(other.succeeded for other in partly)
    if step.shape.for_each and step.total != succeeded:
        return None
    return Read(
        succeeded,
        sum(other.total for other in partly),
        sum(other.failed for other in partly),
        sum(other.skipped for other in partly),
    )
