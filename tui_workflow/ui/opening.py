"""The front before there is a run: what is being done, and the question that may have to be answered first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui_workflow.ui.front import Page
from tui_workflow.view import opening

if TYPE_CHECKING:
    from tui_workflow.ui.looks import Looks
    from tui_workflow.ui.question import Question
    from tui_workflow.view.panes.dialog import Choice

LEAVE = frozenset({"q", "ctrl+c", "escape"})


class Opening:
    """Shows that something is being opened; `leave` ends it, nothing else is asked for yet."""

    def __init__(self, title: str, doing: str, *, paint: Callable[[], None], leave: Callable[[], None]) -> None:
        self._title = title
        self._doing = doing
        self._paint = paint
        self._leave = leave
        self._said = ""
        self._question: Question | None = None

    async def ask(self, title: str, words: Sequence[str], offered: Sequence[Choice]) -> str:
        """Ask before anything runs; the name of the choice. Waits until one is made, or for ever when the screen is left."""
        from tui_workflow.ui.question import Question

        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._question = Question(title, words, offered, answer)
        self._said = ""
        self._paint()
        try:
            return await answer
        finally:
            self._question = None
            self._paint()

    def page(self, looks: Looks, width: int, height: int) -> Page:
        """The page, with the question over it."""
        doing = self._doing if self._question is None else ""
        lines = opening.page(self._title, doing, self._said, width, height, looks.glyphs)
        if self._question is not None:
            return self._question.over(lines, width, height, looks.glyphs)
        return [(line, False) for line in lines]

    def beat(self, now: float, *, at_once: bool = False) -> None:
        """Nothing passes yet."""

    def tick(self, now: float) -> bool:
        """Nothing moves by itself."""
        return False

    def press(self, key: str, character: str | None) -> None:
        """Answer the question, leave, or say that it is too early."""
        if key == "ctrl+c":
            self._leave()
        elif self._question is not None:
            self._question.press(key, character)
        elif key in LEAVE:
            self._leave()
        else:
            self._said = "nothing else acts before the run is here"

    def paste(self, text: str) -> None:
        """There is nowhere to put it."""

    def click(self, x: int, y: int, *, twice: bool) -> None:
        """Choose the answer that was clicked on."""
        if self._question is not None:
            self._question.click(x, y)

    def scroll(self, x: int, y: int, rows: int) -> None:
        """There is nothing to scroll."""

    def tell(self, words: str) -> None:
        """Put a sentence on the screen."""
        self._said = words
        self._paint()

    def close(self) -> None:
        """Nothing goes on in the background."""
