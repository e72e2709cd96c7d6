"""Where a key, a click or a paste goes: to the dialog on top, to the line that is typed, or to the action of the key table."""

from __future__ import annotations

from collections.abc import Mapping

from tui_workflow.ui import keymap
from tui_workflow.ui.actions import Act, walk
from tui_workflow.ui.actions.mark import stretch
from tui_workflow.ui.desk import Desk
from tui_workflow.view.frame import LIST, READING, Hit
from tui_workflow.view.keys import not_here
from tui_workflow.view.nav import Pane
from tui_workflow.view.panes.row import Target

STORED = "this is a stored run"
RETRIES = frozenset({"retry", "retry_shown", "retry_all", "canary", "retry_step"})
"""Actions in whose place a command can be typed."""


class Router:
    """Decides who acts; does nothing by itself."""

    def __init__(self, desk: Desk, actions: Mapping[str, Act]) -> None:
        self.desk = desk
        self.actions = actions
        desk.run = self.run
        desk.known_actions = frozenset(actions)

    def press(self, key: str, character: str | None) -> None:
        """Act on a key, by its terminal name, and its character if it has one."""
        desk = self.desk
        desk.hush()
        if keymap.read(key, None, desk.keymap, "steps") == "interrupt":
            self.run("interrupt")
        elif desk.dialogs:
            desk.dialogs[-1].press(key, character)
        elif desk.nav.entry is not None:
            from tui_workflow.ui.actions import find

            find.press(desk, key, character)
        else:
            name = keymap.read(key, character, desk.keymap, desk.context())
            if name is None:
                self._explain(key, character)
            else:
                self.run(name)

    def run(self, name: str) -> None:
        """Do an action by its name."""
        act = self.actions.get(name)
        if act is None:
            self.desk.refuse(
                f"{self.desk.key(name)} does nothing here: this screen cannot {self.desk.keymap[name].word}"
            )
        elif self.desk.keymap[name].live and not self.desk.feed.live:
            self._refuse_stored(name)
        else:
            act(self.desk)
            stretch(self.desk)

    def _refuse_stored(self, name: str) -> None:
        """Say why a run that is only looked at does not do this, and what would."""
        from tui_workflow.ui.stored import retry_command

        desk = self.desk
        again = retry_command(desk, name) if name in RETRIES else ""
        why = f"{desk.key(name)} does nothing here: {STORED}"
        desk.refuse(f"{desk.key(name)}: {STORED}   {again}" if again else why)

    def _explain(self, key: str, character: str | None) -> None:
        """Say why a key did nothing."""
        desk = self.desk
        name = keymap.elsewhere(key, character, desk.keymap)
        if name is not None:
            desk.refuse(not_here(desk.keymap[name], desk.key(name), desk.context()))
        else:
            desk.refuse(f"{character or key} does nothing   {desk.key('help')} help")

    def paste(self, text: str) -> None:
        """Text from the terminal's clipboard goes where text is typed, its first line."""
        line = text.split("\n", 1)[0]
        desk = self.desk
        if desk.dialogs:
            take = getattr(desk.dialogs[-1], "paste", None)
            if take is not None:
                take(line)
        elif desk.nav.entry is not None:
            from tui_workflow.ui.actions import find

            desk.nav.entry.insert(line)
            find.apply(desk)

    def click(self, x: int, y: int, *, twice: bool) -> None:
        """A click selects; a second one on the same row opens."""
        desk = self.desk
        hit = desk.frame.at(x, y)
        if desk.dialogs:
            if hit is not None and hit.target is not None:
                desk.dialogs[-1].click(hit.target)
            return
        if hit is None:
            return
        if hit.target is not None and hit.target.kind == "key":
            self.run(str(hit.target.value))
            return
        self._focus(hit)
        if hit.target is not None:
            self._select(hit.target, hit.column)
            stretch(desk)
            if twice:
                self.run("open")

    def _focus(self, hit: Hit) -> None:
        nav = self.desk.nav
        if nav.place == "main" and hit.pane in tuple(Pane):
            nav.pane = Pane(hit.pane)
            walk.settle(self.desk)
        elif nav.place == "items" and nav.items is not None and hit.pane in (LIST, READING):
            nav.items.reading = hit.pane == READING

    def _select(self, target: Target, column: int) -> None:
        desk, nav = self.desk, self.desk.nav
        match target:
            case Target("step", str() as name):
                walk.select(desk, name)
            case Target("group", str() as mark):
                nav.group = mark
                cause = walk.cause(desk)
                if nav.place == "items" and cause is not None:
                    from tui_workflow.ui.actions.open import open_group

                    open_group(desk, cause)
            case Target("item", int() as number) if nav.place == "items" and nav.items is not None:
                nav.items.item, nav.items.top = number, 0
            case Target("log", int() as place):
                nav.log.at = place
            case Target("cell", int() as first):
                walk.point(desk, first, column)
            case Target("run", int() as place):
                nav.run = place
            case Target("line", int() as place) if nav.place == "definition":
                nav.definition_at = place

    def scroll(self, x: int, y: int, rows: int) -> None:
        """The wheel moves in the pane under the pointer, and takes the keyboard there."""
        desk = self.desk
        if desk.dialogs:
            desk.dialogs[-1].press("down" if rows > 0 else "up", None)
            return
        hit = desk.frame.at(x, y)
        if hit is not None:
            self._focus(hit)
        walk.by(desk, rows if desk.nav.place != "main" or desk.nav.pane == Pane.LOG else (1 if rows > 0 else -1))
        stretch(desk)
