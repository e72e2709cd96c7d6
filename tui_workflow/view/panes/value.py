"""A value as JSON text in rows: stored it has no spaces, so that nothing but its fields says where a row may end."""

from __future__ import annotations

import re
from functools import lru_cache

from tui_workflow.text import visible
from tui_workflow.view.columns import width as columns_of
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import data
from tui_workflow.view.wrapping import wrapped

_PART = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*"?)|, *|: *', re.DOTALL)
"""A text of a value, which may end in the middle where the value was cut, or what stands between two others."""


def fields(text: str) -> list[str]:
    """JSON text of one line with a space behind each colon, in pieces that end behind each comma."""
    return _PART.sub(lambda found: found[1] or (",\n" if found[0][0] == "," else ": "), text).split("\n")


@lru_cache(maxsize=16)
def lines(text: str, width: int) -> tuple[Line, ...]:
    """JSON text in rows of at most `width` columns that end between fields, within a field that is longer at spaces.

    The answer is kept: a value of 64 KiB may have thousands of fields, and its page is made anew several times a second while the
    item runs.
    """
    width = max(8, width)
    indent = " " if text[:1] in ("{", "[") else ""
    found: list[Line] = []
    row, taken = "", 0
    for field in fields(text):
        own = columns_of(visible(field))
        if row and taken + 1 + own <= width:
            row, taken = f"{row} {field}", taken + 1 + own
            continue
        if row:
            found += _in_width(row, taken, width, indent)
        row = f"{indent if row else ''}{field}"
        taken = own + len(row) - len(field)
    return (*found, *_in_width(row, taken, width, indent))


def _in_width(row: str, taken: int, width: int, indent: str) -> list[Line]:
    """One row, or a field that is wider than that in several."""
    if taken <= width:
        return [data(row)]
    inner = width - len(indent)
    first, *others = wrapped(data(row), inner, words=True, near=inner)
    return [first, *((Span(indent), *piece) if indent else piece for piece in others)]
