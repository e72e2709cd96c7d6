"""Items that are done are stale, all of them and no others, when what they were made of is made again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.store.facts import shape
from tui_workflow.facts import events as ev
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
