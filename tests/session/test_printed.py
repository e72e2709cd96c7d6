from __future__ import annotations

from tui_workflow.facts import logs
from tui_workflow.facts.logs import LogLine
from tui_workflow.facts.outcome import Ended, Outcome
from tui_workflow.session.feed import KEPT_LINES, LINES_A_TURN, PrintedLines


def ended(item: int, *texts: str) -> Outcome:
    log = logs.encode(LogLine(place / 10, text) for place, text in enumerate(texts))
    return Outcome(item, 1, Ended.OK, 100.0, 1.0, log=log or None)


def texts(lines: PrintedLines, mark: int = 0) -> list[str]:
    return [line.text for line in lines.since(mark)[1]]


def test_lines_of_quick_items_come_with_their_outcomes() -> None:
    lines = PrintedLines()
    lines.ended("a", [ended(0, "one", "two"), ended(1), ended(2, "three")])
    assert texts(lines) == ["one", "two", "three"]
    assert [line.at for line in lines.since(0)[1]] == [100.0, 100.1, 100.0]


def test_lines_that_were_sent_ahead_do_not_come_twice() -> None:
    lines = PrintedLines()
    lines.add("a", 7, logs.encode([LogLine(0.0, "one")]))
    mark = lines.since(0)[0]
    lines.ended("a", [ended(7, "one", "two")])
    assert texts(lines) == ["one", "two"]
    assert texts(lines, mark) == ["two"]
    lines.ended("a", [ended(7, "again")])
    assert texts(lines)[-1] == "again"


def test_of_a_flood_the_latest_lines_are_kept() -> None:
    lines = PrintedLines()
    lines.ended("a", [ended(item, f"line {item}") for item in range(1000)])
    assert texts(lines) == [f"line {item}" for item in range(1000 - LINES_A_TURN, 1000)]
    for _ in range(100):
        lines.ended("a", [ended(item, "x") for item in range(300)])
    assert len(texts(lines)) == KEPT_LINES
