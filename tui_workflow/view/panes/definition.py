"""The flow's text with quiet highlighting; problems of a save that was not taken up stand above it."""

from __future__ import annotations

import re
from functools import lru_cache

from tui_workflow.text import visible
from tui_workflow.view import numbers
from tui_workflow.view.cellwidth import width as width_of
from tui_workflow.view.columns import cut, fill_line, line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.log import marked, wrapped
from tui_workflow.view.panes.row import Row, Rows, Target, data, heading
from tui_workflow.view.ports import Mark, Rejected

_PARTS = re.compile(
    r"""
    (?P<comment>(?:^|(?<=\s))\#.*$)
  | (?P<template>\{\{.*?\}\}|\{%.*?%\})
  | (?P<key>(?:^|(?<=[\s{,]))[\w.-]+(?=:(?:\s|$)))
  | (?P<string>"(?:[^"\\]|\\.)*"|'[^']*')
    """,
    re.VERBOSE,
)


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
        extra = f"  {name} as saved at {numbers.clock(rejected.saved)}, not in use"
        tail = (Span(numbers.plural(rejected.count, "problem"), "failed", bold=True),)
    head = (Span("Definition", "accent", bold=True), *data(extra, "dim"))
    lead = [heading(head, tail, width, focused=True, glyphs=glyphs)]
    if entry is not None:
        lead.append(entry)
    room = max(1, height - len(lead))
    gutter = len(str(len(lines))) + 1
    top = min(max(0, at - room // 2), max(0, len(lines) - room + (3 if rejected is not None else 0)))
    body: Rows = []
    for place in range(top, min(len(lines), top + room)):
        line, wrong = lines[place], rejected is not None and place + 1 in rejected.lines
        spans = marked(line, "text", found) if found and found.lower() in line.lower() else highlighted(line)
        role = "failed" if wrong else "text" if place == at else "dim"
        number = Span(f"{place + 1:>{gutter}} ", role, bold=wrong)
        side = Span(f"{glyphs.gutter} ", "rule")
        parts = wrapped(spans, max(8, width - gutter - 3)) if wrap else [spans]
        for turn, part in enumerate(parts):
            first = number if turn == 0 else Span(" " * (gutter + 1))
            whole: Line = (first, side, *part)
            if wrong:
                whole = tuple(
                    span._replace(fill="failed_tint") for span in fill_line(whole, width, mark=glyphs.ellipsis)
                )
            body.append(Row(whole, Target("line", place), "here" if place == at else "", "failed_tint" * wrong))
        if rejected is not None and wrong:
            only = Mark(rejected.line, rejected.column, rejected.message, rejected.hint)
            for problem in rejected.marks or (only,):
                if problem.line == place + 1:
                    body += _problem(problem, line, (Span(" " * (gutter + 1)), side), width, glyphs)
    return [*lead, *body][:height]


def _problem(mark: Mark, line: str, lead: Line, width: int, glyphs: Glyphs) -> Rows:
    """What is wrong with a line, below it: carets and message, hint and place, in as many rows as they need."""
    column = max(1, min(mark.column, len(line) + 1))
    word = re.match(r"[\w.-]+", line[column - 1 :])
    carets = "^" * max(1, len(word[0]) if word else 1)
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
    """The lines of a text, an empty one for an empty text."""
    return tuple(text.split("\n")[:-1] if text.endswith("\n") else text.split("\n"))


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
