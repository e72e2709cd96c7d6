"""Wishes for thousands of items: carried out in portions, stopped in between, counted to the item."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from tests.reload.live import Live, live
from tui_workflow.engine.wishes import PORTION
from tui_workflow.facts import events as ev
from tui_workflow.facts.commands import Pause, Progress, RetryItems, RetryStep, SkipItems, Stop
from tui_workflow.facts.state import Item
from tui_workflow.session.library import FlowLibrary

COUNT = 2 * PORTION + 500
HANDLERS = """\
import os

def work(item):
    if not os.path.exists("mended"):
        raise ValueError(f"no {item}")
    return item
"""
FLOW = f"""\
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {{range: {COUNT}}}
    parallel: 2
    on_error: continue
    inputs: {{operation: custom, handler: work}}
  after:
    type: shell
    needs: [work]
    inputs: {{command: "echo {{{{ steps.work.completed_items | length }}}} >> after.log"}}
"""


class StopsAfterOne(Progress):
    """Is stopped as soon as the first portion is done."""

    @property
    def stopped(self) -> bool:
        return self.done > 0

    @stopped.setter
    def stopped(self, value: bool) -> None: ...


def write(folder: Path) -> None:
    (folder / "handlers.py").write_text(HANDLERS)
    (folder / "flow.yaml").write_text(FLOW)


def adds_up(run: Live) -> None:
    """The counts are those of the states, and add up to the total."""
    step = run.step()
    states = list(step.states)
    assert (step.succeeded, step.failed, step.skipped) == tuple(
        states.count(state) for state in (Item.OK, Item.FAILED, Item.SKIPPED)
    )
    assert step.done + step.waiting == step.total == COUNT
    assert sum(group.count for group in step.groups) == step.failed == len(step.failures)


async def test_a_retry_that_is_stopped_says_how_many_it_reached_and_leaves_the_rest(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.ended()
        adds_up(run)
        group = run.step().groups[0].fingerprint
        (tmp_path / "mended").touch()
        progress = StopsAfterOne(COUNT)
        reply = await run.stage.feed.send(RetryItems("work", None, group), progress)
        assert (reply.text, reply.count) == ("2\u00a0000 queued, 2\u00a0500 not: stopped", PORTION)
        assert progress.reached == list(range(PORTION))
        assert run.step().failed == COUNT - PORTION
        adds_up(run)
        await run.ended()
        step = run.step()
        assert (step.succeeded, step.failed) == (PORTION, COUNT - PORTION)
        assert set(step.states[PORTION:]) == {int(Item.FAILED)}
        adds_up(run)
        assert (tmp_path / "after.log").read_text().split() == ["0", "2000"]


async def test_what_follows_runs_once_after_a_retry_in_portions(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.ended()
        (tmp_path / "mended").touch()
        seen: list[int] = []

        def look(_: Sequence[ev.Event]) -> None:
            seen.append(run.step().failed)
            adds_up(run)

        run.stage.engine.subscribe(look)
        progress = Progress(COUNT)
        reply = await run.stage.feed.send(RetryItems("work"), progress)
        assert reply.text == "4\u00a0500 queued"
        assert "after" in reply.reruns
        assert progress.done == COUNT
        await run.ended()
        assert (run.step().succeeded, run.step().failed) == (COUNT, 0)
        assert (tmp_path / "after.log").read_text().split() == ["0", str(COUNT)]
        assert len(set(seen)) >= 3  # it was seen to fall a portion at a time


async def test_a_step_runs_again_in_portions_and_what_follows_once(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "mended").touch()
    async with live(tmp_path) as run:
        await run.ended()
        seen: set[int] = set()

        def look(_: Sequence[ev.Event]) -> None:
            seen.add(run.step().waiting)
            adds_up(run)

        run.stage.engine.subscribe(look)
        progress = Progress()
        reply = await run.stage.feed.send(RetryStep("work"), progress)
        assert (reply.text, reply.count) == ("work runs again, then after", COUNT)
        assert (progress.done, progress.total) == (COUNT, COUNT)
        await run.ended()
        assert (run.step().succeeded, run.step().attempts) == (COUNT, 2 * COUNT)
        assert (tmp_path / "after.log").read_text().split() == [str(COUNT)] * 2
        assert {PORTION, 2 * PORTION, COUNT} <= seen


async def test_a_step_that_is_stopped_in_between_runs_what_was_queued(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "mended").touch()
    async with live(tmp_path) as run:
        await run.ended()
        reply = await run.stage.feed.send(RetryStep("work"), StopsAfterOne())
        assert reply.text == "work runs again, then after; 2\u00a0500 items do not: stopped"
        await run.ended()
        assert (run.step().succeeded, run.step().attempts) == (COUNT, COUNT + PORTION)


async def test_a_skip_that_is_stopped_counts_too(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.ended()
        failed = tuple(sorted(run.step().failures))
        reply = await run.stage.feed.send(SkipItems("work", failed, "too many"), StopsAfterOne(COUNT))
        assert reply.text == "2\u00a0000 skipped, 2\u00a0500 not: stopped"
        await run.ended()
        assert (run.step().skipped, run.step().failed) == (PORTION, COUNT - PORTION)
        adds_up(run)


async def test_a_run_that_is_stopped_ends_a_retry_in_portions(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.ended()
        await run.stage.feed.send(RetryItems("work", (0,)))
        run.stage.engine.send(Pause())
        retrying = asyncio.ensure_future(run.stage.feed.send(RetryItems("work"), progress := Progress(COUNT)))
        await run.until(lambda: progress.done or retrying.done(), "a portion was queued")
        run.stage.engine.send(Stop())
        reply = await retrying
        left = COUNT - progress.done
        assert left == 0 or f"{left:,} not: the run ended".replace(",", "\u00a0") in reply.text
        await run.ended()
        assert run.state.status == "interrupted"
        adds_up(run)


async def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.ended()
        library = FlowLibrary(run.stage.assignment.path, lambda: run.state)
        target = tmp_path / f"failed-{run.state.run}.jsonl"
        stopped = await library.write_failed(None, None, StopsAfterOne(COUNT))
        assert stopped == "Nothing was written, stopped at 500 of 4\u00a0500 items"
        assert [path.name for path in tmp_path.iterdir() if "failed-" in path.name] == []
        progress = Progress(COUNT)
        said = await library.write_failed("work", None, progress)
        how = f"for_each: {{file: {target.name}}} reads it, the item is item.item"
        assert said == f"Wrote 4\u00a0500 failed items to {target.name}   {how}"
        records = [json.loads(line) for line in target.read_text().splitlines()]
        assert [record["index"] for record in records] == list(range(COUNT))
        stopped = await library.write_failed("work", (1, 2, 3), Progress(3, stopped=True))
        assert stopped == "Nothing was written, stopped at 0 of 3 items"
        assert len(target.read_text().splitlines()) == COUNT


async def test_a_file_that_holds_other_items_is_never_written_over(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.ended()
        library = FlowLibrary(run.stage.assignment.path, lambda: run.state)
        target = tmp_path / f"failed-{run.state.run}.jsonl"

        async def written(*items: int, which: str = "") -> str:
            said = await library.write_failed("work", items, Progress(len(items)), which)
            return said.partition("   ")[0]

        assert await written(1, 2) == f"Wrote 2 failed items to {target.name}"
        held = target.read_bytes()
        assert await written(3) == f"Wrote 1 failed item to {target.stem}-2.jsonl: {target.name} holds others"
        assert await written(1, 2) == f"Wrote 2 failed items to {target.name}", "the same needs no other file"
        assert await written(4, which="9f/../a") == f"Wrote 1 failed item to {target.stem}-9f____a.jsonl"
        assert target.read_bytes() == held
        assert len([path for path in tmp_path.iterdir() if "failed-" in path.name]) == 3
