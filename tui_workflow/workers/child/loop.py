"""Items side by side on one event loop: what `async` means, and what an `async def` handler gets by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import Empty
from time import time

from tui_workflow.facts.outcome import Ended
from tui_workflow.tasks.api import reporter
from tui_workflow.tasks.registry import Prepared
from tui_workflow.workers import protocol
from tui_workflow.workers.child.attempt import Attempt, task_context
from tui_workflow.workers.child.inbox import Given
from tui_workflow.workers.child.office import Office
from tui_workflow.workers.child.step import Step
from tui_workflow.workers.child.threads import current

_FAILED = int(Ended.FAILED)


class OnLoop:
    """Up to `slots` items at once. The loop lives as long as the step, so that handlers may keep connections open.

    `command` carries out what is no batch, when it comes while items run.
    """

    def __init__(
        self, office: Office, step: Step, prepared: Prepared, slots: int, command: Callable[[int, bytes], None]
    ) -> None:
        self._office = office
        self._step = step
        self._prepared = prepared
        self._command = command
        self._free = list(range(slots - 1, -1, -1))
        self._running: dict[int, Attempt] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._woken = asyncio.Event()
        self._program: bytes | None = None
        office.several = True
        office.find_attempt = current.get
        office.ticker.running = self._running
        office.shared.use_slots(slots)
        office.inbox.notify = self._notify
        reporter.report = office.report

    def _notify(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._woken.set)
        except RuntimeError:  # closed: the step is over
            pass

    def run_pending(self) -> None:
        """Run all that waits, and what comes meanwhile; returns when nothing runs."""
        self._office.ticker.busy()
        self._loop.run_until_complete(self._run_all())
        self._office.outbox.flush()
        self._office.ticker.idle()
        program, self._program = self._program, None
        if program is not None:
            self._command(protocol.PROGRAM, program)

    def stop(self) -> None:
        """Close the loop; no item is running when this is called."""
        self._office.inbox.notify = None
        self._office.several = False
        self._office.ticker.running = {}
        reporter.report = None
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
        asyncio.set_event_loop(None)

    async def _run_all(self) -> None:
        pending = self._office.inbox.pending
        while True:
            self._woken.clear()
            self._start_some()
            if not self._tasks and not pending:
                return
            await self._woken.wait()
            self._take_commands()

    def _start_some(self) -> None:
        pending, free = self._office.inbox.pending, self._free
        while free and pending:
            try:
                given = pending.popleft()
            except IndexError:
                return
            task = self._loop.create_task(self._run(given, free.pop()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _take_commands(self) -> None:
        commands = self._office.inbox.commands
        while self._program is None:
            try:
                kind, body = commands.get_nowait()
            except Empty:
                return
            if kind == protocol.FEED:
                self._office.inbox.unpack()
            elif kind == protocol.PROGRAM:
                # The last item has been told, and this loop has not quite ended; the next step closes it.
                self._program = body
            else:
                self._command(kind, body)

    async def _run(self, given: Given, slot: int) -> None:
        office, step = self._office, self._step
        attempt = Attempt(step, given, slot, time())
        office.shared.begin(slot, attempt.number, attempt.began)
        self._running[slot] = attempt
        current.set(attempt)
        task = task_context(step, attempt, step.env, office.report)
        outcome = attempt.with_log(await attempt.run_async(self._prepared, task))
        del self._running[slot]
        office.outbox.end(outcome)
        office.shared.end(slot)
        self._free.append(slot)
        if outcome[2] == _FAILED and step.program.stop_on_failure:
            office.inbox.failures += 1
            office.inbox.give_back()
        self._start_some()
        if step.program.flush_each or not office.inbox.pending:
            office.outbox.flush()
        if not self._running and not office.inbox.pending:
            self._woken.set()
