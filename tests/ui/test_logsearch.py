"""Which hit of a search of the log a line is, whatever else was printed at the same time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.ui.logfeed import LogFeed
from tui_workflow.ui.logsearch import found
from tui_workflow.view.ports import LogRow, Printed

lines = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.sampled_from(["a hit", "a Hit", "none"])))
"""Times, items and texts: few of each, so that many lines are alike but for one of them, or quite."""


@given(lines, lines)
def test_hits_are_counted_through_from_the_oldest(
    stored: list[tuple[int, int, str]], printed: list[tuple[int, int, str]]
) -> None:
    rows = [
        LogRow(float(at), "work", item, f"k{item}", 1, text)
        for at, item, text in sorted(stored, key=lambda line: line[:2])
    ]
    latest = found("hit", [row for row in rows if "hit" in row.text.lower()], None, 10.0, {0: 5.0})
    log = LogFeed("work", None, {})
    log.add_stored(rows, len(rows) + 1)
    log.add_printed(
        [Printed((5.0 if item == 0 else 11.0) + at, "work", item, text) for at, item, text in sorted(printed)]
    )
    fresh = log.hits("hit", latest.is_fresh)
    ranks = [latest.rank(log, place, fresh) for place in range(len(log))]
    hits = [rank for rank, entry in zip(ranks, log, strict=True) if "hit" in entry.text.lower()]
    assert hits == list(range(1, len(hits) + 1))
    assert sum(map(bool, ranks)) == len(hits) == len(latest.rows) + len(fresh)
    assert latest.rank(log, len(log), fresh) == 0


def test_what_was_seen_while_it_was_printed_is_found_by_its_text() -> None:
    rows = [LogRow(float(at), "work", 1, "k", 1, f"hit {at}") for at in range(5)]
    latest = found("hit", rows, None, 10.0)
    log = LogFeed("work", None, {})
    log.add_printed([Printed(at + 3.0, "work", 1, f"hit {at}") for at in range(5)])
    assert [latest.rank(log, place, []) for place in range(5)] == [1, 2, 3, 4, 5]


def test_of_one_item_only_its_lines_are_found() -> None:
    rows = [LogRow(float(at), "work", at % 2, "k", 1, "hit") for at in range(5)]
    assert [row.at for row in found("hit", rows, 1).rows] == [1.0, 3.0]
    assert not found("hit", rows, 1).more
