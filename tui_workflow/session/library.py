"""What a screen may reach beyond its own run: the earlier runs of the flow, and a file for the failed items."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from filecmp import cmp
from itertools import count
from pathlib import Path

from tui_workflow.errors import WfError
from tui_workflow.facts.commands import Progress
from tui_workflow.facts.state import RunState
from tui_workflow.flow.graph import readers
from tui_workflow.flow.plan import Plan
from tui_workflow.session.details import StoredDetails
from tui_workflow.session.feed import StoredFeed
from tui_workflow.session.stored import stored_plan
from tui_workflow.store import browse
from tui_workflow.store.describe import failed_item, param_texts
from tui_workflow.store.files import publish
from tui_workflow.store.places import list_runs, of_flow, open_state
from tui_workflow.store.runfile import RunFile
from tui_workflow.text import grouped, plural
from tui_workflow.view.ports import Details, Feed, RunRow

_ODD = re.compile(r"[^\w-]")
"""What a file's name does not get of a step's."""


class FlowLibrary:
    """The runs beside one run file."""

    def __init__(self, path: Path, state: Callable[[], RunState]) -> None:
        self._path = path
        self._state = state
        self._opened: list[StoredDetails] = []

    async def runs(self) -> list[RunRow]:
        """The runs of this flow, newest first."""
        return await asyncio.to_thread(self._runs)

    def _runs(self) -> list[RunRow]:
        found = of_flow(list_runs(self._path.parent.parent), Path(self._state().path))
        return [
            RunRow(
                run.run,
                run.state.flow,
                run.state.status,
                run.state.started,
                None if run.held and run.state.status in ("running", "paused") else run.state.duration(),
                run.state.failed,
                param_texts(run.meta),
            )
            for run in found
            if run.state is not None and run.meta is not None
        ]

    async def open_run(self, run: str) -> tuple[Feed, Details]:
        """A stored run to look at; nothing is executed."""
        path = self._path.with_name(f"{run}.db")
        state, plan = await asyncio.to_thread(read_run, path)
        details = StoredDetails(path, lambda: state, lambda: plan)
        await details.__aenter__()
        self._opened.append(details)
        return StoredFeed(state, lambda step: readers(plan, step), path), details

    async def close(self) -> None:
        """Close what was opened."""
        for details in self._opened:
            await details.__aexit__(None, None, None)
        self._opened.clear()

    async def write_failed(
        self, step: str | None, items: Sequence[int] | None, progress: Progress, which: str = ""
    ) -> str:
        """Write failed items to a JSON Lines file beside the flow that `for_each: {file: …}` reads back."""
        state = self._state()
        kind = f"-{_ODD.sub('_', which)}" if which else ""
        target = Path(state.path).parent / f"failed-{state.run}{kind}.jsonl"
        written = await asyncio.to_thread(_write_failed, self._path, state, target, step, items, progress)
        if written is None:
            return f"Nothing was written, stopped at {grouped(progress.done)} of {plural(progress.total, 'item')}"
        beside = f": {target.name} holds others" if written != target else ""
        again = f"for_each: {{file: {written.name}}} reads it, the item is item.item"
        return f"Wrote {plural(progress.done, 'failed item')} to {written.name}{beside}   {again}"


def read_run(path: Path) -> tuple[RunState, Plan]:
    """A stored run as it is true now, with the plan it ran by last."""
    with RunFile(path) as file:
        return open_state(file)[0], stored_plan(file)


def _write_failed(
    path: Path, state: RunState, target: Path, step: str | None, items: Sequence[int] | None, progress: Progress
) -> Path | None:
    """Write `target`, or where that holds something else a file with a number beside it; None, and no file, when stopped."""
    draft = target.with_name(f".{target.name}.new")
    try:
        with (
            RunFile(path) as file,
            open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out,
        ):
            for name, entry in state.steps.items():
                if step is not None and name != step:
                    continue
                numbers = (
                    sorted(entry.failures) if items is None else [item for item in items if item in entry.failures]
                )
                for start in range(0, len(numbers), 500):
                    if progress.stopped:
                        break
                    for item in browse.item_rows(file, name, numbers[start : start + 500], payload=True):
                        out.write(json.dumps(failed_item(name, item), ensure_ascii=False) + "\n")
                        progress.done += 1
        if progress.stopped:
            draft.unlink()
            return None
        return _publish(draft, target)
    except OSError as error:
        raise WfError(f"{target} cannot be written: {error.strerror}") from None


def _publish(draft: Path, target: Path) -> Path:
    """Give a draft the first name that is free, or that of a file which holds the same."""
    for number in count(1):
        named = target if number == 1 else target.with_stem(f"{target.stem}-{number}")
        with suppress(FileExistsError):
            publish(draft, named)
            break
        if named.is_file() and cmp(draft, named, shallow=False):
            break
    draft.unlink(missing_ok=True)
    return named
