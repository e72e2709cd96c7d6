"""The difference of two texts, in the form of `diff -u`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_workflow.view.columns import beginning
from tui_workflow.view.line import Span
from tui_workflow.view.panes.row import Row, Rows, data

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


def rows(lines: Sequence[str], top: int, width: int, height: int) -> Rows:
    """`height` rows of it from line `top` on, for `width` columns."""
    if not lines:
        return [Row((Span("the texts are the same", "dim", italic=True),))]
    heads = _heads(lines[: top + height])
    shown = enumerate(lines[top : top + height], top)
    return [_row(beginning(line, width), place in heads) for place, line in shown]


def _heads(lines: Sequence[str]) -> set[int]:
    """The places of lines that name files: a removed `-- note` looks like one, but is among the lines that a hunk counts."""
    found, removed, added = set(), 0, 0
    for place, line in enumerate(lines):
        if removed <= 0 and added <= 0 and line.startswith(("--- ", "+++ ")):
            found.add(place)
        elif removed <= 0 and added <= 0 and (hunk := _HUNK.match(line)):
            removed, added = (int(count) if count is not None else 1 for count in hunk.groups())
        else:
            removed -= line[:1] in ("-", " ", "")
            added -= line[:1] in ("+", " ", "")
    return found


def _row(line: str, head: bool) -> Row:
    if head:
        return Row(data(line, "strong", bold=True))
    if line.startswith(("@@", "\\")):
        return Row(data(line, "dim"))
    if line.startswith("+"):
        return Row(data(line, "ok"), fill="ok_tint")
    if line.startswith("-"):
        return Row(data(line, "failed"), fill="failed_tint")
    return Row(data(line))
