"""What a filter finds in the run file: asked for in the background, one question at a time, and again as the run goes on."""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from tui_workflow.facts.state import Item, RunState, StepState
from tui_workflow.ui.loader import Loader
from tui_workflow.view.causes import failures_moved
from tui_workflow.view.nav import Filter, Nav
from tui_workflow.view.sampling import BEAT

SHARE = 5
"""So many times as long as a search took it rests before the same is searched again."""

FOUND = 100_000
"""Items that a filter of a list finds at most: they are sorted whenever the run has moved."""

Question = tuple[str, str, bool, tuple[int, ...], range | None]


@dataclass(frozen=True, slots=True)
class _Answer:
    question: Question
    numbers: Sequence[int]
    """In the order of their numbers."""
    more: bool
    """Whether there may be others."""
    next_at: float
    """By `time.monotonic`, from when on it may be asked again."""


@dataclass(slots=True)
class Search:
    """One filter's searches. While one is under way no other is begun: of what is typed meanwhile only the end is asked for."""

    loader: Loader
    name: str
    most: int | None = FOUND
    """Items that are found at most, None for all: what is acted on as a whole must be known as a whole."""
    more: bool = field(default=False, init=False)
    """Whether what was found last may not be all."""
    _stamp: tuple[Question, object] | None = field(default=None, init=False)

    def found(
        self, step: StepState, held: Filter, states: Sequence[int], moved: object, within: range | None = None
    ) -> Sequence[int] | None:
        """The items in one of `states`, and `within` a range, that a filter keeps, as far as they are known; None while nothing is.

        `moved` changes when the answer may have. While a text is typed, what was found for a part of it holds until it
        has its own answer.
        """
        question: Question = (step.name, held.text, held.inverse, tuple(states), within)
        key = ("find", self.name, step.name)
        stamp = (question, moved)
        known: _Answer | None = self.loader.known(key)
        if self._stamp is not None and known is not None and self._stamp != stamp and self._stamp[0] == question:
            left = known.next_at - time.monotonic()
            if left > 0:
                stamp = self._stamp
                self.loader.look_again(left)
        self._stamp = stamp
        answer: _Answer | None = self.loader.want(key, stamp, lambda: self._ask(question))
        if answer is None or not _near(answer.question, question):
            self.more = False
            return None
        self.more = answer.more
        return answer.numbers

    async def _ask(self, question: Question) -> _Answer:
        step, text, inverse, states, within = question
        began = time.monotonic()
        most = sys.maxsize if self.most is None else self.most
        numbers = await self.loader.details.find(step, text, inverse=inverse, states=states, within=within, limit=most)
        ended = time.monotonic()
        return _Answer(
            question, array("I", sorted(numbers)), len(numbers) >= most, ended + max(BEAT, SHARE * (ended - began))
        )


def _near(one: Question, other: Question) -> bool:
    """Whether the two differ by nothing but how much of a text has been typed."""
    (_, text, *rest), (_, wanted, *others) = one, other
    return one[0] == other[0] and rest == others and (text.startswith(wanted) or wanted.startswith(text))


class GroupSearch:
    """The failed items that hold what the groups of failures are filtered by."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._searches: dict[str, Search] = {}

    def look(self, state: RunState, nav: Nav) -> None:
        """Bring `nav.group_found` up to what is known."""
        held = nav.group_filter
        if not held.text:
            nav.group_found.clear()
            nav.group_hits.clear()
            self._searches.clear()
            return
        wanted = Filter(held.text)  # what a group has beside these is counted, not searched for
        for name, step in state.steps.items():
            if not step.failed:
                nav.group_found.pop(name, None)
                continue
            search = self._searches.setdefault(name, Search(self._loader, "groups", most=None))
            found = search.found(step, wanted, (Item.FAILED,), failures_moved(step))
            if found is not None:
                nav.group_found[name] = found
