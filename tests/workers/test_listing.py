from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.workers.bench import Engine, program
from tui_workflow import values
from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.work import Listing, Refused
from tui_workflow.workers.pool import Pool


class Listed(NamedTuple):
    key: str
    payload: bytes
    explicit: bool


async def listed(pool: Pool, folder: Path, listing: Listing, **changes: Any) -> list[Listed]:
    worker = await pool.acquire()
    try:
        await worker.program(program(folder, inputs={"code": ""}, **changes), Engine())
        pages = [page async for page in worker.list_items(listing)]
        return [Listed(key, payload, page.explicit) for page in pages for key, payload in zip(*page[:2], strict=True)]
    finally:
        pool.release(worker)


async def values_of(pool: Pool, folder: Path, listing: Listing, **changes: Any) -> list[Any]:
    return [values.decode(one.payload) for one in await listed(pool, folder, listing, **changes)]


async def refusal(pool: Pool, folder: Path, listing: Listing, **changes: Any) -> ErrorInfo:
    with pytest.raises(Refused) as refused:
        await listed(pool, folder, listing, **changes)
    return refused.value.error


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        (Listing("items", [1, "{{ params.n }}", {"a": "{{ params.n + 1 }}"}]), [1, 3, {"a": 4}]),
        (Listing("items", "{{ params.rows }}"), [[1], [2]]),
        (Listing("items", []), []),
        (Listing("range", 3), [0, 1, 2]),
        (Listing("range", "{{ params.n }}"), [0, 1, 2]),
        (Listing("range", [2, 8, 3]), [2, 5]),
        (Listing("range", 10, where="item % 2 == 0", limit=3), [0, 2, 4]),
        (Listing("range", 10, where="{{ item > 7 }}"), [8, 9]),
        (Listing("range", 5, chunk=2), [[0, 1], [2, 3], [4]]),
        (Listing("range", 5, chunk="{{ params.n }}", limit="{{ params.n + 1 }}"), [[0, 1, 2], [3]]),
        (Listing("range", 5, limit=0), []),
    ],
)
async def test_sources(pool: Pool, tmp_path: Path, listing: Listing, expected: list[Any]) -> None:
    assert await values_of(pool, tmp_path, listing, params={"n": 3, "rows": [[1], [2]]}) == expected


async def test_files(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes('\ufeffname,n\r\n"x, ""y""",1\r\n"two\nlines",2\r\n'.encode())
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n\n[2]\n"{{ x }}"')
    (tmp_path / "a.txt").write_text("one\n\n  two \r\nthree")
    (tmp_path / "rows").write_text("x\n")
    (tmp_path / "empty.csv").write_text("")
    assert await values_of(pool, tmp_path, Listing("file", "a.csv")) == [
        {"name": 'x, "y"', "n": "1"},
        {"name": "two\nlines", "n": "2"},
    ]
    assert await values_of(pool, tmp_path, Listing("file", "{{ params.f }}"), params={"f": "a.jsonl"}) == [
        {"a": 1}, [2], "{{ x }}",
    ]  # fmt: skip
    assert await values_of(pool, tmp_path, Listing("file", "a.txt")) == ["one", "", "  two ", "three"]
    assert await values_of(pool, tmp_path, Listing("file", "rows", format="txt")) == ["x"]
    assert await values_of(pool, tmp_path, Listing("file", "empty.csv")) == []


async def test_glob_is_sorted_and_relative_to_the_flow(pool: Pool, tmp_path: Path) -> None:
    for name in ("in/b.json", "in/a.json", "in/deep/c.json", "in/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert await values_of(pool, tmp_path, Listing("glob", "in/*.json")) == ["in/a.json", "in/b.json"]
    assert await values_of(pool, tmp_path, Listing("glob", "in/**/*.json")) == [
        "in/a.json", "in/b.json", "in/deep/c.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("listing", "text"),
    [
        (Listing("items", "{{ params.text }}"), "needs a list, and was given text ('abc')"),
        (Listing("items", "{{ params.map }}"), "needs a list, and was given a mapping"),
        (Listing("items", "{{ params.nothing }}"), "nothing"),
        (Listing("items", "{{ params.none }}"), "null"),
        (Listing("range", "x"), "range"),
        (Listing("range", True), "range"),
        (Listing("range", 3, chunk=0), "`chunk`"),
        (Listing("range", 3, where="item.x.y"), "item.x.y"),
        (Listing("range", 3, key="{{ params.none }}"), "the key of item 1"),
        (Listing("file", "missing.csv"), "missing.csv"),
        (Listing("file", "data.xml"), "'xml'"),
        (Listing("file", "bad.csv"), "bad.csv:3:1: the row has 3 fields, the header has 2"),
        (Listing("file", "bad.jsonl"), "bad.jsonl:2:1: the line is not JSON"),
        (Listing("file", "bad.txt"), "bad.txt:2:1: the line is not UTF-8"),
    ],
)
async def test_what_is_wrong_is_said_with_its_place(pool: Pool, tmp_path: Path, listing: Listing, text: str) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n1,2,3\n")
    (tmp_path / "bad.jsonl").write_text("1\n{\n")
    (tmp_path / "bad.txt").write_bytes(b"x\n\xff\xfe\n")
    params = {"text": "abc", "map": {"a": 1}, "none": None}
    assert text in (await refusal(pool, tmp_path, listing, params=params)).message


async def test_keys(pool: Pool, tmp_path: Path) -> None:
    rows = [{"id": 1, "b": 2}, {"b": 2, "id": 1}, {"id": 2}]
    implicit = await listed(pool, tmp_path, Listing("items", rows))
    assert [len(one.key) for one in implicit] == [16] * 3
    assert implicit[0].key == implicit[1].key != implicit[2].key
    assert not implicit[0].explicit
    explicit = await listed(pool, tmp_path, Listing("items", rows, key="row-{{ item.id }}-{{ index }}"))
    assert [(one.key, one.explicit) for one in explicit] == [("row-1-0", True), ("row-1-1", True), ("row-2-2", True)]


async def test_listing_waits_for_its_reader(pool: Pool, tmp_path: Path) -> None:
    worker = await pool.acquire()
    await worker.program(program(tmp_path, inputs={"code": "result = item"}), engine := Engine())
    pages = worker.list_items(Listing("range", 100_000_000))
    assert isinstance(pages, AsyncGenerator)
    first = await anext(pages)
    assert 0 < len(first.keys) <= 500
    # Items run between pages, and leaving early ends it.
    from tests.workers.bench import items

    worker.feed(items([1]))
    await engine.settled(1)
    await pages.aclose()
    assert await worker.evaluate({"x": "{{ 1 + 1 }}"}) == {"x": b"2"}


async def test_a_million_elements_of_a_file_stream(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "many.jsonl").write_text("".join(f"{n}\n" for n in range(50_000)))
    found = await listed(pool, tmp_path, Listing("file", "many.jsonl"))
    assert [int(one.payload) for one in found] == list(range(50_000))


async def test_secret_items_are_refused(pool: Pool, tmp_path: Path) -> None:
    found = await refusal(
        pool, tmp_path, Listing("items", ["x", "a {{ params.t }}"]), params={"t": "hunter2"}, secrets=["hunter2"]
    )
    assert found.type == "SecretLeak"
    assert "hunter2" not in json.dumps(found.message)


async def test_evaluate_keeps_types_and_names_what_is_missing(pool: Pool, tmp_path: Path) -> None:
    worker = await pool.acquire()
    await worker.program(program(tmp_path, inputs={"code": ""}, params={"n": 3}), Engine())
    found = await worker.evaluate({"a": "{{ params.n * 2 }}", "b": "params.n > 2", "c": "n is {{ params.n }}"})
    assert {name: values.decode(stored) for name, stored in found.items()} == {"a": 6, "b": True, "c": "n is 3"}
    with pytest.raises(Refused, match="missing"):
        await worker.evaluate({"a": "{{ params.missing }}"})


async def test_an_evaluation_that_hangs_costs_the_worker(pool: Pool, tmp_path: Path) -> None:
    worker, engine = await pool.acquire(), Engine()
    await worker.program(program(tmp_path, inputs={"code": ""}), engine)
    slow = "{{ range(100000)|map('string')|join('')|length }}" * 50
    with pytest.raises(Refused) as refused:
        await worker.evaluate({"if": slow}, limit=0.05)
    assert refused.value.error.type == "Timeout"
    await engine.until(lambda: bool(engine.deaths))
    assert engine.deaths[0].wanted


async def test_a_handler_file_that_hangs_can_be_killed(pool: Pool, tmp_path: Path) -> None:
    from tests.workers.bench import handler
    from tui_workflow.workers.deaths import made

    worker = await pool.acquire()
    asking = asyncio.create_task(worker.program(handler(tmp_path, "while True: pass\n"), Engine()))
    await asyncio.sleep(0.2)
    worker.kill(made("Timeout", "import took too long"))
    with pytest.raises(Refused, match="Timeout"):
        await asking
