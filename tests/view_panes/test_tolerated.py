"""Failures that a flow tolerates: the run succeeded, and the screen does not say that all is well."""

from __future__ import annotations

import pytest

from tests.ui.simulate import Simulation, http_error
from tests.view.made import BEGIN, ended, error, listed, run_of
from tests.view_panes.scenes import scene, text
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import RunState, fold
from tui_workflow.view import tolerated
from tui_workflow.view.glyphs import ASCII, UNICODE
from tui_workflow.view.line import CHIP, plain
from tui_workflow.view.page import draw
from tui_workflow.view.panes import header, history
from tui_workflow.view.panes import step as step_pane
from tui_workflow.view.panes import steps as steps_pane
from tui_workflow.view.ports import RunRow
from tui_workflow.view.sampling import Sampling


def billing(failed: int = 383, total: int = 1000, *, rerun: bool = True) -> RunState:
    """A batch of which some items failed, and a step that read the others."""
    run = run_of(
        ev.StepShape("invoices", "steps", True, (), (), "d1"),
        ev.StepShape("total", "steps", False, ("invoices",), ("invoices",), "d2", rerun=rerun),
    )
    listed(run, "invoices", total)
    failure = error("LookupError", "no exchange rate for XBT", ("/x/billing.py", 12))
    if failed:
        fold(run, [ended("invoices", range(failed), at=BEGIN + 1, status=Ended.FAILED, failure=failure)])
    fold(
        run,
        [
            ended("invoices", range(failed, total), at=BEGIN + 2),
            ev.StepFinished(BEGIN + 13, "invoices", "succeeded"),
            ev.StepStarted(BEGIN + 13, "total", 1),
            ev.ItemsListed(BEGIN + 13, "total", 0, 1),
            ev.ListingFinished(BEGIN + 13, "total"),
            ended("total", [0], at=BEGIN + 13, definition="d2"),
            ev.StepFinished(BEGIN + 13, "total", "succeeded"),
            ev.RunFinished(BEGIN + 13, "succeeded"),
        ],
    )
    return run


def tree(run: RunState, width: int) -> list[str]:
    rows = steps_pane.rows(run, "invoices", "", BEGIN + 20, {}, {}, width, 10, UNICODE, cursor="here")
    return [plain(row.line).replace("\u00a0", " ") for row in rows]


@pytest.mark.parametrize("width", [45, 60, 80, 120])
def test_the_badge_tells_how_many_failed(width: int) -> None:
    row = header.rows(billing(), BEGIN + 20, {}, "", width, UNICODE, 1)
    shown = plain(row.line)
    assert "✗ DONE, 383 FAILED" in shown
    assert "SUCCEEDED" not in shown
    assert shown.count("383") == 1
    (word,) = [span for span in row.line if "DONE" in span.text]
    assert (word.role, word.fill) == ("failed", CHIP + "failed_tint")


def test_a_run_without_a_failure_succeeded() -> None:
    run = billing(0)
    assert "✓ SUCCEEDED" in plain(header.rows(run, BEGIN + 20, {}, "", 80, UNICODE, 1).line)
    assert tree(run, 44)[1].startswith("✓ invoices")
    assert tree(run, 44)[2].split() == ["✓", "total", "done", "0:00"]


def test_the_step_and_what_read_it_tell_it_too() -> None:
    _, batch, reader = tree(billing(), 44)
    assert batch.startswith("✗ invoices")
    assert "383 of 1 000 failed" in batch
    assert reader.startswith("✓ total")
    assert "with 617 of 1 000" in reader
    assert "done with 617 of 1 000 items" in tree(billing(), 76)[2]


def test_the_pane_of_a_step_that_had_only_part_says_so() -> None:
    run = billing()
    part = tolerated.part_read(run, run.steps["total"])
    rows = step_pane.rows(run.steps["total"], (), {}, BEGIN + 20, Sampling(), 69, 10, UNICODE, cursor="here", part=part)
    shown = "\n".join(plain(row.line) for row in rows).replace("\u00a0", " ")
    assert "It had the results of 617 of 1 000 items: the others failed." in shown


def test_the_items_that_a_step_did_not_have_are_told_by_what_became_of_them() -> None:
    run = billing(10, 600)
    fold(run, [ended("invoices", range(5), at=BEGIN + 30, attempt=0, status=Ended.SKIPPED)])
    part = tolerated.part_read(run, run.steps["total"])
    assert part is not None
    assert part.words == "It had the results of 590 of 600 items: 5 failed, 5 were skipped."


def test_nothing_is_claimed_of_a_step_that_does_not_run_again() -> None:
    """After a retry its result may be older than the counts."""
    run = billing(rerun=False)
    assert tolerated.part_read(run, run.steps["total"]) is None


def test_a_retry_that_mends_all_takes_it_back() -> None:
    run = billing(5, 20)
    fold(run, [ended("invoices", range(5), at=BEGIN + 30, attempt=2)])
    assert tolerated.of_run(run) == 0
    assert tolerated.part_read(run, run.steps["total"]) is None


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_without_colour_the_sign_tells_it(glyphs: object) -> None:
    run = Simulation(total=20_000)
    run.succeed()
    shown = text(draw(scene(run, glyphs=glyphs), 120, 32))  # type: ignore[arg-type]
    assert f"{glyphs.failed} DONE, 75 FAILED" in shown  # type: ignore[attr-defined]
    assert f"{glyphs.failed} process_chunks" in shown  # type: ignore[attr-defined]


def test_the_history_does_not_call_it_well() -> None:
    runs = [RunRow("20260131-a", "f", "succeeded", BEGIN, 9.0, 7), RunRow("b", "f", "succeeded", BEGIN, 0.0, 0)]
    shown = [plain(row.line) for row in history.rows(runs, 0, "", 100, 9, UNICODE)]
    assert "✗ some failed " in shown[2]
    assert "✓ succeeded" in shown[3]


def test_a_step_that_failed_by_itself_is_told_apart() -> None:
    run = billing(3, 9)
    fold(run, [ended("invoices", [4], at=BEGIN + 20, status=Ended.FAILED, failure=http_error(4).encode())])
    fold(run, [ev.StepFinished(BEGIN + 21, "invoices", "failed"), ev.RunFinished(BEGIN + 21, "failed")])
    assert "✗ FAILED" in plain(header.rows(run, BEGIN + 30, {}, "", 80, UNICODE, 1).line)
    assert tree(run, 44)[1].split()[-2] == "failed"


@pytest.mark.parametrize(("total", "told"), [(617, True), (383, False), (1000, False)])
def test_a_step_that_lists_others_than_the_results_is_not_said_to_have_had_them(total: int, told: bool) -> None:
    """One with an item for each that failed had all of those, one with an item for each that is done had only part."""
    run = billing()
    fold(run, [ev.RevisionTaken(BEGIN + 14, 2, (*_shapes(run), _each_of("invoices", "each")))])
    listed(run, "each", total)
    fold(run, [ended("each", range(total), at=BEGIN + 15), ev.StepFinished(BEGIN + 16, "each", "succeeded")])
    assert (tolerated.part_read(run, run.steps["each"]) is not None) == told


def _each_of(read: str, name: str) -> ev.StepShape:
    return ev.StepShape(name, "steps", True, (read,), (read,), "d3")


def _shapes(run: RunState) -> list[ev.StepShape]:
    return [step.shape for step in run.steps.values()]


def test_failed_items_are_counted_among_those_of_all_steps() -> None:
    run = billing(3, 40)
    fold(run, [ev.RevisionTaken(BEGIN + 14, 2, (*_shapes(run), _each_of("invoices", "each")))])
    listed(run, "each", 37)
    assert tolerated.items(run) == 77
