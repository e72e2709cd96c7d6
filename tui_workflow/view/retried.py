"""Items that were queued again: what became of them, said once, when the last of them has ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tui_workflow.facts.state import Item, StepState
from tui_workflow.view import numbers

AT_ONCE = 20_000
"""Items of a step that are looked at in one turn."""


class Watched:
    """Watches the items of one step from just before they are queued to the end of the last."""

    def __init__(self, step: StepState, items: Sequence[int]) -> None:
        self.step = step.name
        self._items = tuple(items)
        tried = step.attempts_of.get
        self._tried = {item: tried(item, 0) for item in self._items}
        self._causes = {item: step.failures[item] for item in self._items if item in step.failures}
        """By item that was failed, the place of its group."""
        self._at = self.well = self.again = self.otherwise = 0
        """How many of them, from the first on, have ended; and how: well, badly as before, badly for another cause."""

    def keep(self, items: Collection[int]) -> None:
        """Watch only those of these items: the others were not queued."""
        kept = frozenset(items)
        self._items = tuple(item for item in self._items if item in kept)

    def ended(self, step: StepState) -> bool:
        """Look at those that have ended since the last time; true when all have."""
        for item in self._items[self._at : self._at + AT_ONCE]:
            if not self._take(step, item):
                return False
            self._at += 1
        return self._at >= len(self._items)

    def settle(self, step: StepState) -> None:
        """Look at all that are left, once and for all; those that have not ended do not count."""
        for item in self._items[self._at :]:
            self._take(step, item)
        self._at = len(self._items)

    def _take(self, step: StepState, item: int) -> bool:
        """Count an item if it has ended; false if it has not."""
        match step.states[item]:
            case Item.OK | Item.SKIPPED:
                self.well += 1
            case Item.FAILED if step.attempts_of.get(item, 0) > self._tried[item]:
                if self._causes.get(item, step.failures[item]) == step.failures[item]:
                    self.again += 1
                else:
                    self.otherwise += 1
            case Item.GONE:
                pass
            case _:
                return False
        return True


class Retried:
    """What one wish queued, in however many steps."""

    def __init__(self, watched: Sequence[Watched]) -> None:
        self._watched = watched

    def outcome(self, steps: Mapping[str, StepState]) -> tuple[str, bool] | None:
        """The sentence and whether something failed; None while an item has not ended. Steps that are gone do not count."""
        left = [(each, steps[each.step]) for each in self._watched if each.step in steps]
        if [each for each, step in left if not each.ended(step)]:  # every one of them gets on with its share
            return None
        return self._outcome(left)

    def in_the_end(self, steps: Mapping[str, StepState]) -> str:
        """The sentence for a run that has come to rest; of items that have not run again by then it says nothing."""
        left = [(each, steps[each.step]) for each in self._watched if each.step in steps]
        for each, step in left:
            each.settle(step)
        return self._outcome(left)[0]

    def _outcome(self, left: Sequence[tuple[Watched, StepState]]) -> tuple[str, bool]:
        well, again, otherwise = (
            sum(getattr(each, name) for each, _ in left) for name in ("well", "again", "otherwise")
        )
        total = well + again + otherwise
        if not total:
            return "", False
        return f"{numbers.count(total)} tried again: {_words(total, well, again, otherwise)}", total > well


def _words(total: int, well: int, again: int, otherwise: int) -> str:
    every = "it" if total == 1 else "all"
    if well == total:
        return f"{every} succeeded"
    if again == total:
        return f"{every} failed again"
    if otherwise == total:
        return f"{every} failed, for another cause"
    parts = [f"{numbers.count(well)} ok"] if well else []
    if again:
        parts.append(f"{numbers.count(again)} failed again")
    if otherwise:
        parts.append(f"{numbers.count(otherwise)} {'' if again else 'failed '}for another cause")
    return ", ".join(parts)
