"""Items side by side on one event loop: what `async` means, and what an `async def` handler gets by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import Empty
from time import perf_counter, time

from tui_workflow.facts.outcome import Ended
from tui_workflow.tasks.api import reporter
from tui_workflow.tasks.registry import Prepared
from tui_workflow.workers import protocol
from tui_workflow.workers.child.attempt import Attempt, task_context
from tui_workflow.workers.child.office import Office
from tui_workflow.workers.child.step import Step
from tui_workflow.workers.child.threads import current

_FAILED = int(Ended.FAILED)
_TURN = 0.005
"""Seconds after which items that do not wait let others have a turn."""


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
        self._turn = 0.0
        self._next: tuple[int, bytes] | None = None
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
        command, self._next = self._next, None
        if command is not None:
            self._command(*command)

    @property
    def busy(self) -> bool:
        return bool(self._running)

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
        """Fill free slots, as far as items wait."""
        for _ in range(min(len(self._free), len(self._office.inbox.pending))):
            task = self._loop.create_task(self._fill(self._free.pop()))
            self._tasks.add(task)
            task.add_done_callback(self._emptied)

    def _emptied(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._woken.set()

    def _take_commands(self) -> None:
        commands = self._office.inbox.commands
        while self._next is None:
            try:
                kind, body = commands.get_nowait()
            except Empty:
                return
            if kind == protocol.FEED:
                self._office.inbox.unpack()
            elif kind in (protocol.PROGRAM, protocol.CLOSE) and not self._running:
                # The last item has been told, and this loop has not quite ended.
                self._next = kind, body
            else:
                self._command(kind, body)

    async def _fill(self, slot: int) -> None:
        """Run one item after another in this slot until none waits: a task for each would cost more than a small item."""
        office, step, prepared = self._office, self._step, self._prepared
        pending, shared, outbox, running = office.inbox.pending, office.shared, office.outbox, self._running
        program, me = step.program, asyncio.current_task()
        while pending:
            try:
                given = pending.popleft()
            except IndexError:  # it has been handed back meanwhile
                break
            began = time()
            shared.begin(slot, given[0], began)
            running[slot] = attempt = Attempt(step, given, slot, began)
            current.set(attempt)
            task = task_context(step, attempt, step.env, office.report) if prepared.needs_task else step.no_task
            outcome = await attempt.run_async(prepared, task)
            if attempt.log is not None:
                outcome = attempt.with_log(outcome)
            outbox.end(outcome)
            del running[slot]
            if program.flush_each or not pending:
                outbox.flush()
            if program.stop_on_failure and outcome[2] == _FAILED:
                office.inbox.failures += 1
                office.inbox.give_back()
            if me is not None and me.cancelling():
                while me.uncancel():  # an item that cancelled its own task has ended; the slot goes on
                    pass
            if perf_counter() - self._turn > _TURN:
                # Items that never wait would keep the loop from all others, and from the engine.
                await asyncio.sleep(0)
                self._turn = perf_counter()
        shared.end(slot)
        self._free.append(slot)
        current.set(None)
