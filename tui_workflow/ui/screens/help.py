"""Help for where the reader is: every key that acts there, by what it is for, and what the signs mean."""

from __future__ import annotations

from tui_workflow.text import visible
from tui_workflow.ui.desk import Desk
from tui_workflow.view import legend
from tui_workflow.view.columns import fill
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.nav import TextLine
from tui_workflow.view.panes.dialog import Box, keys, sentence
from tui_workflow.view.panes.entry import row as entry_row
from tui_workflow.view.panes.row import BLANK, Row, Rows, Target

KEYS = 16
_CLOSE = ("escape", "enter", "ctrl+m", "ctrl+j", "q", "question_mark", "?")


class Help:
    """A list to scroll, and to search. While it is open, keys are its own: one that it does not know closes nothing."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.top = 0
        self.line = TextLine()
        self.typing = False
        self.odd = ""
        """The key pressed last, if it does nothing here."""
        self._room = 1
        self._length = 0

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        context = self.desk.context()
        inner = min(92, max(20, width - 10))
        foot = self._foot(inner, glyphs)
        self._room = max(1, height - 5 - len(foot))
        rows = self._found(inner, glyphs)
        if not self.line.text and len(rows) > self._room:
            rows[:0] = [*sentence("G leads to what the signs and words on the screen mean.", inner, "dim"), BLANK]
        self._length = len(rows)
        self.top = min(self.top, max(0, self._length - self._room))
        below = self._length - self.top - self._room
        tail = (Span(f"in {context}" + (f"   {below} more below" if below > 0 else ""), "dim"),)
        return Box("Help", rows[self.top : self.top + self._room], width=inner, tail=tail, foot=foot)

    def _foot(self, inner: int, glyphs: Glyphs) -> Rows:
        """What is typed, or the keys of the help itself."""
        if self.typing or self.line.text:
            typing = self.line if self.typing else None
            return [BLANK, entry_row(typing, self.line.text, "in keys, words and signs", "esc", inner, glyphs)]
        offered = keys([("j k", "scroll", "down"), ("/", "search", "/"), ("esc", "close", "esc")], inner)
        return (
            [BLANK, *sentence(f"{self.odd} does nothing in the help", inner, "dim"), *offered]
            if self.odd
            else [BLANK, *offered]
        )

    def _found(self, inner: int, glyphs: Glyphs) -> Rows:
        """Everything, or what holds the words that are searched; of each section that has nothing left not even the title."""
        wanted = self.line.text.lower().split()
        rows: Rows = []
        for title, entries in self._sections(glyphs):
            kept = [each for each in entries if all(word in " ".join(each).lower() for word in wanted)]
            if kept:
                rows += [BLANK] if rows else []
                rows.append(Row((Span(title, "strong", bold=True),)))
                for first, meaning in kept:
                    lead = Span(f"{fill(first, KEYS, mark=glyphs.ellipsis)}  ", *_look(title))
                    rows += _entry(lead, meaning, inner)
        if wanted:
            return rows or [Row((Span("nothing here holds these words", "dim", italic=True),))]
        more = "Other keys: keys.yaml in the config folder. wf-tui help keys says how."
        return [*rows, *sentence(legend.MAP, inner, "dim"), BLANK, *sentence(more, inner, "dim")]

    def _sections(self, glyphs: Glyphs) -> list[tuple[str, list[tuple[str, str]]]]:
        """The keys that act here, by what they are for, and the signs: each with its meaning."""
        dead = self.desk.dead_actions()
        found = [
            (title, [(" ".join(each.keys), each.help) for each in actions if each.keys and each.name not in dead])
            for title, actions in self.desk.keymap.groups(self.desk.context())
        ]
        return [*found, (_SIGNS, legend.rows(glyphs))]

    def press(self, key: str, character: str | None) -> None:
        if self.typing:
            self._type(key, character)
            return
        self.odd = ""
        match key:
            case "down" | "j":
                self.top += 1
            case "up" | "k":
                self.top = max(0, self.top - 1)
            case "pagedown" | "ctrl+d" | "space":
                self.top += max(1, self._room // 2)
            case "pageup" | "ctrl+u":
                self.top = max(0, self.top - max(1, self._room // 2))
            case "g" | "home":
                self.top = 0
            case "G" | "end":
                self.top = self._length
            case "slash" | "/":
                self.typing = True
            case "escape" if self.line.text:
                self._search(TextLine())
            case _ if key in _CLOSE:
                self.desk.close(self)
            case _:
                self.odd = visible(character or key)

    def _type(self, key: str, character: str | None) -> None:
        match key:
            case "escape":
                self.typing = False
                self._search(TextLine())
            case "enter" | "ctrl+m" | "ctrl+j":
                self.typing = False
            case _ if character is not None:
                self.paste(character)
            case _:
                self.line.edit(key)
                self.top = 0

    def paste(self, text: str) -> None:
        if self.typing:
            self.line.insert(text)
            self.top = 0

    def _search(self, line: TextLine) -> None:
        self.line, self.top = line, 0

    def click(self, target: Target) -> None:
        match target.value:
            case "/":
                self.typing = True
            case "esc":
                self.desk.close(self)
            case _:
                pass


_SIGNS = "Signs"


def _look(title: str) -> tuple[str, bool]:
    """Role and weight of the first column."""
    return ("strong", False) if title == _SIGNS else ("accent", True)


def _entry(lead: Span, meaning: str, inner: int) -> Rows:
    """A key or a sign and what it means, in as many rows as that takes."""
    first, *others = sentence(meaning, max(1, inner - KEYS - 2))
    beside: Line = (Span(" " * (KEYS + 2)),)
    return [Row((lead, *first.line)), *(Row((*beside, *other.line)) for other in others)]
