"""The benchmarks work: they run, in small, and say what they should. No figure is judged here."""

from __future__ import annotations

import json
from importlib import import_module

import pytest

from tests.benchmarks.bench import Row, Sizes
from tests.benchmarks.run import NAMES, line

CHEAP = ("noop", "async_noop", "shell", "help_page", "launch", "skew", "crash")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("others", *CHEAP)])
def test_a_dear_benchmark_works(name: str) -> None:
    check(name)


@pytest.mark.parametrize("name", CHEAP)
def test_a_cheap_benchmark_works(name: str) -> None:
    check(name)


def check(name: str) -> None:
    rows = import_module(f"tests.benchmarks.{name}").measure(Sizes(quick=True))
    assert rows
    for row in rows:
        told = json.loads(row.json())
        assert set(told) == {"name", "ours", "other", "ratio", "target", "ok", "unit", "n"}
        assert row.ours >= 0
        assert row.n > 0


def test_a_crash_blames_one_item_and_repeats_none() -> None:
    """The one row that is no matter of speed."""
    assert all(row.ok for row in import_module("tests.benchmarks.crash").measure(Sizes(quick=True)))


def test_the_table_says_which_way_a_target_points() -> None:
    assert line(Row("speed", 90, 100, 0.9, 0.85, "items", 1, at_least=True)).endswith("| ≥ 0.85 | yes |")
    assert line(Row("cost", 90, 100, 0.9, 0.85, "µs", 1)).endswith("| ≤ 0.85 | **no** |")
