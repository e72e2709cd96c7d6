"""Which failed items a command line means to run again, as wishes for the engine."""

from __future__ import annotations

from collections.abc import Sequence

from tui_workflow.engine.wishes import failed_items
from tui_workflow.errors import UsageError
from tui_workflow.facts.commands import RetryItems
from tui_workflow.facts.state import RunState
from tui_workflow.session.assignment import Assignment
from tui_workflow.store.browse import item_numbers
from tui_workflow.store.runfile import RunFile
from tui_workflow.text import visible


def chosen(assignment: Assignment, step: str | None, keys: Sequence[str], group: str | None) -> list[RetryItems]:
    """A wish per step that has failed items of these keys and of this group; empty when nothing matches.

    A group is a fingerprint or its beginning, or else the type of an error. Raises `UsageError` for a step that the run does
    not have, and for a group that it does not have, naming those that there are.
    """
    state = assignment.state
    assert state is not None
    if step is not None and step not in state.steps:
        raise UsageError(f"the run has no step '{step}'", hint=f"its steps are {', '.join(state.steps)}")
    groups = None if group is None else _groups(state, step, group)
    wishes = []
    with RunFile(assignment.path) as file:
        for name, entry in state.steps.items():
            if step is not None and name != step:
                continue
            marks = [None] if groups is None else groups
            items = sorted({item for mark in marks for item in failed_items(entry, mark)})
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


def _groups(state: RunState, step: str | None, named: str) -> list[str]:
    """The fingerprints that a word means."""
    known = [
        group for entry in state.steps.values() if step in (None, entry.name) for group in entry.groups if group.count
    ]
    found = [group for group in known if group.fingerprint.startswith(named)]
    found = found or [group for group in known if named in (group.type, group.type.rsplit(".", 1)[-1])]
    if not found and known:
        listed = dict.fromkeys(f"{group.fingerprint} ({visible(group.type)})" for group in known)
        raise UsageError(
            f"nothing to retry: there is no group '{visible(named)}'",
            hint=f"a group is named by its mark or by its error's type: {', '.join(listed)}",
        )
    return list(dict.fromkeys(group.fingerprint for group in found))
