"""What the question at the start says of failed items: true for steps that succeeded, failed, or were interrupted."""

from __future__ import annotations

import pytest

from tests.view.made import BEGIN, ended, error, listed, run_of, shape
from tui_workflow.cli.resume import of_the_broken, of_the_failed
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import fold


@pytest.mark.parametrize(
    ("failed", "first", "second", "words"),
    [
        (1, "succeeded", None, "The failed item is tolerated: it stays failed until you retry it."),
        (3, "succeeded", None, "The failed items are tolerated: they stay failed until you retry them."),
        (1, "failed", None, "The failed item is tried again, unless on_error: continue tolerates it"),
        (3, "failed", None, "Failed items are tried again, but for those that on_error: continue tolerates"),
        (3, None, None, "Failed items are tried again, but for those that on_error: continue tolerates"),
        (3, "succeeded", "failed", "Failed items are tried again, but for those that on_error: continue tolerates"),
    ],
)
def test_what_becomes_of_the_failed(
    failed: int, first: ev.StepStatus | None, second: ev.StepStatus | None, words: str
) -> None:
    run = run_of(shape("one"), shape("two"))
    for name, status in (("one", first), ("two", second)):
        if name == "two" and status is None:
            continue
        listed(run, name, 10)
        fold(run, [ended(name, range(failed), at=BEGIN + 1, status=Ended.FAILED, failure=error("E", "m"))])
        if status is not None:
            fold(run, [ev.StepFinished(BEGIN + 2, name, status)])
    fold(run, [ev.RunFinished(BEGIN + 3, "interrupted")])
    assert of_the_failed(run).startswith(words)


def test_a_step_that_failed_by_itself_is_named_with_its_error() -> None:
    run = run_of(shape("one"), shape("two"))
    listed(run, "one", 3)
    broke = ev.StepFinished(BEGIN + 2, "two", "failed", "", error("ImportError", "no module\nx"))
    fold(run, [ended("one", [0], at=BEGIN + 1, status=Ended.FAILED, failure=error("E", "m"))])
    fold(run, [ev.StepFinished(BEGIN + 2, "one", "failed"), broke, ev.RunFinished(BEGIN + 3, "failed")])
    assert of_the_broken(run) == [
        "two failed by itself, not by an item (ImportError: no module): resuming runs it again."
    ]
