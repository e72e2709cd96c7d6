"""Help for where the reader is: every key that acts there, by what it is for, and what the signs mean."""

from __future__ import annotations

from tui_workflow.ui.desk import Desk
from tui_workflow.view import legend
from tui_workflow.view.columns import fill
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Span
from tui_workflow.view.panes.dialog import Box, sentence
from tui_workflow.view.panes.row import BLANK, Row, Rows, Target

KEYS = 16


def _signs(inner: int, glyphs: Glyphs) -> Rows:
    """What the signs mean, in the columns of the keys."""
    rows: Rows = [Row((Span("Signs", "strong", bold=True),))]
    for sign, meaning in legend.rows(glyphs):
        first, *others = sentence(meaning, max(1, inner - KEYS - 2))
        rows.append(Row((Span(fill(sign, KEYS + 2), "strong"), *first.line)))
        rows += [Row((Span(" " * (KEYS + 2)), *other.line)) for other in others]
    return [*rows, *sentence(legend.MAP, inner, "dim")]


class Help:
    """A list to scroll."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.top = 0
        self._room = 1
        self._length = 0

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        context = self.desk.context()
        inner = min(92, max(20, width - 10))
        rows: Rows = []
        dead = self.desk.dead_actions()
        for title, actions in self.desk.keymap.groups(context):
            shown = [action for action in actions if action.keys and action.name not in dead]
            if not shown:
                continue
            rows += [BLANK] if rows else []
            rows.append(Row((Span(title, "strong", bold=True),)))
            for action in shown:
                keys = fill(" ".join(action.keys), KEYS, mark=glyphs.ellipsis)
                first, *others = sentence(action.help, max(1, inner - KEYS - 2))
                rows.append(Row((Span(f"{keys}  ", "accent", bold=True), *first.line)))
                rows += [Row((Span(" " * (KEYS + 2)), *other.line)) for other in others]
        more = "Other keys: keys.yaml in the config folder. wf-tui help keys says how."
        rows += [BLANK, *sentence(more, inner, "dim"), BLANK, *_signs(inner, glyphs)]
        self._room = max(1, height - 6)
        if len(rows) > self._room:
            rows[:0] = [*sentence("G leads to what the signs and words on the screen mean.", inner, "dim"), BLANK]
        self._length = len(rows)
        self.top = min(self.top, max(0, self._length - self._room))
        below = self._length - self.top - self._room
        tail = (Span(f"in {context}" + (f"   {below} more below" if below > 0 else ""), "dim"),)
        return Box("Help", rows[self.top : self.top + self._room], width=inner, tail=tail)

    def press(self, key: str, character: str | None) -> None:
        match key:
            case "down" | "j":
                self.top += 1
            case "up" | "k":
                self.top = max(0, self.top - 1)
            case "pagedown" | "ctrl+d" | "space":
                self.top += self._room // 2
            case "pageup" | "ctrl+u":
                self.top = max(0, self.top - self._room // 2)
            case "g" | "home":
                self.top = 0
            case "G" | "end":
                self.top = self._length
            case _:
                self.desk.close(self)

    def click(self, target: Target) -> None:
        self.desk.close(self)
