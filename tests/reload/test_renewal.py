"""A retry after what a handler file was made of has changed: data it read, modules it imported. Fresh processes take it up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.reload.live import Live, live
from tui_workflow.facts.commands import Progress, RetryItems, RetryStep, SkipItems

DATA = """\
import json
from pathlib import Path

RATES = json.loads(Path(__file__).with_name("rates.json").read_text())
"""
FUNCTION = """\

def bill(item):
    if item not in RATES:
        raise LookupError(f"no exchange rate for {item}")
    return RATES[item]
"""
FLOW = """\
steps:
  work:
    type: python
    for_each: {items: [EUR, XBT, USD, XBT, XBT]}
    on_error: continue
    parallel: 2
    inputs: {operation: custom, handler: bill}
"""
OLD, NEW = '{"EUR": 1, "USD": 2}', '{"EUR": 1, "USD": 2, "XBT": 33}'


def write(folder: Path, code: str = DATA + FUNCTION, flow: str = FLOW) -> None:
    (folder / "rates.json").write_text(OLD)
    (folder / "rates.py").write_text(f"RATES = {OLD}\n")
    (folder / "flow.py").write_text(code)
    (folder / "flow.yaml").write_text(flow)


def pids(run: Live) -> set[int]:
    return {row[0] for row in run.rows("SELECT DISTINCT worker FROM outcome WHERE worker > 0")}


async def gone(pid: int) -> None:
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"process {pid} lives on")


async def retried(run: Live) -> None:
    await run.until(lambda: run.state.finished and not run.step().failed, "the failed items were retried")


@pytest.mark.parametrize(
    ("code", "file"),
    [
        (DATA + FUNCTION, "rates.json"),
        ("from rates import RATES\n" + FUNCTION, "rates.py"),
        ("def bill(item):\n    import rates\n    return rates.RATES[item]\n", "rates.py"),
    ],
    ids=["data", "module", "module of an item"],
)
@pytest.mark.parametrize("executor", ["process", "thread"])
async def test_what_was_mended_beside_the_handler_is_in_force_at_a_retry(
    tmp_path: Path, code: str, file: str, executor: str
) -> None:
    write(tmp_path, code, FLOW.replace("parallel: 2", f"parallel: {{max_parallel: 2, executor: {executor}}}"))
    async with live(tmp_path) as run:
        await run.ended()
        assert run.step().failed == 3
        before = pids(run)
        run.save(file, NEW if file == "rates.json" else f"RATES = {NEW}\n")
        reply = await run.send(RetryItems())
        assert reply.text == f"3 queued; handlers are loaded again: {file} changed"
        await retried(run)
        assert sorted(run.results().values()) == [1, 2, 33, 33, 33]
        assert pids(run) - before
        for pid in before:
            await gone(pid)
        assert len(run.outcomes()) == 8


async def test_inline_code_gets_the_mended_module(tmp_path: Path) -> None:
    write(
        tmp_path,
        flow=FLOW.replace("{operation: custom, handler: bill}", '{code: "import rates; result = rates.RATES[item]"}'),
    )
    async with live(tmp_path) as run:
        await run.ended()
        run.save("rates.py", f"RATES = {NEW}\n")
        assert "rates.py changed" in (await run.stage.feed.send(RetryItems("work"), Progress())).text
        await retried(run)


async def test_without_a_change_the_same_processes_go_on(tmp_path: Path) -> None:
    code = (DATA + FUNCTION).replace("    return", "    open('made.txt', 'a').write(item)\n    return")
    write(tmp_path, code, FLOW.replace("parallel: 2\n", "parallel: 1\n"))
    async with live(tmp_path) as run:
        await run.ended()
        before = pids(run)
        (tmp_path / "other.json").write_text("{}")
        for count in (8, 11):
            assert (await run.send(RetryItems())).text == "3 queued"
            await run.until(lambda n=count: len(run.outcomes()) == n, "they ran")  # type: ignore[misc]
            await run.until(lambda: run.state.finished, "it ended")
        assert len(before) == 1
        assert pids(run) == before
        await run.send(SkipItems("work", (1,), "known"))
        await run.until(lambda: run.step().failed == 2, "one was skipped")
        run.save("rates.json", NEW)
        await run.send(SkipItems("work", (3,), "known"))
        await run.until(lambda: run.state.finished and run.step().failed == 1, "one was skipped")
        assert (await run.send(RetryItems("work", (0,)))).refused
        assert "rates.json changed" in (await run.send(RetryItems("work", (4,)))).text
        await run.until(lambda: run.state.finished and not run.step().failed, "the last was retried")


async def test_one_first_then_the_others(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.ended()
        old = pids(run)
        run.save("rates.json", NEW)
        assert "rates.json changed" in (await run.send(RetryItems("work", (3,)))).text
        await run.until(lambda: run.state.finished and run.step().failed == 2, "one was retried")
        fresh = {row[0] for row in run.rows("SELECT worker FROM outcome ORDER BY seq DESC LIMIT 1")}
        assert (await run.send(RetryItems("work"))).text == "2 queued"
        await retried(run)
        used = {row[0] for row in run.rows("SELECT worker FROM outcome ORDER BY seq DESC LIMIT 2")}
        assert not used & old
        assert all(Path(f"/proc/{pid}").exists() for pid in fresh), (
            "what is fresh is not renewed, whichever slot the others took"
        )


async def test_a_module_that_broke_the_whole_step(tmp_path: Path) -> None:
    write(tmp_path, "from early import RATES\n" + FUNCTION)
    (tmp_path / "early.py").write_text("from rates import RATES\nimport late\n")
    (tmp_path / "late.py").write_text("from rates import RATES\nXBT = RATES['XBT']\n")
    async with live(tmp_path) as run:
        await run.ended()
        assert run.step().status == "failed"
        assert "KeyError" in run.step().reason
        run.save("rates.py", f"RATES = {NEW}\n")
        assert (await run.send(RetryItems())).text == "work queued; handlers are loaded again: rates.py changed"
        await run.until(lambda: run.state.finished and run.step().succeeded == 5, "the step went well")


@pytest.mark.parametrize("portions", [False, True])
async def test_a_whole_step_once_more(tmp_path: Path, portions: bool) -> None:
    write(
        tmp_path,
        flow=FLOW.replace(
            "    for_each: {items: [EUR, XBT, USD, XBT, XBT]}\n    on_error: continue\n    parallel: 2\n", ""
        ).replace("handler: bill", "handler: bill, item: XBT"),
    )
    async with live(tmp_path) as run:
        await run.ended()
        assert run.step().status == "failed"
        for name in ("rates.json", "flow.txt"):
            run.save(name, NEW)
        reply = await run.stage.feed.send(RetryStep("work"), Progress() if portions else None)
        assert reply.text == "work runs again; handlers are loaded again: rates.json changed"
        await run.until(lambda: run.state.finished and run.step().status == "succeeded", "it ran again")


@pytest.mark.parametrize(
    "parallel",
    ["2", "{max_parallel: 3, executor: thread}", "{max_parallel: 3, executor: async}"],
    ids=["process", "thread", "async"],
)
async def test_while_the_step_still_runs(tmp_path: Path, parallel: str) -> None:
    """Nothing begins with the old data after the wish, nothing runs twice, and there are never more items than slots."""
    code = DATA + (
        "import time, asyncio\nasync def bill(item):\n    await asyncio.sleep(0.03)\n"
        if "async" in parallel
        else DATA + "import time\ndef bill(item):\n    time.sleep(0.03)\n"
    )
    code += "    if item == 5 and 'XBT' not in RATES:\n        raise LookupError('no rate')\n    return len(RATES)\n"
    flow = FLOW.replace("{items: [EUR, XBT, USD, XBT, XBT]}", "{range: 150}\n    key: '{{ item }}'")
    write(tmp_path, code, flow.replace("parallel: 2", f"parallel: {parallel}"))
    slots = 2 if parallel == "2" else 3
    async with live(tmp_path) as run:
        most = run.most_at_once()
        await run.until(lambda: run.step().failed == 1 and run.step().done > 20, "an item failed")
        before = pids(run)
        run.save("rates.json", NEW)
        flying = run.stage.engine.running_count("work")
        done = run.step().succeeded
        assert (await run.send(RetryItems("work"))).text == "1 queued; handlers are loaded again: rates.json changed"
        await run.ended()
        rows = run.outcomes()
        assert len(rows) == 151
        assert run.step().succeeded == 150
        old = sum(row["result"] == 2 for row in rows)
        assert done <= old <= done + 3 * slots + flying
        assert run.results()["5"] == 3
        assert most() <= slots
        for pid in before:
            await gone(pid)
