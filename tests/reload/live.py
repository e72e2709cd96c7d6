"""A run in this process, edited while it goes on: the real stage, workers and run file, without a screen."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tui_workflow.facts.commands import Command, Reply
from tui_workflow.facts.state import RunState, StepState
from tui_workflow.flow.load import load
from tui_workflow.session.choose import Wanted, begin
from tui_workflow.session.stage import Stage
from tui_workflow.view.ports import Rejected, ReloadPlan
from tui_workflow.workers.pool import Pool

PATIENCE = 30.0


class Live:
    """One run. `until` waits for what facts bring; `save` writes a file as an editor that writes over does."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        self._moved = asyncio.Event()
        stage.engine.subscribe(lambda facts: self._moved.set())

    @property
    def state(self) -> RunState:
        return self.stage.state

    @property
    def plan(self) -> ReloadPlan | None:
        return self.stage.feed.reload_plan()

    @property
    def rejected(self) -> Rejected | None:
        return self.stage.feed.rejected()

    def step(self, name: str = "work") -> StepState:
        return self.state.steps[name]

    def most_at_once(self, step: str = "work") -> Callable[[], int]:
        """Counts, from now on, how many items of a step run at once; what is given back tells the most so far."""
        most = 0

        def look(_: object) -> None:
            nonlocal most
            most = max(most, self.stage.engine.running_count(step))

        self.stage.engine.subscribe(look)
        return lambda: most

    def save(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    async def until(self, what: Callable[[], Any], words: str, seconds: float = PATIENCE) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not what():
            left = end - loop.time()
            assert left > 0, f"waited {seconds:g} s in vain: {words}; {self.state.status} {self._counts()}"
            self._moved.clear()
            try:
                await asyncio.wait_for(self._moved.wait(), min(left, 0.25))
            except TimeoutError:
                pass

    def _counts(self) -> dict[str, tuple[str, int, int, int]]:
        return {n: (s.status, s.succeeded, s.failed, s.total) for n, s in self.state.steps.items()}

    async def revision(self, number: int, seconds: float = 5.0) -> None:
        await self.until(lambda: self.state.revision >= number, f"revision {number}", seconds)

    async def done(self, count: int, step: str = "work") -> None:
        await self.until(lambda: self.step(step).done >= count, f"{count} items of {step}")

    async def ended(self) -> None:
        await self.until(lambda: self.stage.engine.finished, "the run ended", 60.0)

    async def send(self, command: Command) -> Reply:
        return await self.stage.feed.send(command)

    # what the run file says

    def rows(self, sql: str, *values: Any) -> list[Any]:
        connection = sqlite3.connect(f"file:{self.stage.assignment.path}?mode=ro", uri=True)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def outcomes(self, step: str = "work") -> list[dict[str, Any]]:
        """Every attempt in order, with its item's key and payload."""
        found = self.rows(
            "SELECT i.key, i.position, o.item, o.attempt, o.status, o.started, o.duration, o.revision, o.result, d.digest"
            " FROM outcome o JOIN step s ON s.number = o.step JOIN item i ON i.step = o.step AND i.number = o.item"
            " JOIN definition d ON d.number = o.definition WHERE s.name = ? ORDER BY o.seq",
            step,
        )
        names = (
            "key",
            "position",
            "item",
            "attempt",
            "status",
            "started",
            "duration",
            "revision",
            "result",
            "definition",
        )
        rows = [dict(zip(names, row, strict=True)) for row in found]
        for row in rows:
            row["result"] = json.loads(row["result"]) if row["result"] is not None else None
        return rows

    def results(self, step: str = "work") -> dict[str, Any]:
        """The latest result by key, of the items that the latest listing has."""
        return {
            row["key"]: row["result"]
            for row in self.outcomes(step)
            if row["position"] is not None and row["status"] == 1
        }

    def handler(self, revision: int) -> str:
        """The handler source that is stored for a revision."""
        source: bytes = self.rows("SELECT source FROM handler WHERE revision = ?", revision)[0][0]
        return source.decode()


@asynccontextmanager
async def live(folder: Path, *, ask: bool = True, meanwhile: Callable[[], None] | None = None) -> AsyncIterator[Live]:
    """A run of flow.yaml in a folder; it is stopped at the end of the block if it still goes on.

    `meanwhile` is called between reading the flow and running it.
    """
    flow = folder / "flow.yaml"
    pool = Pool(str(folder))
    assignment, lock = begin(load(str(flow)), folder / "state", Wanted())
    assignment.source = os.path.abspath(flow)
    async with Stage(assignment, pool, lock, ask=ask, reload=True) as stage:
        run = Live(stage, folder)
        if meanwhile is not None:
            meanwhile()
        playing = asyncio.create_task(stage.play())
        try:
            await run.until(lambda: run.state.steps, "the run began")
            yield run
        finally:
            from tui_workflow.facts.commands import Stop

            if not stage.engine.finished:
                stage.engine.send(Stop())
            stage.engine.leave()
            await playing
