"""Runs without a dashboard: plain lines for people, JSON Lines for programs. Both are just readers of facts.

Neither may slow the engine down: facts are taken from a queue by a task of their own, which looks up keys and inputs, and
lines are written by a thread.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, TextIO

from tui_workflow.facts import events as ev
from tui_workflow.facts.labels import HEAD, label
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome, statuses
from tui_workflow.facts.state import RunState, StepState
from tui_workflow.lines import Lines
from tui_workflow.text import visible
from tui_workflow.view.numbers import duration, percent, rate

PROGRESS_SECONDS = 5.0
JSON_PROGRESS_SECONDS = 1.0
SHOWN_FAILURES = 10
"""Failed items named per step; further ones are counted, and `wf-tui failed` lists them."""

Lookup = Callable[[str, Sequence[int]], Awaitable[Mapping[int, tuple[str, int, bytes]]]]
"""Key, position and stored payload by item number of a step."""
Describe = Callable[[RunState, bool], dict[str, Any]]
"""The object of `wf-tui show --json`; with results or without."""


class Reporter:
    """Takes facts as they are committed and reports them in order from a task of its own."""

    def __init__(self, state: RunState, lookup: Lookup, out: TextIO) -> None:
        self.state = state
        self._lookup = lookup
        self._lines = Lines(out)
        self._facts: asyncio.Queue[Sequence[ev.Event] | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to report."""
        self._task = asyncio.create_task(self._work())

    def take(self, facts: Sequence[ev.Event]) -> None:
        """Facts that are in the run file now."""
        self._facts.put_nowait([_slim(fact) for fact in facts])

    def trouble(self, reason: str) -> None:
        """Nothing can be recorded for now, for this reason; an empty one when it can be again."""
        now = time.time()
        self._facts.put_nowait([ev.Paused(now, reason) if reason else ev.Unpaused(now)])

    async def finish(self, last: Callable[[], Sequence[str]] = tuple) -> None:
        """Report what is still to come and the lines that `last` gives then; return when all is written."""
        self._facts.put_nowait(None)
        if self._task is not None:
            await self._task
        for text in last():
            self.line(text)
        await self._lines.written()

    async def _work(self) -> None:
        while (facts := await self._facts.get()) is not None:
            for fact in facts:
                await self.report(fact)
                if self._lines.clogged:
                    await self._lines.written()

    async def report(self, fact: ev.Event) -> None:
        """Say what there is to say of one fact."""
        raise NotImplementedError

    def line(self, text: str) -> None:
        """One line."""
        self._lines.put(text)


def _slim(fact: ev.Event) -> ev.Event:
    """A fact without what is not reported: it may have to wait for a slow reader."""
    if not isinstance(fact, ev.ItemsEnded):
        return fact
    slim = tuple(outcome._replace(result=None, log=None, context=None) for outcome in failing(fact))
    return replace(fact, outcomes=slim)


def failing(fact: ev.ItemsEnded) -> list[Outcome]:
    """The outcomes of a fact that failed, for good or until the next attempt."""
    if statuses(fact.outcomes) <= {Ended.OK, Ended.SKIPPED}:
        return []
    return [outcome for outcome in fact.outcomes if outcome.status in (Ended.FAILED, Ended.RETRYING)]


class Began(NamedTuple):
    """When a step was started last, the items that were done by then, and the seconds that it had run before."""

    at: float
    done: int
    elapsed: float


class PlainReporter(Reporter):
    """One line per change of state, progress every few seconds, at most a few failed items named per step."""

    def __init__(self, state: RunState, lookup: Lookup, out: TextIO | None = None) -> None:
        super().__init__(state, lookup, out or sys.stdout)
        self._named: dict[str, int] = {}
        self._progress_at: dict[str, float] = {}
        self._began: dict[str, Began] = {}

    async def report(self, fact: ev.Event) -> None:
        """Say it in one line, or not at all."""
        match fact:
            case ev.RunStarted():
                self._say(fact.at, "run", f"{fact.run} of {fact.flow} started")
            case ev.RunResumed():
                self._say(fact.at, "run", f"{self.state.run} of {self.state.flow} goes on")
            case ev.StepStarted():
                step = self.state.steps[fact.step]
                self._began[fact.step] = Began(fact.at, step.done, step.elapsed)
                slots = f", {fact.slots} slots" if fact.slots > 1 else ""
                self._say(fact.at, fact.step, f"running{slots}")
            case ev.StepFinished():
                self._say(
                    fact.at, fact.step, step_end(self.state.steps.get(fact.step), fact, self._began.get(fact.step))
                )
            case ev.ItemsEnded():
                await self._ended(fact)
            case ev.Paused():
                self._say(fact.at, "run", f"paused{': ' if fact.reason else ''}{fact.reason}")
            case ev.Unpaused():
                self._say(fact.at, "run", "goes on")
            case ev.Draining():
                self._say(fact.at, "run", "draining: what is in flight finishes, nothing new starts")
            case ev.RevisionTaken() if fact.revision > 1:
                self._say(fact.at, "run", f"revision {fact.revision} taken up")
            case ev.ReloadRejected():
                self._say(fact.at, "run", f"an edit was not taken up, revision {fact.revision} keeps running")
                for problem in fact.problems:
                    self.line(f"          {visible(problem)}")
            case ev.RunFinished():
                self._say(fact.at, "run", f"{fact.status}{': ' if fact.reason else ''}{fact.reason}")
            case _:
                pass

    async def _ended(self, fact: ev.ItemsEnded) -> None:
        step = self.state.steps.get(fact.step)
        if step is None or not step.shape.for_each:
            return
        failed = failing(fact)
        room = SHOWN_FAILURES - self._named.get(fact.step, 0)
        if failed and room > 0:
            shown = failed[:room]
            self._named[fact.step] = self._named.get(fact.step, 0) + len(shown)
            found = await self._lookup(fact.step, [outcome.item for outcome in shown])
            for outcome in shown:
                error = ErrorInfo.decode(outcome.error or b'{"type":"Error","message":"","fingerprint":""}')
                what = f"{error.type}: {error.message}".split("\n", 1)[0][:200]
                again = "tried again" if outcome.status == Ended.RETRYING else "failed"
                key, _, payload = found[outcome.item]
                name = label(key, payload[:HEAD])
                self._say(fact.at, fact.step, f"{name} {again}, attempt {outcome.attempt}: {what}")
            if self._named[fact.step] >= SHOWN_FAILURES:
                self._say(fact.at, fact.step, "further failures are not named here; wf-tui failed lists them")
        now = time.monotonic()
        if now - self._progress_at.setdefault(fact.step, now) >= PROGRESS_SECONDS and step.status == "running":
            self._progress_at[fact.step] = now
            began = self._began.get(fact.step)
            self._say(fact.at, fact.step, progress(step, began.done if began is not None else 0, fact.at))

    def _say(self, at: float, what: str, text: str) -> None:
        clock = datetime.fromtimestamp(at).strftime("%H:%M:%S")
        self.line(f"{clock}  {visible(what)}  {visible(text)}")


def progress(step: StepState, before: int, now: float) -> str:
    """How far a step is: done of total, failed, rate since this process took it up."""
    total = f"{step.total}{'' if step.total_known else ' listed so far'}"
    parts = [f"{step.done} of {total}"]
    if step.total_known and step.total:
        parts.append(percent(step.done, step.total))
    if step.failed:
        parts.append(f"{step.failed} failed")
    if step.started is not None and now > step.started:
        parts.append(rate((step.done - before) / (now - step.started)))
    return ", ".join(parts)


def step_end(step: StepState | None, fact: ev.StepFinished, began: Began | None) -> str:
    """How a step ended, in one line: what it has, and how long that took since it `began`, and before that."""
    words = {"succeeded": "done"}.get(fact.status, fact.status)
    parts = [f"{words}: {fact.reason}" if fact.reason else words]
    if step is not None and step.shape.for_each and fact.status in {"succeeded", "failed"}:
        parts.append(f"{step.succeeded} ok")
        if step.failed:
            parts.append(f"{step.failed} failed")
        if step.skipped:
            parts.append(f"{step.skipped} skipped")
        parts.append(f"of {step.total}")
        if step.stale:
            parts.append(f"({step.stale} stale)")
    if began is not None and fact.status in {"succeeded", "failed"}:
        took = max(0.0, fact.at - began.at)
        in_all = f", {duration(began.elapsed + took)} in all" if began.elapsed else ""
        parts.append(f"in {duration(took)}{in_all}")
    return "  ".join(parts)


class JsonReporter(Reporter):
    """JSON Lines on stdout: one event a line, in the form that `wf-tui schema --output` describes."""

    def __init__(
        self,
        state: RunState,
        lookup: Lookup,
        describe: Describe,
        plain: Callable[[bytes], Any],
        out: TextIO | None = None,
    ) -> None:
        super().__init__(state, lookup, out or sys.stdout)
        self._describe = describe
        self._plain = plain
        self._progress_at: dict[str, float] = {}

    async def report(self, fact: ev.Event) -> None:
        """Write the event, if the fact is one that programs hear of."""
        match fact:
            case ev.RunStarted():
                self._event(fact.at, "run_started", flow=fact.flow, path=fact.path)
            case ev.RunResumed():
                self._event(fact.at, "resumed")
            case ev.Unpaused():
                self._event(fact.at, "resumed")
            case ev.Paused():
                self._event(fact.at, "paused", reason=fact.reason)
            case ev.StepStarted():
                self._event(fact.at, "step_started", step=self._step(fact.step))
            case ev.StepFinished():
                self._event(fact.at, "step_finished", step=self._step(fact.step))
            case ev.ItemsEnded():
                await self._ended(fact)
            case ev.RevisionTaken() if fact.revision > 1:
                self._event(fact.at, "reloaded", revision=fact.revision, problems=[])
            case ev.ReloadRejected():
                self._event(fact.at, "reload_rejected", revision=fact.revision, problems=list(fact.problems))
            case ev.RunFinished():
                self._event(fact.at, "run_finished", **self._describe(self.state, False))
            case _:
                pass

    def _step(self, name: str) -> dict[str, Any]:
        steps: list[dict[str, Any]] = self._describe(self.state, False)["steps"]
        found = next((step for step in steps if step["name"] == name), {"name": name})
        return {key: value for key, value in found.items() if key != "result"}

    async def _ended(self, fact: ev.ItemsEnded) -> None:
        failed = failing(fact)
        step = self.state.steps.get(fact.step)
        if failed and step is not None and step.shape.for_each:
            found = await self._lookup(fact.step, [outcome.item for outcome in failed])
            for outcome in failed:
                key, index, payload = found[outcome.item]
                error = ErrorInfo.decode(outcome.error or b'{"type":"Error","message":"","fingerprint":""}')
                record: dict[str, Any] = {
                    "step": fact.step,
                    "key": key,
                    "index": index,
                    "item": self._plain(payload),
                    "attempts": outcome.attempt,
                    "revision": fact.revision,
                    "error": error_object(error),
                }
                if outcome.status == Ended.RETRYING:
                    next_at = (fact.next_at or {}).get(outcome.item, fact.at)
                    self._event(fact.at, "item_retrying", **record, next_at=iso(next_at))
                else:
                    self._event(fact.at, "item_failed", **record)
        now = time.monotonic()
        if (
            step is not None
            and step.shape.for_each
            and now - self._progress_at.get(fact.step, 0) >= JSON_PROGRESS_SECONDS
        ):
            self._progress_at[fact.step] = now
            self._event(fact.at, "step_progress", step=self._step(fact.step))

    def _event(self, at: float, event: str, **rest: Any) -> None:
        record = {"schema": 1, "event": event, "at": iso(at), "run": self.state.run, **rest}
        self.line(json.dumps(record, ensure_ascii=False))


def iso(at: float) -> str:
    """A time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def error_object(error: ErrorInfo) -> dict[str, Any]:
    """The JSON form of an error."""
    return {
        "type": error.type,
        "message": error.message,
        "fingerprint": error.fingerprint,
        "traceback": error.traceback,
        "where": {"file": error.where[0], "line": error.where[1]} if error.where else None,
    }
