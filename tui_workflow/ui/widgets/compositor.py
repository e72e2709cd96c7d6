"""Textual's compositor, but what it writes for a cell that changed is that cell, not its row from the left edge on.

Regions narrower than a widget are taken by Textual and then written from where the widget begins. One widget fills this
screen, so each clock that ticked was a row of colours: ten kilobytes a second while one item a second ends.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


class Cells(ChopsUpdate):
    """An update that is cropped at both sides."""

    def render_segments(self, console: Console) -> str:
        """What the terminal is sent."""
        written: list[str] = []
        for y, left, right in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(x, left), min(end, right)
                if strip is not None and start < stop:
                    written.append(Control.move_to(start, y).segment.text)
                    written.append(strip.crop(start - x, stop - x).render(console))
        return "".join(written)


class CellCompositor(Compositor):
    """Makes updates of cells."""

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        return update and Cells(update.chops, update.spans, update.chop_ends)
