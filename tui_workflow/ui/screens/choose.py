"""A dialog with answers: by their keys, or with the cursor and enter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tui_workflow.ui.desk import Desk
from tui_workflow.ui.keymap import SAME
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.keys import event_name
from tui_workflow.view.panes.dialog import Box, Choice
from tui_workflow.view.panes.row import Target

Offer: TypeAlias = tuple[Choice, Callable[[Desk], None]]


class Choosing:
    """Answers and what each does. `esc` always closes."""

    def __init__(self, desk: Desk, offered: Sequence[Offer]) -> None:
        self.desk = desk
        self.offered = list(offered)
        self.at = 0

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        raise NotImplementedError

    def press(self, key: str, character: str | None) -> None:
        key = SAME.get(key, key)
        for place, (choice, _) in enumerate(self.offered):
            if choice.key and (event_name(choice.key) == key or choice.key == character):
                self.choose(place)
                return
        match key:
            case "down" | "j" | "tab":
                self.at = (self.at + 1) % len(self.offered)
            case "up" | "k" | "shift+tab":
                self.at = (self.at - 1) % len(self.offered)
            case "enter":
                self.choose(self.at)
            case "escape" | "q":
                self.desk.close(self)

    def click(self, target: Target) -> None:
        if target.kind == "choice" and isinstance(target.value, int):
            self.choose(target.value)

    def choose(self, place: int) -> None:
        """Close, and do what the answer says."""
        self.desk.close(self)
        self.offered[place][1](self.desk)
