"""The page before there is a run: which flow, and what is being done with it. It needs next to nothing, so it comes first."""

from __future__ import annotations

from tui_workflow.text import visible
from tui_workflow.view.columns import apart, fill_line
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span

MARGIN = 2


def page(title: str, doing: str, said: str, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """The screen's lines. Header and footer are where a run has them, so that nothing jumps when it comes.

    `title` is what is opened, `doing` what is being done with it, `said` a sentence that answers a key, "" for none.
    """
    head = (Span(visible(title), "strong", bold=True), Span(f"  {doing}", "dim"))
    foot = (Span("q", "accent", bold=True), Span(" leave", "dim"), *((Span(f"   {said}", "text"),) if said else ()))
    blank = fill_line((), width, mark=glyphs.ellipsis)
    return [_bar(head, width, glyphs), *[blank] * max(0, height - 2), _bar(foot, width, glyphs)][:height]


def _bar(line: Line, width: int, glyphs: Glyphs) -> Line:
    margin = MARGIN if width >= 70 else 1
    inner = apart(line, (), max(0, width - 2 * margin), mark=glyphs.ellipsis)
    whole = fill_line((Span(" " * margin), *inner), width, mark=glyphs.ellipsis)
    return tuple(span._replace(fill="panel") for span in whole)
