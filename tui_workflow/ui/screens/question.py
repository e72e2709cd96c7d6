"""A question: it names the number, and offers verbs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tui_workflow.ui.desk import Desk
from tui_workflow.ui.screens.choose import Choosing
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Span
from tui_workflow.view.panes.dialog import Box, Choice, choices, fitting, sentence
from tui_workflow.view.panes.row import BLANK, Row, Rows, data, short
from tui_workflow.view.wrapping import wrapped

MOST = 8
"""Lines below a question at most."""
CAUSE = 4
"""Rows of a cause at most."""
SAID = 400
"""Characters of a cause at most."""
FIXED = 8
"""Rows of a question beside its lines, its title's and its answers."""

Answer: TypeAlias = tuple[str, str, Callable[[Desk], None]]
"""Its key, its verb, what it does."""
NO: Answer = ("esc", "no", lambda desk: None)


class Question(Choosing):
    """A title that asks, a sentence about what follows, and the answers."""

    def __init__(
        self, desk: Desk, title: str, words: str, answers: Sequence[Answer], lines: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(desk, [(Choice(key, verb, verb), act) for key, verb, act in answers])
        self.title = title
        self.words = words
        self.lines = lines

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        room = min(65, max(20, width - 10))
        lead = sentence(self.title, room) if len(self.title) > room - 6 else []
        title = self.title if not lead else "Question"
        rows = [
            *lead,
            *counted(self.lines, room, min(MOST, height - len(lead) - len(self.offered) - FIXED), glyphs),
            *sentence(self.words, room, "dim"),
        ]
        foot = [BLANK, *choices([choice for choice, _ in self.offered], self.at)]
        return Box(title, rows, width=fitting([*rows, *foot], room, width - 8), foot=foot)


def counted(lines: Sequence[tuple[str, str]], room: int, most: int, glyphs: Glyphs) -> Rows:
    """What a question is about, in at most `most` rows and one that is blank: numbers, and data that they count."""
    if not lines or most < 1:
        return []
    if len(lines) == 1:
        return [*cause(lines[0][1], room), BLANK]
    shown = lines if len(lines) <= most else lines[: most - 1]
    digits = max(len(number) for number, _ in lines)
    found = [
        Row((Span(f"{number:>{digits}}  ", "failed", bold=True), *short(name, room - digits - 2, "text", glyphs)))
        for number, name in shown
    ]
    if len(shown) < len(lines):
        found.append(Row((Span(f"{'':{digits}}  {len(lines) - len(shown)} more", "dim"),)))
    return [*found, BLANK]


def cause(name: str, room: int) -> Rows:
    """What the items of a question have in common, whole: groups often differ at the end of what they say."""
    return [Row(line) for line in wrapped(data(name[:SAID]), room, words=True)[:CAUSE]]


def ask(desk: Desk, title: str, words: str, answers: Sequence[Answer], lines: Sequence[tuple[str, str]] = ()) -> None:
    """Open a question; `lines` say what it is about, each a number and what it counts."""
    desk.open(Question(desk, title, words, answers, lines))
