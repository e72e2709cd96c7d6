"""The flow's text with quiet highlighting; problems of a save that was not taken up stand above it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tui_workflow.view import numbers
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.log import marked, wrapped
from tui_workflow.view.panes.row import BLANK, Row, Rows, Target, data, heading

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
    problems: Sequence[str],
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    found: str = "",
    wrap: bool = False,
    entry: Row | None = None,
) -> Rows:
    """The page in `height` rows with line `at` (from 0) in sight."""
    lines = lines_of(text)
    extra = f"  {path.rsplit('/', 1)[-1]}, r{revision} in use"
    tail = f"line {numbers.count(min(at, len(lines) - 1) + 1)} of {numbers.count(len(lines))}"
    head = (Span("Definition", "accent", bold=True), *data(extra, "dim"))
    lead = [heading(head, (Span(tail, "dim"),), width, focused=True, glyphs=glyphs)]
    if problems:
        last: Line = (Span("the last save was not taken up:", "failed"),)
        lead += [Row(last), *(Row((Span("  "), *data(problem))) for problem in problems[:6]), BLANK]
    if entry is not None:
        lead.append(entry)
    room = max(1, height - len(lead))
    gutter = len(str(len(lines))) + 1
    top = min(max(0, at - room // 2), max(0, len(lines) - room))
    body: Rows = []
    for place in range(top, min(len(lines), top + room)):
        line = lines[place]
        spans = marked(line, "text", found) if found and found.lower() in line.lower() else highlighted(line)
        number = Span(f"{place + 1:>{gutter}} ", "text" if place == at else "dim")
        side = Span(f"{glyphs.gutter} ", "rule")
        parts = wrapped(spans, max(8, width - gutter - 3)) if wrap else [spans]
        for turn, part in enumerate(parts):
            first = number if turn == 0 else Span(" " * (gutter + 1))
            body.append(Row((first, side, *part), Target("line", place), "here" if place == at else ""))
    return [*lead, *body][:height]


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
