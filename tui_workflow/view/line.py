"""A line of the screen as data: pieces of text with the role that gives them their colour.

Everything that the screen shows is made of these, so that what it says can be tested without a terminal, and so that
data can never become markup: `ui` turns spans into styled cells and interprets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias


class Span(NamedTuple):
    """Some text in one style. `role` and `fill` are colour roles of a theme; `fill` "" keeps the line's background.

    The text holds no control characters and no line break: data has gone through `text.visible` before.
    """

    text: str
    role: str = "text"
    bold: bool = False
    italic: bool = False
    underline: bool = False
    fill: str = ""


Line: TypeAlias = tuple[Span, ...]

BEHIND = "behind:"
"""Before the role of a span that is beside a dialog in the same line."""

CHIP = "chip:"
"""Before the fill of a word or two that stand out by it, also without colours; other tints must not look like a selection."""


def plain(line: Iterable[Span]) -> str:
    """The text of a line alone."""
    return "".join(span.text for span in line)
