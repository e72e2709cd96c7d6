"""The one widget: it shows a frame of lines, and repaints the cells of a row that differ from the frame before.

A clock that ticks is then a few bytes for the terminal instead of a row of them: over a slow line that is what one feels.

Strips are handed on as they are, past Textual's own styling, filters and markup: what is in a line is
what the terminal gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from os.path import commonprefix

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_workflow.ui.styles import Styles
from tui_workflow.ui.widgets.cells import Cells
from tui_workflow.view.line import Line

WHEEL = 3
"""Rows of one turn of the wheel."""


class Canvas(Widget):
    """A page of lines. Each line is as wide as the page, so that no cell keeps what was there before."""

    DEFAULT_CSS = "Canvas { width: 1fr; height: 1fr; }"

    class Clicked(Message):
        """A cell was clicked; `twice` for the second click of a double one."""

        def __init__(self, x: int, y: int, twice: bool) -> None:
            super().__init__()
            self.x, self.y, self.twice = x, y, twice

    class Scrolled(Message):
        """The wheel turned over a cell, by rows; negative is up."""

        def __init__(self, x: int, y: int, rows: int) -> None:
            super().__init__()
            self.x, self.y, self.rows = x, y, rows

    class Resized(Message):
        """The canvas has a new size, and nothing on it that fits."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[Line, bool]] = []
        self._strips: list[Strip] = []
        self._styles_used: Styles | None = None
        self.drawn = False
        """True once rows of a frame have been handed on to the terminal."""

    def show(self, lines: Sequence[tuple[Line, bool]], styles: Styles) -> int:
        """Take a frame over, each line with whether it is faded, and write what changed of it; returns how many rows did.

        It is written at once. By itself Textual takes three turns of the loop and up to a sixtieth of a second for that, and
        a turn is some ten milliseconds when items end by the thousand. The first frame and one of a new size are Textual's.
        """
        if styles is not self._styles_used:
            self._lines, self._strips, self._styles_used = [], [], styles
        old, changed, strips = self._lines, [], []
        for y, entry in enumerate(lines):
            if y < len(old) and old[y] == entry:
                strips.append(self._strips[y])
                continue
            strips.append(_strip(entry[0], styles, entry[1]))
            if y < len(old):
                start, end = differing(self._strips[y], strips[y])
                if start < end:
                    changed.append(Region(start, y, end - start, 1))
        self._strips, self._lines = strips, list(lines)
        if len(old) != len(lines):
            self.refresh()
            return len(lines)
        if changed and self.drawn:
            self.app._display(self.screen, Cells(strips, changed))  # type: ignore[arg-type]  # Textual declares less than it takes
        elif changed:
            self.refresh(*changed)
        return len(changed)

    @property
    def text(self) -> str:
        """What is on the screen, without its looks."""
        return "\n".join(strip.text for strip in self._strips)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of `crop`; rows of which nothing is known yet are blank."""
        self.drawn = self.drawn or bool(self._strips)
        page = self._styles_used.page if self._styles_used is not None else None
        rows = []
        for y in range(crop.y, crop.bottom):
            strip = self._strips[y] if y < len(self._strips) else Strip([], 0)
            if strip.cell_length < crop.right:
                strip = strip.adjust_cell_length(crop.right, page)
            rows.append(strip if (crop.x, crop.right) == (0, strip.cell_length) else strip.crop(crop.x, crop.right))
        return rows

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked(event.x, event.y, event.chain > 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.post_message(self.Scrolled(event.x, event.y, WHEEL))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.post_message(self.Scrolled(event.x, event.y, -WHEEL))

    def on_resize(self) -> None:
        self.post_message(self.Resized())


def differing(old: Strip, new: Strip) -> tuple[int, int]:
    """The columns, from and up to, outside of which two rows of the same length show the same; all of them otherwise."""
    if old.cell_length != new.cell_length or any(map(_leans, (*old, *new))):
        return 0, max(old.cell_length, new.cell_length)
    start = _alike(old, new)
    if start == new.cell_length:
        return 0, 0
    return start, new.cell_length - _alike(old, new, backwards=True)


def _alike(old: Strip, new: Strip, *, backwards: bool = False) -> int:
    """The columns of the pieces that two rows have in common, from their beginning or from their end."""
    columns = 0
    pairs = zip(reversed(old), reversed(new), strict=False) if backwards else zip(old, new, strict=False)
    for one, other in pairs:
        if one == other:
            columns += one.cell_length
            continue
        if one.style == other.style and _narrow(one) and _narrow(other):
            texts = (one.text[::-1], other.text[::-1]) if backwards else (one.text, other.text)
            columns += len(commonprefix(texts))  # noqa: RUF071 - by characters is what is wanted
        break
    return columns


def _narrow(segment: Segment) -> bool:
    """Each character is a column, so that text can be cut anywhere."""
    return segment.cell_length == len(segment.text)


def _leans(segment: Segment) -> bool:
    """It begins with a mark that is drawn in the cell before it."""
    return not segment.text.isascii() and cell_len(segment.text[0]) == 0


def _strip(line: Line, styles: Styles, faded: bool) -> Strip:
    return Strip([Segment(span.text, styles.of(span, faded)) for span in line if span.text]).simplify()
