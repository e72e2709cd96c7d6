"""A line that is typed: a filter under a title, a reason in a dialog."""

from __future__ import annotations

from tui_workflow.view.columns import apart, line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.nav import TextLine
from tui_workflow.view.panes.row import Row, data, short

BESIDE = 4
"""Columns beside a text that is typed: the stroke before it, and a sign that something is cut behind it."""


def row(typing: TextLine | None, held: str, where: str, back: str, width: int, glyphs: Glyphs, count: str = "") -> Row:
    """The row of a filter: what is typed, or what holds, `count` in words of what has it, and how to be rid of it."""
    found: Line = (Span("   "), Span(count, "text")) if count else ()
    room = width - BESIDE - line_width(found)
    text = typed(typing, room, glyphs) if typing is not None else data(held, "strong", bold=True)
    head: Line = (Span("/", "accent", bold=True), *text)
    place: Line = (Span(f" {where}", "dim"),)
    right: Line = (Span(back, "accent", bold=True), Span(" clear", "dim"))
    while right and line_width((*head, *place, *found, *right)) + 2 > width:
        right = right[:-1]  # what is searched says more than the key, which stands in the footer too
    if found and line_width((*head, *place, *found)) > width:
        return Row(apart(head, found, width, mark=glyphs.ellipsis))
    return Row(apart((*head, *place, *found), right, width, mark=glyphs.ellipsis))


def typed(line: TextLine, columns: int, glyphs: Glyphs) -> Line:
    """The text with its caret, which is in sight within `columns`: of a long text the beginning goes."""
    caret = data(line.text[line.at : line.at + 1] or " ", "bg")
    before = data(line.text[: line.at], "strong", bold=True)
    if line_width(before) + line_width(caret) > columns:
        room = max(0, columns - line_width(caret))
        before = short(line.text[: line.at], room, "strong", glyphs, bold=True, keep="end")
    return (
        *before,
        *(span._replace(role="bg", fill="text") for span in caret),
        *data(line.text[line.at + 1 :], "strong", bold=True),
    )
