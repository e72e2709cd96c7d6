"""Which failed items a command line means to run again, as wishes for the engine."""

from __future__ import annotations

from collections.abc import Sequence

from tui_workflow.engine.wishes import failed_items
from tui_workflow.errors import UsageError
from tui_workflow.facts.commands import RetryItems
from tui_workflow.session.assignment import Assignment
from tui_workflow.store.browse import item_numbers
from tui_workflow.store.runfile import RunFile


def chosen(assignment: Assignment, step: str | None, keys: Sequence[str], group: str | None) -> list[RetryItems]:
    """A wish per step that has failed items of these keys and of this fingerprint; empty when nothing matches.

    Raises `UsageError` for a step that the run does not have.
    """
    state = assignment.state
    assert state is not None
    if step is not None and step not in state.steps:
        raise UsageError(f"the run has no step '{step}'", hint=f"its steps are {', '.join(state.steps)}")
    wishes = []
    with RunFile(assignment.path) as file:
        for name, entry in state.steps.items():
            if step is not None and name != step:
                continue
            items = failed_items(entry, group)
            if keys:
                wanted = set(item_numbers(file, name, list(keys)).values())
                items = [item for item in items if item in wanted]
            if items:
                wishes.append(RetryItems(name, tuple(items)))
    if not wishes and not keys and group is None:
        # A step can fail without a failed item: its listing or its program was wrong.
        broken = [entry for entry in state.steps.values() if entry.status == "failed" and step in (None, entry.name)]
        wishes = [RetryItems(entry.name) for entry in broken]
    return wishes
