"""An item that crashes, exits, hangs or floods costs exactly itself, and its error names the cause."""

from __future__ import annotations

import pytest

from tests.end_to_end.bench import EFFECT, Folder, gone_within, processes_of

HANDLERS = (
    EFFECT
    + """
import ctypes, sys

def work(item, attempt):
    effect(f"{item}:{attempt}")
    if item == "segfault":
        ctypes.string_at(0)
    if item == "exit":
        sys.exit(0)
    if item == "hang":
        time.sleep(300)
    if item == "flood":
        for _ in range(10 * 1024):
            print("x" * 1023)
    time.sleep(PAUSE)
    return item

async def work_async(item, attempt):
    import asyncio
    effect(f"{item}:{attempt}")
    if item == "segfault":
        await asyncio.sleep(0.05)
        ctypes.string_at(0)
    if item == "exit":
        sys.exit(0)
    if item == "hang":
        await asyncio.sleep(300)
    if item == "flood":
        for _ in range(10 * 1024):
            print("x" * 1023)
    await asyncio.sleep(PAUSE)
    return item
"""
)
FLOW = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: [ITEMS]
    key: "{{ item }}"
    parallel: {max_parallel: 3, executor: EXECUTOR}
    timeout: 2
    on_error: continue
    inputs: {operation: custom, handler: HANDLER}
"""
NEIGHBOURS = ["a", "b", "c", "d", "e", "f"]
CAUSES = {
    "segfault": ("WorkerDied", "SIGSEGV"),
    "exit": ("SystemExit", "0"),
    "hang": ("Timeout", "2"),
}


def prepared(folder: Folder, items: list[str], executor: str, pause: float = 0.02) -> None:
    folder.write("handlers.py", HANDLERS.replace("PAUSE", str(pause)))
    handler = "work_async" if executor == "async" else "work"
    folder.write(
        "flow.yaml",
        FLOW.replace("ITEMS", ", ".join(items)).replace("EXECUTOR", executor).replace("HANDLER", handler),
    )


def blamed(folder: Folder, *bad: str) -> None:
    failed = {record["key"]: record for record in folder.failed()}
    assert set(failed) == set(bad)
    for key, record in failed.items():
        kind, words = CAUSES[key]
        assert record["error"]["type"] == kind
        assert words in record["error"]["message"], record["error"]["message"]
        assert record["attempts"] == 1


def test_in_processes_no_neighbour_runs_twice(folder: Folder) -> None:
    items = ["a", "segfault", "b", "exit", "c", "flood", "d", "hang", "e", "f"]
    prepared(folder, items, "process")
    folder.run()
    blamed(folder, "segfault", "exit", "hang")
    assert folder.results("work") == [item if item not in CAUSES else None for item in items]
    assert folder.effects() == {f"{item}:1": 1 for item in items}
    logged = folder.ok("logs", "work", "flood", "--run", "flow.yaml")
    assert 1000 < len(logged) < 200_000, "the log is capped"
    assert "cut" in logged or "left out" in logged, "and says so"
    gone_within(folder.path)
    assert processes_of(folder.path) == []


@pytest.mark.parametrize("executor", ["thread", "async"])
@pytest.mark.parametrize("bad", CAUSES)
@pytest.mark.slow
def test_in_shared_processes_neighbours_use_no_attempt(folder: Folder, executor: str, bad: str) -> None:
    # When the time-out strikes after two seconds, the neighbours of the third round are half done.
    items = ["a", "b", bad, "c", "d"] if bad != "hang" else ["a", "b", bad, "c", "d", "e", "f"]
    prepared(folder, items, executor, pause=0.3 if bad != "hang" else 0.8)
    folder.run()
    blamed(folder, bad)
    assert folder.results("work") == [item if item != bad else None for item in items]
    seen = folder.effects()
    assert all(word.endswith(":1") for word in seen), f"an attempt was used up: {seen}"
    assert folder.step("work")["attempts"] == len(items)
    gone_within(folder.path)


@pytest.mark.parametrize("executor", ["thread", "async"])
def test_in_shared_processes_a_flood_is_one_items(folder: Folder, executor: str) -> None:
    prepared(folder, ["a", "flood", "b"], executor)
    folder.run()
    assert folder.results("work") == ["a", "flood", "b"]
    assert len(folder.ok("logs", "work", "flood")) < 200_000
    assert folder.ok("logs", "work", "a") == ""


def test_retries_grant_a_crash_another_attempt(folder: Folder) -> None:
    prepared(folder, ["a", "segfault", "b"], "process")
    text = (folder.path / "flow.yaml").read_text().replace("timeout: 2", "retry: {max_attempts: 3}")
    folder.write("flow.yaml", text)
    folder.run()
    assert folder.effects() == {"a:1": 1, "b:1": 1, "segfault:1": 1, "segfault:2": 1, "segfault:3": 1}
    (record,) = folder.failed()
    assert record["attempts"] == 3
