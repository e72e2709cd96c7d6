"""Each kind of edit: what the plan says of it, what holds at once, what waits, and what comes of it in the end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.reload.live import Live, live
from tui_workflow.facts.commands import TakeUp

HANDLERS = """\
import time

def first(item):
    time.sleep(0.03)
    return f"first {item}"

def second(item):
    time.sleep(0.03)
    return f"second {item}"

def flaky(item, attempt):
    time.sleep(0.03)
    if attempt == 1 and item % 3 == 0:
        raise ValueError("not at first")
    return attempt

def slow(item):
    time.sleep(0.5 if item == 39 else 0.02)
    return item
"""
FLOW = """\
steps:
  work:
    type: python
    for_each: {range: 40}
    key: "{{ item }}"
    parallel: 2
    on_error: continue
    inputs: {operation: custom, handler: first}
  between:
    type: python
    inputs: {code: "result = len(steps.work.completed_items)"}
  after:
    type: python
    inputs: {code: "result = 'after'"}
"""


@dataclass(frozen=True)
class Case:
    """An edit of the flow; the keys that hold at once and those that wait, of the plan."""

    old: str
    new: str
    force: tuple[tuple[str, str], ...] = ()
    waiting: tuple[tuple[str, str], ...] = ()
    stale: bool = False


SETTINGS = {
    "handler": Case("handler: first", "handler: second", (("work", "inputs.handler"),), stale=True),
    "max_parallel up": Case("parallel: 2", "parallel: 4", (("work", "parallel"),)),
    "max_parallel down": Case("parallel: 2", "parallel: 1", (("work", "parallel"),)),
    "parallel gone": Case("    parallel: 2\n", "", (("work", "parallel"),)),
    "parallel by template": Case("parallel: 2", 'parallel: "{{ 1 + 2 }}"', (("work", "parallel"),)),
    "executor": Case("parallel: 2", "parallel: {max_parallel: 2, executor: thread}", (("work", "parallel"),)),
    "retry": Case("parallel: 2", "parallel: 2\n    retry: {max_attempts: 2}", (("work", "retry.max_attempts"),)),
    "timeout": Case("parallel: 2", "parallel: 2\n    timeout: 9", (("work", "timeout"),)),
    "on_error": Case("on_error: continue", "on_error: fail", (("work", "on_error.action"),)),
    "env": Case("on_error: continue", "on_error: continue\n    env: {A: b}", (("work", "env"),), stale=True),
}
STRUCTURE = {
    "removed": Case('  between:\n    type: python\n    inputs: {code: "result = len(steps.work.completed_items)"}\n', "", waiting=(("between", "removed"),)),
    "renamed": Case("  between:", "  middle:", waiting=(("middle", "added"), ("between", "removed"))),
    "type": Case("  after:\n    type: python\n    inputs: {code: \"result = 'after'\"}", "  after:\n    type: shell\n    inputs: {command: echo hello}", waiting=(("after", "type"), ("after", "inputs.code"), ("after", "inputs.command"))),
    "for_each": Case("{range: 40}", "{range: 45}", waiting=(("work", "for_each"),)),
    "key": Case('"{{ item }}"', '"k{{ item }}"', waiting=(("work", "key"),)),
    "needs": Case("  after:\n    type: python", "  after:\n    type: python\n    needs: [work]", waiting=(("after", "needs"),)),
}  # fmt: skip


def write(folder: Path, flow: str = FLOW) -> None:
    (folder / "handlers.py").write_text(HANDLERS)
    (folder / "flow.yaml").write_text(flow)


def edited(case: Case) -> str:
    assert FLOW.count(case.old) == 1
    return FLOW.replace(case.old, case.new)


def keys(run: Live, which: str) -> tuple[tuple[str, str], ...]:
    assert run.plan is not None
    edits = getattr(run.plan, which)
    return tuple((edit.step, edit.key or edit.what) for edit in edits)


@pytest.mark.parametrize("name", SETTINGS)
async def test_a_setting_holds_at_once(tmp_path: Path, name: str) -> None:
    case = SETTINGS[name]
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.done(6)
        run.save("flow.yaml", edited(case))
        await run.revision(2, 3)
        assert keys(run, "in_force") == case.force
        assert keys(run, "waiting") == ()
        assert run.plan is not None
        assert run.plan.unchanged == 2
        assert (await run.send(TakeUp())).refused
        made = run.step().succeeded
        assert (run.step().stale > 0) == case.stale
        await run.ended()
        rows = run.outcomes()
        assert len(rows) == 40, "nothing in flight was run again"
        assert run.state.status == "succeeded"
        assert run.state.steps["between"].status == "succeeded"
        if name == "handler":
            by = {
                row["revision"]: {str(row["result"]).split()[0] for row in rows if row["revision"] == row["revision"]}
                for row in rows
            }
            assert by.keys() == {1, 2}
            assert all(str(row["result"]).startswith(("", "first", "second")[row["revision"]]) for row in rows)
            assert 0 < run.step().stale <= made + 4
        if name.startswith(("max", "parallel")):
            expected = {"max_parallel up": 4, "max_parallel down": 1, "parallel gone": 1, "parallel by template": 3}[
                name
            ]
            assert run.step().slots == expected


@pytest.mark.parametrize("name", STRUCTURE)
async def test_structure_waits_for_a_word(tmp_path: Path, name: str) -> None:
    case = STRUCTURE[name]
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.done(6)
        shapes = [step.shape for step in run.state.steps.values()]
        run.save("flow.yaml", edited(case))
        await run.revision(2, 3)
        assert keys(run, "in_force") == ()
        assert keys(run, "waiting") == case.waiting
        assert [step.shape for step in run.state.steps.values()] == shapes
        reply = await run.send(TakeUp())
        assert not reply.refused
        assert reply.text == f"{len(case.waiting)} edit{'s' * (len(case.waiting) > 1)} taken up"
        assert keys(run, "waiting") == ()
        await run.ended()
        assert run.state.status == "succeeded"
        await _as_a_fresh_run(run, tmp_path)


async def _as_a_fresh_run(run: Live, folder: Path) -> None:
    """The results are those of a run that had the last text from the start."""
    other = folder / "fresh"
    other.mkdir()
    for name in ("handlers.py", "flow.yaml"):
        (other / name).write_text((folder / name).read_text())
    async with live(other) as fresh:
        await fresh.ended()
        assert fresh.state.status == run.state.status
        assert list(fresh.state.steps) == list(run.state.steps)
        for name, step in fresh.state.steps.items():
            mine = run.state.steps[name]
            assert (mine.status, mine.succeeded, mine.failed, mine.total) == (
                step.status,
                step.succeeded,
                step.failed,
                step.total,
            ), name
            if step.shape.for_each:
                assert run.results(name) == fresh.results(name)
            else:
                assert list(run.results(name).values()) == list(fresh.results(name).values())


async def test_what_reads_a_renamed_step_waits_with_it(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.done(6)
        run.save("flow.yaml", FLOW.replace("work", "worked").replace("parallel: 2", "parallel: 3"))
        await run.revision(2, 3)
        assert keys(run, "in_force") == ()
        assert keys(run, "waiting") == (("worked", "added"), ("between", "inputs.code"), ("work", "removed"))
        await run.ended()
        assert list(run.results("between").values()) == [40], "it ran by the text that goes with the step there was"
        assert run.state.status == "succeeded"
        await run.send(TakeUp())
        await run.until(lambda: "worked" in run.state.steps and run.stage.engine.finished, "the renamed step ran")
        await run.send(TakeUp("stale"))
        await run.until(lambda: not any(step.stale for step in run.state.steps.values()), "what read it ran again")
        await run.ended()
        await _as_a_fresh_run(run, tmp_path)


async def test_the_code_of_a_step_that_is_gone_stays_until_the_step_goes(tmp_path: Path) -> None:
    gone = FLOW.replace("  between:", "  extra:\n    type: python\n    inputs: {handler: second, item: 1}\n  between:")
    write(tmp_path, gone)
    async with live(tmp_path) as run:
        await run.done(6)
        run.save("flow.yaml", FLOW)
        await run.revision(2, 3)
        run.save("handlers.py", HANDLERS.replace("def second", "def third"))
        await run.revision(3, 3)
        assert run.rejected is None
        assert keys(run, "in_force") == ()
        assert keys(run, "waiting") == (("extra", "removed"), ("work", "code"))
        assert not (await run.send(TakeUp())).refused
        await run.ended()
        assert list(run.state.steps) == ["work", "between", "after"]
        assert "def third" in run.stage.engine.plan.handlers[0].source.decode()
        await _as_a_fresh_run(run, tmp_path)


PARAMS = FLOW.replace("steps:", "params: {rate: 2}\nsteps:", 1).replace("'after'", "params['rate']")


async def test_what_reads_a_renamed_parameter_waits_and_is_given_its_default(tmp_path: Path) -> None:
    write(tmp_path, PARAMS)
    async with live(tmp_path) as run:
        await run.done(6)
        run.save("flow.yaml", PARAMS.replace("rate: 2", "factor: 3").replace("'rate'", "'factor'"))
        await run.revision(2, 3)
        assert keys(run, "in_force") == (("", "params.rate"),)
        assert keys(run, "waiting") == (("after", "inputs.code"), ("", "params.factor"))
        assert not (await run.send(TakeUp())).refused
        await run.ended()
        assert list(run.results("after").values()) == [3]


async def test_a_parameter_that_has_no_value_is_for_a_resume(tmp_path: Path) -> None:
    write(tmp_path, PARAMS)
    required = PARAMS.replace("rate: 2", "factor: {type: integer}").replace("'rate'", "'factor'")
    async with live(tmp_path) as run:
        await run.done(6)
        run.save("flow.yaml", required)
        await run.revision(2, 3)
        reply = await run.send(TakeUp())
        assert reply.refused
        assert reply.text == "Not taken up: parameter 'factor' is required: pass factor=VALUE; only --resume takes one"
        await run.ended()
        assert list(run.results("after").values()) == [2]
        assert keys(run, "waiting") == (("after", "inputs.code"), ("", "params.factor"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (FLOW.replace("work", "worked"), "flow.yaml:2:3: step worked added: a structural edit waits for a person"),
        (PARAMS.replace("rate", "rate: 1, more"), "flow.yaml:1:1: parameter more added: a structural edit waits for a person"),
    ],
)  # fmt: skip
async def test_with_nobody_there_structure_is_refused_as_a_whole(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, PARAMS if "params" in text else FLOW)
    async with live(tmp_path, ask=False) as run:
        await run.done(6)
        run.save("flow.yaml", text)
        await run.until(lambda: run.state.rejected, "it was refused", 4)
        assert run.state.rejected is not None
        assert told in run.state.rejected.problems[0]
        assert run.state.revision == 1


async def test_steps_change_places(tmp_path: Path) -> None:
    write(tmp_path)
    head, between, after = (
        FLOW.split("  between:", maxsplit=1)[0],
        FLOW.split("  between:")[1].split("  after:", maxsplit=1)[0],
        FLOW.split("  after:")[1],
    )
    async with live(tmp_path) as run:
        await run.done(6)
        run.save("flow.yaml", f"{head}  after:{after}  between:{between}")
        await run.revision(2, 3)
        waiting = keys(run, "waiting")
        assert {key for _, key in waiting} <= {"order", "needs"}
        assert any(key == "order" for _, key in waiting)
        await run.send(TakeUp())
        await run.ended()
        assert list(run.state.steps) == ["work", "after", "between"]
        await _as_a_fresh_run(run, tmp_path)


async def test_retries_hold_for_the_next_failure(tmp_path: Path) -> None:
    write(tmp_path, FLOW.replace("handler: first", "handler: flaky"))
    async with live(tmp_path) as run:
        await run.until(lambda: run.step().failed >= 3, "some failed for good")
        run.save(
            "flow.yaml",
            FLOW.replace("handler: first", "handler: flaky").replace(
                "parallel: 2", "parallel: 2\n    retry: {max_attempts: 2}"
            ),
        )
        await run.revision(2, 3)
        failed = run.step().failed
        await run.ended()
        assert run.step().failed <= failed + 2, "only what was in flight could still fail at its first attempt"
        still = run.step().failed
        assert (await run.send(TakeUp("failed"))).count == still
        await run.until(lambda: run.step().failed == 0 and run.stage.engine.finished, "all succeeded")


async def test_a_timeout_holds_for_what_starts_later(tmp_path: Path) -> None:
    write(tmp_path, FLOW.replace("handler: first", "handler: slow"))
    async with live(tmp_path) as run:
        await run.done(4)
        run.save(
            "flow.yaml",
            FLOW.replace("handler: first", "handler: slow").replace("parallel: 2", "parallel: 2\n    timeout: 0.2"),
        )
        await run.revision(2, 3)
        await run.ended()
        assert run.step().failed == 1
        assert run.step().groups[0].type == "Timeout"


async def test_a_step_that_was_removed_comes_back_with_its_items(tmp_path: Path) -> None:
    write(tmp_path)
    without = "steps:\n  between:\n    type: python\n    inputs: {code: 'result = 1'}\n"
    async with live(tmp_path) as run:
        await run.ended()
        assert run.step().succeeded == 40
        run.save("flow.yaml", without)
        await run.revision(2, 3)
        await run.send(TakeUp())
        await run.until(lambda: "work" not in run.state.steps, "the step left")
        await run.ended()
        run.save("flow.yaml", FLOW)
        await run.revision(3, 3)
        await run.send(TakeUp())
        await run.until(lambda: "work" in run.state.steps and run.stage.engine.finished, "it came back and ran")
        assert run.step().succeeded == 40
        assert len(run.outcomes()) == 40, "what it had done was kept"
        assert run.state.status == "succeeded"
    _folds_as_it_was(run)


@pytest.mark.parametrize("when", ["running", "ended"])
async def test_a_step_gains_and_loses_its_loop(tmp_path: Path, when: str) -> None:
    plain = FLOW.replace('    for_each: {range: 40}\n    key: "{{ item }}"\n    parallel: 2\n', "").replace(
        "handler: first}", "handler: first, item: 7}"
    )
    plain = plain.replace("len(steps.work.completed_items)", "steps.work.result")
    write(tmp_path)
    async with live(tmp_path) as run:
        if when == "ended":
            await run.ended()
        else:
            await run.done(6)
        run.save("flow.yaml", plain)
        await run.revision(2, 3)
        await run.send(TakeUp())
        await run.until(lambda: not run.step().shape.for_each and run.stage.engine.finished, "it ran as one piece")
        assert run.outcomes()[-1]["result"] == "first 7"
        assert (run.step().succeeded, run.step().total) == (1, 1)
        run.save("flow.yaml", FLOW)
        await run.revision(3, 3)
        await run.send(TakeUp())
        await run.until(lambda: run.step().shape.for_each and run.stage.engine.finished, "it loops again")
        await asyncio.sleep(0)
        assert (run.step().total, run.step().failed) == (40, 0)
        results: dict[str, Any] = run.results()
        assert results == {str(n): f"first {n}" for n in range(40)}
    _folds_as_it_was(run)


def _folds_as_it_was(run: Live) -> None:
    """The run file gives the state that the live run had."""
    from tui_workflow.store.runfile import RunFile

    with RunFile(run.stage.assignment.path) as file:
        stored = file.state()
    assert list(stored.steps) == list(run.state.steps)
    for name, step in run.state.steps.items():
        other = stored.steps[name]
        assert (other.states, other.succeeded, other.failed, other.stale, other.status) == (
            step.states,
            step.succeeded,
            step.failed,
            step.stale,
            step.status,
        )
    assert stored.removed.keys() == run.state.removed.keys()
