"""What is repainted is what differs: the rest of a row stands as it was, and is not written again."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tui_workflow.ui.widgets.canvas import differing
from tui_workflow.ui.widgets.cells import Cells

WIDTH = 24
STYLES = (Style(color="red"), Style(color="red", bold=True), Style(color="blue"))
pieces = st.tuples(st.text("ab 1é漢e\u0301", max_size=6), st.sampled_from(STYLES))
CONSOLE = Console(force_terminal=True, color_system="truecolor", width=WIDTH)


@st.composite
def rows(draw: st.DrawFn) -> Strip:
    strip = Strip([Segment(text, style) for text, style in draw(st.lists(pieces, max_size=6)) if text])
    return strip.adjust_cell_length(WIDTH, STYLES[0]).simplify()


def cells(strip: Strip) -> list[tuple[str, Style | None]]:
    return [(character, segment.style) for segment in strip for character in segment.text]


@given(rows(), rows())
def test_a_row_is_the_old_one_with_what_differs_put_in(old: Strip, new: Strip) -> None:
    start, end = differing(old, new)
    assert 0 <= start <= end <= WIDTH
    mended = Strip.join([old.crop(0, start), new.crop(start, end), old.crop(end, WIDTH)])
    assert cells(mended) == cells(new)


def test_a_digit_that_changes_is_one_cell() -> None:
    old, new = (Strip([Segment("run 0:0", STYLES[0]), Segment(f"{digit} of 9", STYLES[0])]) for digit in "12")
    assert differing(old.simplify(), new.simplify()) == (7, 8)


@given(rows(), st.integers(0, WIDTH), st.integers(0, WIDTH))
def test_no_more_is_written_than_the_columns_that_were_asked_for(row: Strip, one: int, other: int) -> None:
    left, right = sorted((one, other))
    update = Cells([row], [Region(left, 0, right - left, 1)])
    written = update.render_segments(CONSOLE)
    if left == right:
        assert written == ""
    else:
        assert written.startswith(f"\x1b[1;{left + 1}H")
        shown = re.sub(r"\x1b\[[0-9;]*[mH]", "", written)
        assert shown == row.crop(left, right).text
