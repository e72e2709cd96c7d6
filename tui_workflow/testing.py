"""For tests of flows and of their handlers: run a flow to its end and look at what came of it.

    from tui_workflow.testing import run_flow

    def test_every_page_is_fetched(tmp_path):
        result = run_flow("flow.yaml", {"pages": 3}, state_dir=tmp_path)
        assert result.status == "succeeded"
        assert result.steps["fetch"].results == [200, 200, 200]

It is the real engine with real workers and a real run file; only the reporting is left out.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
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

__all__ = ["FlowResult", "ItemResult", "StepResult", "run_flow", "run_flow_async"]

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
