"""When a run ended: with its last work, however often it was looked at since."""

from __future__ import annotations

from tests.store.facts import started
from tui_workflow.facts import events as ev
from tui_workflow.facts.state import RunState, fold


def ended_run() -> RunState:
    run = RunState()
    fold(run, [*started(1.0), ev.StepFinished(9.0, "work", "succeeded", ""), ev.RunFinished(9.0, "succeeded", "")])
    return run


def test_a_run_that_is_taken_up_and_has_nothing_to_do_ended_when_it_did() -> None:
    run = ended_run()
    for at in (100.0, 200.0):
        fold(run, [ev.RunResumed(at, 7, "here"), ev.RunFinished(at + 1, "succeeded", "")])
        assert run.finished == 9.0


def test_a_run_that_worked_again_ended_later() -> None:
    run = ended_run()
    fold(
        run,
        [ev.RunResumed(100.0, 7, "here"), ev.StepReopened(101.0, "work", "retry"), ev.StepStarted(101.0, "work", 2)],
    )
    assert run.finished is None
    fold(run, [ev.StepFinished(110.0, "work", "succeeded", ""), ev.RunFinished(110.0, "succeeded", "")])
    assert run.finished == 110.0
