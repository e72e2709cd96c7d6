"""Widths, cutting and fixed columns."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_workflow.text import visible
from tui_workflow.view.cellwidth import clusters, width
from tui_workflow.view.columns import Column, apart, cut, cut_line, fill, fill_line, layout, line_width, row, title
from tui_workflow.view.line import Line, Span, plain

shown = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"], max_codepoint=0x1FAFF), max_size=30).map(
    visible
)
lines = st.lists(st.builds(Span, shown), max_size=5).map(tuple)
columns_wide = st.integers(0, 40)


def _older_than_the_painter(character: str) -> bool:
    """Symbols that Unicode 16 made wide; older Pythons do not know it."""
    return any(
        first <= ord(character) <= last for first, last in ((0x2630, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D376))
    )


def test_a_character_is_as_wide_as_the_painter_paints_it() -> None:
    differing = [
        f"{code:x}"
        for code in range(0x20, 0x2FFFF)
        if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co", "Cc")
        and not _older_than_the_painter(chr(code))
        and width(chr(code)) != cell_len(chr(code))
    ]
    assert len(differing) < 60, differing


def test_emoji_and_joined_sequences() -> None:
    for text in ("❤\ufe0f", "1\ufe0f", "✓\ufe0f", "👩\u200d👩\u200d👧", "🇩🇪", "한글", "e\u0301", "क्षि", "\ufe0fa"):
        assert width(text) == cell_len(text), text


@given(shown)
def test_pieces_make_the_text(text: str) -> None:
    assert "".join(piece for piece, _ in clusters(text)) == text
    assert width(text) == sum(columns for _, columns in clusters(text))


@given(shown, columns_wide, st.sampled_from(["start", "end", "ends"]))
def test_a_cut_never_exceeds_its_columns_and_leaves_short_text_alone(text: str, columns: int, keep: str) -> None:
    short = cut(text, columns, keep=keep)  # type: ignore[arg-type]
    assert width(short) <= columns
    if width(text) <= columns:
        assert short == text
    elif columns:
        assert "…" in short


@given(shown, columns_wide, st.sampled_from(["left", "right"]))
def test_filled_text_takes_exactly_its_columns(text: str, columns: int, align: str) -> None:
    assert width(fill(text, columns, align=align)) == columns  # type: ignore[arg-type]


@given(lines, lines, columns_wide)
def test_lines_fit(left: Line, right: Line, columns: int) -> None:
    assert line_width(cut_line(left, columns)) <= columns
    assert line_width(fill_line(left, columns, align="right")) == columns
    assert line_width(apart(left, right, columns)) == columns
    assert line_width(title(left, right, columns)) == columns


def test_where_the_telling_part_is() -> None:
    assert cut("process_chunks", 8) == "process…"
    assert cut("/home/me/flows/fetch.py:88", 12, keep="end") == "…fetch.py:88"
    assert cut("abcdefghij", 5, keep="ends") == "ab…ij"
    assert cut("日本語", 4) == "日…"
    assert cut("x", 0) == ""


def test_a_cut_at_a_gap_of_the_text_leaves_one_mark() -> None:
    assert cut("row … of the table is wrong", 11, keep="ends") == "row … wrong"
    assert cut("row …… of it is bad", 9, keep="ends") == "row … bad"
    assert cut("the order … is bad", 10, keep="ends") == "the o… bad"
    assert cut("order … is bad", 8) == "order …"
    assert cut("it is … bad", 6, keep="end") == "… bad"
    assert cut("row … of it is bad", 9, keep="ends", mark="~") == "row ~ bad"


@given(
    st.lists(st.sampled_from(["…", " ", "ab", "世"])).map("".join),
    columns_wide,
    st.sampled_from(["start", "end", "ends"]),
)
def test_gaps_never_stand_side_by_side(text: str, columns: int, keep: str) -> None:
    text = re.sub("……+", "…", text)
    assert "……" not in cut(text, columns, keep=keep)  # type: ignore[arg-type]


def test_a_title_sits_on_one_rule() -> None:
    left = (Span("1 ", "dim"), Span("Steps", bold=True))
    assert plain(title(left, (Span("3 of 9 done"),), 30)) == "1 Steps ────────── 3 of 9 done"
    assert plain(title(left, (), 12)) == "1 Steps ────"
    assert plain(title(left, (Span("3 of 9 done"),), 20)) == "1 Steps  3 of 9 done"
    assert plain(title(left, (Span("3 of 9 done"),), 16)) == "1 …  3 of 9 done"


def test_a_row_gives_what_is_left_to_the_column_that_stretches() -> None:
    shape = (Column(4, "right"), Column(5, stretch=True), Column(8, keep="end"))
    widths = layout(shape, 30)
    assert widths == (4, 14, 8)
    drawn = row((Span("401"), (Span("HTTPError", bold=True), Span(" 429")), Span("src/fetch.py:88")), shape, widths)
    assert plain(drawn) == " 401  HTTPError 429   …h.py:88"
    assert line_width(drawn) == 30


@given(st.lists(st.tuples(shown, st.integers(1, 12), st.booleans()), min_size=1, max_size=5), st.integers(0, 80))
def test_rows_of_one_layout_are_equally_wide(cells: list[tuple[str, int, bool]], total: int) -> None:
    shape = [Column(columns, stretch=stretch) for _, columns, stretch in cells]
    widths = layout(shape, total)
    drawn = row([Span(text) for text, _, _ in cells], shape, widths)
    assert line_width(drawn) == sum(widths) + 2 * (len(cells) - 1)
