"""Which commands do something here and now, and why the others do not: the palette lists them all."""

from __future__ import annotations

from tui_workflow.ui.desk import Desk
from tui_workflow.view import broken
from tui_workflow.view.keys import Action, where

_GOING_ON = frozenset({"pause", "drain", "stop", "fewer_slots", "more_slots"})
"""Actions that take a run which has not ended."""
_FAILED = frozenset({"failures", "canary"})
"""Actions that take an item which has failed."""


def why_not(desk: Desk, action: Action) -> str:
    """Why an action would do nothing, in a few words; empty when it may do something."""
    context = desk.context()
    if context not in action.contexts:
        return where(action, context)
    if action.name not in desk.known_actions:
        return "not on this screen"
    if action.live and not desk.feed.live:
        return "this is a stored run"
    if action.name in desk.dead_actions():
        return "not on this screen"
    if action.name in _GOING_ON and desk.state.finished is not None:
        return "the run has ended"
    if action.name in _FAILED and not desk.state.failed:
        return "no item has failed"
    if action.name == "retry_all" and not desk.state.failed and not broken.of_run(desk.state):
        return "nothing has failed"
    if action.name == "rerun_stale" and not any(step.stale_to_run for step in desk.state.steps.values()):
        return "nothing is stale"
    return ""
