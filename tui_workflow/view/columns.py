"""Fixed columns: cutting, padding and joining of text and lines, measured in terminal columns.

A cut text never takes more than its columns and says that it was cut; a filled one takes exactly its columns, so
that ticking digits never shift a neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tui_workflow.text import MARKS
from tui_workflow.view.cellwidth import clusters, width
from tui_workflow.view.line import Line, Span

__all__ = [
    "Align",
    "Column",
    "Keep",
    "apart",
    "beginning",
    "cut",
    "cut_line",
    "fill",
    "fill_line",
    "gapped",
    "layout",
    "line_width",
    "row",
    "title",
    "width",
]

Keep = Literal["start", "end", "ends"]
Align = Literal["left", "right"]


def cut(text: str, columns: int, *, keep: Keep = "start", mark: str = "…") -> str:
    """The text in at most `columns`, with `mark` where something is missing; `keep` says which part stays.

    Beside a gap of the text's own there is one mark for both.
    """
    if width(text) <= columns:
        return text
    if columns <= 0:
        return ""
    room = columns - 1
    if keep == "start":
        return gapped(_head(text, room), "", mark)
    if keep == "end":
        return gapped("", _tail(text, room), mark)
    head = _ungapped(_head(text, (room + 1) // 2), mark)
    return gapped(head, _tail(text, room - width(head)), mark)


def beginning(text: str, columns: int) -> str:
    """As much of a text as fills so many columns and a little more: of a line of a megabyte nothing else need be looked at.

    What takes no column is written out beyond `MARKS` of them, and then takes some.
    """
    return text[: (MARKS + 1) * (columns + 1)]


def gapped(head: str, tail: str, mark: str = "…") -> str:
    """Two parts of a text with one `mark` for what is missing between them, also where a part itself has a gap there."""
    return _ungapped(head, mark) + mark + _ungapped(tail[::-1], mark)[::-1]


def _ungapped(text: str, mark: str) -> str:
    """A text without the gap at its end."""
    bare = text.rstrip()
    return text if not bare.endswith(("…", mark)) else bare.rstrip(f"…{mark}")


def _head(text: str, columns: int) -> str:
    if text.isascii():
        return text[:columns]
    kept = []
    for piece, own in clusters(text):
        columns -= own
        if columns < 0:
            break
        kept.append(piece)
    return "".join(kept)


def _tail(text: str, columns: int) -> str:
    if columns <= 0:
        return ""
    if text.isascii():
        return text[-columns:]
    kept = []
    for piece, own in reversed(list(clusters(text))):
        columns -= own
        if columns < 0:
            break
        kept.append(piece)
    return "".join(reversed(kept))


def fill(text: str, columns: int, *, align: Align = "left", keep: Keep = "start", mark: str = "…") -> str:
    """The text in exactly `columns`: cut, or padded with spaces."""
    text = cut(text, columns, keep=keep, mark=mark)
    space = " " * (columns - width(text))
    return text + space if align == "left" else space + text


def line_width(line: Sequence[Span]) -> int:
    """The columns that a line takes. It is asked for each line of each frame, mostly of plain text."""
    columns = 0
    for span in line:
        text = span[0]
        columns += len(text) if text.isascii() else width(text)
    return columns


def cut_line(line: Sequence[Span], columns: int, *, mark: str = "…") -> Line:
    """A line in at most `columns`, cut at its end; the mark takes the style of the span that was cut."""
    if line_width(line) <= columns:
        return tuple(line)
    kept: list[Span] = []
    room = columns
    for place, span in enumerate(line):
        own = width(span.text)
        if own < room or (own == room and not line_width(line[place + 1 :])):
            kept.append(span)
            room -= own
            continue
        if room > 0:
            text = cut(span.text, room, mark=mark) if own > room else cut(span.text + " ", room, mark=mark)
            kept.append(span._replace(text=text))
        break
    return tuple(kept)


def fill_line(
    line: Sequence[Span], columns: int, *, align: Align = "left", background: str = "", mark: str = "…"
) -> Line:
    """A line in exactly `columns`; `background` is the fill role of the padding."""
    own = line_width(line)
    if own > columns:
        line = cut_line(line, columns, mark=mark)
        own = line_width(line)
    short, missing = tuple(line), columns - own
    if missing <= 0:
        return short
    space = (Span(" " * missing, fill=background),)
    return (*short, *space) if align == "left" else (*space, *short)


def apart(left: Sequence[Span], right: Sequence[Span], columns: int, *, gap: int = 2, mark: str = "…") -> Line:
    """`left` at the left end and `right` at the right end of `columns`; when they do not fit, `left` is cut."""
    if not right:
        return fill_line(left, columns, mark=mark)
    tail = cut_line(right, columns, mark=mark)
    room = columns - line_width(tail)
    head = cut_line(left, max(0, room - gap), mark=mark)
    space = room - line_width(head)
    return (*head, Span(" " * space), *tail) if space else (*head, *tail)


def title(
    left: Sequence[Span],
    right: Sequence[Span],
    columns: int,
    *,
    rule: str = "─",
    role: str = "rule",
    mark: str = "…",
) -> Line:
    """A pane's title on one rule: `1 Steps ──────── 3 of 9 done`. The rule goes when there is no room for three of it."""
    tail = cut_line(right, columns, mark=mark)
    room = columns - line_width(tail)
    head = cut_line(left, max(0, room - (2 if tail else 0)), mark=mark)
    space = room - line_width(head)
    ends = (1 if head else 0) + (1 if tail else 0)
    if space < ends + 3:
        return (*head, Span(" " * space), *tail) if space else (*head, *tail)
    before = (Span(" "),) if head else ()
    after = (Span(" "),) if tail else ()
    return (*head, *before, Span(rule * (space - ends), role), *after, *tail)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list. `columns` is its width, or the least width of one that stretches."""

    columns: int
    align: Align = "left"
    stretch: bool = False
    keep: Keep = "start"


def layout(columns: Sequence[Column], total: int, *, gap: int = 2) -> tuple[int, ...]:
    """Widths that fill `total` with `gap` between them; what is left over goes to those that stretch, evenly."""
    spare = total - sum(column.columns for column in columns) - gap * (len(columns) - 1)
    stretching = [place for place, column in enumerate(columns) if column.stretch]
    widths = [column.columns for column in columns]
    for turn, place in enumerate(stretching):
        widths[place] = max(0, widths[place] + spare // len(stretching) + (1 if turn < spare % len(stretching) else 0))
    return tuple(widths)


def row(
    cells: Sequence[Span | Line], columns: Sequence[Column], widths: Sequence[int], *, gap: int = 2, mark: str = "…"
) -> Line:
    """A list's row: each cell cut or padded to its width. A `Span` is cut as its column says, a `Line` at its end."""
    spans: list[Span] = []
    for place, (cell, column, columns_wide) in enumerate(zip(cells, columns, widths, strict=True)):
        if place and gap:
            spans.append(Span(" " * gap))
        if isinstance(cell, Span):
            text = fill(cell.text, columns_wide, align=column.align, keep=column.keep, mark=mark)
            spans.append(cell._replace(text=text))
        else:
            spans.extend(fill_line(cell, columns_wide, align=column.align, mark=mark))
    return tuple(spans)
