"""What every dialog is: rows over the faded page, and the keys, which are its own while it is open."""

from __future__ import annotations

from typing import Protocol

from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.panes.dialog import Box
from tui_workflow.view.panes.row import Target


class Dialog(Protocol):
    """One dialog. The newest is on top and gets every key."""

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        """What it shows on a screen of this size."""

    def press(self, key: str, character: str | None) -> None:
        """Act on a key, by its terminal name, and its character if it has one."""

    def click(self, target: Target) -> None:
        """Act on a row that was clicked."""
