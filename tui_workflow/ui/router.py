"""Where a key, a click or a paste goes: to the dialog on top, to the line that is typed, or to the action of the key table."""

from __future__ import annotations

from collections.abc import Mapping

from tui_workflow.ui import keys
from tui_workflow.ui.actions import Act, walk
from tui_workflow.ui.desk import Desk
from tui_workflow.view.keys import Context
from tui_workflow.view.nav import Pane
from tui_workflow.view.page import CONTEXTS
from tui_workflow.view.panes.row import Target


class Router:
    """Decides who acts; does nothing by itself."""

    def __init__(self, desk: Desk, actions: Mapping[str, Act]) -> None:
        self.desk = desk
        self.actions = actions

    @property
    def context(self) -> Context:
        """Where the keyboard is, in the words of the key table."""
        nav = self.desk.nav
        if nav.place == "main":
            return CONTEXTS[nav.pane]
        if nav.place == "items":
            return "item" if nav.items is not None and nav.items.reading else "items"
        return nav.place

    def press(self, key: str, character: str | None) -> None:
        desk = self.desk
        desk.hush()
        if keys.read(key, character, desk.keymap, "steps") == "interrupt":
            self.actions["interrupt"](desk)
            return
        if desk.dialogs:
            desk.dialogs[-1].press(key, character)
            return
        name = keys.read(key, character, desk.keymap, self.context)
        if name is None:
            self._explain(key, character)
        else:
            self.run(name)

    def run(self, name: str) -> None:
        """Do an action by its name, if this place has it."""
        act = self.actions.get(name)
        if act is None:
            self.desk.refuse(f"{self.desk.key(name)} does nothing here yet")
        else:
            act(self.desk)

    def _explain(self, key: str, character: str | None) -> None:
        name = keys.elsewhere(key, character, self.desk.keymap)
        if name is not None:
            action = self.desk.keymap[name]
            where = ", ".join(action.contexts)
            self.desk.refuse(f"{self.desk.key(name)} does nothing here: {action.word} acts in {where}")
        elif character is not None:
            self.desk.refuse(f"{character} does nothing   {self.desk.key('help')} help")

    def paste(self, text: str) -> None:
        entry = self.desk.nav.entry
        if entry is not None:
            entry.insert(text.split("\n", 1)[0])

    def click(self, x: int, y: int, *, twice: bool) -> None:
        """A click selects; a second one on the same row opens."""
        desk = self.desk
        hit = desk.frame.at(x, y)
        if hit is None:
            return
        if desk.dialogs:
            if hit.target is not None:
                desk.dialogs[-1].click(hit.target)
            return
        if hit.target is not None and hit.target.kind == "key":
            self.run(str(hit.target.value))
            return
        if hit.pane and desk.nav.place == "main":
            desk.nav.pane = Pane(hit.pane)
        if hit.target is not None:
            self._select(hit.target, hit.column)
            if twice:
                self.run("open")
        walk.settle(desk)

    def _select(self, target: Target, column: int) -> None:
        nav = self.desk.nav
        match target:
            case Target("step", str() as name):
                walk.select(self.desk, name)
            case Target("group", str() as mark):
                nav.group = mark
            case Target("log", int() as place):
                nav.log.at = place
            case Target("cell", int() as first):
                walk.point(self.desk, first, column)

    def scroll(self, x: int, y: int, rows: int) -> None:
        """The wheel moves in the pane under the pointer, and takes the keyboard there."""
        desk = self.desk
        if desk.dialogs:
            desk.dialogs[-1].press("down" if rows > 0 else "up", None)
            return
        hit = desk.frame.at(x, y)
        if hit is not None and hit.pane and desk.nav.place == "main":
            desk.nav.pane = Pane(hit.pane)
            walk.settle(desk)
        walk.by(desk, rows)
