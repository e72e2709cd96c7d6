"""Attempts come when the policy says, and as many as it says: by a clock that only passes when everybody waits for it."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.fakes import FakePool, Tube, loop_step, plan_of
from tests.engine.virtual import virtual_loop
from tui_workflow.engine.engine import TICK_SECONDS
from tui_workflow.facts.state import Item, RunState
from tui_workflow.flow.model import OnError, Parallel, Retry

POLICIES = st.builds(
    Retry,
    max_attempts=st.integers(1, 6),
    delay=st.sampled_from([0.0, 0.3, 1.0, 5.0, 60.0]),
    backoff=st.sampled_from([1.0, 1.5, 2.0, 10.0]),
    max_delay=st.sampled_from([0.5, 20.0, 3600.0]),
    jitter=st.sampled_from([0.0, 0.5]),
)


@settings(max_examples=60, deadline=None)
@given(
    policy=POLICIES,
    failures=st.lists(st.integers(0, 7), min_size=1, max_size=5),
    slots=st.integers(0, 3),
    seed=st.integers(0, 1000),
)
def test_the_schedule_is_that_of_the_policy(policy: Retry, failures: list[int], slots: int, seed: int) -> None:
    """`failures` says how often each item fails before it succeeds; with 0 slots the step has no `parallel`."""
    began: dict[int, list[float]] = defaultdict(list)
    with virtual_loop() as loop:

        def behave(step: str, value: Any, attempt: int) -> object:
            began[value].append(loop.time())
            return ValueError("again") if attempt <= failures[value] else value

        async def live() -> RunState:
            parallel = Parallel(max_parallel=slots) if slots else None
            step = loop_step("work", retry=policy, on_error=OnError(action="continue"), parallel=parallel)
            pool = FakePool(behave, {"work": list(range(len(failures)))}, seed)
            tube = Tube(plan_of(step), pool, clock=loop.time)
            async with asyncio.timeout(10**7):
                await tube.engine.run()
            await pool.close()
            return tube.state

        state = loop.run_until_complete(live())
    work = state.steps["work"]
    for item, count in enumerate(failures):
        attempts = min(count + 1, policy.max_attempts)
        assert len(began[item]) == attempts
        assert work.states[item] == (Item.FAILED if count >= policy.max_attempts else Item.OK)
        for number, (earlier, later) in enumerate(itertools.pairwise(began[item])):
            delay = min(policy.max_delay, policy.delay * policy.backoff**number) * (1 + policy.jitter * 0.5)
            late = later - earlier - delay
            # What else is due in the same moment in a single slot may go first; a tick is how finely time is looked at.
            assert -1e-6 < late <= 2 * TICK_SECONDS + 1e-6, (item, number, delay, later - earlier)
    assert work.attempts == sum(len(times) for times in began.values())
