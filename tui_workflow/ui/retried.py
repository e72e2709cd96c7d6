"""Items that were queued again: what became of them, said once, when the last of them has ended."""

from __future__ import annotations

from collections.abc import Sequence

from tui_workflow.facts.state import Item, StepState
from tui_workflow.view import numbers


class Retried:
    """Watches the items of one step from just before they are queued to the end of the last."""

    def __init__(self, step: StepState, items: Sequence[int]) -> None:
        self.step = step.name
        self._items = tuple(items)
        self._tried = {item: step.attempts_of.get(item, 0) for item in self._items}

    def outcome(self, step: StepState | None) -> tuple[str, bool] | None:
        """The sentence and whether something failed again; None while an item has not ended."""
        if step is None:
            return "", False
        well = badly = 0
        for item in self._items:
            match step.states[item]:
                case Item.OK | Item.SKIPPED:
                    well += 1
                case Item.FAILED if step.attempts_of.get(item, 0) > self._tried[item]:
                    badly += 1
                case Item.GONE:
                    pass
                case _:
                    return None
        if not badly:
            return f"{numbers.count(well)} tried again: {'it' if well == 1 else 'all'} succeeded", False
        if not well:
            return f"{numbers.count(badly)} tried again: {'it' if badly == 1 else 'all'} failed again", True
        return (
            f"{numbers.count(well + badly)} tried again: {numbers.count(well)} ok, {numbers.count(badly)} failed again",
            True,
        )
