"""The read-only door to a run file that a screen has: every question is answered in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from tui_workflow import values
from tui_workflow.facts import labels
from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.state import Item, RunState
from tui_workflow.flow.absent import results_of
from tui_workflow.flow.model import Retry, Step
from tui_workflow.flow.plan import Plan
from tui_workflow.store import browse
from tui_workflow.store.find import find
from tui_workflow.store.records import StoredItem, StoredLine
from tui_workflow.store.runfile import RunFile
from tui_workflow.view.numbers import duration, size
from tui_workflow.view.ports import Absent, AttemptRow, ItemDetail, ItemRow, LogRow, Order, StepFacts

_T = TypeVar("_T")
SHOWN_BYTES = 64 * 1024
"""Of a value as JSON text; what is longer is for `wf-tui result` and `wf-tui failed`."""


_NULL = values.encode(None)
SEARCHES = 2
"""Long questions that are answered at once: a search of the log and one of the items, say."""


class StoredDetails:
    """Details of one run, live or not. Use it as `async with`; `state` and `plan` are asked for anew each time."""

    def __init__(self, path: Path, state: Callable[[], RunState], plan: Callable[[], Plan]) -> None:
        self.path = path
        self._state = state
        self._plan = plan
        self._searched: set[RunFile] = set()
        """Files that a search reads now."""
        self._leaving = False
        self._sizes: dict[tuple[str, int | None], tuple[int, int, int]] = {}
        """By step and item: lines of the log counted so far, those left out, and the number of the last log counted."""

    async def __aenter__(self) -> StoredDetails:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="details")
        self._beside = ThreadPoolExecutor(SEARCHES, thread_name_prefix="searches")
        self._file = await self._ask(lambda: RunFile(self.path))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leaving = True
        for file in tuple(self._searched):
            file.interrupt()
        await asyncio.to_thread(self._beside.shutdown, cancel_futures=True)
        await self._ask(self._file.close)
        self._thread.shutdown()

    async def _ask(self, question: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, question)

    async def _ask_beside(self, question: Callable[[RunFile], _T]) -> _T:
        """For what may take a second in a run of a million items: other questions do not wait for it.

        Always in the same threads, since the allocator keeps memory for each of them: with one search in each of asyncio's own,
        a filter took a dashboard 18 MB.
        """

        def answered() -> _T:
            with RunFile(self.path) as file:
                self._searched.add(file)
                if self._leaving:
                    file.interrupt()
                try:
                    return question(file)
                finally:
                    self._searched.discard(file)

        return await asyncio.get_running_loop().run_in_executor(self._beside, answered)

    async def items(self, step: str, numbers: Sequence[int]) -> list[ItemRow]:
        """Rows for these items, in the order given."""
        found, heads = await self._ask(
            lambda: (
                browse.item_rows(self._file, step, numbers),
                browse.heads(self._file, step, numbers, labels.HEAD),
            )
        )
        return [self._row(step, item, heads.get(item.number, b"")) for item in found]

    async def find(
        self,
        step: str,
        text: str,
        *,
        inverse: bool,
        states: Sequence[int],
        within: range | None = None,
        limit: int = 100_000,
    ) -> Sequence[int]:
        """Numbers of the items in one of `states` whose key, label, input, error or log holds `text`, `limit` at the most."""
        marks = bytearray(self._state().steps[step].states)
        return await self._ask_beside(
            lambda file: find(file, step, text, marks, states, inverse=inverse, within=within, limit=limit)
        )

    async def sorted(self, step: str, by: Order, first: int | None) -> Sequence[int]:
        """Numbers of a step's items in an order, the `first` of them or all."""
        if first is not None:
            return await self._ask(lambda: browse.sorted_items(self._file, step, by, first))
        return await self._ask_beside(lambda file: browse.sorted_items(file, step, by))

    async def item(self, step: str, number: int) -> ItemDetail | None:
        """One item with all its attempts."""
        found = await self._ask(lambda: browse.item_rows(self._file, step, [number], payload=True))
        if not found:
            return None
        attempts = await self._ask(lambda: browse.attempts(self._file, step, number))
        absent = await self._ask(lambda: self._absent(step, found[0])) if found[0].payload == _NULL else None
        stored = found[0].payload or b""
        return ItemDetail(
            row=self._row(step, found[0], stored[: labels.HEAD]),
            payload=shown(found[0].payload) or "",
            name=labels.in_full(found[0].key, stored[:SHOWN_BYTES]),
            absent=absent,
            attempts=tuple(
                AttemptRow(
                    attempt=entry.attempt,
                    status=entry.status,
                    started=entry.started,
                    duration=entry.duration,
                    revision=entry.revision,
                    next_at=entry.next_at,
                    error=ErrorInfo.decode(entry.error) if entry.error else None,
                    log=entry.log,
                    result=shown(entry.result),
                )
                for entry in attempts
            ),
        )

    def _absent(self, step: str, item: StoredItem) -> Absent | None:
        """The item without a result that an item which is null, in a list of results, stands for. Called in the thread of the file.

        None where that cannot be told: a `where` or a `chunk` puts items elsewhere than the results stand.
        """
        try:
            source = self._plan()[step].step.for_each
        except KeyError:
            return None
        before = self._state().steps.get(results_of(source))
        if before is None or not before.shape.for_each:
            return None
        if source is None or source.where is not None or source.chunk is not None:
            return None
        order = browse.item_order(self._file, before.name, len(before.states))
        if not 0 <= item.position < len(order):
            return None
        number = order[item.position]
        if before.states[number] not in (Item.FAILED, Item.SKIPPED):
            return None
        head = browse.heads(self._file, before.name, [number], labels.HEAD).get(number, b"")
        for row in browse.item_rows(self._file, before.name, [number]):
            return Absent(before.name, labels.label(row.key, head), before.states[number])
        return None

    async def log(self, step: str | None, item: int | None, *, before: float | None, limit: int) -> list[LogRow]:
        """The latest lines of the stored log before a time, oldest first."""
        return await self._ask(
            lambda: self._log_rows(self._file, browse.log_rows(self._file, step, item, before=before, limit=limit))
        )

    async def log_size(self, step: str, item: int | None) -> tuple[int, int]:
        """How many lines the attempts that ended have printed, and how many were left out; only what is new is counted."""
        lines, cut, after = self._sizes.get((step, item), (0, 0, 0))
        while True:  # a page at a time, so that other questions are answered in between
            more, more_cut, last = await self._ask(partial(browse.log_size, self._file, step, item, after))
            if last == after:
                break
            lines, cut, after = lines + more, cut + more_cut, last
        self._sizes[step, item] = lines, cut, after
        return lines, cut

    async def search_log(self, step: str | None, text: str, *, limit: int = 1000) -> list[LogRow]:
        """The latest `limit` stored log lines that hold `text`, oldest first."""
        return await self._ask_beside(
            lambda file: self._log_rows(file, browse.search_log(file, step, text, limit=limit))
        )

    def _log_rows(self, file: RunFile, lines: list[StoredLine]) -> list[LogRow]:
        """Stored lines as the screen takes them. Called in the thread of the file."""
        wanted: dict[str, set[int]] = {}
        for line in lines:
            if line.item >= 0:
                wanted.setdefault(line.step, set()).add(line.item)
        heads = {name: browse.heads(file, name, sorted(items), labels.HEAD) for name, items in wanted.items()}
        return [
            LogRow(
                line.at,
                line.step,
                line.item,
                line.key,
                line.attempt,
                line.text,
                line.failed,
                labels.label(line.key, heads.get(line.step, {}).get(line.item, b"")),
            )
            for line in lines
        ]

    async def result(self, step: str) -> str | None:
        """The result of a plain step as JSON text."""
        found = await self._ask(lambda: browse.item_rows(self._file, step, [0], result=True))
        return shown(found[0].result) if found else None

    def settings(self, step: str) -> StepFacts:
        """The settings of a step that hold now."""
        try:
            planned = self._plan()[step]
        except KeyError:
            return StepFacts()
        state = self._state().steps.get(step)
        slots = state.slots if state is not None and state.status == "running" else 0
        return StepFacts(tuple(settings(planned.step, slots)))

    def definition(self) -> tuple[str, str]:
        """The path and the text of the flow as it holds now."""
        plan = self._plan()
        return plan.path, plan.text

    def _row(self, step: str, item: StoredItem, head: bytes) -> ItemRow:
        state = self._state().steps[step]
        value = state.states[item.number] if item.number < len(state.states) else Item.PENDING
        error = ErrorInfo.decode(item.error) if item.error else None
        return ItemRow(
            number=item.number,
            position=item.position,
            key=item.key,
            state=value,
            attempts=item.attempts,
            ended=item.ended,
            duration=item.duration,
            revision=item.revision,
            error_type=error.type if error else "",
            error_message=error.message if error else "",
            label=labels.label(item.key, head),
            stale=value == Item.OK and state.definitions[state.made_by[item.number]] != state.shape.definition,
        )


def shown(data: bytes | None) -> str | None:
    """A stored value as JSON text, cut at 64 KiB."""
    if data is None:
        return None
    if len(data) > 4 * SHOWN_BYTES:
        return f"{data[:SHOWN_BYTES].decode('utf-8', 'replace')} … {size(len(data))} in all"
    text = values.plain_json(data)
    return text if len(text) <= SHOWN_BYTES else f"{text[:SHOWN_BYTES]} … {size(len(data))} in all"


def settings(step: Step, slots: int = 0) -> list[tuple[str, str]]:
    """The settings of a step, as labelled sentences; what is not set is left out. `slots` are those it runs with, 0 if it does not."""
    rows: list[tuple[str, str]] = []
    if step.description:
        rows.append(("about", step.description.strip().split("\n")[0]))
    rows.append(("runs", _what(step)))
    if step.for_each is not None:
        source = step.for_each
        text = source.value if isinstance(source.value, str) else f"{source.kind} {source.value}"
        if isinstance(source.value, list):
            text = f"{len(source.value)} listed in the file"
        extras = [f"from {source.database}"] if source.database else []
        if source.columns:
            extras.append(f"columns {source.columns if isinstance(source.columns, str) else ', '.join(source.columns)}")
        if source.where:
            extras.append(f"where {source.where}")
        if source.limit is not None:
            extras.append(f"at most {source.limit}")
        if source.chunk is not None:
            extras.append(f"{source.chunk} an item")
        if step.key:
            extras.append(f"key {step.key}")
        rows.append(("items", ", ".join([" ".join(str(text).split()), *extras])))
    if step.condition:
        rows.append(("if", step.condition))
    if step.parallel is not None:
        number = step.parallel.max_parallel if step.parallel.max_parallel is not None else "one per core"
        if isinstance(number, int) and slots and slots != number:
            number = f"{slots} now, {number} in the flow"
        rows.append(("slots", f"{number}{', ' + step.parallel.executor if step.parallel.executor else ''}"))
    if step.retry.max_attempts > 1:
        retry = step.retry
        said = [f"{retry.max_attempts} attempts", duration(retry.delay)]
        if retry.backoff != 1:
            said[1] += f" × {retry.backoff:g}"
        if retry.backoff > 1 or retry.delay > retry.max_delay:
            said.append(f"at most {duration(retry.max_delay)}")
        if retry.on != Retry().on:
            said.append(f"on {' or '.join(retry.on)}")
        rows.append(("retry", ", ".join(said)))
    limits = []
    if step.timeout is not None:
        limits.append(f"{duration(step.timeout)} an item")
    if step.memory is not None:
        limits.append(f"{size(step.memory)} a worker")
    if limits:
        rows.append(("limits", ", ".join(limits)))
    failure: list[str] = [step.on_error.action]
    if step.on_error.save_error:
        failure.append("save_error")
    if step.on_error.max_failures is not None:
        failure.append(f"at most {step.on_error.max_failures} may fail")
    rows.append(("failure", ", ".join(failure)))
    if step.checkpoint == "each":
        rows.append(("checkpoint", "each item before the next"))
    if not step.rerun:
        rows.append(("rerun", "never after success"))
    return rows


COMMAND = 2000
"""Characters of a command that are shown."""


def _what(step: Step) -> str:
    inputs = step.inputs
    if step.type == "python":
        if "code" in inputs:
            return "code in the flow"
        if inputs.get("handler"):
            return str(inputs["handler"])
        return str(inputs.get("operation", "python"))
    if step.type == "shell":
        command = inputs.get("command", "")
        text = " ".join(map(str, command)) if isinstance(command, list) else str(command)
        return text.strip()[:COMMAND]
    return step.type
