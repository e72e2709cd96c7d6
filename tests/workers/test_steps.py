from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.workers.bench import Engine, program, run_one, value
from tui_workflow import values
from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.work import Listing, StepProgram, StepSummary
from tui_workflow.store.schema import MIGRATIONS
from tui_workflow.store.stepdata import PAGE, StepData
from tui_workflow.workers.pool import Pool


def store(
    path: Path, steps: dict[str, Sequence[tuple[Any, Any, Any]]], order: dict[str, list[int | None]] | None = None
) -> None:
    """A run file whose items are (payload, result or None, error or None), attempted twice when they failed."""
    database = sqlite3.connect(path)
    database.executescript("".join(MIGRATIONS))
    for number, (name, rows) in enumerate(steps.items()):
        database.execute("INSERT INTO step VALUES (?, ?)", (number, name))
        places = (order or {}).get(name) or list(range(len(rows)))
        for item, ((payload, result, failure), place) in enumerate(zip(rows, places, strict=True)):
            database.execute(
                "INSERT INTO item VALUES (?, ?, ?, ?, ?)", (number, item, f"key{item}", place, values.encode(payload))
            )
            if failure is not None:
                body = ErrorInfo(failure, f"{failure} of {payload}", "00000000", traceback="Traceback …").encode()
                digest = f"{name}{item}".encode()
                database.execute("INSERT INTO error (digest, fingerprint, body) VALUES (?, '', ?)", (digest, body))
                error = database.execute("SELECT max(number) FROM error").fetchone()[0]
                database.executemany(
                    "INSERT INTO outcome (step, item, attempt, status, started, duration, at, worker, definition, revision, error)"
                    " VALUES (?, ?, ?, ?, 1.0, 0.5, 2.0, 1, 1, 1, ?)",
                    [(number, item, 1, 4, error), (number, item, 2, 2, error)],
                )
            elif result is not ...:
                database.execute(
                    "INSERT INTO outcome (step, item, attempt, status, started, duration, at, worker, definition, revision, result)"
                    " VALUES (?, ?, 1, 1, 1.0, 0.5, 2.0, 1, 1, 1, ?)",
                    (number, item, values.encode(result)),
                )
    database.commit()
    database.close()


def summary(
    name: str, *, for_each: bool = True, total: int = 0, ok: int = 0, failed: int = 0, **changes: Any
) -> StepSummary:
    fields: dict[str, Any] = {
        "status": "succeeded",
        "error": None,
        "save_error": False,
        "started": 1.0,
        "duration": 2.0,
        **changes,
    }
    return StepSummary(name, for_each, total=total, succeeded=ok, failed=failed, **fields)


@pytest.fixture
def prog(tmp_path: Path) -> StepProgram:
    """A step after `plain`, `each` (of four items one failed, one pending), `gone` and `skipped`."""
    path = tmp_path / "odd ?#% name.db"
    store(
        path,
        {
            "plain": [(None, {"rows": [1, 2]}, None)],
            "each": [("a", 1, None), ("b", None, "ValueError"), ("c", (3,), None), ("d", ..., None)],
            "moved": [("x", "X", None), ("y", "Y", None), ("z", "Z", None)],
            "many": [(n, n * 2, None) for n in range(2 * PAGE + 10)],
        },
        {"moved": [1, None, 0]},
    )
    return program(
        tmp_path,
        for_each=False,
        run_file=str(path),
        steps=(
            summary("plain", for_each=False),
            summary("each", total=4, ok=2, failed=1),
            summary("moved", total=2, ok=2),
            summary("many", total=2 * PAGE + 10, ok=2 * PAGE + 10),
            summary("skipped", status="skipped", started=None, duration=None),
            summary("skipped_plain", for_each=False, status="skipped"),
        ),
    )


def with_code(prog: StepProgram, code: str) -> StepProgram:
    from dataclasses import replace

    return replace(prog, inputs={"code": code})


ERROR = {"type": "ValueError", "message": "ValueError of b"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("steps['plain']['result']", {"rows": [1, 2]}),
        ("steps.plain.status", "succeeded"),
        ("[steps.each.total, steps.each.started, steps.each.duration, steps.each.error]", [4, 1.0, 2.0, None]),
        ("steps.each.result", [1, None, (3,), None]),
        ("list(steps.each.result[1:3])", [None, (3,)]),
        ("[steps.each.result[0], steps.each.result[-2]]", [1, (3,)]),
        ("steps.each.result == [1, None, (3,), None]", True),
        ("[(3,) in steps.each.result, 9 in steps.each.result]", [True, False]),
        ("repr(steps.each.result)", "[1, None, (3,), None]"),
        ("len(steps['each']['completed_items'])", 2),
        ("steps.each.completed_items[1]", {"index": 2, "key": "key2", "item": "c", "result": (3,), "attempts": 1, "duration": 0.5}),
        ("steps.each.failed_items", [{"index": 1, "key": "key1", "item": "b", "error": ERROR, "attempts": 2}]),
        ("f\"{steps['each']['failed_items']}\"", str([{"index": 1, "key": "key1", "item": "b", "error": ERROR, "attempts": 2}])),
        ("steps.moved.result", ["Z", "X"]),
        ("[sum(steps.many.result), steps.many.result[1003]]", [sum(range(0, 4 * PAGE + 20, 2)), 2006]),
        ("[steps.skipped.status, steps.skipped.result, len(steps.skipped.failed_items)]", ["skipped", None, 0]),
        ("[steps.skipped_plain.result, 'each' in steps, 'nope' in steps]", [None, True, False]),
    ],
)  # fmt: skip
async def test_steps_in_code_and_templates(pool: Pool, prog: StepProgram, expression: str, expected: Any) -> None:
    assert value(await run_one(pool, with_code(prog, f"result = {expression}"))) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ steps.each.failed_items|length > 0 }}", True),
        ("{{ steps['each'].result }}", [1, None, (3,), None]),
        ("{{ steps.plain.result.rows }}", [1, 2]),
        ("{{ steps.each.failed_items[0].error.type }}", "ValueError"),
        ("{{ steps.each.completed_items|map(attribute='item')|list }}", ["a", "c"]),
        ("{{ steps.skipped.failed_items|length }}", 0),
        ("ok {{ steps.each.total }} {{ steps.each.result }}", "ok 4 [1, None, (3,), None]"),
        ("{% for r in steps.each.completed_items %}{{ r.key }};{% endfor %}", "key0;key2;"),
    ],
)
async def test_steps_in_templates(pool: Pool, prog: StepProgram, template: str, expected: Any) -> None:
    worker = await pool.acquire()
    await worker.program(with_code(prog, ""), Engine())
    assert values.decode((await worker.evaluate({"x": template}))["x"]) == expected


async def test_an_earlier_step_is_a_source_of_items(pool: Pool, prog: StepProgram) -> None:
    worker = await pool.acquire()
    await worker.program(with_code(prog, ""), Engine())
    pages = worker.list_items(Listing("items", "{{ steps.many.result }}"))
    assert [int(payload) async for page in pages for payload in page.payloads] == list(range(0, 4 * PAGE + 20, 2))


async def test_save_error_adds_traceback_and_log(pool: Pool, prog: StepProgram) -> None:
    from dataclasses import replace

    saved = tuple(replace(step, save_error=True) for step in prog.steps)
    found = value(
        await run_one(pool, replace(with_code(prog, "result = steps.each.failed_items[0]['error']"), steps=saved))
    )
    assert found == {**ERROR, "traceback": "Traceback …", "log": ""}


async def test_a_change_to_a_result_stays_with_the_item(pool: Pool, prog: StepProgram) -> None:
    code = "steps.plain.result['rows'].append(3)\nresult = steps.plain.result['rows']"
    for _ in range(2):
        assert value(await run_one(pool, with_code(prog, code))) == [1, 2, 3]


async def test_an_unknown_step_or_field_is_named(pool: Pool, prog: StepProgram) -> None:
    from tests.workers.bench import error

    assert "nope" in error(await run_one(pool, with_code(prog, "steps.nope"))).message
    assert "failed_items" in error(await run_one(pool, with_code(prog, "steps.each.faild_items"))).message
    assert error(await run_one(pool, with_code(prog, "steps.plain.total"))).type == "AttributeError"


def test_stepdata_never_writes(tmp_path: Path) -> None:
    store(tmp_path / "r.db", {"s": [(1, 2, None)]})
    data = StepData(str(tmp_path / "r.db"))
    assert data.result("s") == b"2"
    assert data.result("unknown") is None
    assert data.count("s", "completed") == 1
    with pytest.raises(sqlite3.OperationalError):
        data._read("DELETE FROM item")
    data.close()
