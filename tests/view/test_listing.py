"""Items of a step by their state: every state that any item is in can be listed, and a skipped one says why."""

from __future__ import annotations

from tests.view.made import BEGIN, ended, error, listed, run_of, shape
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import Item, StepState, fold
from tui_workflow.view import listing
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.nav import Items
from tui_workflow.view.panes import items
from tui_workflow.view.ports import ItemRow

EMPTY = "order is empty: nothing to charge"


def step_of() -> StepState:
    run = run_of(shape("charge"))
    listed(run, "charge", 10)
    fold(
        run,
        [
            ended("charge", range(4), at=BEGIN + 1),
            ended("charge", (4, 7), at=BEGIN + 1, status=Ended.SKIPPED, failure=error("Skipped", EMPTY)),
            ended("charge", (5,), at=BEGIN + 1, status=Ended.FAILED, failure=error("KeyError", "total")),
        ],
    )
    return run.steps["charge"]


def test_the_states_that_there_are_follow_each_other() -> None:
    step, held = step_of(), Items("charge", "charge", running=(6, 8))
    seen = {}
    for _ in range(6):
        held.states = listing.next_states(step, held.states, 2)
        seen[listing.STATES[held.states]] = list(listing.numbers(step, held))
    assert seen == {
        "running": [6, 8],
        "skipped": [4, 7],
        "failed": [5],
        "done": [0, 1, 2, 3],
        "waiting": [6, 8, 9],
        "all": list(range(10)),
    }
    fresh = listed(run_of(shape("charge")), "charge", 3)
    assert listing.STATES[listing.next_states(fresh, (), 0)] == "waiting"


def test_a_skipped_item_says_why_in_its_row() -> None:
    held = Items("charge", "charge", states=(Item.SKIPPED,))
    known = {n: ItemRow(n, n, f"order-{n}", Item.SKIPPED, 1, 5.0, 0.5, 1, "Skipped", EMPTY) for n in (4, 7)}
    for width, words in ((42, "order is empty: nothing"), (116, EMPTY)):
        rows = items.rows((4, 7), 2, held, 0, known, {}, width, 9, UNICODE, cursor="here")
        lines = [plain(row.line) for row in rows]
        assert "charge  2 skipped" in lines[0]
        assert all(f"⊘ order-{n}" in line and words in line for n, line in zip((4, 7), lines[2:], strict=True))
        assert all(len(line) <= width for line in lines)
