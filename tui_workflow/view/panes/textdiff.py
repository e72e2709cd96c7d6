"""The difference of two texts, in the form of `diff -u`."""

from __future__ import annotations

from collections.abc import Sequence

from tui_workflow.view.line import Span
from tui_workflow.view.panes.row import Row, Rows, data


def rows(lines: Sequence[str], top: int, height: int) -> Rows:
    """`height` rows of it from line `top` on."""
    if not lines:
        return [Row((Span("the texts are the same", "dim", italic=True),))]
    return [_row(line) for line in lines[top : top + height]]


def _row(line: str) -> Row:
    if line.startswith(("+++ ", "--- ")):
        return Row(data(line[4:], "strong", bold=True) if line.startswith("+++ ") else data(line, "dim"))
    if line.startswith("@@"):
        return Row(data(line, "dim"))
    if line.startswith("+"):
        return Row(data(line, "ok"), fill="ok_tint")
    if line.startswith("-"):
        return Row(data(line, "failed"), fill="failed_tint")
    return Row(data(line))
