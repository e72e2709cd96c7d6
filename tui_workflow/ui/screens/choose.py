"""A dialog with answers, each of which does something with the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tui_workflow.ui.desk import Desk
from tui_workflow.ui.screens.pick import Pick
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.panes.dialog import Box, Choice
from tui_workflow.view.panes.row import Target

Offer: TypeAlias = tuple[Choice, Callable[[Desk], None]]


class Choosing(Pick):
    """Answers and what each does. `esc` always closes."""

    def __init__(self, desk: Desk, offered: Sequence[Offer]) -> None:
        self.desk = desk
        self.offered = list(offered)

    @property
    def choices(self) -> Sequence[Choice]:
        """The answers, from top to bottom."""
        return [choice for choice, _ in self.offered]

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        raise NotImplementedError

    def press(self, key: str, character: str | None) -> None:
        self.take(key, character)

    def click(self, target: Target) -> None:
        if target.kind == "choice" and isinstance(target.value, int):
            self.choose(target.value)

    def choose(self, place: int) -> None:
        """Close, and do what the answer says."""
        self.desk.close(self)
        self.offered[place][1](self.desk)

    def close(self) -> None:
        """Go away without an answer."""
        self.desk.close(self)
