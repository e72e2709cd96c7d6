"""Steps that failed by themselves: what lists their items, their program or their environment was wrong, no item of them failed.

There is nothing to retry in them, so they are started again as a whole, and whoever looks for failed items is told so.
"""

from __future__ import annotations

from tui_workflow.facts.state import RunState, StepState
from tui_workflow.text import visible


def of_run(run: RunState) -> list[StepState]:
    """The steps that failed without a failed item, in the order of the flow."""
    return [step for step in run.steps.values() if step.status == "failed" and not step.failed]


def words(run: RunState) -> str:
    """What the list of failures says when it is empty."""
    found = of_run(run)
    if not found:
        return "none"
    return (
        f"no item, {visible(found[0].name)} itself failed" if len(found) == 1 else f"no item, {len(found)} steps failed"
    )
