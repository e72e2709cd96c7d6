"""Wrapping: cut by places or by cells, a line comes out the same; and no piece is wider than it may be."""

from __future__ import annotations

from itertools import pairwise
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.view import wrapping
from tui_workflow.view.cellwidth import even
from tui_workflow.view.columns import line_width
from tui_workflow.view.line import Span, plain
from tui_workflow.view.wrapping import joined, wrapped

spans = st.builds(Span, st.text("ab é", max_size=40), st.sampled_from(["text", "dim"]), st.booleans())
lines = st.lists(spans, max_size=5).map(tuple)


@given(lines, st.integers(1, 40), st.booleans(), st.integers(1, 40))
def test_even_text_is_cut_by_places_as_it_would_be_by_cells(
    line: tuple[Span, ...], width: int, words: bool, near: int
) -> None:
    assert all(even(span.text) for span in line)
    quick = wrapped(line, width, words=words, near=near)
    with mock.patch.object(wrapping, "even", return_value=False):
        assert quick == wrapped(line, width, words=words, near=near)
    assert "".join(plain(piece) for piece in quick) == plain(line)
    assert all(line_width(piece) <= width for piece in quick)


@given(lines)
def test_neighbours_of_one_style_are_one(line: tuple[Span, ...]) -> None:
    found = joined(line)
    assert plain(found) == plain(line)
    assert all(span.text for span in found)
    assert all(one[1:] != other[1:] for one, other in pairwise(found))
