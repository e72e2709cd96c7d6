"""Conducting a run: put a front end on the stage, play, and say by an exit code how it ended."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from tui_workflow import values
from tui_workflow.engine.engine import ASKED_FOR
from tui_workflow.facts.commands import Drain, Stop
from tui_workflow.facts.state import RunState
from tui_workflow.flow.graph import readers
from tui_workflow.headless import JsonReporter, PlainReporter, Reporter
from tui_workflow.session import interpreter
from tui_workflow.session.again import options_for, resume_options
from tui_workflow.session.assignment import Assignment
from tui_workflow.session.details import StoredDetails
from tui_workflow.session.feed import StoredFeed
from tui_workflow.session.notify import Notifier
from tui_workflow.session.screen import Screen
from tui_workflow.session.signals import Signals
from tui_workflow.session.stage import Stage
from tui_workflow.store.describe import describe
from tui_workflow.store.lock import RunLock
from tui_workflow.text import visible
from tui_workflow.view.line import plain
from tui_workflow.view.summary import summary
from tui_workflow.workers.pool import Pool

READER_SECONDS = 1.0
"""How long a reader of the output has after a signal."""
FAILED_ITEMS = 3
"""The exit code of `--strict` when items failed that the flow tolerates."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a headless run reports, whether tolerated failures count, and whether saved edits are taken up."""

    form: Literal["plain", "json"] = "plain"
    strict: bool = False
    reload: bool = False


def exit_code(state: RunState, strict: bool = False) -> int:
    """0 done, 1 failed or cancelled, 130 interrupted by a person's wish, 3 with tolerated failures under `strict`."""
    if state.status == "interrupted":
        return 0 if state.reason == ASKED_FOR else 130
    if state.status != "succeeded":
        return 1
    if strict and state.failed:
        return FAILED_ITEMS
    return 0


async def headless(assignment: Assignment, pool: Pool, lock: RunLock, style: Style) -> int:
    """Run without a dashboard; returns the exit code. Raises `StoreIOError` when the run file cannot be written."""
    interpreter.settle()
    async with Stage(assignment, pool, lock, ask=False, reload=style.reload) as stage:
        reporter = _reporter(stage, style)
        stage.engine.subscribe(reporter.take)
        stage.on_trouble = reporter.trouble
        notifier = Notifier(stage.plan, stage.state, sys.stderr)
        stage.engine.subscribe(notifier.take)
        reporter.start()
        with Signals(lambda: stage.engine.send(Drain()), lambda: stage.engine.send(Stop())) as signals:
            try:
                await stage.play()
            finally:
                told = partial(left_behind, stage.state, assignment.plan.path, assignment.path)
                last = told if style.form == "plain" else tuple
                await _finish(reporter.finish(last), signals)
                await notifier.finish()
        state = stage.state
        if signals.exit_code is not None and state.status not in {"succeeded", "failed"}:
            return signals.exit_code
        return exit_code(state, style.strict)


async def _finish(reporting: Coroutine[Any, Any, None], signals: Signals) -> None:
    """Wait until all is told. One who wants the program to end is not kept waiting by a reader that does not read."""
    finishing = asyncio.create_task(reporting)
    told_to_end = asyncio.create_task(signals.came.wait())
    await asyncio.wait({finishing, told_to_end}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait({finishing}, timeout=READER_SECONDS if signals.received else None)
    for task in (finishing, told_to_end):
        task.cancel()
    for outcome in await asyncio.gather(finishing, told_to_end, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


def _reporter(stage: Stage, style: Style) -> Reporter:
    if style.form == "plain":
        return PlainReporter(stage.state, stage.lookup)
    meta = stage.assignment.meta

    def tell(state: RunState, results: bool) -> dict[str, Any]:
        counts = {name: stage.engine.running_count(name) for name in state.steps}
        return describe(state, results=results, running=counts, meta=meta)

    return JsonReporter(stage.state, stage.lookup, tell, lambda data: values.plain(values.decode(data)))


async def on_screen(
    screen: Screen, assignment: Assignment, pool: Pool, lock: RunLock, *, strict: bool, resume: str
) -> int:
    """Run under a dashboard; returns the exit code once the person has left and the run has come to rest.

    `resume` is the command that takes the run up again. Raises what broke the screen, after the run has been stopped in
    order, and `StoreIOError` when the run file cannot be written any more.
    """
    from tui_workflow.session.library import FlowLibrary
    from tui_workflow.ui.options import Options

    async with Stage(assignment, pool, lock, ask=True) as stage:
        notifier = Notifier(stage.plan, stage.state, sys.stderr)
        stage.engine.subscribe(notifier.take)
        library = FlowLibrary(assignment.path, lambda: stage.state)
        told = asyncio.Event()
        stage.engine.subscribe(lambda facts: told.set())
        playing = asyncio.create_task(stage.play())
        telling = asyncio.create_task(told.wait())
        # Before the first facts a run has no steps, and no name. A disk that takes none is for the dashboard to tell.
        await asyncio.wait({telling, playing, screen.showing}, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
        telling.cancel()
        screen.app.begin(
            stage.feed,
            stage.details,
            Options(resume=resume, library=library, environ=os.environ),
            assignment.notes,
        )

        def drain() -> None:
            stage.engine.send(Drain())

        def stop() -> None:
            stage.engine.send(Stop())
            screen.app.leave_at_once()

        signals = screen.signals
        signals.drain, signals.stop = drain, stop
        draining = asyncio.create_task(_leave_when_drained(stage, signals, screen.app.leave_at_once))
        await asyncio.wait({playing, screen.showing}, return_when=asyncio.FIRST_COMPLETED)
        await screen.end()
        if not stage.engine.finished:
            stage.engine.send(Stop())
        stage.engine.leave()
        await playing
        draining.cancel()
        await notifier.finish()
        screen.showing.result()
        state = stage.state
        if signals.received is not signal.SIGHUP:  # then there is no terminal any more
            _leave_behind(state, assignment.plan.path, assignment.path, assignment.notes)
        if signals.exit_code is not None and state.status not in {"succeeded", "failed"}:
            return signals.exit_code
        return exit_code(state, strict)


def left_behind(state: RunState, flow: str, file: Path, columns: int = 80) -> list[str]:
    """The lines that tell how a run stands, as plain text that can be copied. `file` is where the run is stored."""
    options, place = options_for(file, flow), resume_options(file, flow)
    return [plain(line) for line in summary(state, columns, flow=flow, options=options, place=place)]


def _leave_behind(state: RunState, flow: str, file: Path, notes: Sequence[str] = ()) -> None:
    """What stays in the terminal when the screen has gone."""
    columns = shutil.get_terminal_size().columns
    with suppress(OSError):
        print(*map(visible, notes), *left_behind(state, flow, file, columns), sep="\n", flush=True)


async def _leave_when_drained(stage: Stage, signals: Signals, leave: Callable[[], None]) -> None:
    """After a signal the screen goes as soon as the run has come to rest."""
    await signals.came.wait()
    await stage.engine.ended()
    leave()


async def look(path: Path) -> None:
    """The dashboard on a stored run; nothing is executed. Raises `DamagedRunFile`, and what broke the screen."""
    from tui_workflow.session.library import FlowLibrary, read_run
    from tui_workflow.ui.options import Options

    async with Screen(path.stem, "reading the run") as screen:
        await screen.prepare()
        state, plan = await screen.meanwhile(lambda: read_run(path))
        feed = StoredFeed(state, lambda step: readers(plan, step), path)
        async with StoredDetails(path, lambda: state, lambda: plan) as details:
            options = Options(library=FlowLibrary(path, lambda: state), environ=os.environ)
            screen.app.begin(feed, details, options)
            await asyncio.wait({screen.showing})
    if screen.signals.received is not signal.SIGHUP:
        _leave_behind(state, state.path, path)
