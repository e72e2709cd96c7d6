"""Rows that a thread reads: all of them, in order, never many ahead, and none after nobody wants more."""

from __future__ import annotations

import threading
import time
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_workflow.workers.child import reading
from tui_workflow.workers.child.reading import NOTHING_YET, Rows, SourceError, nearest, read_aside


def numbered(count: int) -> Rows:
    for number in range(count):
        yield {"n": number}


def left() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "wf-source"]


def ended() -> bool:
    for thread in left():
        thread.join(10)
    return not left()


@settings(max_examples=30)
@given(st.integers(0, 5000), st.integers(1, 5000))
def test_rows_come_in_order_and_an_error_after_them(count: int, wanted: int) -> None:
    def read(unwanted: threading.Event) -> Rows:
        yield from numbered(count)
        raise SourceError("the end")

    found: list[int] = []
    told = ""
    rows = read_aside(read)
    try:
        found.extend(row["n"] for row in islice((row for row in rows if row is not NOTHING_YET), wanted))
    except SourceError as error:
        told = str(error)
    del rows
    # The error is raised where the next row would be.
    assert told == ("the end" if wanted > count else "")
    assert found == list(range(min(count, wanted)))
    assert ended()


@pytest.mark.parametrize(("size", "most"), [(1, reading._ROWS), (reading._BYTES // 4, 4)])
def test_only_so_much_is_read_ahead(size: int, most: int) -> None:
    read: list[int] = []

    def endless(unwanted: threading.Event) -> Rows:
        while True:
            read.append(1)
            yield {"text": "x" * size, "number": 1}

    rows = read_aside(endless)
    seen = 0
    while seen < 3:
        seen += next(rows) is not NOTHING_YET
    last = -1
    while last != len(read):
        last = len(read)
        time.sleep(0.05)
    # What was taken over at once, as much again behind it, and the one that finds no room.
    assert len(read) <= 2 * most + 1
    rows.close()  # type: ignore[attr-defined]
    assert ended()


def test_silence_is_told_and_the_reader_is_closed_in_its_thread() -> None:
    closed: list[Any] = []
    going = threading.Event()

    def waits(unwanted: threading.Event) -> Rows:
        try:
            going.set()
            unwanted.wait(20)
            yield {"n": 1}
        finally:
            closed.append((threading.current_thread().name, unwanted.is_set()))

    rows = read_aside(waits)
    assert next(rows) is NOTHING_YET
    assert going.is_set()
    rows.close()  # type: ignore[attr-defined]
    assert ended()
    assert closed == [("wf-source", True)]


def test_nothing_is_read_before_the_first_is_asked_for() -> None:
    rows = read_aside(lambda unwanted: numbered(1))
    assert left() == []
    assert [row for row in rows if row is not NOTHING_YET] == [{"n": 0}]
    assert ended()


def test_a_hint_names_the_nearest_or_the_first_few() -> None:
    assert nearest("job", ["jobs", "users"], "it has") == "did you mean 'jobs'?"
    assert nearest("x", ["jobs", "users"], "it has") == "it has jobs, users"
    assert nearest("x", [f"table {n}" for n in range(50)], "it has").endswith("table 11 …")
    assert nearest("x", [], "it has") == ""
