"""What a dialog leaves of the lines behind it: columns, whatever the characters in them are wide."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.view.cellwidth import clusters, even, width
from tui_workflow.view.line import Span, plain
from tui_workflow.view.panes.dialog import _slice

texts = st.text("ab ─漢e\u0301\u2764\ufe0f", max_size=8).map(lambda text: text.lstrip("\u0301\ufe0f"))
lines = st.lists(st.builds(Span, texts), max_size=5).map(tuple)


@given(lines, st.integers(0, 24), st.integers(0, 24))
def test_a_slice_is_as_wide_as_its_columns(line: tuple[Span, ...], one: int, other: int) -> None:
    start, stop = sorted((one, other))
    there = sum(width(span.text) for span in line)
    left = sum(width(span.text) for span in _slice(line, start, stop))
    assert left == max(0, min(stop, there) - min(start, there))


@given(lines)
def test_a_slice_of_all_columns_is_the_line(line: tuple[Span, ...]) -> None:
    there = sum(width(span.text) for span in line)
    whole = plain(_slice(line, 0, there))
    assert [piece for piece, own in clusters(whole) if own] == [
        piece for span in line for piece, own in clusters(span.text) if own
    ]


@given(texts)
def test_even_text_can_be_cut_anywhere(text: str) -> None:
    if even(text):
        assert all(width(text[:place]) == place for place in range(len(text) + 1))
