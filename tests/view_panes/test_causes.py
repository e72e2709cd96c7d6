"""The pane of failures: the word that tells a cause from the others is not cut away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.simulate import Simulation
from tests.view.made import BEGIN, ended, error, run_of, shape
from tests.view.made import listed as listed_items
from tests.view_panes.scenes import scene
from tests.view_panes.scenes import text as screen_text
from tests.view_panes.test_tolerated import billing
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import Group, fold
from tui_workflow.view.causes import listed
from tui_workflow.view.columns import line_width
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.keys import DEFAULT
from tui_workflow.view.line import Line, Span, plain
from tui_workflow.view.nav import Filter, Nav
from tui_workflow.view.page import draw
from tui_workflow.view.panes import failures
from tui_workflow.view.panes.failures import Cause
from tui_workflow.view.panes.row import Rows
from tui_workflow.view.sampling import Sampling
from tui_workflow.view.scene import Scene

NO_RATE = Group("a", "LookupError", "no exchange rate for XBT (order A10001)", ("/x/billing.py", 12), 214, 100.0)
NO_NUMBER = Group("b", "ValueError", "could not convert string to float: '1,204.50'", ("/x/billing.py", 9), 143, 90.0)
EMPTY = [
    Group(f"c{n}", "ValueError", f"order A10{n}34: the country of {name} is empty", ("/x/billing.py", 14), 9 - n, 80.0)
    for n, name in enumerate(["Elm & Sons 4", "Jones Ltd 7", "Kaur Foods 1", "Smith & Co 3"])
]
ALL = [Cause("invoices", group) for group in (NO_RATE, NO_NUMBER, *EMPTY)]
TRENDS: dict[str, Line] = {cause.mark: (Span("▁▁▁▁▁▂█"),) for cause in ALL}


def drawn(found: list[Cause], width: int, height: int, *, aged: bool = True, selected: str = "") -> Rows:
    ages = 105.0 if aged else None
    return failures.rows(found, selected, (), ages, TRENDS, width, height, UNICODE, cursor="here")


def text(rows: Rows) -> str:
    return "\n".join(plain(row.line) for row in rows).replace("\u00a0", " ")


@pytest.mark.parametrize("width", [53, 58, 69, 76])
def test_a_message_takes_a_second_row_where_rows_are_free(width: int) -> None:
    words = " ".join(text(drawn(ALL, width, 20)).split())
    assert "for XBT" in words
    assert "A10001)" in words
    for name in ("Sons 4", "Ltd 7", "Foods 1", "Co 3"):
        assert f"{name} is empty" in words


@pytest.mark.parametrize("width", [44, 53, 69])
def test_in_one_row_the_end_of_a_message_stays(width: int) -> None:
    shown = text(drawn(ALL, width, 7)).split("\n")
    assert len(shown) == 7
    assert "A10001)" in shown[1]
    assert "LookupError no ex" in shown[1]
    assert len({" ".join(line.split()[1:]) for line in shown[3:]}) == 4, shown


def test_both_rows_of_a_cause_are_the_cause() -> None:
    rows = drawn(ALL, 69, 20, selected=ALL[0].mark)
    assert [row.target.value for row in rows[1:4] if row.target] == [ALL[0].mark, ALL[0].mark, ALL[1].mark]
    assert [row.cursor for row in rows[1:4]] == ["here", "here", ""]


def test_short_messages_keep_their_trend_and_columns_are_named() -> None:
    found = [Cause("s", Group("k", "KeyError", "'title'", ("clean.py", 41), 3, 100.0))]
    trends: dict[str, Line] = {found[0].mark: (Span("▁▁▁▁▁▂█"),)}
    rows = failures.rows(found, "", (), 105.0, trends, 69, 5, UNICODE, cursor="")
    title, line = plain(rows[0].line), plain(rows[1].line)
    assert line.endswith("5 s ▁▁▁▁▁▂█")
    assert title.endswith("last trend  ")
    assert title.index("last") + 4 == line.index("5 s") + 3


def test_without_room_for_its_name_the_age_goes() -> None:
    shown = text(drawn(ALL, 58, 20))
    assert "last" not in shown
    assert "5 s" not in shown


def test_what_is_not_in_sight_is_counted() -> None:
    shown = text(drawn(ALL, 69, 6))
    assert "2 more below" in shown
    shown = text(drawn(ALL, 69, 6, selected=ALL[-1].mark))
    assert "2 more above" in shown
    shown = text(drawn(ALL, 69, 5, selected=ALL[3].mark))
    assert "2 more above, 1 more below" in shown
    assert "more" not in text(drawn(ALL, 69, 7))


def test_one_row_gives_each_cause_the_room_there_is() -> None:
    alone = plain(failures.line(ALL[:1], 76, UNICODE).line)
    assert "214 LookupError no exchange rate for XBT (order A10001)" in alone
    two = plain(failures.line(ALL[:2], 92, UNICODE).line)
    assert "A10001)" in two
    assert "1,204.50'" in two
    many = plain(failures.line(ALL, 76, UNICODE).line)
    assert "5 more" in many
    assert many.rstrip().endswith("4 Log")


@given(
    st.lists(
        st.tuples(st.text(max_size=20), st.text(max_size=120), st.integers(1, 10**6), st.booleans()),
        min_size=1,
        max_size=12,
    ),
    st.integers(20, 130),
    st.integers(1, 20),
    st.booleans(),
    st.booleans(),
)
def test_any_failures_fit(
    made: list[tuple[str, str, int, bool]], width: int, height: int, aged: bool, steps: bool
) -> None:
    found = [
        Cause("st/ep", Group(str(n), kind, message, ("/表/f.py", 3) if placed else None, count, 90.0))
        for n, (kind, message, count, placed) in enumerate(made)
    ]
    trends: dict[str, Line] = {cause.mark: (Span("▁▁▁▁"),) for cause in found}
    ages = 100.0 if aged else None
    rows = failures.rows(found, "", [found[0].mark], ages, trends, width, height, UNICODE, cursor="", steps=steps)
    assert len(rows) <= max(1, height)
    assert all(line_width(row.line) <= width for row in rows)
    assert line_width(failures.line(found, width, UNICODE).line) <= width


def test_a_middling_terminal_shows_the_causes_in_rows_that_nobody_needs() -> None:
    small = Scene(billing(), Nav(step="invoices"), Sampling(), DEFAULT, UNICODE, BEGIN + 20)
    shown = screen_text(draw(small, 80, 24))
    assert "LookupError no exchange rate for XBT" in shown
    assert "by count" in shown
    assert shown.split("\n")[-3].strip() == "4 Log"
    crowded = screen_text(draw(scene(Simulation(total=20_000)), 80, 24))
    assert "by count" not in crowded
    assert "4 Log" in crowded


def test_the_hits_of_a_filter_are_counted_once_until_what_is_found_or_has_failed_changes() -> None:
    run = run_of(shape("work"))
    step = listed_items(run, "work", 50)
    bad, odd = error("ValueError", "bad"), error("KeyError", "odd")
    fold(run, [ended("work", range(20), at=BEGIN + 1, status=Ended.FAILED, failure=bad)])
    fold(run, [ended("work", range(20, 30), at=BEGIN + 2, status=Ended.FAILED, failure=odd)])
    nav = Nav(step="work", group_filter=Filter("doc"), group_found={"work": range(5, 25)})

    def counts() -> list[int]:
        return [cause.group.count for cause in listed(run, nav)]

    assert counts() == [15, 5]
    once = nav.group_hits["work"]
    assert counts() == [15, 5]
    assert nav.group_hits["work"] is once
    nav.group_found["work"] = range(24)
    assert counts() == [20, 4]
    fold(run, [ended("work", [0], at=BEGIN + 3, attempt=2)])
    assert step.failed == 29
    assert counts() == [19, 4]
    fold(run, [ended("work", [1], at=BEGIN + 4, status=Ended.FAILED, failure=odd, attempt=2)])
    assert counts() == [18, 5]
