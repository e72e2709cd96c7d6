"""A question: it names the number, and offers verbs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tui_workflow.ui.desk import Desk
from tui_workflow.ui.screens.choose import Choosing
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.panes.dialog import Box, Choice, choices, sentence
from tui_workflow.view.panes.row import BLANK

Answer: TypeAlias = tuple[str, str, Callable[[Desk], None]]
"""Its key, its verb, what it does."""


class Question(Choosing):
    """A title that asks, a sentence about what follows, and the answers."""

    def __init__(self, desk: Desk, title: str, words: str, answers: Sequence[Answer]) -> None:
        super().__init__(desk, [(Choice(key, verb, verb), act) for key, verb, act in answers])
        self.title = title
        self.words = words

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        room = min(65, max(20, width - 10))
        lead = sentence(self.title, room) if len(self.title) > room - 6 else []
        title = self.title if not lead else "Question"
        rows = [
            *lead,
            *sentence(self.words, room, "dim"),
            BLANK,
            *choices([choice for choice, _ in self.offered], self.at),
        ]
        return Box(title, rows, width=room)


def ask(desk: Desk, title: str, words: str, answers: Sequence[Answer]) -> None:
    """Open a question."""
    desk.open(Question(desk, title, words, answers))
