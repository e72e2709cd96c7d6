"""The command palette: every action of this place by its name, found by typing."""

from __future__ import annotations

from tui_workflow.ui.desk import Desk
from tui_workflow.view.columns import fill
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.keys import Action
from tui_workflow.view.line import Span
from tui_workflow.view.nav import TextLine
from tui_workflow.view.panes.dialog import Box, fitting
from tui_workflow.view.panes.entry import typed
from tui_workflow.view.panes.row import BLANK, Row, Rows, Target, window

KEYS = 9
"""Columns of the keys: the longest of the table is shift+tab."""


class Palette:
    """A line to type in and what it leaves of the actions."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.line = TextLine()
        self.at = 0

    def found(self) -> list[Action]:
        """The actions that hold every typed word: those by whose name first, what acts before what moves."""
        words, dead = self.line.text.lower().split(), self.desk.dead_actions()
        here = [
            action
            for action in self.desk.keymap.by_effect(self.desk.context())
            if action.name not in dead and action.name not in ("palette", "interrupt")
        ]
        kept = [action for action in here if all(word in f"{action.word} {action.help}".lower() for word in words)]
        return sorted(kept, key=lambda action: not all(word in action.word.lower() for word in words))

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        inner = min(76, max(20, width - 10))
        found = self.found()
        self.at = min(self.at, max(0, len(found) - 1))
        rows: Rows = []
        for place, action in enumerate(found):
            here = place == self.at
            key = action.keys[0] if action.keys else ""
            rows.append(
                Row(
                    (
                        Span(f"{fill(key, KEYS, mark=glyphs.ellipsis)}  ", "accent", bold=True),
                        Span(action.help, "strong" if here else "text", bold=here),
                    ),
                    Target("choice", place),
                    "here" if here else "",
                )
            )
        if not found:
            rows.append(Row((Span("no command holds these words", "dim", italic=True),)))
        room = max(1, min(16, height - 8))
        return Box(
            "Commands",
            [Row((Span(": ", "accent", bold=True), *typed(self.line))), BLANK, *window(rows, room, self.at)],
            width=fitting(rows, inner, width - 8),
        )

    def press(self, key: str, character: str | None) -> None:
        match key:
            case "escape":
                self.desk.close(self)
            case "enter" | "ctrl+m" | "ctrl+j":
                self._run(self.at)
            case "down" | "ctrl+n" | "tab":
                self.at += 1
            case "up" | "ctrl+p" | "shift+tab":
                self.at = max(0, self.at - 1)
            case _:
                if character is not None:
                    self.paste(character)
                else:
                    self.line.edit(key)

    def paste(self, text: str) -> None:
        self.line.insert(text)
        self.at = 0

    def click(self, target: Target) -> None:
        if target.kind == "choice" and isinstance(target.value, int):
            self._run(target.value)

    def _run(self, place: int) -> None:
        found = self.found()
        self.desk.close(self)
        if found:
            self.desk.run(found[min(place, len(found) - 1)].name)
