"""What panes are made of: rows of text, some of which a key or a click can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from tui_workflow.text import visible, visible_parts
from tui_workflow.view import telling
from tui_workflow.view.cellwidth import width
from tui_workflow.view.columns import Keep, cut, fill_line, title
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span

_R = TypeVar("_R")
Kind = Literal["step", "group", "item", "cell", "log", "run", "choice", "line", "key"]
Cursor = Literal["", "here", "parent"]
"""Whether the cursor is in this row, in the pane with the keyboard, or in the list it was opened from."""


class Target(NamedTuple):
    """What a row stands for. `value` is a step's name, a group's fingerprint, an item's number, a place in a list."""

    kind: Kind
    value: str | int


class Hot(NamedTuple):
    """Columns of a row that stand for something of their own, such as a key in the footer."""

    start: int
    stop: int
    target: Target


class Row(NamedTuple):
    """One row of a pane. `fill` is the background role of the whole row, "" the page's."""

    line: Line
    target: Target | None = None
    cursor: Cursor = ""
    fill: str = ""
    hot: tuple[Hot, ...] = ()


Rows: TypeAlias = list[Row]

BLANK = Row(())
NOTHING_TOLD: Mapping[str, str] = MappingProxyType({})


def data(text: str, role: str = "text", *, bold: bool = False, italic: bool = False, underline: bool = False) -> Line:
    r"""Data as spans: shown literally, what has no glyph written out (`\x1b`) in the role of something odd."""
    return tuple(
        Span(part, "retrying" if escaped else role, bold=bold, italic=italic, underline=underline)
        for part, escaped in visible_parts(text)
    )


def short(text: str, columns: int, role: str, glyphs: Glyphs, *, bold: bool = False, keep: Keep = "ends") -> Line:
    """Data in at most `columns`; what is cut is cut in the form in which it shows."""
    shown = visible(text)
    if width(shown) <= columns:
        return data(text, role, bold=bold)
    return (Span(cut(shown, columns, keep=keep, mark=glyphs.ellipsis), role, bold=bold),)


def called(
    text: str,
    columns: int,
    role: str,
    glyphs: Glyphs,
    *,
    bold: bool = False,
    told: Mapping[str, str] = NOTHING_TOLD,
) -> Line:
    """The name of an item in at most `columns`: as `told` has it (see `telling.told`), or shortened by itself."""
    if text not in told and width(visible(text)) <= columns:
        return data(text, role, bold=bold)
    name_ = told.get(text) or telling.one(visible(text), columns, mark=glyphs.ellipsis)
    return (Span(cut(name_, columns, mark=glyphs.ellipsis), role, bold=bold),)


def heading(left: Sequence[Span], right: Sequence[Span], columns: int, *, focused: bool, glyphs: Glyphs) -> Row:
    """A pane's title on its rule; the rule is heavy where the keyboard is."""
    rule, role = (glyphs.focus, "accent") if focused else (glyphs.rule, "rule")
    return Row(title(left, right, columns, rule=rule, role=role, mark=glyphs.ellipsis))


def name(number: int, text: str, extra: Sequence[Span] = (), *, focused: bool) -> Line:
    """The left end of a pane's title: its number, its name, and more in dim."""
    lead = Span(f"{number} ", "accent" if focused else "dim") if number else Span("")
    head = (lead, *data(text, "accent" if focused else "strong", bold=True))
    return (*head, Span("  "), *extra) if extra else head


def gaps(parts: Sequence[Sequence[Span]], gap: int = 3) -> Line:
    """Facts side by side."""
    line: list[Span] = []
    for part in parts:
        if part:
            if line:
                line.append(Span(" " * gap))
            line.extend(part)
    return tuple(line)


def gutters(row: Row, columns: int, glyphs: Glyphs, *, outer: bool = True) -> Line:
    """The row in `columns` and one more on each side, where the cursor bar and the fill go.

    Without `outer` there is nothing beside them.
    """
    fill = row.fill or {"here": "selected", "parent": "panel"}.get(row.cursor, "")
    body = fill_line(row.line, columns, mark=glyphs.ellipsis)
    if outer:
        lead = Span(glyphs.cursor, "accent" if row.cursor == "here" else "faint") if row.cursor else Span(" ")
        body = (lead, *body, Span(" "))
    return tuple(span if span.fill or not fill else span._replace(fill=fill) for span in body)


def window(rows: list[_R], height: int, at: int) -> list[_R]:
    """The part of `rows` that fits into `height` with row `at` in it."""
    if len(rows) <= height:
        return rows
    top = min(max(0, at - height // 2), len(rows) - height)
    return rows[top : top + height]
