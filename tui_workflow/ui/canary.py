"""One item that goes first: what comes of it decides about the rest."""

from __future__ import annotations

from typing import Literal

from tui_workflow.facts.state import Item, StepState
from tui_workflow.ui.scope import Scope


class Canary:
    """Watches one item of a scope, from just before it is queued to its end."""

    def __init__(self, scope: Scope, item: int, step: StepState) -> None:
        self.scope = scope
        self.item = item
        self.sent = False
        self._tried = step.attempts_of.get(item, 0)
        self._cause = step.failures.get(item)

    def same_cause(self, step: StepState) -> bool:
        """Whether it is failed by the cause that it failed by before."""
        return step.failures.get(self.item) == self._cause

    def came_to(self, step: StepState) -> Literal["", "ok", "failed", "skipped"]:
        """How it ended, empty while it has not."""
        if not self.sent or self.item >= len(step.states):
            return ""
        match step.states[self.item]:
            case Item.OK:
                return "ok"
            case Item.SKIPPED:
                return "skipped"
            case Item.FAILED if step.attempts_of.get(self.item, 0) > self._tried:
                return "failed"
        return ""
