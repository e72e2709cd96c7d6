"""The number of lines that hold what is being typed as a search of the log: counted in the background, one text at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_workflow.ui.loader import Loader
from tui_workflow.ui.logfeed import LogFeed
from tui_workflow.view.nav import Nav, Pane
from tui_workflow.view.panes.log import Entry
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

    def look(self, nav: Nav, step: str, item: int | None) -> Found | None:
        """The stored lines of a step, or of one item, that hold what is typed; None while nothing is, or while they are not
        known.
        """
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
        return found(text, answer.rows, item)

    async def _ask(self, turn: int, step: str, text: str) -> _Answer:
        known: _Answer | None = self._loader.known(_KEY)
        if known is not None and (known.turn, known.step) == (turn, step) and not known.more:
            wanted = text.casefold()
            if known.text.casefold() in wanted:
                return _Answer(turn, step, text, [row for row in known.rows if wanted in row.text.casefold()])
        return _Answer(turn, step, text, await self._loader.details.search_log(step, text, limit=MOST_HITS))


_KEY = "typed log search"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search of the log found in the run file: the lines `rows`, in the order of their times, the latest if there are `more`.

    `at` is when, a Unix time, and `flying` are the items that ran then, and since when: what they print is in the run file later.
    """

    text: str = ""
    rows: Sequence[LogRow] = ()
    more: bool = False
    at: float = 0.0
    flying: Mapping[int, float] = field(default_factory=dict)

    def is_fresh(self, item: int, at: float) -> bool:
        """Whether a line that an item printed was not in the run file when it was searched."""
        since = self.flying.get(item)
        return at > self.at if since is None else at >= since

    def rank(self, log: LogFeed, place: int, fresh: Sequence[tuple[int, float]]) -> int:
        """Which of the hits a line of the log is, from 1 at the oldest; 0 if it is none of them.

        `fresh` are the places and times of those that were not in the run file when it was searched.
        """
        entry = log[place] if 0 <= place < len(log) else None
        if entry is None or self.text.lower() not in entry.text.lower():
            return 0
        end = bisect_right(self.rows, entry.at, key=lambda row: row.at)
        if self.is_fresh(entry.item, entry.at):
            return end + sum(before < place for before, _ in fresh) + 1
        own = next((at for at in range(end - 1, -1, -1) if _is(self.rows[at], entry)), end)
        if own < end and self.rows[own].at == entry.at:  # lines of one time stand here as they do in the run file
            own = bisect_left(self.rows, entry.at, key=lambda row: row.at)
            own += log.hits_at(self.text, entry.at, place)
        # Else it was seen while it was printed, and has a later time than the same line in the run file.
        return own + sum(at < entry.at for _, at in fresh) + 1


def _is(row: LogRow, entry: Entry) -> bool:
    return row.item == entry.item and row.text == entry.text


def found(
    text: str, rows: Sequence[LogRow], item: int | None, at: float = 0.0, flying: Mapping[int, float] | None = None
) -> Found:
    """What a search gave, of which only the lines of an item count if there is one."""
    own = rows if item is None else [row for row in rows if row.item == item]
    return Found(text, own, len(rows) >= MOST_HITS, at, flying or {})
