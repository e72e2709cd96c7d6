"""Items that were queued again: what became of them, said once, when the last of them has ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tui_workflow.facts.state import Item, StepState
from tui_workflow.view import numbers

AT_ONCE = 20_000
"""Items that are looked at in one turn."""


class Retried:
    """Watches the items of one step from just before they are queued to the end of the last."""

    def __init__(self, step: StepState, items: Sequence[int]) -> None:
        self.step = step.name
        self._items = tuple(items)
        tried = step.attempts_of.get
        self._tried = {item: tried(item, 0) for item in self._items}
        self._at = self._well = self._badly = 0
        """How many of them, from the first on, have ended, and how."""

    def keep(self, items: Collection[int]) -> None:
        """Watch only those of these items: the others were not queued."""
        kept = frozenset(items)
        self._items = tuple(item for item in self._items if item in kept)

    def outcome(self, step: StepState | None) -> tuple[str, bool] | None:
        """The sentence and whether something failed again; None while an item has not ended."""
        if step is None:
            return "", False
        for item in self._items[self._at : self._at + AT_ONCE]:
            match step.states[item]:
                case Item.OK | Item.SKIPPED:
                    self._well += 1
                case Item.FAILED if step.attempts_of.get(item, 0) > self._tried[item]:
                    self._badly += 1
                case Item.GONE:
                    pass
                case _:
                    return None
            self._at += 1
        if self._at < len(self._items):
            return None
        well, badly = self._well, self._badly
        if not badly:
            return f"{numbers.count(well)} tried again: {'it' if well == 1 else 'all'} succeeded", False
        if not well:
            return f"{numbers.count(badly)} tried again: {'it' if badly == 1 else 'all'} failed again", True
        return (
            f"{numbers.count(well + badly)} tried again: {numbers.count(well)} ok, {numbers.count(badly)} failed again",
            True,
        )
