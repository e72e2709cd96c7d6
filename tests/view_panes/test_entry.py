"""A line that is typed shows where the next letter goes, however long it is."""

from __future__ import annotations

import pytest

from tui_workflow.view.columns import line_width
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import Line, plain
from tui_workflow.view.nav import TextLine
from tui_workflow.view.panes import entry

TEXTS = ("short", "a reason that is longer than the row " * 3 + "end", "世界" * 40, "\u202e\x1b[2J" * 20)


def carets(line: Line) -> list[str]:
    return [span.text for span in line if span.fill == "text"]


@pytest.mark.parametrize("count", ["", "12 of 400 hits"])
@pytest.mark.parametrize("text", TEXTS)
def test_the_caret_of_a_filter_is_in_sight(text: str, count: str) -> None:
    typing = TextLine()
    typing.insert(text)
    for width in (36, 56, 116):
        line = entry.row(typing, "", "in key, error and log", "esc", width, UNICODE, count).line
        assert line_width(line) == width
        assert carets(line) == [" "]
        assert count in plain(line)


def test_of_a_long_text_the_beginning_goes() -> None:
    typing = TextLine()
    typing.insert("the beginning and the end")
    assert plain(entry.typed(typing, 12, UNICODE)) == "…nd the end "
    for _ in range(22):
        typing.edit("left")
    assert plain(entry.typed(typing, 12, UNICODE)).startswith("the beginning")
