"""Dialogs: a question or a list in a thin frame on the faded page. Only these have a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tui_workflow.view import numbers
from tui_workflow.view.cellwidth import clusters, even
from tui_workflow.view.columns import fill_line, line_width, title
from tui_workflow.view.columns import width as columns_of
from tui_workflow.view.frame import Area, Frame
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import BEHIND, Line, Span
from tui_workflow.view.panes.row import BLANK, Cursor, Hot, Row, Rows, Target, data, gutters, window

INNER = 3
"""Columns between the frame and the text, the cursor bar's included."""
GAP = 3
"""Columns between two keys side by side."""
EDGES = 3
"""Rows of the screen that a dialog has no text in: those of its frame, and one of the page."""


@dataclass(frozen=True, slots=True)
class Box:
    """The content of a dialog: its title, what stands at the right end of that, and its rows."""

    title: str
    rows: Rows
    width: int = 64
    """Columns of the text that it would like."""
    tail: Line = ()
    foot: Rows = field(default_factory=list)
    """What stands below the rows and is always seen: the answers and the keys, without which nobody gets out."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: its key, its verb, and what that would do."""

    key: str
    name: str
    verb: str
    effect: str = ""


def choices(offered: Sequence[Choice], at: int, room: int = 0) -> Rows:
    """Answers, one a row, with the cursor at one of them. An answer is chosen by its key, or by enter at the cursor.

    What they would do stands in rows below them where one of them does not fit into `room` columns beside its answer.
    """
    verbs = max((columns_of(choice.verb) for choice in offered), default=0)
    keys = max((len(choice.key) for choice in offered), default=0)
    lead = keys + 2 + verbs + 3
    below = bool(room) and any(choice.effect and lead + columns_of(choice.effect) > room for choice in offered)
    found = []
    for place, choice in enumerate(offered):
        target = Target("choice", place)
        cursor: Cursor = "here" if place == at else ""
        line: list[Span] = [Span(f"{choice.key:<{keys}}  ", "accent", bold=True)]
        line += data(choice.verb, "strong" if place == at else "text", bold=place == at)
        if choice.effect and not below:
            line += (Span(" " * (verbs - columns_of(choice.verb) + 3)), *data(choice.effect, "dim"))
        found.append(Row(tuple(line), target, cursor))
        if choice.effect and below:
            own = sentence(choice.effect, max(1, room - keys - 2), "dim")
            found += [Row((Span(" " * (keys + 2)), *each.line), target, cursor) for each in own]
    return found


def seen(box: Box, height: int) -> Rows:
    """The rows of a dialog that a screen of `height` shows: without blank ones where not all would be seen, then without the
    last above the foot, and it is said that they are missing.
    """
    most = max(1, height - EDGES)
    body, foot = box.rows, box.foot
    if len(body) + len(foot) <= most:
        return [*body, *foot]
    body, foot = ([row for row in rows if row != BLANK] for rows in (body, foot))
    foot = window(foot, most, next((at for at, row in enumerate(foot) if row.cursor), 0))
    over = len(body) + len(foot) - most
    room = most - len(foot)
    if over > 0 and foot:
        said = [Row((Span(numbers.plural(over + 1, "more row"), "dim", italic=True),))]
        body = [*body[: room - 1], *said] if room > 0 else []
    return [*body, *foot][:most]


def fitting(rows: Rows, least: int, most: int) -> int:
    """Columns for a dialog: as many as its widest row takes, between those that it has anyway and those that there are."""
    return max(least, min(most, max((line_width(row.line) for row in rows), default=0)))


def sentence(words: str, width: int, role: str = "text") -> Rows:
    """Words of our own in as many rows as they need."""
    found: Rows = []
    line = ""
    for word in words.split(" "):
        if line and columns_of(line) + 1 + columns_of(word) > width:
            found.append(Row(data(line, role)))
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*found, Row(data(line, role))] if line else found


def over(frame: Frame, box: Box) -> list[tuple[Line, bool]]:
    """The frame's lines with the dialog over their middle; True marks what is behind it.

    The areas of the page are forgotten: a dialog owns every click.
    """
    width = min(frame.width, max(20, box.width + 2 * (INNER + 1)))
    rows = seen(box, frame.height)
    height = min(frame.height, len(rows) + 4 if frame.height >= len(rows) + 4 else len(rows) + 2)
    padded = height >= len(rows) + 4
    left, top = (frame.width - width) // 2, max(0, (frame.height - height) // 2)
    drawn = _draw(box, rows, width, frame.glyphs, padded)
    frame.areas.clear()
    first = top + (2 if padded else 1)
    frame.areas.append(Area(0, left + 1 + INNER, first, width - 2 * (INNER + 1), tuple(rows)))
    mixed: list[tuple[Line, bool]] = []
    for y, line in enumerate(frame.lines):
        if top <= y < top + len(drawn):
            before, after = _slice(line, 0, left), _slice(line, left + width, frame.width)
            mixed.append(((*_behind(before), *drawn[y - top], *_behind(after)), False))
        else:
            mixed.append((line, True))
    return mixed


def _behind(line: Line) -> Line:
    return tuple(span._replace(role=BEHIND + span.role) for span in line)


def _slice(line: Line, start: int, stop: int) -> Line:
    """The columns from `start` to `stop`; a wide character that is cut in two becomes spaces."""
    found: list[Span] = []
    x = 0
    for span in line:
        if even(span.text):
            kept = span.text[max(0, start - x) : max(0, stop - x)]
            if kept:
                found.append(span if kept == span.text else span._replace(text=kept))
            x += len(span.text)
            continue
        text: list[str] = []
        for piece, own in clusters(span.text):
            inside = min(stop, x + own) - max(start, x)
            if own == 0:
                if start < x <= stop and text:
                    text.append(piece)
            elif inside == own:
                text.append(piece)
            elif inside > 0:
                text.append(" " * inside)
            x += own
        if text:
            found.append(span._replace(text="".join(text)))
    return tuple(found)


def _draw(box: Box, rows: Rows, width: int, glyphs: Glyphs, padded: bool) -> list[Line]:
    corner = glyphs.corners
    head = (Span(f"{corner[0]}{glyphs.rule} ", "border"), *data(box.title, "accent", bold=True))
    end = Span(f"{glyphs.rule}{corner[1]}", "border")
    tail = (*box.tail, end._replace(text=f" {end.text}")) if box.tail else ()
    room = width - 2
    top = title(head, tail, width if tail else room, rule=glyphs.rule, role="border", mark=glyphs.ellipsis)
    lines = [_panel(top if tail else (*top, end), width)]
    side = Span(glyphs.side, "border")
    blank = _panel((side, Span(" " * room), side), width)
    inner = width - 2 * (INNER + 1)
    body = [blank] if padded else []
    for row in rows:
        text = gutters(row, inner + 2 * (INNER - 1), glyphs) if row.cursor else None
        if text is not None:
            moved = row._replace(line=(Span(" " * (INNER - 1)), *fill_line(row.line, inner, mark=glyphs.ellipsis)))
            text = gutters(moved, inner + 2 * (INNER - 1), glyphs)
        else:
            pad = Span(" " * INNER)
            text = (pad, *fill_line(row.line, inner, mark=glyphs.ellipsis), pad)
            text = tuple(span._replace(fill=span.fill or row.fill) for span in text)
        body.append(_panel((side, *text, side), width))
    if padded:
        body.append(blank)
    lines += body
    lines.append(_panel((Span(f"{corner[2]}{glyphs.rule * room}{corner[3]}", "border"),), width))
    return lines


def _panel(line: Line, width: int) -> Line:
    return tuple(span if span.fill else span._replace(fill="panel") for span in fill_line(line, width))


def keys(pairs: Sequence[tuple[str, str, str]], width: int) -> Rows:
    """Keys, as many side by side as fit into `width`: each its key, its word, and the action's name."""
    found: Rows = []
    for key, word, name in pairs:
        part = (Span(key, "accent", bold=True), Span(f" {word}", "dim"))
        before = found[-1] if found else BLANK
        start = line_width(before.line) + GAP if before.line else 0
        stop = start + line_width(part)
        hot = Target("key", name)
        if before.line and stop <= width:
            line = (*before.line, Span(" " * GAP), *part)
            found[-1] = Row(line, hot=(*before.hot, Hot(start, stop, hot)))
        else:
            found.append(Row(part, hot=(Hot(0, line_width(part), hot),)))
    return found
