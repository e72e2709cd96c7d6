"""The real engine in surroundings that are all in memory: order, retries, failures, resume, wishes."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.fakes import FakePool, Tube, loop_step, plan_of
from tui_workflow.engine import crew
from tui_workflow.engine.settings import slot_count
from tui_workflow.engine.wishes import loaded_again
from tui_workflow.facts import events as ev
from tui_workflow.facts.commands import Command, Drain, Pause, RetryItems, RetryStep, SetSlots, SkipItems, Stop, Unpause
from tui_workflow.facts.state import Item, RunState, fold
from tui_workflow.facts.work import Refused, Worker
from tui_workflow.flow.model import Executor, OnError, Parallel, Retry, Step


def works(step: str, value: Any, attempt: int) -> object:
    return value


def plain(name: str, **settings: Any) -> Step:
    return Step(name=name, type="python", **settings)


async def until(condition: Any) -> None:
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


def keys(pool: FakePool, step: str = "work") -> list[str]:
    return [key for name, key, _ in pool.effects if name == step]


async def test_a_flow_runs_to_its_end_in_order() -> None:
    pool = FakePool(works, {"work": [1, 2, 3, 4]})
    state = await Tube(plan_of(plain("first"), loop_step("work"), plain("last")), pool).run()
    assert state.status == "succeeded"
    assert [step.status for step in state.steps.values()] == ["succeeded"] * 3
    assert [(step, key) for step, key, _ in pool.effects] == [
        ("first", "first"), ("work", "k1"), ("work", "k2"), ("work", "k3"), ("work", "k4"), ("last", "last"),
    ]  # fmt: skip


async def test_an_empty_flow_and_an_empty_list_succeed() -> None:
    assert (await Tube(plan_of(), FakePool(works, {})).run()).status == "succeeded"
    state = await Tube(plan_of(loop_step("work")), FakePool(works, {"work": []})).run()
    assert state.steps["work"].status == "succeeded"
    assert state.steps["work"].total == 0


async def test_an_item_is_tried_again_and_then_succeeds() -> None:
    def flaky(step: str, value: Any, attempt: int) -> object:
        return ValueError("not yet") if value == 2 and attempt < 3 else value

    pool = FakePool(flaky, {"work": [1, 2, 3]})
    state = await Tube(plan_of(loop_step("work", retry=Retry(max_attempts=3))), pool).run()
    assert state.status == "succeeded"
    assert pool.effects == [("work", f"k{n}", a) for n, a in [(1, 1), (2, 1), (2, 2), (2, 3), (3, 1)]]
    assert state.steps["work"].attempts == 5


async def test_without_on_error_a_failure_stops_the_step_and_fails_the_run() -> None:
    def broken(step: str, value: Any, attempt: int) -> object:
        return ValueError("beta is broken") if value == 2 else value

    pool = FakePool(broken, {"work": [1, 2, 3, 4]})
    state = await Tube(plan_of(loop_step("work"), plain("after")), pool).run()
    step = state.steps["work"]
    assert (state.status, step.status) == ("failed", "failed")
    assert "beta is broken" in step.reason
    assert keys(pool) == ["k1", "k2"]
    assert (step.succeeded, step.failed, step.waiting) == (1, 1, 2)
    assert state.steps["after"].status == "cancelled"


async def test_tolerated_failures_let_the_flow_go_on() -> None:
    def broken(step: str, value: Any, attempt: int) -> object:
        return ValueError(f"broken {value}") if value in (2, 3) else value

    tolerant = loop_step("work", on_error=OnError(action="continue"), parallel=Parallel(max_parallel=2))
    pool = FakePool(broken, {"work": [1, 2, 3, 4]})
    state = await Tube(plan_of(tolerant, plain("after")), pool).run()
    step = state.steps["work"]
    assert (state.status, step.status, step.failed) == ("succeeded", "succeeded", 2)
    assert [(group.type, group.count) for group in step.groups] == [("ValueError", 2)]
    assert keys(pool, "after") == ["after"]


@pytest.mark.parametrize(("most", "words"), [(0, "1 item failed"), (2, "3 items failed")])
async def test_max_failures_ends_a_headless_step(most: int, words: str) -> None:
    def broken(step: str, value: Any, attempt: int) -> object:
        return ValueError("no")

    step = loop_step("work", on_error=OnError(action="continue", max_failures=most))
    pool = FakePool(broken, {"work": list(range(50))})
    state = await Tube(plan_of(step), pool).run()
    assert state.status == "failed"
    assert state.steps["work"].reason == f"{words}, more than max_failures allows"
    assert len(pool.effects) < 50


@pytest.mark.parametrize(
    ("most", "first", "again"),
    [
        (5, "more than 5 items of work failed", "more than 5 further items of work failed"),
        ("10%", "more than 10 % of the items of work failed", "more than a further 10 % of the items of work failed"),
    ],
)
async def test_who_goes_on_beyond_max_failures_is_asked_again_after_as_many_more(
    most: int | str, first: str, again: str
) -> None:
    broken = True

    def fails(step: str, value: Any, attempt: int) -> object:
        return ValueError("no") if broken else value

    step = loop_step("work", on_error=OnError(action="continue", max_failures=most))
    tube = Tube(plan_of(step), FakePool(fails, {"work": list(range(50))}), ask=True)
    task = asyncio.create_task(tube.run())
    for asked, (why, failed) in enumerate([(first, 6), (again, 12), (again, 18)], start=1):
        await until(lambda: tube.state.paused)
        assert (tube.state.reason, tube.state.failed) == (why, failed)
        if asked < 3:
            assert tube.engine.send(Unpause()).text == f"Resumed. You are asked again when {again[:-2]}"
            await until(lambda: not tube.state.paused)
    broken = False
    tube.engine.send(Unpause())
    await until(lambda: tube.engine.finished)
    assert (tube.state.status, tube.state.failed) == ("succeeded", 18)
    tube.engine.leave()
    await task


async def test_slots_are_never_exceeded_while_they_change() -> None:
    pool = FakePool(works, {"work": list(range(300))})
    tube = Tube(plan_of(loop_step("work", parallel=Parallel(max_parallel=4), batch_size=3)), pool)
    task = asyncio.create_task(tube.run())
    await until(lambda: len(pool.effects) > 40)
    assert pool.most <= 4
    assert not tube.engine.send(SetSlots("work", 1)).refused
    await until(lambda: pool.running <= 1)
    pool.most = 0
    await until(lambda: len(pool.effects) > 120)
    assert pool.most == 1
    tube.engine.send(SetSlots("work", 8))
    state = await task
    assert pool.most <= 8
    assert Counter(keys(pool)) == Counter({f"k{n}": 1 for n in range(300)})
    assert state.steps["work"].succeeded == 300


@pytest.mark.parametrize("slots", [1, 6])
async def test_slots_that_are_set_while_the_step_begins_are_those_that_it_has(slots: int) -> None:
    pool = FakePool(works, {"work": list(range(60))})
    tube = Tube(plan_of(loop_step("work", parallel=Parallel(max_parallel=3), batch_size=1)), pool)
    task = asyncio.create_task(tube.run())
    await until(lambda: "work" in tube.engine._runs)
    begun: str = tube.state.steps["work"].status
    assert begun == "pending"
    assert not tube.engine.send(SetSlots("work", slots)).refused
    await until(lambda: tube.state.steps["work"].status == "running")
    assert tube.state.steps["work"].slots == slots
    state = await task
    assert pool.most == slots
    assert state.steps["work"].succeeded == 60


async def test_a_dead_worker_costs_the_blamed_item_and_nothing_runs_twice() -> None:
    def crashes(step: str, value: Any, attempt: int) -> object:
        return SystemError() if value == 7 else value

    step = loop_step("work", parallel=Parallel(max_parallel=2), on_error=OnError(action="continue"), batch_size=5)
    pool = FakePool(crashes, {"work": list(range(20))})
    state = await Tube(plan_of(step), pool).run()
    assert sorted(state.steps["work"].failures) == [7]
    assert Counter(keys(pool)) == Counter({f"k{n}": 1 for n in range(20)})


async def test_in_a_shared_process_suspects_are_tried_one_at_a_time() -> None:
    def crashes(step: str, value: Any, attempt: int) -> object:
        return SystemError() if value == 3 else value

    step = loop_step("work", parallel=Parallel(max_parallel=4, executor="thread"), on_error=OnError(action="continue"))
    pool = FakePool(crashes, {"work": list(range(8))})
    state = await Tube(plan_of(step), pool).run()
    assert sorted(state.steps["work"].failures) == [3]
    assert state.steps["work"].succeeded == 7
    assert all(attempt == 1 for _, _, attempt in pool.effects)


async def test_a_skipped_step_says_why() -> None:
    pool = FakePool(works, {})
    pool.evaluated["{{ params.warm }}"] = False
    state = await Tube(plan_of(plain("warm", condition="{{ params.warm }}"), plain("next")), pool).run()
    assert (state.steps["warm"].status, state.steps["warm"].reason) == ("skipped", "if params.warm: false")
    assert keys(pool, "next") == ["next"]


async def test_cleanup_steps_run_after_a_failure_and_after_success() -> None:
    for value, ran in ((1, ["tidy"]), (2, ["sorry", "tidy"])):

        def behave(step: str, item: Any, attempt: int, value: int = value) -> object:
            return ValueError("x") if step == "work" and value == 2 else item

        plan = plan_of(plain("work"), on_failure=(plain("sorry"),), final=(plain("tidy"),))
        pool = FakePool(behave, {})
        state = await Tube(plan, pool).run()
        assert [step for step, _, _ in pool.effects] == ["work", *ran]
        assert state.status == ("failed" if value == 2 else "succeeded")


async def test_duplicates_get_a_number_and_explicit_ones_fail() -> None:
    pool = FakePool(works, {"work": [5, 5, 6, 5]})
    tube = Tube(plan_of(loop_step("work")), pool)
    await tube.run()
    assert keys(pool) == ["k5", "k5~2", "k6", "k5~3"]

    pool = FakePool(lambda step, value, attempt: value["id"], {"work": [{"id": "a"}, {"id": "b"}, {"id": "a"}]})
    pool.explicit = True
    tube = Tube(plan_of(loop_step("work", key="{{ item.id }}", on_error=OnError(action="continue"))), pool)
    state = await tube.run()
    assert keys(pool) == ["a", "b"]
    assert sorted(state.steps["work"].failures) == [2]
    assert "duplicate key 'a' (also item 0)" in state.steps["work"].groups[0].message


async def test_retrying_a_failed_item_runs_what_reads_it_again() -> None:
    fixed: set[int] = set()

    def broken(step: str, value: Any, attempt: int) -> object:
        return ValueError("beta is broken") if step == "work" and value == 2 and not fixed else value

    pool = FakePool(broken, {"work": [1, 2, 3]})
    plan = plan_of(
        loop_step("work", on_error=OnError(action="continue")),
        plain("report"),
        plain("mail", rerun=False),
    )
    tube = Tube(plan, pool, ask=True)
    task = asyncio.create_task(tube.run())
    await until(lambda: tube.engine.finished)
    fixed.add(1)
    reply = tube.engine.send(RetryItems("work"))
    assert (reply.text, reply.count, reply.reruns) == ("1 queued", 1, ("report",))
    await until(lambda: not tube.engine.finished)
    await until(lambda: tube.engine.finished)
    assert tube.state.status == "succeeded"
    assert tube.state.steps["work"].succeeded == 3
    assert keys(pool, "report") == ["report", "report"]
    assert keys(pool, "mail") == ["mail"]
    assert pool.effects[-2:] == [("work", "k2", 2), ("report", "report", 2)]
    tube.engine.leave()
    await task


async def test_a_retry_keeps_items_that_were_made_of_it_and_calls_them_stale() -> None:
    fixed: set[int] = set()

    def broken(step: str, value: Any, attempt: int) -> object:
        return ValueError("no") if step == "work" and value == 2 and not fixed else value

    pool = FakePool(broken, {"work": [1, 2, 3], "publish": [7, 8]})
    plan = plan_of(
        loop_step("work", on_error=OnError(action="continue")), loop_step("publish"), plain("mail", rerun=False)
    )
    plan = replace(plan, steps=(plan["work"], replace(plan["publish"], item_reads=("work",)), plan["mail"]))
    tube = Tube(plan, pool, ask=True)
    task = asyncio.create_task(tube.run())
    await until(lambda: tube.engine.finished)
    assert tube.engine.outdated("work") == ("publish", "mail")
    fixed.add(1)
    tube.engine.send(RetryItems("work"))
    await until(lambda: not tube.engine.finished)
    await until(lambda: tube.engine.finished)
    assert [(step.status, step.succeeded, step.stale) for step in tube.state.steps.values()] == [
        ("succeeded", 3, 0), ("succeeded", 2, 2), ("succeeded", 1, 1),
    ]  # fmt: skip
    assert keys(pool, "publish") == ["k7", "k8"]
    assert tube.engine.send(RetryItems(stale=True)).count == 2
    await until(lambda: sum(step.stale_to_run for step in tube.state.steps.values()) == 0)
    await until(lambda: tube.engine.finished)
    assert keys(pool, "publish") == ["k7", "k8", "k7", "k8"]
    assert keys(pool, "mail") == ["mail"], "what never runs again is asked for by name"
    assert fold(RunState(), tube.memory.facts).steps == tube.state.steps
    tube.engine.leave()
    await task


async def test_a_step_that_runs_again_whole_leaves_nothing_stale_but_what_never_runs_again() -> None:
    pool = FakePool(works, {"work": [1], "publish": [7, 8]})
    plan = plan_of(loop_step("work"), loop_step("publish"), plain("mail", rerun=False))
    plan = replace(plan, steps=(plan["work"], replace(plan["publish"], item_reads=("work",)), plan["mail"]))
    tube = Tube(plan, pool, ask=True)
    task = asyncio.create_task(tube.run())
    await until(lambda: tube.engine.finished)
    tube.engine.send(RetryStep("work"))
    await until(lambda: not tube.engine.finished)
    await until(lambda: tube.engine.finished)
    assert [step.stale for step in tube.state.steps.values()] == [0, 0, 1]
    assert keys(pool, "publish") == ["k7", "k8", "k7", "k8"]
    tube.engine.leave()
    await task


async def test_a_retry_while_the_reader_runs_makes_it_run_once_more() -> None:
    fixed: set[int] = set()
    hold = asyncio.Event()

    class Slow(FakePool):
        async def pass_time(self) -> None:
            if self.effects and self.effects[-1][1] == "k3" and not hold.is_set():
                await hold.wait()

    def broken(step: str, value: Any, attempt: int) -> object:
        return ValueError("no") if step == "work" and value == 2 and not fixed else value

    pool = Slow(broken, {"work": [1, 2, 3]})
    tube = Tube(plan_of(loop_step("work", on_error=OnError(action="continue")), plain("report")), pool)
    task = asyncio.create_task(tube.run())
    await until(lambda: tube.state.steps and tube.state.steps["report"].status == "running")
    fixed.add(1)
    tube.engine.send(RetryItems("work"))
    await until(lambda: tube.state.steps["work"].status == "running")
    hold.set()
    state = await task
    assert state.status == "succeeded"
    assert keys(pool, "report") == ["report", "report"]
    assert state.steps["work"].succeeded == 3


async def test_a_retry_says_what_it_cannot_reach() -> None:
    pool = FakePool(works, {"work": [1, 2]})
    tube = Tube(plan_of(loop_step("work")), pool, ask=True)
    task = asyncio.create_task(tube.run())
    await until(lambda: tube.engine.finished)
    reply = tube.engine.send(RetryItems("work", items=(0, 1)))
    assert reply.refused
    assert reply.text == "Nothing to retry: the 2 items are done"
    assert tube.engine.send(RetryItems()).text == "Nothing to retry: nothing has failed"
    assert tube.engine.send(RetryStep("work")).text == "work runs again"
    await until(lambda: tube.state.steps["work"].attempts == 4)
    tube.engine.leave()
    await task


async def test_skipping_failed_items_lets_the_step_succeed() -> None:
    def broken(step: str, value: Any, attempt: int) -> object:
        return ValueError("no") if value == 2 else value

    pool = FakePool(broken, {"work": [1, 2, 3]})
    tube = Tube(plan_of(loop_step("work"), plain("after")), pool, ask=True)
    task = asyncio.create_task(tube.run())
    await until(lambda: tube.engine.finished)
    before = tube.state.status
    assert before == "failed"
    assert tube.engine.send(SkipItems("work", (1,), "known bad")).text == "1 skipped"
    await until(lambda: tube.state.status == "succeeded")
    step = tube.state.steps["work"]
    assert (step.succeeded, step.failed, step.skipped) == (2, 0, 1)
    assert keys(pool, "after") == ["after"]
    tube.engine.leave()
    await task


async def test_pause_holds_and_resume_goes_on() -> None:
    pool = FakePool(works, {"work": list(range(60))})
    tube = Tube(plan_of(loop_step("work", parallel=Parallel(max_parallel=2))), pool)
    task = asyncio.create_task(tube.run())
    await until(lambda: len(pool.effects) > 10)
    assert tube.engine.send(Pause()).text.startswith("Paused.")
    await until(lambda: tube.state.paused and pool.running == 0)
    at_rest = len(pool.effects)
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(pool.effects) <= at_rest + 2
    tube.engine.send(Unpause())
    assert (await task).steps["work"].succeeded == 60
    assert len(pool.effects) == 60


@pytest.mark.parametrize(
    ("items", "wish", "said"),
    [
        (2, Pause(), "Paused. 2 items in flight finish"),
        (3, Pause(), "Paused. 2 items in flight finish, 1 waits"),
        (2, Drain(), "Draining. 2 items in flight finish"),
        (4, Drain(), "Draining. 2 items in flight finish, 2 wait for a resume"),
    ],
)
async def test_of_a_run_that_is_held_only_what_there_is_is_counted(items: int, wish: Command, said: str) -> None:
    pool = FakePool(works, {"work": list(range(items))})
    tube = Tube(plan_of(loop_step("work", parallel=Parallel(max_parallel=2))), pool)
    task = asyncio.create_task(tube.run())
    await until(lambda: tube.engine.running_count("work") == 2 and tube.state.steps["work"].total_known)
    assert tube.engine.send(wish).text == said
    await until(lambda: tube.state.paused or tube.state.draining)
    tube.engine.send(Unpause())
    await task


async def test_stop_and_resume_repeats_nothing_that_was_committed() -> None:
    pool = FakePool(works, {"work": list(range(80))}, seed=3)
    tube = Tube(plan_of(loop_step("work", parallel=Parallel(max_parallel=3)), plain("after")), pool)
    task = asyncio.create_task(tube.run())
    await until(lambda: len(pool.effects) > 30)
    tube.engine.send(Stop())
    state = await task
    assert state.status == "interrupted"
    done = {number for number, value in enumerate(state.steps["work"].states) if value == Item.OK}
    before = len(pool.effects)
    tube.crash_and_resume()
    state = await tube.run()
    assert state.status == "succeeded"
    again = {int(key[1:]) for step, key, _ in pool.effects[before:] if step == "work"}
    assert not again & done
    assert state.steps["work"].succeeded == 80


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sets(st.integers(0, 29)),
    st.lists(st.integers(1, 60), max_size=3),
    st.integers(1, 4),
    st.booleans(),
)
def test_whatever_happens_the_run_comes_to_the_same(
    seed: int, bad: set[int], crashes: list[int], slots: int, tolerant: bool
) -> None:
    """Runs that are cut off and resumed come to the same states as one that is not; the fold of the facts is the state."""

    def behave(step: str, value: Any, attempt: int) -> object:
        return ValueError(f"item {value} is bad") if value in bad and attempt < 2 else value

    plan = plan_of(
        loop_step(
            "work",
            parallel=Parallel(max_parallel=slots),
            retry=Retry(max_attempts=3),
            on_error=OnError(action="continue" if tolerant else "fail"),
        ),
        plain("after"),
    )

    async def go() -> tuple[RunState, Tube]:
        tube = Tube(plan, FakePool(behave, {"work": list(range(30))}, seed))
        for effects in crashes:
            task = asyncio.create_task(tube.engine.run())
            aim = len(tube.pool.effects) + effects
            for _ in range(2000):
                if len(tube.pool.effects) >= aim or task.done():
                    break
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            tube.memory.committed = lambda facts: None
            for worker in tube.pool._workers:
                worker.dead = True
                worker._task.cancel()
                worker._events = None
            tube.pool._idle.clear()
            tube.crash_and_resume()
        return await tube.run(), tube

    state, tube = asyncio.run(go())
    assert state.status == "succeeded"
    assert state.steps["work"].succeeded == 30
    assert tube.pool.most <= slots + len(crashes) * slots
    assert fold(RunState(), tube.memory.facts) == state
    for step in state.steps.values():
        assert step.total == step.done + step.waiting
        assert step.succeeded == step.states.count(Item.OK)
    ended = [fact for fact in tube.memory.facts if isinstance(fact, ev.ItemsEnded) and fact.step == "work"]
    finals = Counter(outcome.item for fact in ended for outcome in fact.outcomes if outcome.status == 1)
    assert max(finals.values()) == 1


@pytest.mark.parametrize("executor", ["process", "thread"])
async def test_on_progress_is_told_the_last_count(executor: Executor) -> None:
    pool = FakePool(works, {"work": [1, 2, 3, 4]})
    step = loop_step(
        "work", on_progress="def update_progress(a, b): pass", parallel=Parallel(max_parallel=2, executor=executor)
    )
    await Tube(plan_of(step), pool).run()
    assert pool.progress[-1] == (4, 4)


@pytest.mark.parametrize("ask", [False, True])
async def test_a_failure_of_the_program_itself_ends_the_run_and_is_raised(ask: bool) -> None:
    class Broken(FakePool):
        async def acquire(self) -> Worker:
            raise NameError("a slip of the pen")

    tube = Tube(plan_of(loop_step("work")), Broken(works, {"work": [1]}), ask=ask)
    with pytest.raises(NameError, match="a slip of the pen"):
        await tube.run()


@pytest.mark.parametrize(
    "value", [0, -1, 10_001, 10**70, 2**40_000, [2**40_000], "1e3", "²", "9" * 5000, None, 2.5], ids=range(11)
)
def test_a_number_of_slots_that_cannot_be_is_refused_in_words(value: Any) -> None:
    with pytest.raises(Refused) as refused:
        slot_count(value)
    assert "not a number of slots from 1 to 10000" in refused.value.error.message
    assert len(refused.value.error.message) < 200


@pytest.mark.parametrize("early", [True, False], ids=["while items wait", "after the last"])
async def test_a_slot_that_gets_no_worker_is_done_without(monkeypatch: pytest.MonkeyPatch, early: bool) -> None:
    """That the system refuses a worker for good may be the last thing that happens."""

    class Scarce(FakePool):
        taken = 0

        async def acquire(self) -> Worker:
            self.taken += 1
            if self.taken <= 2:
                return await super().acquire()
            await until(lambda: early or tube.state.steps["work"].succeeded == 6)
            raise OSError(24, "Too many open files")

        async def pass_time(self) -> None:
            await asyncio.sleep(0.01)

    monkeypatch.setattr(crew, "WORKER_PAUSES", ())
    pool = Scarce(works, {"work": list(range(6))})
    tube = Tube(plan_of(loop_step("work", parallel=Parallel(max_parallel=4), batch_size=1)), pool)
    state = await asyncio.wait_for(tube.run(), 20)
    step = state.steps["work"]
    assert (step.status, step.succeeded) == ("succeeded", 6)
    assert step.slots < 4


async def test_a_step_that_gets_no_worker_at_all_fails_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare(FakePool):
        async def acquire(self) -> Worker:
            raise OSError(24, "Too many open files")

    monkeypatch.setattr(crew, "WORKER_PAUSES", ())
    tube = Tube(plan_of(loop_step("work", parallel=Parallel(max_parallel=4))), Bare(works, {"work": [1]}))
    state = await asyncio.wait_for(tube.run(), 20)
    assert state.steps["work"].status == "failed"
    assert "no worker process could be started: Too many open files" in state.steps["work"].reason


def test_a_number_of_slots_may_be_text() -> None:
    assert (slot_count(10_000), slot_count(" 12 ")) == (10_000, 12)


async def test_a_retry_renews_the_workers_whose_files_have_changed_and_no_others() -> None:
    def billed(step: str, value: Any, attempt: int) -> object:
        return ValueError("no rate") if value == 2 and pool.version < 2 else value

    pool = FakePool(billed, {"work": [1, 2, 3]})
    pool.file = "/rates.json"
    tube = Tube(plan_of(loop_step("work", on_error=OnError(action="continue")), plain("after")), pool, ask=True)
    running = asyncio.create_task(tube.engine.run())
    await until(lambda: tube.engine.finished)
    before = [worker.pid for worker in pool._workers]
    assert tube.engine.send(RetryItems("work")).text == "1 queued"
    await until(lambda: len(keys(pool)) == 4)
    await until(lambda: tube.engine.finished)
    assert [worker.pid for worker in pool._workers] == before
    for version in (1, 2):
        pool.version = version
        assert tube.engine.send(RetryItems("work", (0,))).refused, "a wish for nothing renews nothing"
        assert all(not worker.dead for worker in pool._workers if worker.version == version - 1)
        reply = tube.engine.send(RetryItems("work"))
        assert reply.text == "1 queued; handlers are loaded again: rates.json changed"
        assert all(worker.dead for worker in pool._workers)
        await until(lambda n=version: len(keys(pool)) == 4 + n)
        await until(lambda: tube.engine.finished)
    assert tube.state.steps["work"].failed == 0
    pool.version = 3
    assert tube.engine.send(RetryStep("work")).text == (
        "work runs again, then after; handlers are loaded again: rates.json changed"
    )
    await until(lambda: keys(pool)[5:] == ["k2", "k1", "k2", "k3"] and tube.engine.finished)
    assert not pool.too_old
    tube.engine.leave()
    await running
    await pool.close()


@pytest.mark.parametrize("begins", [True, False], ids=["the step begins", "a slot is staffed"])
async def test_a_worker_that_is_still_loading_at_a_retry_is_looked_at_when_it_has_loaded(begins: bool) -> None:
    """Its files change after it has read them, and before anybody knows which they are."""
    gate = asyncio.Event()

    class Slow(FakePool):
        loads, held = 0, 0

        async def load(self) -> None:
            self.loads += 1
            if self.loads == self.held:
                await gate.wait()

    pool = Slow(lambda step, value, attempt: ValueError("no") if value < 2 else value, {"work": list(range(6))})
    pool.file = "/rates.json"
    pool.held = 0 if begins else 2
    parallel = Parallel(max_parallel=1 if begins else 2)
    step = loop_step("work", on_error=OnError(action="continue"), parallel=parallel, batch_size=1)
    tube = Tube(plan_of(step), pool, ask=True)
    running = asyncio.create_task(tube.engine.run())
    if begins:
        await until(lambda: tube.engine.finished)
        pool.version, pool.held = 1, pool.loads + 1
        tube.engine.send(RetryItems("work", (0,)))
    await until(lambda: pool.loads == pool.held)
    await until(lambda: 1 in tube.state.steps["work"].failures)
    pool.version += 1
    assert tube.engine.send(RetryItems("work", (1,))).count == 1
    gate.set()
    await until(lambda: tube.engine.finished)
    assert not pool.too_old
    tube.engine.leave()
    await running
    await pool.close()


@pytest.mark.parametrize("executor", ["process", "thread"])
async def test_what_a_worker_has_not_begun_comes_back_from_one_that_is_renewed(executor: Executor) -> None:
    """Items in flight end where they began; the rest is begun by others, in no more slots than there are."""
    gate = asyncio.Event()

    class Gated(FakePool):
        async def pass_time(self) -> None:
            if self.effects:
                await gate.wait()
            await super().pass_time()

    pool = Gated(lambda step, value, attempt: ValueError("no") if value == 0 else value, {"work": list(range(20))})
    pool.file = "/rates.json"
    parallel = Parallel(max_parallel=2, executor=executor)
    step = loop_step("work", on_error=OnError(action="continue"), parallel=parallel, batch_size=8)
    tube = Tube(plan_of(step), pool, ask=True)
    running = asyncio.create_task(tube.engine.run())
    await until(lambda: tube.state.steps and tube.state.steps["work"].failed and pool.running)
    old = [worker.pid for worker in pool._workers]
    assert sum(len(worker._queue) for worker in pool._workers), "something was given and has not begun"
    begun = len(pool.effects) + pool.running
    pool.version = 1
    assert "rates.json changed" in tube.engine.send(RetryItems("work")).text
    gate.set()
    await until(lambda: tube.engine.finished)
    assert len(pool.effects) == 21
    assert not pool.too_old
    assert pool.most <= 2
    assert all(worker.dead for worker in pool._workers if worker.pid in old)
    assert sum(pid in old for pid in pool.made_by) == begun
    tube.engine.leave()
    await running
    await pool.close()


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ((), ""),
        (("/flow/a.json",), "; handlers are loaded again: a.json changed"),
        (("/flow/a.json", "/b.py"), "; handlers are loaded again: a.json and /b.py changed"),
        (("/flow/a", "/flow/b/c", "/d", "/e"), "; handlers are loaded again: a, b/c and 2 more changed"),
    ],
)
def test_files_that_changed_are_named_as_they_lie_beside_the_flow(files: tuple[str, ...], told: str) -> None:
    assert loaded_again(files, "/flow") == told
