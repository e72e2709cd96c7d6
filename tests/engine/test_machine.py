"""The engine under whatever a person and a bad day can do to it, in any order: virtual time, seeded workers, real decisions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.engine.fakes import FakePool, Tube, loop_step, plan_of
from tests.engine.virtual import VirtualLoop, close
from tui_workflow.facts.commands import Command, Drain, Pause, Reply, RetryItems, SetSlots, SkipItems, Stop, Unpause
from tui_workflow.facts.state import Item, RunState, fold
from tui_workflow.flow.model import OnError, Parallel, Retry, Step

ATTEMPTS = 3
COUNT = 12


class Seeded(FakePool):
    """Workers that take what time the seed says, from none to some seconds."""

    async def pass_time(self) -> None:
        seconds = self._random.choice((0.0, 0.0, 0.0, 0.02, 0.3, 4.0))
        if seconds:
            await asyncio.sleep(seconds)
        await super().pass_time()


class EngineMachine(RuleBasedStateMachine):
    """`work` has items that fail and items that kill their worker; `report` reads it. A person is there to ask."""

    @initialize(
        seed=st.integers(0, 1_000_000),
        bad=st.dictionaries(st.integers(0, COUNT - 1), st.integers(1, 5), max_size=6),
        deadly=st.sets(st.integers(0, COUNT - 1), max_size=2),
        slots=st.integers(1, 4),
        executor=st.sampled_from(["process", "thread"]),
        tolerant=st.booleans(),
    )
    def begin(
        self, seed: int, bad: dict[int, int], deadly: set[int], slots: int, executor: Any, tolerant: bool
    ) -> None:
        self.bad, self.deadly, self.wrong = bad, deadly, list[str]()
        self.skipped: set[int] = set()
        self.slots = self.allowed = slots
        self.mended = False
        self.loop = VirtualLoop()
        self.pool = Seeded(self.behave, {"work": list(range(COUNT))}, seed)
        self.pool.file = "rates.json"
        plan = plan_of(
            loop_step(
                "work",
                parallel=Parallel(max_parallel=slots, executor=executor),
                retry=Retry(max_attempts=ATTEMPTS, delay=2.0, backoff=2.0),
                on_error=OnError(action="continue" if tolerant else "fail"),
            ),
            Step(name="report", type="python"),
        )
        asyncio.set_event_loop(self.loop)
        self.tube: Tube = self.within(self.made(plan))
        self.task = self.loop.create_task(self.tube.engine.run())

    async def made(self, plan: Any) -> Tube:
        return Tube(plan, self.pool, clock=self.loop.time, ask=True)

    def behave(self, step: str, value: Any, attempt: int) -> object:
        """What an item comes to; here it is seen whether it should have run at all."""
        state = self.tube.state.steps[step]
        number = 0 if value is None else int(value)
        if number < len(state.states) and state.states[number] == Item.OK:
            self.wrong.append(f"{step} {number} was done and ran again")
        if attempt != state.attempts_of.get(number, 0) + 1:
            self.wrong.append(f"{step} {number} ran as attempt {attempt} after {state.attempts_of.get(number, 0)}")
        if step == "work" and number in self.skipped:
            self.wrong.append(f"work {number} was skipped and ran")
        if step == "report" or self.mended:
            return value
        if number in self.deadly and attempt == 1:
            return SystemError()
        return ValueError(f"item {number} is bad") if attempt <= self.bad.get(number, 0) else value

    def within(self, doing: Any) -> Any:
        return self.loop.run_until_complete(doing)

    def send(self, command: Command) -> Reply:
        async def sent() -> Reply:
            return self.tube.engine.send(command)

        reply: Reply = self.within(sent())
        return reply

    @rule(turns=st.integers(1, 30))
    def some_turns(self, turns: int) -> None:
        async def turn() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.within(turn())

    @rule(seconds=st.sampled_from([0.01, 0.06, 0.5, 2.0, 7.0]))
    def time_passes(self, seconds: float) -> None:
        self.within(asyncio.sleep(seconds))
        self.allowed = self.slots if seconds > 5 else self.allowed

    @rule(items=st.none() | st.sets(st.integers(0, COUNT - 1), min_size=1, max_size=4))
    def retry(self, items: set[int] | None) -> None:
        step = self.tube.state.steps.get("work")
        if step is not None and len(step.states) == COUNT:
            self.skipped -= items or set()
            self.send(RetryItems("work", tuple(sorted(items)) if items else None))

    @rule(item=st.integers(0, COUNT - 1))
    def skip(self, item: int) -> None:
        step = self.tube.state.steps.get("work")
        listed = step is not None and len(step.states) == COUNT
        if listed and not self.send(SkipItems("work", (item,), "known bad")).refused:
            self.skipped.add(item)

    @rule()
    def pause(self) -> None:
        self.send(Pause())

    @rule()
    def go_on(self) -> None:
        self.send(Unpause())

    @rule(slots=st.integers(1, 5))
    def other_slots(self, slots: int) -> None:
        if self.tube.state.steps and not self.send(SetSlots("work", slots)).refused:
            self.slots, self.allowed = slots, max(self.allowed, slots)

    @rule()
    def mend(self) -> None:
        self.mended = True

    @rule()
    def change_what_was_loaded(self) -> None:
        self.pool.version += 1

    @rule(how=st.sampled_from(["kill", "kill", "stop", "drain"]))
    def stop_and_take_up(self, how: str) -> None:
        if how == "stop":
            self.send(Stop())
        elif how == "drain":
            self.send(Drain())
        if how != "kill":
            self.within(asyncio.sleep(60))
            assert self.tube.engine.finished, "it came to rest"
        self.crash()

    def crash(self) -> None:
        async def end() -> None:
            # Deaf first: what is still committed while it goes must not make a dead engine start a step.
            self.tube.kill()
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
            self.tube.crash_and_resume()

        self.within(end())
        work = self.tube.state.steps.get("work")
        self.skipped = {item for item in self.skipped if work is not None and work.states[item] == Item.SKIPPED}
        self.slots = self.allowed = self.plan_slots()
        self.task = self.loop.create_task(self.tube.engine.run())

    def plan_slots(self) -> int:
        parallel = self.tube.plan["work"].step.parallel
        assert parallel is not None
        assert isinstance(parallel.max_parallel, int)
        return parallel.max_parallel

    @invariant()
    def nothing_ran_that_should_not(self) -> None:
        assert not self.wrong, self.wrong

    @invariant()
    def after_a_wish_nothing_begins_with_what_had_been_loaded_before_a_change(self) -> None:
        assert not self.pool.too_old, self.pool.too_old

    @invariant()
    def slots_are_kept(self) -> None:
        assert self.pool.running <= self.allowed + 1  # `report` may run while items are tried again

    @invariant()
    def the_state_is_the_fold_of_its_facts(self) -> None:
        state = fold(RunState(), self.tube.memory.facts)
        state.version = self.tube.state.version
        assert state == self.tube.state
        for step in state.steps.values():
            assert step.total == step.done + step.waiting
            assert step.succeeded == step.states.count(Item.OK)
            assert step.failed == step.states.count(Item.FAILED) == len(step.failures)
            assert step.retrying == step.states.count(Item.RETRYING) == len(step.retry_at)

    @precondition(lambda self: not self.task.done())
    @rule()
    def wait_for_the_end(self) -> None:
        """Whatever was wished for, and however often it was killed: it comes to its end by itself."""
        engine = self.tube.engine
        self.send(Unpause())

        async def over() -> None:
            async with asyncio.timeout(1000):
                while not engine.finished:
                    await asyncio.sleep(1)

        self.within(over())
        state = self.tube.state
        work = state.steps["work"]
        if state.status == "interrupted":
            return
        assert work.status in ("succeeded", "failed")
        if work.status == "succeeded" or self.tube.plan["work"].step.on_error.action == "continue":
            assert set(work.states) <= {Item.OK, Item.FAILED, Item.SKIPPED}
            assert len(work.states) == COUNT

    @invariant()
    def attempts_are_exact(self) -> None:
        """What has failed has had all its attempts since they were last granted; what waits for another has not."""
        work = self.tube.state.steps.get("work")
        if work is not None:
            for item, tries in work.tries.items():
                assert tries == ATTEMPTS or work.states[item] != Item.FAILED
                assert tries < ATTEMPTS or work.states[item] != Item.RETRYING

    def teardown(self) -> None:
        if hasattr(self, "task"):
            try:
                if not self.task.done():
                    self.wait_for_the_end()
                    self.nothing_ran_that_should_not()
            finally:
                close(self.loop)
                asyncio.set_event_loop(None)


BOUNDED = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


def test_the_engine_in_any_order() -> None:
    run_state_machine_as_test(EngineMachine, settings=BOUNDED)


def played(*rules: tuple[str, dict[str, Any]]) -> None:
    """One order of events that has once gone wrong."""
    machine = EngineMachine()
    try:
        for name, arguments in rules:
            getattr(machine, name)(**arguments)
            machine.the_state_is_the_fold_of_its_facts()
    finally:
        machine.teardown()


def test_a_retry_in_the_moment_in_which_the_item_comes_due_runs_it_once() -> None:
    start = {"seed": 1, "bad": {0: 1}, "deadly": set(), "slots": 4, "executor": "thread", "tolerant": False}
    played(
        ("begin", start),
        *[("go_on", {})] * 4,
        ("stop_and_take_up", {"how": "stop"}),
        *[("go_on", {})] * 2,
        ("retry", {"items": {0}}),
    )


def test_what_was_skipped_while_its_step_begins_again_does_not_run() -> None:
    bad = {0: 3, 3: 1, 5: 2, 1: 1, 2: 3}
    start = {"seed": 0, "bad": bad, "deadly": set(), "slots": 1, "executor": "process", "tolerant": False}
    played(
        ("begin", start),
        ("wait_for_the_end", {}),
        ("retry", {"items": None}),
        *[("go_on", {})] * 3,
        ("retry", {"items": {0, 5}}),
        ("skip", {"item": 2}),
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_engine_in_many_orders() -> None:
    run_state_machine_as_test(EngineMachine, settings=settings(BOUNDED, max_examples=1500, stateful_step_count=60))
