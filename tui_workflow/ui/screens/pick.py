"""Answers that are picked by their keys, or with the cursor and enter."""

from __future__ import annotations

from collections.abc import Sequence

from tui_workflow.ui.keymap import SAME
from tui_workflow.view.keys import event_name
from tui_workflow.view.panes.dialog import Choice


class Pick:
    """What every dialog with answers has in common; `at` is the place of the cursor."""

    at = 0

    @property
    def choices(self) -> Sequence[Choice]:
        """The answers, from top to bottom."""
        raise NotImplementedError

    def choose(self, place: int) -> None:
        """Do what an answer says."""
        raise NotImplementedError

    def close(self) -> None:
        """Go away without an answer."""
        raise NotImplementedError

    def take(self, key: str, character: str | None) -> bool:
        """Act on a key; false when it means nothing here."""
        key, offered = SAME.get(key, key), self.choices
        for place, choice in enumerate(offered):
            if choice.key and (event_name(choice.key) == key or choice.key == character):
                self.choose(place)
                return True
        match key:
            case "down" | "j" | "tab":
                self.at = (self.at + 1) % len(offered)
            case "up" | "k" | "shift+tab":
                self.at = (self.at - 1) % len(offered)
            case "enter":
                self.choose(self.at)
            case "escape" | "q":
                self.close()
            case _:
                return False
        return True
