"""The two tables of signs."""

from __future__ import annotations

from tests.ui.simulate import Simulation
from tests.view_panes.scenes import drawn
from tui_workflow.view.glyphs import ASCII


def test_ascii_differs_by_lookup_only() -> None:
    """Every sign stands in the same column in both tables."""
    run = Simulation(total=20_000)
    unicode, ascii_ = drawn(run, 120, 32), drawn(run, 120, 32, glyphs=ASCII)
    assert ascii_.isascii()
    for one, other in zip(unicode.split("\n"), ascii_.split("\n"), strict=True):
        words = [(at, c) for at, c in enumerate(one) if c.isascii() and c.isalnum()]
        assert all(other[at] == c for at, c in words)
