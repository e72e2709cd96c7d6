"""One run with all that it needs, opened and closed in the right order: lock, journal, readers, workers, engine.

A front end (plain lines, JSON Lines, the dashboard) is put upon the stage; it sees the feed and the details, never the rest.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType

from tui_workflow.engine.engine import Engine
from tui_workflow.engine.ports import Options, Surroundings
from tui_workflow.errors import StoreIOError
from tui_workflow.facts.state import RunState
from tui_workflow.flow.plan import Plan
from tui_workflow.session.again import resume_options
from tui_workflow.session.assignment import Assignment
from tui_workflow.session.details import StoredDetails
from tui_workflow.session.feed import LiveFeed, PrintedLines
from tui_workflow.session.reload import Reloader
from tui_workflow.store.journal import Journal
from tui_workflow.store.listing import ItemReader
from tui_workflow.store.lock import RunLock
from tui_workflow.workers.pool import Pool


class Stage:
    """Use it as `async with Stage(assignment, pool, ask=…) as stage`, subscribe readers, then `await stage.play()`."""

    def __init__(self, assignment: Assignment, pool: Pool, lock: RunLock, *, ask: bool, reload: bool = False) -> None:
        self.assignment = assignment
        self.ask = ask
        self.reload = reload
        """Take up saved edits although nobody is there to look at them."""
        self.failure: StoreIOError | None = None
        """Why the run file cannot be written any more."""
        self.on_trouble: Callable[[str], None] = lambda _reason: None
        """Told why nothing can be recorded for now, and an empty text when it can again: facts that say so would wait too."""
        self._pool = pool
        self._lock = lock
        self._printed = PrintedLines()

    @property
    def plan(self) -> Plan:
        """The plan that holds now."""
        return self.engine.plan

    @property
    def state(self) -> RunState:
        """What is committed so far."""
        return self.engine.state

    async def __aenter__(self) -> Stage:
        work = self.assignment
        async with AsyncExitStack() as stack:
            stack.callback(self._lock.release)
            stack.push_async_callback(self._pool.close)
            self._journal = Journal(
                work.path,
                work.meta if work.state is None and not work.made else None,
                on_trouble=self._in_trouble,
                on_recovered=self._recovered,
                snapshot_of=lambda: self.engine.state,
            )
            await stack.enter_async_context(self._journal)
            items = await stack.enter_async_context(ItemReader(work.path, self._journal.index_keys))
            options = Options(
                run=work.meta.run,
                run_file=str(work.path),
                flow_dir=os.path.dirname(work.plan.path),
                params=work.params,
                secrets=work.secrets,
                limit=work.limit,
                max_slots=work.max_slots,
                ask=self.ask,
                only=work.only,
            )
            around = Surroundings(
                recorder=self._journal,
                store=items,
                pool=self._pool,
                now=time.time,
                monotonic=time.monotonic,
                chance=random.random,
                printed=self._printed.add,
            )
            self.engine = Engine(work.plan, work.state or RunState(), options, around, work.context)
            self._journal.on_committed = self.engine.committed
            self.reloader = Reloader(
                work.source or work.plan.path, lambda: self.engine, lambda: self._journal, strict=not self.ask
            )
            self.feed = LiveFeed(
                self.engine, self._printed, self.reloader, lambda: resume_options(work.path, work.plan.path)
            )
            self.lookup = items.payloads
            self.details = StoredDetails(work.path, lambda: self.engine.state, lambda: self.engine.plan)
            await stack.enter_async_context(self.details)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, traceback)

    async def play(self) -> None:
        """Run until the run has ended and, with somebody to ask, until they leave. Raises `StoreIOError`."""
        work, now = self.assignment, time.time()
        if work.state is None or work.changed:
            self._journal.add_revision(
                work.revision,
                now,
                work.plan.path,
                work.plan.text.encode("utf-8", "surrogateescape"),
                [(handler.path, handler.source) for handler in work.plan.handlers],
            )
        self._journal.append(work.opening(now))
        await self._journal.flush()
        for wish in work.wishes:
            self.engine.send(wish)
        watching = asyncio.create_task(self.reloader.watch()) if self.ask or self.reload else None
        try:
            await self.engine.run()
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
        if self.failure is not None:
            raise self.failure

    def _recovered(self) -> None:
        self.engine.recovered()
        self.on_trouble("")

    def _in_trouble(self, reason: str, fatal: bool) -> None:
        self.engine.in_trouble(reason)
        if not fatal:
            self.on_trouble(reason)
        else:
            self.failure = StoreIOError(reason, hint="What was committed is safe; --resume goes on from there.")
            self.engine.abort()
