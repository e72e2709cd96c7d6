"""For tests of flows and of their handlers: run a flow to its end and look at what came of it.

    from tui_workflow.testing import run_flow

    def test_every_page_is_fetched(tmp_path):
        result = run_flow("flow.yaml", {"pages": 3}, state_dir=tmp_path)
        assert result.status == "succeeded"
        assert result.steps["fetch"].results == [200, 200, 200]

It is the real engine with real workers and a real run file; only the reporting is left out. `crash_flow` kills a run half done,
so that a test can see what its resume does. `wf-tui help testing` has examples.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tui_workflow import values
from tui_workflow.errors import UsageError
from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.state import Item, RunState, StepState
from tui_workflow.store import browse
from tui_workflow.store.runfile import RunFile

__all__ = ["FlowResult", "ItemResult", "StepResult", "crash_flow", "run_flow", "run_flow_async"]

_LOOK = 0.005
"""Seconds between two looks at a run that is to be killed."""
ItemStatus = Literal["succeeded", "failed", "skipped", "pending"]
_STATUS: dict[int, ItemStatus] = {Item.OK: "succeeded", Item.FAILED: "failed", Item.SKIPPED: "skipped"}


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item as it ended. `index` counts from 0; `result` is None unless it succeeded, `error` unless it failed.

    `item` is None for the one item of a step without `for_each`. `log` are the lines that it printed, of all attempts.
    """

    step: str
    key: str
    index: int
    item: Any
    status: ItemStatus
    attempts: int
    result: Any
    error: ErrorInfo | None
    log: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step as it ended. `error` is what failed the step itself, such as a listing of items that cannot be read."""

    name: str
    status: str
    reason: str
    items: tuple[ItemResult, ...]
    error: ErrorInfo | None

    @property
    def results(self) -> list[Any]:
        """The results in item order, None where an item has none."""
        return [item.result for item in self.items]

    @property
    def result(self) -> Any:
        """The result of a step without `for_each`. Raises ValueError for one that has another number of items than one."""
        (item,) = self.items
        return item.result

    @property
    def failed(self) -> list[ItemResult]:
        return [item for item in self.items if item.status == "failed"]


@dataclass(frozen=True, slots=True)
class FlowResult:
    """A run as it ended. `status` is `succeeded`, `failed`, or `interrupted` (as with `only`); `run_file` is gone with its folder."""

    run: str
    status: str
    reason: str
    steps: Mapping[str, StepResult]
    run_file: Path

    @property
    def items(self) -> list[ItemResult]:
        """The items of all steps, in the order of the steps."""
        return [item for step in self.steps.values() for item in step.items]

    @property
    def failed(self) -> list[ItemResult]:
        """The failed items of all steps."""
        return [item for item in self.items if item.status == "failed"]


def run_flow(
    path: str | os.PathLike[str],
    params: Mapping[str, Any] | None = None,
    *,
    state_dir: str | os.PathLike[str] | None = None,
    resume: bool = False,
    limit: int | None = None,
    only: str | None = None,
    max_parallel: int | None = None,
    seconds: float | None = 60.0,
) -> FlowResult:
    """Run a flow to its end, with parameters as values.

    The run is kept in `state_dir`, by default in a folder that is deleted again; `resume` goes on with the latest run there.
    `limit`, `only` and `max_parallel` are those of the command line. After `seconds` the run is stopped.

    Raises `InvalidFlow`, `UsageError` for parameters that do not fit or nothing to resume, TimeoutError, and RuntimeError where
    an event loop runs: there it is `await run_flow_async(…)`.
    """
    return asyncio.run(
        run_flow_async(
            path,
            params,
            state_dir=state_dir,
            resume=resume,
            limit=limit,
            only=only,
            max_parallel=max_parallel,
            seconds=seconds,
        )
    )


async def run_flow_async(
    path: str | os.PathLike[str],
    params: Mapping[str, Any] | None = None,
    *,
    state_dir: str | os.PathLike[str] | None = None,
    resume: bool = False,
    limit: int | None = None,
    only: str | None = None,
    max_parallel: int | None = None,
    seconds: float | None = 60.0,
) -> FlowResult:
    """`run_flow` for tests that are coroutines."""
    from tui_workflow.flow.load import load
    from tui_workflow.session.choose import Wanted, begin, latest, take_up
    from tui_workflow.session.stage import Stage
    from tui_workflow.workers.pool import Pool

    flow = os.path.abspath(path)
    wanted = Wanted(file=params or {}, limit=limit, max_slots=max_parallel, only=only)
    with ExitStack() as stack:
        folder = Path(state_dir or stack.enter_context(tempfile.TemporaryDirectory(prefix="wf-tui-test-")))
        plan = load(flow)
        if resume:
            found = latest(flow, folder)
            if found is None:
                raise UsageError(f"there is no run of {flow} in {folder} to resume")
            assignment, lock = take_up(found.path, wanted, plan)
        else:
            assignment, lock = begin(plan, folder, wanted)
        async with Stage(assignment, Pool(os.path.dirname(plan.path)), lock, ask=False) as stage:
            async with asyncio.timeout(seconds):
                await stage.play()
        with RunFile(assignment.path) as file:
            return _result(file, file.state())


def crash_flow(
    path: str | os.PathLike[str],
    params: Mapping[str, Any] | None = None,
    *,
    state_dir: str | os.PathLike[str],
    after: int,
    resume: bool = False,
    limit: int | None = None,
    max_parallel: int | None = None,
    seconds: float = 60.0,
) -> FlowResult:
    """Run a flow in a process of its own and kill that, as `kill -9` does, when at least `after` items have ended in it.

    What comes back is what the run file holds then: the run is `interrupted`, and `run_flow(…, resume=True)` goes on with it. A run
    that ends before is returned as it ended. Parameters are what JSON can say; the other arguments are those of `run_flow`.

    Raises `InvalidFlow`, `UsageError`, and TimeoutError after `seconds`.
    """
    from tui_workflow.flow.load import load
    from tui_workflow.session.choose import latest
    from tui_workflow.store.places import open_state

    flow, home = os.path.abspath(path), Path(state_dir)
    load(flow)
    before = latest(flow, home)
    if resume and before is None:
        raise UsageError(f"there is no run of {flow} in {home} to resume")
    ended = _ended(before.state) if resume and before is not None else 0
    with tempfile.TemporaryDirectory(prefix="wf-tui-test-") as folder:
        given = Path(folder, "params.json")
        given.write_text(json.dumps(dict(params or {})), "utf-8")
        words = [
            flow,
            "--headless",
            "--state-dir",
            str(home),
            "--params",
            str(given),
            "--resume" if resume else "--new",
        ]
        words += ["--limit", str(limit)] if limit is not None else []
        words += ["--max-parallel", str(max_parallel)] if max_parallel is not None else []
        with _Program(words) as process:
            until = time.monotonic() + seconds
            while process.poll() is None:
                found = latest(flow, home)
                begun = found is not None and (resume or before is None or found.path != before.path)
                if found is not None and begun and _ended(found.state) - ended >= after:
                    break
                if time.monotonic() > until:
                    raise TimeoutError(f"{after} items of {flow} have not ended within {seconds:g} seconds")
                time.sleep(_LOOK)
    found = latest(flow, home)
    if found is None or (process.returncode == UsageError.exit_code):
        raise UsageError(process.errors or f"no run of {flow} came into being")
    with RunFile(found.path) as file:
        return _result(file, open_state(file)[0])


class _Program:
    """The command in a process, which is killed at the end; `errors` is what it had to say."""

    def __init__(self, words: list[str]) -> None:
        root = str(Path(__file__).parents[1])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tui_workflow", *words],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.errors = ""

    def __enter__(self) -> _Program:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self.errors = self._process.communicate()[1].strip()

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    def poll(self) -> int | None:
        return self._process.poll()


def _ended(state: RunState) -> int:
    return sum(step.done for step in state.steps.values())


def _result(file: RunFile, state: RunState) -> FlowResult:
    steps = {name: _step(file, step) for name, step in state.steps.items()}
    return FlowResult(state.run, state.status, state.reason, steps, file.path)


def _step(file: RunFile, step: StepState) -> StepResult:
    lines: dict[int, list[str]] = {}
    for line in browse.all_lines(file, step.name):
        lines.setdefault(line.item, []).append(line.text)
    items = []
    order = browse.item_order(file, step.name, len(step.states))
    rows = browse.item_rows(file, step.name, order, payload=True, result=True)
    for index, row in enumerate(rows):
        status = _STATUS.get(step.states[row.number], "pending")
        items.append(
            ItemResult(
                step=step.name,
                key=row.key,
                index=index,
                item=values.decode(row.payload) if row.payload else None,
                status=status,
                attempts=row.attempts,
                result=values.decode(row.result) if status == "succeeded" and row.result else None,
                error=ErrorInfo.decode(row.error) if status == "failed" and row.error else None,
                log=tuple(lines.get(row.number, ())),
            )
        )
    error = ErrorInfo.decode(step.error) if step.error else None
    return StepResult(step.name, step.status, step.reason, tuple(items), error)
