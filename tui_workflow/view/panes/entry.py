"""A line that is typed: a filter under a title, a reason in a dialog."""

from __future__ import annotations

from tui_workflow.view.columns import apart, line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.nav import TextLine
from tui_workflow.view.panes.row import Row, data


def row(typing: TextLine | None, held: str, where: str, back: str, width: int, glyphs: Glyphs) -> Row:
    """The row of a filter: what is typed, or what holds, and how to be rid of it."""
    text = typed(typing) if typing is not None else data(held, "strong", bold=True)
    left = (Span("/", "accent", bold=True), *text, Span(f" {where}", "dim"))
    right: Line = (Span(back, "accent", bold=True), Span(" clear", "dim"))
    while right and line_width((*left, *right)) + 2 > width:
        right = right[:-1]  # what is searched says more than the key, which stands in the footer too
    return Row(apart(left, right, width, mark=glyphs.ellipsis))


def typed(line: TextLine) -> Line:
    """The text with its caret."""
    under = line.text[line.at : line.at + 1] or " "
    caret = data(under, "bg")
    return (
        *data(line.text[: line.at], "strong", bold=True),
        *(span._replace(role="bg", fill="text") for span in caret),
        *data(line.text[line.at + 1 :], "strong", bold=True),
    )
