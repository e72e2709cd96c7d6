"""Whole screens as text. After a wanted change: `WF_SNAPSHOTS=write pytest tests/view_panes`, and read the difference."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.simulate import Simulation
from tests.view_panes.scenes import drawn
from tui_workflow.view.glyphs import ASCII, UNICODE, Glyphs
from tui_workflow.view.nav import Pane

FOLDER = Path(__file__).parent / "snapshots"


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


CASES = [
    ("run-120x32", 120, 32, Pane.STEPS, UNICODE, False),
    ("run-104x30", 104, 30, Pane.FAILURES, UNICODE, False),
    ("run-80x24", 80, 24, Pane.STEPS, UNICODE, False),
    ("failures-80x24", 80, 24, Pane.FAILURES, UNICODE, False),
    ("steps-60x16", 60, 16, Pane.STEPS, UNICODE, False),
    ("step-60x16", 60, 16, Pane.STEP, UNICODE, False),
    ("log-60x16", 60, 16, Pane.LOG, UNICODE, False),
    ("ascii-120x32", 120, 32, Pane.STEPS, ASCII, False),
    ("done-120x32", 120, 32, Pane.FAILURES, UNICODE, True),
    ("done-80x24", 80, 24, Pane.STEPS, UNICODE, True),
]


@pytest.mark.parametrize(("name", "width", "height", "pane", "glyphs", "done"), CASES, ids=[case[0] for case in CASES])
def test_the_screen_is_as_it_was(name: str, width: int, height: int, pane: Pane, glyphs: Glyphs, done: bool) -> None:
    run = Simulation(total=20_000)
    if done:
        run.succeed()
    seen = drawn(run, width, height, pane=pane, glyphs=glyphs)
    path = FOLDER / f"{name}.txt"
    if os.environ.get("WF_SNAPSHOTS") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(seen, "utf-8")
    assert seen == path.read_text("utf-8")


def test_ascii_differs_by_lookup_only() -> None:
    """Every sign stands in the same column in both tables."""
    run = Simulation(total=20_000)
    unicode, ascii_ = drawn(run, 120, 32), drawn(run, 120, 32, glyphs=ASCII)
    assert ascii_.isascii()
    for one, other in zip(unicode.split("\n"), ascii_.split("\n"), strict=True):
        words = [(at, c) for at, c in enumerate(one) if c.isascii() and c.isalnum()]
        assert all(other[at] == c for at, c in words)
