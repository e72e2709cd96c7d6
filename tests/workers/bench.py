"""What the tests of workers share: a flow's folder, programs, and an engine's place that remembers what it is told."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tui_workflow import values
from tui_workflow.facts.logs import decode
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.work import Death, StepProgram, Worker, WorkItem
from tui_workflow.workers.pool import Pool

PATIENCE = 20.0
"""Seconds after which a test stops waiting for a worker."""


def program(folder: Path, **changes: Any) -> StepProgram:
    """A program of a python step over items; `params` and `context` are given as values."""
    fields: dict[str, Any] = {
        "run": "run-1",
        "run_file": str(folder / "run.db"),
        "flow": "flow",
        "flow_path": str(folder / "flow.yaml"),
        "flow_dir": str(folder),
        "revision": 1,
        "step": "work",
        "type": "python",
        "inputs": {},
        "for_each": True,
        "condition": None,
        "condition_per_item": False,
        "parallel": False,
        "executor": "auto",
        "slots": 1,
        "env": {},
        "flow_env": {},
        "workdir": None,
        "handlers": (),
        "params": {},
        "context": {},
        "secrets": (),
        "steps": (),
    }
    fields.update(changes)
    for name in ("params", "context"):
        fields[name] = {key: values.encode(value) for key, value in fields[name].items()}
    return StepProgram(**fields)


def handler(folder: Path, source: str, name: str = "handle", **changes: Any) -> StepProgram:
    """A program that calls the handler `name` of a file with this source."""
    inputs = {"operation": "custom", "handler": name, **changes.pop("inputs", {})}
    files = ((str(folder / "handlers.py"), source.encode()),)
    return program(folder, inputs=inputs, handlers=files, **changes)


class Engine:
    """Remembers what workers say."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.back: list[int] = []
        self.lines: list[tuple[int, int, bytes]] = []
        self.deaths: list[Death] = []
        self._changed = asyncio.Event()

    def ended(self, worker: Worker, outcomes: list[Outcome]) -> None:
        self.outcomes.extend(outcomes)
        self._changed.set()

    def recalled(self, worker: Worker, items: list[int]) -> None:
        self.back.extend(items)
        self._changed.set()

    def printed(self, worker: Worker, item: int, attempt: int, lines: bytes) -> None:
        self.lines.append((item, attempt, lines))
        self._changed.set()

    def died(self, worker: Worker, death: Death) -> None:
        self.deaths.append(death)
        self._changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something that the worker said makes it true."""

        async def wait() -> None:
            while not true():
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(wait(), PATIENCE)

    async def settled(self, count: int) -> dict[int, Outcome]:
        """Wait until `count` items have ended or come back, or the worker has died; outcomes by item."""
        await self.until(lambda: len(self.outcomes) + len(self.back) >= count or bool(self.deaths))
        return {outcome.item: outcome for outcome in self.outcomes}

    def printed_text(self, item: int) -> list[str]:
        return [line.text for number, _, lines in self.lines if number == item for line in decode(lines)]


def items(given: Sequence[Any], first: int = 0, attempt: int = 1) -> list[WorkItem]:
    return [
        WorkItem(number, f"k{number}", number, attempt, values.encode(value))
        for number, value in enumerate(given, first)
    ]


async def run_items(worker: Worker, prog: StepProgram, given: Sequence[Any]) -> dict[int, Outcome]:
    """Run these items to their end."""
    engine = Engine()
    await worker.program(prog, engine)
    worker.feed(items(given))
    return await engine.settled(len(given))


async def run_one(pool: Pool, prog: StepProgram, item: Any = None) -> Outcome:
    worker = await pool.acquire()
    outcomes = await run_items(worker, prog, [item])
    pool.release(worker)
    return outcomes[0]


def value(outcome: Outcome) -> Any:
    """The result of an item that succeeded."""
    assert outcome.status == Ended.OK, ErrorInfo.decode(outcome.error or b'{"type":"?","message":"?","fingerprint":""}')
    assert outcome.result is not None
    return values.decode(outcome.result)


def error(outcome: Outcome) -> ErrorInfo:
    """The error of an item that failed."""
    assert outcome.status == Ended.FAILED, outcome
    assert outcome.error is not None
    return ErrorInfo.decode(outcome.error)


def log(outcome: Outcome) -> list[str]:
    return [line.text for line in decode(outcome.log or b"")]


def context_of(outcome: Outcome) -> dict[str, Any]:
    return {} if outcome.context is None else dict(json.loads(outcome.context))


def processes_of(run: str) -> list[int]:
    """Processes that have this `WF_RUN_ID`."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                environ = Path(f"/proc/{entry}/environ").read_bytes()
            except OSError:
                continue
            if f"WF_RUN_ID={run}".encode() in environ.split(b"\0"):
                found.append(int(entry))
    return found
