"""Worker processes of one run: started when needed, kept for the next step, ended for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tui_workflow.facts.filemark import Mark, mark_of
from tui_workflow.facts.work import Worker
from tui_workflow.workers.host import ProcessWorker
from tui_workflow.workers.spawn import spawn


class Pool:
    """See `facts.work.WorkerPool`. `flow_dir` is the folder workers start in, and the last place they import from."""

    def __init__(self, flow_dir: str) -> None:
        self._flow_dir = flow_dir
        self._idle: list[ProcessWorker] = []
        self._all: set[ProcessWorker] = set()
        self._starting: list[asyncio.Task[ProcessWorker]] = []
        """Workers that nobody has asked for yet, the first started first."""
        self._doubtful: set[ProcessWorker] = set()
        """Those that were in use at a renewal: when they are given back, they are kept only if they are not outdated."""
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    def prewarm(self, count: int) -> None:
        """Start `count` workers in the background, for what comes next."""
        for _ in range(count):
            self._starting.append(asyncio.get_running_loop().create_task(self._start()))

    async def acquire(self) -> Worker:
        """An idle worker, one being started, or a new one. Raises OSError when the system refuses another process."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
        if self._starting:
            return await self._starting.pop(0)
        return await self._start()

    def release(self, worker: Worker) -> None:
        assert isinstance(worker, ProcessWorker)
        worker.forget()
        if not worker.alive or self._closed:
            return
        if worker in self._doubtful and worker.outdated():
            self._end(worker)
        else:
            self._idle.append(worker)
        self._doubtful.discard(worker)

    def renew(self, look: Callable[[str], Mark | None] = mark_of) -> tuple[str, ...]:
        changed = {worker: worker.outdated(look) for worker in self._all if worker.alive}
        for worker in self._idle:
            if changed.get(worker):
                self._end(worker)
        self._idle = [worker for worker in self._idle if not changed.get(worker)]
        self._doubtful = self._all.difference(self._idle)
        return tuple(sorted({path for paths in changed.values() for path in paths}))

    def _end(self, worker: ProcessWorker) -> None:
        """Let a worker exit, in a task of its own."""
        task = asyncio.get_running_loop().create_task(worker.close())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        self._closed = True
        for task in tuple(self._starting):
            await asyncio.wait((task,))
            if not task.cancelled():
                task.exception()  # a worker that could not be started needs no ending
        self._starting.clear()
        self._idle.clear()
        await asyncio.gather(*(worker.close() for worker in tuple(self._all)), *self._ending)

    async def _start(self) -> ProcessWorker:
        spawned = await spawn(self._flow_dir)
        worker = ProcessWorker(spawned, self._buried)
        self._all.add(worker)
        await asyncio.get_running_loop().create_connection(lambda: worker, sock=spawned.sock)
        return worker

    def _buried(self, worker: ProcessWorker) -> None:
        self._all.discard(worker)
        self._doubtful.discard(worker)
