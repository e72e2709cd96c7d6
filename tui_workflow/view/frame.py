"""A whole screen as lines: panes are drawn for their places and set side by side, at any size.

`Frame` also knows what is where, so that a click finds the row it fell on. It holds exactly as many lines as the
screen has rows, each exactly as wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from tui_workflow.view.columns import fill_line
from tui_workflow.view.glyphs import Glyphs, plain_typography
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import BLANK, Row, Rows, Target, gutters

Shape: TypeAlias = Literal["wide", "stacked", "tiny"]

LEFT = 44
"""Columns of the left side when there are two."""
GAP = 3
LIST, READING = 5, 6
"""The numbers by which a click knows the list of items and the page of one, after those of `nav.Pane`."""


def shape_of(width: int, height: int) -> Shape:
    """Two columns, one below the other, or one pane at a time."""
    if width >= 100 and height >= 24:
        return "wide"
    return "stacked" if width >= 70 and height >= 20 else "tiny"


class Area(NamedTuple):
    """Rows of a pane on the screen: `x` is the column where their text begins."""

    pane: int
    """The number of the pane, 0 for none: header, banner, footer, dialog."""
    x: int
    y: int
    width: int
    rows: tuple[Row, ...]


class Hit(NamedTuple):
    """What lies at a place of the screen. `column` counts from where the row's text begins."""

    pane: int
    target: Target | None
    column: int


@dataclass(slots=True)
class Frame:
    """A screen being put together, top to bottom."""

    width: int
    height: int
    glyphs: Glyphs
    margin: int = 2
    lines: list[Line] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)

    def bar(self, row: Row | None) -> None:
        """A row as wide as the screen."""
        if row is None:
            return
        self.areas.append(Area(0, 0, len(self.lines), self.width, (row,)))
        self.lines.append(gutters(row, self.width, self.glyphs, outer=False))

    def full(self, pane: int, rows: Rows) -> None:
        """Rows from margin to margin."""
        inner = self.width - 2 * self.margin
        self.areas.append(Area(pane, self.margin, len(self.lines), inner, tuple(rows)))
        side = Span(" " * (self.margin - 1))
        self.lines += ((side, *gutters(row, inner, self.glyphs), side) for row in rows)

    def sides(self, left: Sequence[tuple[int, Rows]], right: Sequence[tuple[int, Rows]], height: int) -> None:
        """Two columns of `height` rows; each holds panes with their numbers, one below the other."""
        wide = self.width - 2 * self.margin - LEFT - GAP
        top = len(self.lines)
        columns = []
        for x, width, panes in ((self.margin, LEFT, left), (self.margin + LEFT + GAP, wide, right)):
            y, column = top, []
            for pane, rows in panes:
                self.areas.append(Area(pane, x, y, width, tuple(rows)))
                column += [gutters(row, width, self.glyphs) for row in rows]
                y += len(rows)
            blank = gutters(BLANK, width, self.glyphs)
            columns.append([*column, *[blank] * height][:height])
        side, middle = Span(" " * (self.margin - 1)), Span(" " * (GAP - 2))
        self.lines += ((side, *one, middle, *other, side) for one, other in zip(*columns, strict=True))

    def blank(self, rows: int = 1) -> None:
        self.lines += [(Span(" " * self.width),)] * rows

    def finish(self, footer: Rows) -> Frame:
        """The frame with the footer in its last rows, cut or filled to the screen."""
        room = max(0, self.height - len(footer))
        if len(self.lines) > room:
            del self.lines[room:]
        self.blank(room - len(self.lines))
        for row in footer[: self.height]:
            self.bar(row)
        self.lines = [fill_line(line, self.width, mark=self.glyphs.ellipsis) for line in self.lines]
        if self.glyphs.ascii:
            self.lines = [tuple(s._replace(text=plain_typography(s.text)) for s in line) for line in self.lines]
        return self

    def at(self, x: int, y: int) -> Hit | None:
        """What lies at a cell, the topmost first; None for the empty page."""
        for area in reversed(self.areas):
            if area.y <= y < area.y + len(area.rows) and area.x - 1 <= x < area.x + area.width + 1:
                row = area.rows[y - area.y]
                column = x - area.x
                hot = next((hot.target for hot in row.hot if hot.start <= column < hot.stop), None)
                return Hit(area.pane, hot or row.target, column)
        return None
