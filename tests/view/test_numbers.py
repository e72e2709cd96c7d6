"""How numbers are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.view import numbers as n


def test_thousands_are_grouped_by_a_no_break_space_and_copied_as_plain_digits() -> None:
    assert n.count(61115) == "61\u00a0115"
    assert n.count(1000000) == "1\u00a0000\u00a0000"
    assert n.copyable(f"{n.count(1234567)} of {n.count(999)}") == "1234567 of 999"


@given(st.integers(min_value=0, max_value=10**15))
def test_copying_a_count_gives_the_number_back(number: int) -> None:
    assert int(n.copyable(n.count(number))) == number


@pytest.mark.parametrize(
    ("done", "total", "whole", "fine"),
    [
        (61115, 100_000, "61 %", "61.1 %"),
        (0, 10, "0 %", "0 %"),
        (1, 100_000, "<1 %", "<0.1 %"),
        (999, 100_000, "<1 %", "1.0 %"),
        (99_999, 100_000, "99 %", "99.9 %"),
        (100_000, 100_000, "100 %", "100 %"),
        (0, 0, "100 %", "100 %"),
    ],
)
def test_percentages(done: int, total: int, whole: str, fine: str) -> None:
    assert n.percent(done, total) == whole
    assert n.fine_percent(done, total) == fine


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.booleans())
def test_a_hundred_percent_means_all_is_done(done: int, more: int, known: bool) -> None:
    for text in (n.percent(done, done + more, known=known), n.fine_percent(done, done + more, known=known)):
        assert text.startswith("100") == (more == 0 and known)
        assert bool(text) == known, "of a total that grows no share is told"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (0.001, "<0.01 s"), (0.52, "0.52 s"), (0.994, "0.99 s"), (0.996, "1.0 s"), (3.24, "3.2 s"),
        (9.94, "9.9 s"), (9.96, "10 s"), (11.4, "11 s"), (59.4, "59 s"), (59.7, "1:00"), (65, "1:05"),
        (4322, "1:12:02"), (86399, "23:59:59"), (183600, "2 d 3 h"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert n.duration(seconds) == text


@given(st.floats(0, 10**8), st.floats(0, 10**8))
def test_ages_never_run_ahead(one: float, other: float) -> None:
    units = {"s": 1, "min": 60, "h": 3600, "d": 86400}

    def at_least(seconds: float) -> int:
        number, unit = n.copyable(n.age(seconds)).split(" ")
        return int(number) * units[unit]

    low, high = sorted((one, other))
    assert at_least(low) <= low
    assert at_least(low) <= at_least(high)


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (14.12, "14.1/s"), (1.0, "1.00/s"), (0.9996, "1.00/s"), (0.9994, "60.0/min"), (0.14, "8.4/min"),
        (12345, "12\u00a0300/s"), (99.96, "100/s"), (0.002, "7.2/h"), (1e-9, "<1/h"), (0, "0/s"), (float("nan"), "0/s"),
    ],
)  # fmt: skip
def test_rates(per_second: float, text: str) -> None:
    assert n.rate(per_second) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (2048, "2 KiB"),
        (2500, "2.4 KiB"),
        (812 * 2**20, "812 MiB"),
        (1023 * 2**20, "1 GiB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert n.size(size) == text


def test_stopwatch_ticks_by_whole_seconds() -> None:
    assert [n.stopwatch(seconds) for seconds in (0, 4.99, 61, 3600)] == ["0:00", "0:04", "1:01", "1:00:00"]
