"""Roles become terminal styles: in true colour, in sixteen colours, or without any colour at all.

Each of the three is chosen on purpose, so that none looks like a broken version of another. Styles are made once and
kept, because the same few dozen of them paint every frame.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from rich.color import Color
from rich.style import Style

from tui_workflow.view.line import BEHIND, CHIP, Span
from tui_workflow.view.theme import Theme

Depth: TypeAlias = Literal["true", "sixteen", "none"]

FADE = 0.58
"""How far the page behind a dialog goes towards its background."""


class Styles:
    """The styles of one theme at one colour depth."""

    def __init__(self, theme: Theme, depth: Depth) -> None:
        self.theme = theme
        self.depth = depth
        self._made: dict[tuple[str, bool, bool, bool, str, bool], Style] = {}

    def of(self, span: Span, faded: bool = False) -> Style:
        """The style of a span; `faded` is true on the page behind a dialog, as is a role that starts with `BEHIND`."""
        if span.role.startswith(BEHIND):
            span, faded = span._replace(role=span.role[len(BEHIND) :]), True
        key = (span.role, span.bold, span.italic, span.underline, span.fill, faded)
        style = self._made.get(key)
        if style is None:
            style = self._true(span, faded) if self.depth == "true" else self._plain(span, faded)
            self._made[key] = style
        return style

    @property
    def page(self) -> Style:
        """The style of an empty cell of the page."""
        return self.of(Span(""))

    def _true(self, span: Span, faded: bool) -> Style:
        ground = self.theme.colour("bg")
        front, back = self.theme.colour(span.role), self.theme.colour(span.fill.removeprefix(CHIP) or "bg")
        if faded:
            front, back = _blend(front, ground, FADE), _blend(back, ground, FADE)
        return Style(
            color=front,
            bgcolor=back,
            bold=span.bold or None,
            italic=span.italic or None,
            underline=span.underline or None,
        )

    def _plain(self, span: Span, faded: bool) -> Style:
        from tui_workflow.view.palette16 import MONO, SIXTEEN, Look

        table = SIXTEEN if self.depth == "sixteen" else MONO
        look, back = table.get(span.role, Look()), table.get(span.fill.removeprefix(CHIP), Look())
        turned = not faded and (span.role == "bg" or back.reverse or (back.chip and span.fill.startswith(CHIP)))
        bold = not faded and (span.bold or look.bold or (back.bold and not look.dim))
        colour = "" if turned else "bright_black" if faded and self.depth == "sixteen" else look.colour
        return Style(
            color=Color.parse(colour) if colour else None,
            bold=bold or None,
            dim=(not turned and (look.dim or (faded and self.depth == "none"))) or None,
            italic=span.italic or None,
            underline=span.underline or None,
            reverse=turned or None,
        )


def _blend(one: str, other: str, share: float) -> str:
    """The colour that lies `share` of the way from one to the other."""
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
