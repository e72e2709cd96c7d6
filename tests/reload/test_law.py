"""A law: whatever is saved during a run, in the end its results are those of a fresh run of the last valid save."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.reload.live import Live, live
from tui_workflow.facts.commands import RetryItems, TakeUp


def handlers(marker: int, fails: int) -> str:
    return f"""\
import time

def work(item):
    time.sleep(0.01)
    if item % 10 < {fails}:
        raise ValueError("as it must")
    return [{marker}, item]

def gather(steps):
    return sorted(record["result"][1] for record in steps.work.completed_items)
"""


def flow(items: int, parallel: int, extra: bool) -> str:
    more = "  more:\n    type: python\n    inputs: {code: 'result = len(steps.work.failed_items)'}\n"
    return f"""\
steps:
  work:
    type: python
    for_each: {{range: {items}}}
    key: "{{{{ item }}}}"
    parallel: {parallel}
    on_error: continue
    inputs: {{operation: custom, handler: work}}
{more if extra else ""}  gather:
    type: python
    needs: [work]
    inputs: {{operation: custom, handler: gather}}
"""


Edit = tuple[str, Any]
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("handlers"), st.tuples(st.integers(1, 5), st.integers(0, 3))),
        st.tuples(st.just("flow"), st.tuples(st.integers(20, 60), st.integers(1, 3), st.booleans())),
        st.tuples(st.just("broken handlers"), st.just(None)),
        st.tuples(st.just("broken flow"), st.just(None)),
        st.tuples(st.just("accept"), st.just(None)),
        st.tuples(st.just("wait"), st.integers(1, 8)),
    ),
    min_size=2,
    max_size=8,
)


async def edit(run: Live, what: str, value: Any) -> None:
    match what:
        case "handlers":
            run.save("handlers.py", handlers(*value))
        case "flow":
            run.save("flow.yaml", flow(*value))
        case "broken handlers":
            run.save("handlers.py", "def work(item:\n")
        case "broken flow":
            run.save("flow.yaml", flow(30, 2, False).replace("type", "tipe"))
        case "accept":
            await run.send(TakeUp())
        case "wait":
            await asyncio.sleep(value / 20)
    await run.stage.feed.reread()


async def finish(run: Live) -> None:
    """Accept what waits, then run the failed and the stale until there are none of the kind that an edit made."""
    await run.send(TakeUp())
    await run.ended()
    await run.send(RetryItems())
    await run.ended()
    await run.send(TakeUp("stale"))
    await run.until(lambda: not any(step.stale for step in run.state.steps.values()), "nothing is stale")
    await run.ended()


async def results(run: Live) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, step in run.state.steps.items():
        counts = (step.status, step.total, step.succeeded, step.failed)
        values = run.results(name)
        if step.shape.for_each:
            keys = {row["item"]: row["key"] for row in run.outcomes(name)}
            failed = sorted(keys[item] for item in step.failures)
            found[name] = (counts, {key: value for key, value in values.items() if key not in failed}, failed)
        else:
            found[name] = (counts, list(values.values()))
    return found


async def as_fresh(folder: Path, edits: list[Edit]) -> None:
    first = {"handlers.py": handlers(0, 1), "flow.yaml": flow(40, 2, False)}
    for name, text in first.items():
        (folder / name).write_text(text)
    async with live(folder) as run:
        await run.done(3)
        for what, value in edits:
            await edit(run, what, value)
        if run.rejected is not None:  # the law is about valid saves: the last one is saved again
            plan = run.stage.reloader.saved or run.stage.plan
            run.save("flow.yaml", plan.text)
            run.save("handlers.py", plan.handlers[0].source.decode())
            await run.stage.feed.reread()
        assert run.rejected is None
        await finish(run)
        mine = await results(run)
        rows = run.outcomes()
        for row in rows:
            if row["status"] == 1:
                assert f"return [{row['result'][0]}, item]" in run.handler(row["revision"])
    fresh = folder / "fresh"
    fresh.mkdir()
    for name in first:
        (fresh / name).write_text((folder / name).read_text())
    async with live(fresh) as other:
        await other.ended()
        assert await results(other) == mine


@pytest.mark.slow
@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(EDITS)
def test_edits_come_to_what_a_fresh_run_does(edits: list[Edit]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(as_fresh(Path(folder), edits))


@pytest.mark.parametrize(
    "edits",
    [
        [
            ("handlers", (1, 2)),
            ("wait", 4),
            ("flow", (50, 3, True)),
            ("accept", None),
            ("wait", 2),
            ("handlers", (2, 0)),
        ],
        [
            ("flow", (30, 1, True)),
            ("accept", None),
            ("flow", (30, 1, False)),
            ("accept", None),
            ("flow", (45, 2, True)),
        ],
        [("flow", (42, 3, False)), ("flow", (37, 3, True)), ("broken handlers", None), ("handlers", (4, 1))],
        [("broken flow", None), ("handlers", (3, 1)), ("broken handlers", None), ("wait", 6)],
    ],
    ids=["grows", "comes and goes", "at once", "broken"],
)
async def test_some_edits_come_to_what_a_fresh_run_does(tmp_path: Path, edits: list[Edit]) -> None:
    await as_fresh(tmp_path, edits)
