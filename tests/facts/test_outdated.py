"""Items that are done are stale, all of them and no others, when what they were made of is made again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.store.facts import shape
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended, Outcome
from tui_workflow.facts.state import OUTDATED, Item, RunState, StepState, fold


@given(st.lists(st.tuples(st.sampled_from(list(Item)), st.integers(0, 1))), st.integers(1, 2))
def test_done_items_and_no_others_are_outdated(items: list[tuple[Item, int]], times: int) -> None:
    step = StepState(shape("work"))
    step.definitions = [step.shape.definition, "older"]
    step.states = bytearray(state for state, _ in items)
    step.made_by = bytearray(made for _, made in items)
    step.succeeded = step.states.count(Item.OK)
    fold(RunState(steps={"work": step}), [ev.ItemsOutdated(1.0, "work")] * times)
    assert step.stale == step.succeeded
    for (state, made), now in zip(items, step.made_by, strict=True):
        assert step.definitions[now] == (OUTDATED if state == Item.OK else step.definitions[made])


def test_what_a_running_step_makes_of_older_results_is_stale_until_it_is_started_again() -> None:
    run = RunState(steps={"work": StepState(shape("work"))})
    items = tuple(ev.ListedItem(n, f"k{n}", n, b"1") for n in range(4))

    def ended(*numbers: int) -> ev.ItemsEnded:
        outcomes = tuple(Outcome(n, 1, Ended.OK, 1.0, 0.5, b"1") for n in numbers)
        return ev.ItemsEnded(2.0, "work", 1, run.steps["work"].shape.definition, 1, outcomes)

    fold(run, [ev.ItemsListed(1.0, "work", 0, 4, items), ev.StepStarted(1.0, "work", 1), ended(0)])
    fold(run, [ev.StepReopened(2.0, "work", "load runs again", relist=True), ev.ItemsOutdated(2.0, "work"), ended(1)])
    step = run.steps["work"]
    assert (step.succeeded, step.stale) == (2, 2)
    fold(run, [ended(2), ev.StepFinished(3.0, "work", "succeeded"), ev.StepStarted(4.0, "work", 1), ended(3)])
    assert (step.succeeded, step.stale) == (4, 3)
    fold(run, [ev.ItemsQueued(5.0, "work", (1,), "stale"), ended(1)])
    assert (step.succeeded, step.stale) == (4, 2)
