"""A dialog with a line to type in."""

from __future__ import annotations

from collections.abc import Callable

from tui_workflow.ui.desk import Desk
from tui_workflow.ui.screens.question import cause
from tui_workflow.view.columns import line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Span
from tui_workflow.view.nav import TextLine
from tui_workflow.view.panes.dialog import Box, keys, sentence
from tui_workflow.view.panes.entry import typed
from tui_workflow.view.panes.row import BLANK, Row, Target


class Prompt:
    """Asks for a text; an empty one is not taken. `about` is the cause of the items that it is for, if they have one."""

    def __init__(
        self,
        desk: Desk,
        title: str,
        words: str,
        label: str,
        verb: str,
        done: Callable[[Desk, str], None],
        about: str = "",
    ) -> None:
        self.desk = desk
        self.title, self.about, self.words, self.label, self.verb = title, about, words, label, verb
        self.done = done
        self.line = TextLine()
        self.empty = False

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        room = min(65, max(20, width - 10))
        label = (Span(f"{self.label}  ", "failed" if self.empty else "dim"),)
        needed = (
            Row((Span(f"A {self.label} is needed: type one, or leave with esc.", "failed"),)) if self.empty else BLANK
        )
        rows = [
            *([*cause(self.about, room), BLANK] if self.about else []),
            *sentence(self.words, room, "dim"),
            BLANK,
            Row((*label, *typed(self.line, room - line_width(label) - 1, glyphs))),
        ]
        foot = [needed, *keys([("enter", self.verb, "enter"), ("esc", "no", "esc")], room)]
        return Box(self.title, rows, width=room, foot=foot)

    def press(self, key: str, character: str | None) -> None:
        match key:
            case "escape":
                self.desk.close(self)
            case "enter" | "ctrl+m" | "ctrl+j":
                self._finish()
            case _:
                if character is not None:
                    self.paste(character)
                else:
                    self.line.edit(key)

    def paste(self, text: str) -> None:
        self.line.insert(text)
        self.empty = False

    def click(self, target: Target) -> None:
        if target.value == "enter":
            self._finish()
        elif target.value == "esc":
            self.desk.close(self)

    def _finish(self) -> None:
        text = self.line.text.strip()
        if not text:
            self.empty = True
            return
        self.desk.close(self)
        self.done(self.desk, text)
