"""Items side by side in threads: what `thread` means, for handlers that wait."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from time import time

from tui_workflow.facts.outcome import Ended
from tui_workflow.tasks.api import reporter
from tui_workflow.tasks.registry import Prepared
from tui_workflow.workers.child.attempt import Attempt, task_context
from tui_workflow.workers.child.office import Office
from tui_workflow.workers.child.step import Step

_FAILED = int(Ended.FAILED)
current: ContextVar[Attempt | None] = ContextVar("wf_attempt", default=None)
"""The item that the calling thread or task belongs to."""


class InThreads:
    """As many threads as slots; each takes the next item that waits."""

    def __init__(self, office: Office, step: Step, prepared: Prepared, slots: int) -> None:
        self._office = office
        self._step = step
        self._prepared = prepared
        self._waiting = threading.Semaphore(0)
        self._running: dict[int, Attempt] = {}
        self._stopped = False
        office.several = True
        office.find_attempt = current.get
        office.ticker.running = self._running
        office.shared.use_slots(slots)
        reporter.report = office.report
        self._threads = [
            threading.Thread(target=self._work, args=(slot,), name=f"wf-slot-{slot}", daemon=True)
            for slot in range(slots)
        ]
        for thread in self._threads:
            thread.start()

    def run_pending(self) -> None:
        """Wake a thread for each item that waits; returns at once."""
        count = len(self._office.inbox.pending)
        if count:
            self._office.ticker.busy()
            self._waiting.release(count)

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def stop(self) -> None:
        """End the threads; no item is running when this is called."""
        self._stopped = True
        self._waiting.release(len(self._threads))
        for thread in self._threads:
            thread.join(1.0)
        self._office.several = False
        self._office.ticker.running = {}
        reporter.report = None

    def _work(self, slot: int) -> None:
        pending = self._office.inbox.pending
        while True:
            self._waiting.acquire()
            if self._stopped:
                return
            try:
                given = pending.popleft()
            except IndexError:  # it has been handed back meanwhile
                continue
            self._run(Attempt(self._step, given, slot, time()), slot)

    def _run(self, attempt: Attempt, slot: int) -> None:
        office, step = self._office, self._step
        office.shared.begin(slot, attempt.number, attempt.began)
        self._running[slot] = attempt
        current.set(attempt)
        task = step.no_task
        if self._prepared.needs_task:
            task = task_context(step, attempt, {**step.env, **attempt.own_env}, office.report)
        outcome = attempt.with_log(attempt.run(self._prepared, task))
        current.set(None)
        del self._running[slot]
        office.outbox.end(outcome)
        office.shared.end(slot)
        if outcome[2] == _FAILED and step.program.stop_on_failure:
            office.inbox.failures += 1
            office.inbox.give_back()
        if step.program.flush_each or not office.inbox.pending:
            office.outbox.flush()
        if not self._running and not office.inbox.pending:
            office.ticker.idle()
