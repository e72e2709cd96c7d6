"""The number of lines that hold what is being typed as a search of the log: counted in the background, one text at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_workflow.ui.loader import Loader
from tui_workflow.view.nav import Nav, Pane
from tui_workflow.view.panes.log import Hits
from tui_workflow.view.ports import LogRow

MOST_HITS = 10_000
"""Stored lines that a search of the log finds at most."""


@dataclass(frozen=True, slots=True)
class _Answer:
    turn: int
    step: str
    text: str
    rows: Sequence[LogRow]

    @property
    def more(self) -> bool:
        return len(self.rows) >= MOST_HITS


class LogSearch:
    """Keeps the hits of a log up to a text that is typed.

    Of what is typed while a text is looked for only the end is looked for next, so that no search stands in a queue; where all
    lines with a part of the text are known, the rest is looked for in these.
    """

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._turn = 0
        self._typing = False

    def look(self, nav: Nav, step: str) -> int | None:
        """The stored lines of a step that hold what is typed; None while nothing is, or while they are not known."""
        typing = nav.entry is not None and nav.place == "main" and nav.pane == Pane.LOG
        if typing and not self._typing:
            self._turn += 1  # what was found when a text was typed before does not hold for the lines since
        self._typing = typing
        text = nav.log.search
        if not typing or not text or nav.log.hits is not None:
            return None
        turn = self._turn
        answer: _Answer | None = self._loader.want(_KEY, (turn, step, text), lambda: self._ask(turn, step, text))
        if answer is None or (answer.turn, answer.step, answer.text) != (turn, step, text):
            return None
        return len(answer.rows)

    async def _ask(self, turn: int, step: str, text: str) -> _Answer:
        known: _Answer | None = self._loader.known(_KEY)
        if known is not None and (known.turn, known.step) == (turn, step) and not known.more:
            wanted = text.casefold()
            if known.text.casefold() in wanted:
                return _Answer(turn, step, text, [row for row in known.rows if wanted in row.text.casefold()])
        return _Answer(turn, step, text, await self._loader.details.search_log(step, text, limit=MOST_HITS))


_KEY = "typed log search"


def hits(stored: int, printed: int) -> Hits:
    """The hits among stored lines and among those of items in flight."""
    return Hits(stored + printed, more=stored >= MOST_HITS)
