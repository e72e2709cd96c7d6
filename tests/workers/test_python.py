from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.workers.bench import Engine, error, handler, items, log, program, run_items, run_one, value
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.work import Refused
from tui_workflow.workers.pool import Pool


async def test_code_sees_its_variables_and_gives_its_result(pool: Pool, tmp_path: Path) -> None:
    code = "base = 10\nresult = [base + n * params['f'] + f for n in item] + [key, index, attempt, run, flow['name'], extra]"
    prog = program(tmp_path, inputs={"code": code, "extra": "{{ item | length }}"}, params={"f": 2})
    assert value(await run_one(pool, prog, [1, 2])) == [14, 16, "k0", 0, 1, "run-1", "flow", 2]


async def test_unset_result_is_none(pool: Pool, tmp_path: Path) -> None:
    assert value(await run_one(pool, program(tmp_path, inputs={"code": "x = 1"}))) is None


@pytest.mark.parametrize(
    ("inputs", "item", "expected"),
    [
        ({"operation": "multiply", "item": "{{ item }}", "factor": 2}, 3, 6),
        ({"operation": "multiply", "item": "{{ item }}", "factor": 2}, [1, 2.5], [2, 5.0]),
        ({"operation": "multiply", "factor": 2}, 4, 8),
        ({"operation": "divide", "divisor": 4}, 2, 0.5),
        ({"operation": "divide", "dividend": 9, "divisor": 3}, 2, 3.0),
    ],
)
async def test_operations_keep_types(
    pool: Pool, tmp_path: Path, inputs: dict[str, Any], item: Any, expected: Any
) -> None:
    found = value(await run_one(pool, program(tmp_path, inputs=inputs), item))
    assert (found, type(found)) == (expected, type(expected))


async def test_product_of_numbers_without_an_item(pool: Pool, tmp_path: Path) -> None:
    prog = program(tmp_path, for_each=False, inputs={"operation": "multiply", "numbers": [2, 3, 4], "factor": 10})
    assert value(await run_one(pool, prog)) == 240


async def test_division_by_zero_is_the_items_error(pool: Pool, tmp_path: Path) -> None:
    found = error(await run_one(pool, program(tmp_path, inputs={"operation": "divide", "divisor": 0}), 1))
    assert found.type == "ZeroDivisionError"


async def test_handler_gets_item_inputs_and_declared_parameters(pool: Pool, tmp_path: Path) -> None:
    source = """
def handle(item, factor, *, params, key, attempt, run, step, index, context, log, progress, steps):
    log("seen")
    progress(1, 2)
    return [item, factor, dict(params), key, attempt, run, step, index, dict(context), dict(steps)]
"""
    inputs = {"item": "{{ item.n }}", "factor": 3}
    outcome = await run_one(
        pool, handler(tmp_path, source, inputs=inputs, params={"a": [1]}, context={"c": 1}), {"n": 7}
    )
    assert value(outcome) == [7, 3, {"a": [1]}, "k0", 1, "run-1", "work", 0, {"c": 1}, {}]
    assert log(outcome) == ["seen"]


async def test_async_handlers_run_side_by_side(pool: Pool, tmp_path: Path) -> None:
    source = """
import asyncio
waiting = 0
async def handle(item):
    global waiting
    waiting += 1
    most = waiting
    print("item", item)
    await asyncio.sleep(0.05)
    most = max(most, waiting)
    waiting -= 1
    return most
"""
    worker = await pool.acquire()
    prog = handler(tmp_path, source, parallel=True, slots=4)
    outcomes = await run_items(worker, prog, list(range(12)))
    assert max(value(outcome) for outcome in outcomes.values()) == 4
    assert [log(outcomes[n]) for n in (0, 11)] == [["item 0"], ["item 11"]]


async def test_threads_run_side_by_side_with_logs_of_their_own(pool: Pool, tmp_path: Path) -> None:
    source = """
import threading, os
together = threading.Barrier(3)
def handle(item, key):
    together.wait(10)
    print("item", item)
    os.write(1, b"raw\\n")
    return key
"""
    worker, engine = await pool.acquire(), Engine()
    await worker.program(handler(tmp_path, source, parallel=True, executor="thread", slots=3), engine)
    worker.feed(items([0, 1, 2]))
    outcomes = await engine.settled(3)
    assert [(value(outcomes[n]), log(outcomes[n])) for n in range(3)] == [(f"k{n}", [f"item {n}"]) for n in range(3)]
    await engine.until(lambda: len(engine.printed_text(-1)) == 3)
    assert engine.printed_text(-1) == ["raw"] * 3


async def test_templates_are_never_data(pool: Pool, tmp_path: Path) -> None:
    given = ["{{ 7*7 }}", "{% raw %}", "{{ params.secret }}", "${HOME}"]
    worker = await pool.acquire()
    prog = handler(
        tmp_path, "def handle(item, also):\n    print(item)\n    return [item, also]\n", inputs={"also": "{{ item }}"}
    )
    outcomes = await run_items(worker, prog, given)
    assert [value(outcomes[n]) for n in range(4)] == [[text, text] for text in given]
    assert [log(outcomes[n]) for n in range(4)] == [[text] for text in given]


async def test_if_per_item_skips_and_says_why(pool: Pool, tmp_path: Path) -> None:
    worker = await pool.acquire()
    prog = program(tmp_path, inputs={"code": "result = item"}, condition="item > 1", condition_per_item=True)
    outcomes = await run_items(worker, prog, [1, 2])
    assert [outcomes[n].status for n in (0, 1)] == [Ended.SKIPPED, Ended.OK]
    assert b"item > 1" in (outcomes[0].error or b"")


async def test_what_an_item_does_to_parameters_stays_with_it(pool: Pool, tmp_path: Path) -> None:
    code = "params['rows'].append(item)\nrows.append(item)\nresult = [len(params['rows']), len(rows)]"
    worker = await pool.acquire()
    outcomes = await run_items(worker, program(tmp_path, inputs={"code": code}, params={"rows": [0]}), [1, 2])
    assert [value(outcomes[n]) for n in (0, 1)] == [[2, 2], [2, 2]]


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        ("import nowhere_to_be_found\ndef handle(item): ...\n", "ModuleNotFoundError", "nowhere_to_be_found"),
        ("def handle(item):\n    retrun 1\n", "SyntaxError", "invalid syntax"),
        ("def handel(item): ...\n", "InvalidFlow", "Did you mean 'handel'?"),
        ("\ndef handle(): ...\n", "InvalidFlow", "cannot be called"),
        ("def handle(item, missing): ...\n", "InvalidFlow", "missing"),
        ("raise SystemExit(3)\ndef handle(item): ...\n", "SystemExit", "3"),
    ],
)
async def test_what_is_wrong_with_a_handler_is_said_once_before_any_item(
    pool: Pool, tmp_path: Path, source: str, kind: str, text: str
) -> None:
    worker = await pool.acquire()
    with pytest.raises(Refused) as refused:
        await worker.program(handler(tmp_path, source), Engine())
    found = refused.value.error
    assert found.type == kind
    assert text in found.message
    if "handel" not in source:
        assert found.where is not None
        assert found.where[0] == str(tmp_path / "handlers.py")
    # The worker is fit for the next step.
    assert value((await run_items(worker, program(tmp_path, inputs={"code": "result = 1"}), [0]))[0]) == 1


async def test_modules_beside_the_flow_can_be_imported_but_hide_nothing(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "queue.py").write_text("raise RuntimeError('imported')\n")
    (tmp_path / "json.py").write_text("raise RuntimeError('imported')\n")
    (tmp_path / "beside.py").write_text("def handle(item):\n    import queue, json\n    return queue.__file__\n")
    prog = program(tmp_path, inputs={"operation": "custom", "handler": "beside:handle"})
    assert not value(await run_one(pool, prog, 1)).startswith(str(tmp_path))


async def test_handlers_are_modules_that_pickle_and_dataclasses_find(pool: Pool, tmp_path: Path) -> None:
    source = """
import dataclasses, inspect, pickle, typing
@dataclasses.dataclass
class Row:
    n: "int"
def handle(item):
    row = pickle.loads(pickle.dumps(Row(item)))
    return [row.n, str(typing.get_type_hints(Row)), inspect.getsource(handle).splitlines()[0]]
"""
    (tmp_path / "handlers.py").write_text("changed = True\n")
    assert value(await run_one(pool, handler(tmp_path, source), 4)) == [4, "{'n': <class 'int'>}", "def handle(item):"]


async def test_a_plug_in_gets_inputs_and_its_context(pool: Pool, tmp_path: Path) -> None:
    source = """
from tui_workflow import task
@task("shout")
def run(inputs, task):
    task.log("shouting")
    return [inputs["text"].upper(), task.key, task.step, task.attempt]
"""
    files = ((str(tmp_path / "plug.py"), source.encode()),)
    prog = program(tmp_path, type="shout", inputs={"text": "{{ item }}!"}, handlers=files)
    assert value(await run_one(pool, prog, "hey")) == ["HEY!", "k0", "work", 1]


async def test_public_api_outside_a_worker() -> None:
    import tui_workflow

    tui_workflow.progress(1, 2)
    assert tui_workflow.RetryLater(3).seconds == 3.0
    with pytest.raises(ValueError, match="not negative"):
        tui_workflow.RetryLater(-1)
    with pytest.raises(AttributeError):
        _ = tui_workflow.nothing_like_it


async def test_retry_later(pool: Pool, tmp_path: Path) -> None:
    source = "from tui_workflow import RetryLater\ndef handle(item):\n    raise RetryLater(item)\n"
    found = error(await run_one(pool, handler(tmp_path, source), 2.5))
    assert (found.type, found.retry_after) == ("RetryLater", 2.5)


async def test_executor_async_needs_an_async_handler(pool: Pool, tmp_path: Path) -> None:
    worker = await pool.acquire()
    with pytest.raises(Refused, match="async def"):
        await worker.program(handler(tmp_path, "def handle(item): ...\n", executor="async"), Engine())


@pytest.mark.parametrize("executor", ["auto", "thread", "async"])
async def test_one_step_follows_another_at_once(pool: Pool, tmp_path: Path, executor: str) -> None:
    word = "async " if executor == "async" else ""
    worker = await pool.acquire()
    for number in range(15):
        prog = handler(tmp_path, f"{word}def handle(item):\n    return item + {number}\n", executor=executor, slots=5)
        outcomes = await run_items(worker, prog, list(range(50)))
        assert [value(outcomes[n]) for n in range(50)] == list(range(number, number + 50))
        plain = await run_items(worker, program(tmp_path, inputs={"code": "result = 'x'"}), [0])
        assert value(plain[0]) == "x"
