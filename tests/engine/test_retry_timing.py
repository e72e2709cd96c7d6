"""A retry is never lost, at whatever moment it comes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.engine.fakes import FakePool, Tube, loop_step, plan_of
from tests.engine.test_engine import keys, plain, until
from tui_workflow.facts import events as ev
from tui_workflow.facts.commands import RetryItems, Stop
from tui_workflow.flow.model import OnError, Parallel, Retry


class Broken:
    """Item 2 of `work` fails until it is mended."""

    mended = False

    def __call__(self, step: str, value: Any, attempt: int) -> object:
        return ValueError("beta is broken") if step == "work" and value == 2 and not self.mended else value


MOMENTS = [
    ("ItemsEnded", "work"),
    ("StepFinished", "work"),
    ("StepStarted", "between"),
    ("StepFinished", "between"),
    ("StepStarted", "report"),
    ("ItemsEnded", "report"),
    ("StepFinished", "report"),
    ("RunFinished", None),
]


@pytest.mark.parametrize("uncommitted", [False, True])
@pytest.mark.parametrize(("kind", "step"), MOMENTS)
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
async def test_at_any_moment(kind: str, step: str | None, uncommitted: bool, turns: int) -> None:
    """The wish comes with a fact that is committed, or only recorded, or some turns of the loop later."""
    broken = Broken()
    pool = FakePool(broken, {"work": [1, 2, 3]})
    plan = plan_of(loop_step("work", on_error=OnError(action="continue")), plain("between"), plain("report"))
    tube = Tube(plan, pool, ask=True)
    wished = False

    def look(facts: Any) -> None:
        nonlocal wished
        for fact in facts:
            if not wished and type(fact).__name__ == kind and getattr(fact, "step", None) == step:
                wished = True
                later(turns)

    def later(left: int) -> None:
        if left:
            asyncio.get_running_loop().call_soon(later, left - 1)
        elif not tube.state.steps["work"].failed:
            later(1)  # a person retries what has failed on the screen
        else:
            broken.mended = True
            assert not tube.engine.send(RetryItems("work")).refused

    if uncommitted:
        append = tube.memory.append

        def spy(facts: Any) -> None:
            append(facts)
            look(facts)

        tube.memory.append = spy  # type: ignore[method-assign]
    else:
        tube.engine.subscribe(look)
    task = asyncio.create_task(tube.run())
    await until(lambda: wished and broken.mended and tube.engine.finished and quiet(tube))
    tube.engine.leave()
    await task
    assert tube.state.status == "succeeded"
    assert tube.state.steps["work"].succeeded == 3
    places = [place for place, effect in enumerate(pool.effects) if effect[0] == "report"]
    mended = pool.effects.index(("work", "k2", 2))
    assert places[-1] > mended, "what reads it runs after it"
    assert len(places) <= 2


def quiet(tube: Tube) -> bool:
    return all(step.succeeded == step.total and step.status == "succeeded" for step in tube.state.steps.values())


async def test_an_item_that_comes_due_before_the_wish_for_it_is_committed_runs_once() -> None:
    """It waits for its next attempt when it is wished for; by the commit its turn has come, and a slot is free for it."""
    attempts: list[int] = []
    done = asyncio.Event()

    class Slow(FakePool):
        async def pass_time(self) -> None:
            if attempts:
                await done.wait()

    def flaky(step: str, value: Any, attempt: int) -> object:
        attempts.append(attempt)
        return ValueError("not yet") if attempt == 1 else value

    pool = Slow(flaky, {"work": [1]})
    retry = Retry(max_attempts=2, delay=0.1)
    tube = Tube(plan_of(loop_step("work", parallel=Parallel(max_parallel=2), retry=retry)), pool)
    task = asyncio.create_task(tube.run())
    await until(lambda: tube.state.steps and tube.state.steps["work"].retrying)
    commit, recorded = tube.memory._commit, asyncio.Event()
    tube.memory._commit = recorded.set  # type: ignore[method-assign]
    assert not tube.engine.send(RetryItems("work", (0,))).refused
    await recorded.wait()
    await asyncio.sleep(0.2)  # the delay passes, and the commit takes its time
    tube.memory._commit = commit  # type: ignore[method-assign]
    commit()
    await until(lambda: pool.running)
    await asyncio.sleep(0.1)  # as long as it takes to begin it once more
    done.set()
    await task
    assert attempts == [1, 2]
    assert pool.most == 1


async def test_after_a_stop_while_the_screen_is_open() -> None:
    broken = Broken()
    pool = FakePool(broken, {"work": [1, 2, 3]})
    tube = Tube(plan_of(loop_step("work", on_error=OnError(action="continue")), plain("report")), pool, ask=True)
    task = asyncio.create_task(tube.run())
    await until(lambda: tube.state.steps and tube.state.steps["work"].failed == 1)
    tube.engine.send(Stop())
    await until(lambda: tube.engine.finished)
    stopped = tube.state.status
    if stopped == "interrupted":
        broken.mended = True
        assert not tube.engine.send(RetryItems("work")).refused
        await until(lambda: tube.state.status == "succeeded")
    tube.engine.leave()
    await task
    assert tube.state.steps["work"].succeeded == 3


async def test_a_step_that_is_failing_runs_once_more() -> None:
    """The failure is on the screen while the step still waits for what is in flight."""
    broken = Broken()
    hold = asyncio.Event()

    class Slow(FakePool):
        begun = 0

        async def pass_time(self) -> None:
            self.begun += 1
            if self.begun == 2:
                await hold.wait()

    pool = Slow(broken, {"work": [2, 1, 3]})
    plan = plan_of(loop_step("work", parallel=Parallel(max_parallel=2), batch_size=1), plain("report"))
    tube = Tube(plan, pool, ask=True)
    task = asyncio.create_task(tube.run())
    await until(lambda: tube.state.steps and tube.state.steps["work"].failed == 1)
    broken.mended = True
    running = tube.state.steps["work"].status == "running"
    assert not tube.engine.send(RetryItems("work")).refused
    hold.set()
    await until(lambda: tube.engine.finished and tube.state.status == "succeeded")
    tube.engine.leave()
    await task
    assert running
    assert tube.state.steps["work"].succeeded == 3
    assert keys(pool, "report") == ["report"]
    assert any(isinstance(fact, ev.StepReopened) for fact in tube.memory.facts)
