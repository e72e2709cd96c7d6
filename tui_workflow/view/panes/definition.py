"""The flow's text with quiet highlighting; problems of a save that was not taken up stand above it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from tui_workflow.flow.compose import split_lines
from tui_workflow.text import visible
from tui_workflow.view import numbers
from tui_workflow.view.cellwidth import width as width_of
from tui_workflow.view.columns import cut, fill_line, line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.log import marked
from tui_workflow.view.panes.row import Row, Rows, Target, data, heading
from tui_workflow.view.ports import Mark, Rejected
from tui_workflow.view.wrapping import wrapped

_PARTS = re.compile(
    r"""
    (?P<comment>(?:^|(?<=\s))\#.*$)
  | (?P<template>\{\{.*?\}\}|\{%.*?%\})
  | (?P<key>(?:^|(?<=[\s{,]))[\w.-]+(?=:(?:\s|$)))
  | (?P<string>"(?:[^"\\]|\\.)*"|'[^']*')
    """,
    re.VERBOSE,
)
PARSED = 2000
"""Characters of a line up to which its parts have colours: the pattern takes the square of a long one's time."""
MARKS = 4
"""Characters of a line that may stand in one column: a letter and the marks above and below it."""


def rows(
    path: str,
    text: str,
    at: int,
    revision: int,
    rejected: Rejected | None,
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    found: str = "",
    wrap: bool = False,
    entry: Row | None = None,
    waiting: int = 0,
) -> Rows:
    """The page in `height` rows with line `at` (from 0) in sight.

    With `rejected` it is the text of the save that was not taken up, with its problems in place; else the text in use,
    but for `waiting` structural edits that nobody has accepted yet.
    """
    lines = lines_of(text)
    name = path.rsplit("/", 1)[-1]
    if rejected is None:
        but = (
            f" but for {numbers.plural(waiting, 'edit')} that {'waits' if waiting == 1 else 'wait'}" if waiting else ""
        )
        extra = f"  {name}, r{revision} in use{but}"
        tail: Line = (Span(f"line {numbers.count(min(at, len(lines) - 1) + 1)} of {numbers.count(len(lines))}", "dim"),)
    else:
        extra = f"  {name}, not in use, saved at {numbers.clock(rejected.saved)}"
        tail = (Span(numbers.plural(rejected.count, "problem"), "failed", bold=True),)
    head = (Span("Definition", "accent", bold=True), *data(extra, "dim"))
    lead = [heading(head, tail, width, focused=True, glyphs=glyphs)]
    if entry is not None:
        lead.append(entry)
    room = max(1, height - len(lead))
    gutter = len(str(len(lines))) + 1
    columns = max(8, width - gutter - 3)
    side = Span(f"{glyphs.gutter} ", "rule")
    only = Mark(rejected.line, rejected.column, rejected.message, rejected.hint) if rejected is not None else None

    def drawn(place: int) -> Rows:
        line, wrong = lines[place], rejected is not None and place + 1 in rejected.lines
        text = _in_sight(line, columns * (room if wrap else 1), glyphs)
        role = "failed" if wrong else "text" if place == at else "dim"
        number = Span(f"{place + 1:>{gutter}} ", role, bold=wrong)
        body: Rows = []
        for turn, part in enumerate(wrapped(_coloured(text, found), columns) if wrap else [_coloured(text, found)]):
            first = number if turn == 0 else Span(" " * (gutter + 1))
            whole: Line = (first, side, *part)
            if wrong:
                whole = tuple(
                    span._replace(fill="failed_tint") for span in fill_line(whole, width, mark=glyphs.ellipsis)
                )
            body.append(Row(whole, Target("line", place), "here" if place == at else "", "failed_tint" * wrong))
        for problem in (rejected.marks or (only,)) if rejected is not None and wrong else ():
            if problem is not None and problem.line == place + 1:
                body += _problem(problem, line, (Span(" " * (gutter + 1)), side), width, glyphs)
        return body

    return [*lead, *_around(min(at, len(lines) - 1), len(lines), room, drawn)][:height]


def _around(at: int, count: int, room: int, drawn: Callable[[int], Rows]) -> Rows:
    """`room` rows of lines, with line `at` in their middle as far as there are lines on both sides.

    A line takes as many rows as it needs, so only those that may be in sight are drawn.
    """
    here = drawn(at)[:room]
    above: Rows = []
    below: Rows = []
    first, last = at, at
    while first > 0 and len(above) < room // 2:
        first -= 1
        above = [*drawn(first), *above]
    while last < count - 1 and min(len(above), room // 2) + len(here) + len(below) < room:
        last += 1
        below += drawn(last)
    while first > 0 and len(above) + len(here) + len(below) < room:
        first -= 1
        above = [*drawn(first), *above]
    top = min(max(0, len(above) - room // 2), max(0, len(above) + len(here) + len(below) - room))
    top = max(top, len(above) + len(here) - room)
    return [*above, *here, *below][top : top + room]


def _in_sight(line: str, columns: int, glyphs: Glyphs) -> str:
    """The beginning of a line that fills so many columns: no more of a line of a megabyte is looked at, frame by frame."""
    most = MARKS * columns
    return line if len(line) <= most else f"{line[:most]}{glyphs.ellipsis}"


def _coloured(line: str, found: str) -> Line:
    if found and found.lower() in line.lower():
        return marked(line, "text", found)
    return highlighted(line) if len(line) <= PARSED else data(line)


def _problem(mark: Mark, line: str, lead: Line, width: int, glyphs: Glyphs) -> Rows:
    """What is wrong with a line, below it: carets and message, hint and place, in as many rows as they need."""
    column = max(1, min(mark.column, len(line) + 1))
    word = re.match(r"[\w.-]+", line[column - 1 :])
    carets = "^" * max(1, width_of(word[0]) if word else 1)
    room = width - line_width(lead)
    indent = min(width_of(visible(line[: column - 1])), max(0, room - 30))
    hint = (*_hint(mark.hint), Span("   ")) if mark.hint else ()
    found: Rows = []
    for said in (
        (
            Span(f"{cut(carets, max(1, room - indent - 20), mark=glyphs.ellipsis)} ", "failed", bold=True),
            *data(mark.message, "failed"),
        ),
        (*hint, Span(f"line {mark.line}, column {mark.column}", "dim")),
    ):
        for part in wrapped(said, max(8, room - indent), words=True):
            found.append(Row((*lead, Span(" " * indent), *part)))
    return found


def _hint(hint: str) -> Line:
    """A hint; the name that it offers is bold."""
    asks, _, rest = hint.partition("'")
    name, end, tail = rest.partition("'")
    if not end or not hint.startswith("did you mean"):
        return data(hint, "dim")
    return (*data(asks, "dim"), *data(name, "strong", bold=True), *data(tail, "dim"))


@lru_cache(maxsize=4)
def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text as YAML counts them, and so the places of its problems; an empty one for an empty text."""
    lines = split_lines(text)
    return tuple(lines[:-1] if len(lines) > 1 and not lines[-1] else lines)


@lru_cache(maxsize=2048)
def highlighted(line: str) -> Line:
    """A line of YAML: keys, strings, comments and templates in their muted colours. A guess by pattern, not a parse."""
    spans: list[Span] = []
    start = 0
    for match in _PARTS.finditer(line):
        kind = match.lastgroup or "string"
        spans += (*data(line[start : match.start()]), *_inside(match[0], kind))
        start = match.end()
    return (*spans, *data(line[start:]))


def _inside(text: str, kind: str) -> Line:
    if kind != "string" or "{{" not in text:
        return data(text, f"code.{kind}")
    spans: list[Span] = []
    start = 0
    for match in re.finditer(r"\{\{.*?\}\}", text):
        spans += (*data(text[start : match.start()], "code.string"), *data(match[0], "code.template"))
        start = match.end()
    return (*spans, *data(text[start:], "code.string"))
