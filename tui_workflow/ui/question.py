"""A question before there is a run to show, such as whether to resume the one that is unfinished."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tui_workflow.ui.front import Page
from tui_workflow.ui.screens.pick import Pick
from tui_workflow.view.frame import Frame
from tui_workflow.view.glyphs import UNICODE, Glyphs
from tui_workflow.view.line import Line
from tui_workflow.view.panes.dialog import Box, Choice, choices, fitting, over, sentence
from tui_workflow.view.panes.row import BLANK

WIDTH = 68


class Question(Pick):
    """One dialog that owns every key; `answer` gets the name of the choice. The last choice is that of esc."""

    def __init__(
        self, title: str, words: Sequence[str], offered: Sequence[Choice], answer: asyncio.Future[str]
    ) -> None:
        self._title, self._words, self._offered = title, words, offered
        self._answer = answer
        self._said = ""
        self._frame = Frame(0, 0, UNICODE)

    @property
    def choices(self) -> Sequence[Choice]:
        """The answers, from top to bottom."""
        return self._offered

    def over(self, lines: Sequence[Line], width: int, height: int, glyphs: Glyphs) -> Page:
        """The page with the dialog over it."""
        self._frame = Frame(width, height, glyphs, lines=list(lines))
        room = min(WIDTH, max(20, width - 10))
        rows = [row for words in self._words for row in sentence(words, room, "dim")]
        foot = [BLANK, *choices(self._offered, self.at, width - 8)]
        if self._said:
            foot += [BLANK, *sentence(self._said, room, "retrying")]
        wide = fitting([*rows, *foot], room, width - 8)
        return over(self._frame, Box(self._title, rows, width=wide, foot=foot))

    def press(self, key: str, character: str | None) -> None:
        """Choose, move, or say which keys there are."""
        self._said = ""
        if not self.take(key, character):
            keys = ", ".join(choice.key for choice in self._offered)
            self._said = f"{character or key} does nothing here: {keys} and enter do"

    def click(self, x: int, y: int) -> None:
        """Choose what was clicked on."""
        hit = self._frame.at(x, y)
        if hit is not None and hit.target is not None and hit.target.kind == "choice":
            self.choose(int(hit.target.value))

    def choose(self, place: int) -> None:
        """Answer, once."""
        if not self._answer.done():
            self._answer.set_result(self._offered[place].name)

    def close(self) -> None:
        """Answer with the last choice."""
        self.choose(len(self._offered) - 1)
