"""What plain output says of the end of a step: how long it took, told apart from what it had run before."""

from __future__ import annotations

import io

import pytest

from tests.view.made import BEGIN, ended, listed, run_of, shape
from tui_workflow.facts import events as ev
from tui_workflow.facts.state import RunState, fold
from tui_workflow.headless import PlainReporter


async def told(run: RunState, *facts: ev.Event) -> str:
    """The last line that these facts bring."""
    out = io.StringIO()

    async def nothing(step: str, items: object) -> dict[int, tuple[str, int, bytes]]:
        return {}

    reporter = PlainReporter(run, nothing, out)
    reporter.start()
    for fact in facts:
        fold(run, [fact])
        await reporter.report(fact)
    await reporter.finish()
    return out.getvalue().splitlines()[-1]


@pytest.mark.parametrize(
    ("waited", "words"),
    [(None, "done  2 ok  of 2  in 7.0 s"), (3600.0, "done  2 ok  of 2  in 2.0 s, 7.0 s in all")],
)
async def test_what_ran_before_an_interruption_is_told_apart(waited: float | None, words: str) -> None:
    run = run_of(shape("work"))
    listed(run, "work", 2)
    at = BEGIN + 5
    begun: list[ev.Event] = [ev.StepStarted(BEGIN, "work", 1)]
    if waited is not None:
        fold(run, [ev.RunFinished(at, "interrupted")])
        at += waited
        begun = [ev.RunResumed(at, 7, "here"), ev.StepStarted(at, "work", 1)]
    line = await told(run, *begun, ended("work", range(2), at=at + 1), ev.StepFinished(at + 2, "work", "succeeded"))
    assert line.endswith(words)
