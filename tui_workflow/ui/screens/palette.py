"""The command palette: every action by its name, found by typing; those that do nothing here come last, with the reason."""

from __future__ import annotations

from tui_workflow.ui.available import why_not
from tui_workflow.ui.desk import Desk
from tui_workflow.view.columns import fill
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.keys import Action, not_here
from tui_workflow.view.line import Span
from tui_workflow.view.nav import TextLine
from tui_workflow.view.panes.dialog import Box, fitting, sentence
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

    def found(self) -> list[tuple[Action, str]]:
        """The actions that hold every typed word, each with why it does nothing here or "": those that act first, then those
        by whose name, what acts before what moves.
        """
        words, desk = self.line.text.lower().split(), self.desk
        kept = [
            (action, why_not(desk, action))
            for action in desk.keymap.by_effect()
            if action.name not in ("palette", "interrupt")
            and all(word in f"{action.word} {action.help}".lower() for word in words)
        ]
        return sorted(kept, key=lambda each: (bool(each[1]), not all(word in each[0].word.lower() for word in words)))

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        inner = min(76, max(20, width - 10))
        found = self.found()
        self.at = min(self.at, max(0, len(found) - 1))
        rows: Rows = []
        at = 0
        for place, (action, why) in enumerate(found):
            here = place == self.at
            key = action.keys[0] if action.keys else ""
            mark = Span(f"{fill(key, KEYS, mark=glyphs.ellipsis)}  ", "dim" if why else "accent", bold=not why)
            said = f"{action.word}: {why}" if why else action.help
            role = "dim" if why else "strong" if here else "text"
            if here:
                at = len(rows)
            for part, row in enumerate(sentence(said, max(1, width - 8 - KEYS - 2), role)):
                lead = mark if not part else Span(" " * (KEYS + 2))
                line = tuple(span._replace(bold=here) for span in row.line)
                rows.append(Row((lead, *line), Target("choice", place), "here" if here else ""))
        if not found:
            rows.append(Row((Span("no command holds these words", "dim", italic=True),)))
        room = max(1, min(16, height - 8))
        return Box(
            "Commands",
            [
                Row((Span(": ", "accent", bold=True), *typed(self.line, inner - 3, glyphs))),
                BLANK,
                *window(rows, room, at),
            ],
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
        if not found:
            return
        desk, (action, _) = self.desk, found[min(place, len(found) - 1)]
        if desk.context() in action.contexts:
            desk.run(action.name)
        else:
            desk.refuse(not_here(action, desk.key(action.name), desk.context()))
