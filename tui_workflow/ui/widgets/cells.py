"""What the terminal is sent for cells that changed: where they are, and they, nothing of the row beside them.

Textual itself writes a row from where its widget begins. One widget fills this screen, so each clock that ticked was a row of
colours: ten kilobytes a second while one item a second ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.control import Control
from textual._compositor import CompositorUpdate
from textual.geometry import Region
from textual.strip import Strip


class Cells(CompositorUpdate):
    """Regions, each of one row, of a screen with these rows."""

    def __init__(self, rows: Sequence[Strip], changed: Sequence[Region]) -> None:
        self._rows = rows
        self._changed = changed

    def render_segments(self, console: Console) -> str:
        """What the terminal is sent."""
        written: list[str] = []
        for x, y, width, _ in self._changed:
            if width:
                written.append(Control.move_to(x, y).segment.text)
                written.append(self._rows[y].crop(x, x + width).render(console))
        return "".join(written)
