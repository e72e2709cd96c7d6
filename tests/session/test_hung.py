"""An item that hangs can be given up by itself: its attempt ends, its neighbours and the run go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reload.live import live
from tui_workflow.facts.commands import RetryItems, SkipItems
from tui_workflow.facts.outcome import Ended

FLOW = """\
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {{range: 12}}
    parallel: {{max_parallel: 2, executor: {executor}}}
    inputs: {{operation: custom, handler: work}}
"""
HANDLERS = """\
import asyncio, os, threading

def ran(item):
    with open("ran.log", "a") as log:
        log.write(f"{{item}}\\n")
    print("begun", item)

{start} work(item):
    ran(item)
    if item == 3 and not os.path.exists("mended"):
        {hang}
    return item
"""
KINDS = {
    "process": ("def", "threading.Event().wait()"),
    "thread": ("def", "threading.Event().wait()"),
    "async": ("async def", "await asyncio.Event().wait()"),
}


@pytest.mark.parametrize("executor", KINDS)
async def test_an_item_that_hangs_is_skipped_by_itself(tmp_path: Path, executor: str) -> None:
    start, hang = KINDS[executor]
    (tmp_path / "handlers.py").write_text(HANDLERS.format(start=start, hang=hang))
    (tmp_path / "flow.yaml").write_text(FLOW.format(executor=executor))
    async with live(tmp_path) as run:
        await run.until(lambda: run.step().succeeded == 11, "all but one are done")
        assert [entry.item for entry in run.stage.engine.running("work")] == [3]
        refused = await run.send(SkipItems("work", (3,), "hangs"))
        assert refused.refused, "what runs is left alone unless that is meant"
        reply = await run.send(SkipItems("work", (3, 4), "hangs", running=True))
        assert reply.text == "1 skipped, 1 not: done or running"
        await run.ended()
        step = run.step()
        assert (run.state.status, step.succeeded, step.skipped, step.failed) == ("succeeded", 11, 1, 0)
        detail = await run.stage.details.item("work", 3)
        assert detail is not None
        (attempt,) = detail.attempts
        assert attempt.status == Ended.SKIPPED
        assert attempt.error is not None
        assert attempt.error.message == "hangs"
        assert attempt.duration > 0
        if executor == "process":
            assert attempt.log is not None
            assert b"begun 3" in attempt.log
        (tmp_path / "mended").touch()
        assert (await run.send(RetryItems("work", (3,)))).count == 1
        await run.until(lambda: run.step().succeeded == 12, "a retry takes it back")
    ran = sorted(map(int, (tmp_path / "ran.log").read_text().split()))
    assert ran == sorted([*range(12), 3]), "nothing else ran twice"
