"""An engine in a test tube: facts are kept in memory, workers are scripted, time is whatever the loop says.

The engine itself is the real one; what is replaced are its surroundings, so that schedules can be chosen and seeded.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from tui_workflow import values
from tui_workflow.engine.engine import Engine
from tui_workflow.engine.ports import Options, Surroundings
from tui_workflow.facts import events as ev
from tui_workflow.facts.filemark import Mark, mark_of
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.state import RunState, fold
from tui_workflow.facts.work import (
    Death,
    Known,
    ListedPage,
    Listing,
    Running,
    StepProgram,
    Worker,
    WorkerEvents,
    WorkItem,
)
from tui_workflow.flow.model import Flow, ItemSource, Step
from tui_workflow.flow.plan import Plan, PlannedStep

Behaviour = Callable[[str, Any, int], "object | BaseException"]
"""What an item comes to: step, item value, attempt → a result, or an exception to fail with."""


class Memory:
    """Recorder and item store in one: commits on the next turn of the loop, in order."""

    def __init__(self) -> None:
        self.facts: list[ev.Event] = []
        self.items: dict[str, dict[int, ev.ListedItem]] = {}
        self.keys: dict[str, dict[str, int]] = {}
        self.committed: Callable[[Sequence[ev.Event]], None] = lambda facts: None
        self._waiting: list[ev.Event] = []
        self._scheduled = False
        self.indexed = False

    def append(self, facts: Sequence[ev.Event]) -> None:
        self._waiting.extend(facts)
        if not self._scheduled and self._waiting:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._commit)

    def _commit(self) -> None:
        self._scheduled = False
        facts, self._waiting = self._waiting, []
        for fact in facts:
            if isinstance(fact, ev.ItemsListed | ev.ItemsMoved):
                for item in fact.items:
                    before = self.items.get(fact.step, {}).get(item.number)
                    if before is not None and self.keys[fact.step].get(before.key) == item.number:
                        del self.keys[fact.step][before.key]
                    self.items.setdefault(fact.step, {})[item.number] = item
                    self.keys.setdefault(fact.step, {})[item.key] = item.number
        self.facts += facts
        self.committed(facts)

    async def flush(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)

    async def match(self, step: str, keys: Sequence[str]) -> Mapping[str, Known]:
        known = self.keys.get(step, {})
        found = {}
        for key in keys:
            if key in known:
                item = self.items[step][known[key]]
                found[key] = Known(item.number, item.position, item.payload)
        return found

    async def index_keys(self) -> None:
        self.indexed = True

    async def payloads(self, step: str, numbers: Sequence[int]) -> Mapping[int, tuple[str, int, bytes]]:
        rows = self.items[step]
        return {number: (rows[number].key, rows[number].position, rows[number].payload) for number in numbers}


class FakeWorker:
    """Runs items one after the other in its process of mind; `behave` says what each comes to."""

    _pids = 1000

    def __init__(self, pool: FakePool) -> None:
        FakeWorker._pids += 1
        self.pid = FakeWorker._pids
        self._pool = pool
        self._queue: list[WorkItem] = []
        self._now: list[WorkItem] = []
        self._since = 0.0
        self._events: WorkerEvents | None = None
        self._program: StepProgram | None = None
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._work())
        self.dead = False
        self.version = pool.version
        """That of the one file that its modules are made of; it is read at the first program, and known a while later."""
        self.loaded = False

    async def program(self, program: StepProgram, events: WorkerEvents) -> None:
        self._program, self._events = program, events
        if self._pool.file and not self.loaded:
            self.version = self._pool.version
            await self._pool.load()
            self.loaded = True

    def outdated(self, look: Callable[[str], Mark | None] = mark_of) -> tuple[str, ...]:
        return (self._pool.file,) if self.loaded and self.version != self._pool.version else ()

    async def evaluate(self, expressions: Mapping[str, str], limit: float = 5.0) -> dict[str, bytes]:
        return {name: values.encode(self._pool.evaluate(text)) for name, text in expressions.items()}

    async def list_items(self, listing: Listing) -> AsyncIterator[ListedPage]:
        assert self._program is not None
        elements = self._pool.elements[self._program.step]
        for start in range(0, len(elements), 3):
            await asyncio.sleep(0)
            yield self._pool.listed(elements, start, start + 3)

    def feed(self, items: Sequence[WorkItem], context: Mapping[str, bytes] | None = None) -> None:
        if self.version < self._pool.wished:
            self._pool.too_old.append(f"{len(items)} items for {self.version}, wished for {self._pool.wished}")
        self._queue.extend(items)
        self._wake.set()

    def recall(self) -> None:
        back = [item.number for item in self._queue]
        self._queue.clear()
        asyncio.get_running_loop().call_soon(self._tell_recalled, back)

    def _tell_recalled(self, back: list[int]) -> None:
        if self._events is not None and not self.dead:
            self._events.recalled(self, back)

    def report_progress(self, processed: int, total: int) -> None:
        self._pool.progress.append((processed, total))

    def running(self) -> list[Running]:
        return [Running(0, item.number, self._since, 0, 0) for item in self._now]

    def kill(self, error: ErrorInfo) -> None:
        if not self.dead:
            self._die(error, wanted=True)

    def _die(self, error: ErrorInfo, *, wanted: bool) -> None:
        self.dead = True
        self._task.cancel()
        blamed = tuple(item.number for item in self._now)
        unstarted = tuple(item.number for item in self._queue)
        self._now, self._queue = [], []
        self._pool.running -= len(blamed)
        if self._events is not None:
            asyncio.get_running_loop().call_soon(self._events.died, self, Death(error, blamed, unstarted, wanted))

    async def close(self) -> None:
        self.end()

    def end(self) -> None:
        self.dead = True
        self._task.cancel()

    async def _work(self) -> None:
        while True:
            while not self._queue:
                self._wake.clear()
                await self._wake.wait()
            assert self._program is not None
            assert self._events is not None
            program, lanes = self._program, self._program.slots
            self._now = [self._queue.pop(0) for _ in range(min(lanes, len(self._queue)))]
            self._since = time.time()
            self._pool.running += len(self._now)
            self._pool.most = max(self._pool.most, self._pool.running)
            await self._pool.pass_time()
            outcomes = []
            failed = died = False
            for item in self._now:
                value = values.decode(item.payload)
                self._pool.effects.append((program.step, item.key, item.attempt))
                self._pool.made_by.append(self.pid)
                came_to = self._pool.behave(program.step, value, item.attempt)
                if isinstance(came_to, SystemError):
                    died = True
                    break
                outcomes.append(outcome_of(item, came_to))
                failed = failed or isinstance(came_to, BaseException)
            if died:
                self._die(make_error("WorkerDied", "signal 11, SIGSEGV"), wanted=False)
                return
            self._pool.running -= len(self._now)
            self._now = []
            self._events.ended(self, outcomes)
            if failed and program.stop_on_failure:
                back = [item.number for item in self._queue]
                self._queue.clear()
                self._events.recalled(self, back)


class FakePool:
    """Workers, what their items come to, and the log of effects."""

    def __init__(self, behave: Behaviour, elements: dict[str, list[Any]], seed: int = 0) -> None:
        self.behave = behave
        self.elements = elements
        self.effects: list[tuple[str, str, int]] = []
        self.made_by: list[int] = []
        """The worker of each effect."""
        self.progress: list[tuple[int, int]] = []
        self.running = 0
        self.most = 0
        self.evaluated: dict[str, Any] = {}
        self.explicit = False
        self.file = ""
        """What handlers are made of, if anything, and how often it has changed."""
        self.version = 0
        self.wished = 0
        """The version at the last renewal: nothing that is older is given items from then on."""
        self.too_old: list[str] = []
        self._doubtful: list[FakeWorker] = []
        self._random = random.Random(seed)
        self._workers: list[FakeWorker] = []
        self._idle: list[FakeWorker] = []

    def evaluate(self, text: str) -> Any:
        return self.evaluated.get(text, True)

    def listed(self, elements: Sequence[Any], first: int, last: int) -> ListedPage:
        keys = [str(element["id"]) if self.explicit else f"k{element}" for element in elements[:last]]
        perhaps = [key for place, key in enumerate(keys) if key in keys[:place]]
        payloads = [values.encode(element) for element in elements[first:last]]
        return ListedPage(keys[first:], payloads, self.explicit, perhaps)

    async def pass_time(self) -> None:
        for _ in range(self._random.randrange(4)):
            await asyncio.sleep(0)

    async def load(self) -> None:
        await self.pass_time()

    async def acquire(self) -> Worker:
        await asyncio.sleep(0)
        while self._idle:
            worker = self._idle.pop()
            if not worker.dead:
                return worker
        worker = FakeWorker(self)
        self._workers.append(worker)
        return worker

    def release(self, worker: Worker) -> None:
        assert isinstance(worker, FakeWorker)
        if worker in self._doubtful and worker.outdated():
            worker.end()
        elif not worker.dead:
            self._idle.append(worker)

    def renew(self, look: Callable[[str], Mark | None] = mark_of) -> tuple[str, ...]:
        changed = {path for worker in self._workers if not worker.dead for path in worker.outdated(look)}
        for worker in self._idle:
            if worker.outdated(look):
                worker.end()
        self._idle = [worker for worker in self._idle if not worker.dead]
        self._doubtful = [worker for worker in self._workers if worker not in self._idle]
        self.wished = self.version
        return tuple(changed)

    async def close(self) -> None:
        for worker in self._workers:
            await worker.close()


def make_error(kind: str, message: str) -> ErrorInfo:
    return ErrorInfo(kind, message, fingerprint(kind, message), (kind, "Exception"))


def outcome_of(item: WorkItem, came_to: object) -> Outcome:
    if isinstance(came_to, BaseException):
        error = make_error(type(came_to).__name__, str(came_to)).encode()
        return Outcome(item.number, item.attempt, Ended.FAILED, time.time(), 0.001, None, error)
    return Outcome(item.number, item.attempt, Ended.OK, time.time(), 0.001, values.encode(came_to))


def plan_of(
    *steps: Step,
    needs: dict[str, tuple[str, ...]] | None = None,
    on_failure: tuple[Step, ...] = (),
    final: tuple[Step, ...] = (),
) -> Plan:
    """A plan in which each step follows the one before it, unless `needs` says otherwise."""
    planned: list[PlannedStep] = []
    before: tuple[str, ...] = ()
    for step in steps:
        edges = (needs or {}).get(step.name, before)
        planned.append(PlannedStep(step, "steps", edges, edges, f"d-{step.name}"))
        before = (step.name,)
    planned += [PlannedStep(step, "on_failure", (), (), f"d-{step.name}") for step in on_failure]
    planned += [PlannedStep(step, "finally", (), (), f"d-{step.name}") for step in final]
    return Plan("/flow.yaml", "", Flow(name="f", steps=steps), (), tuple(planned))


def loop_step(name: str, **settings: Any) -> Step:
    return Step(name=name, type="python", for_each=ItemSource(kind="items", value="{{ x }}"), **settings)


def shapes(plan: Plan) -> tuple[ev.StepShape, ...]:
    return tuple(
        ev.StepShape(
            planned.name,
            planned.section,
            planned.step.for_each is not None,
            planned.needs,
            planned.reads,
            planned.definition,
            planned.step.parallel is not None,
            planned.step.rerun,
        )
        for planned in plan.steps
    )


class Tube:
    """A run in memory that can be started, stopped and resumed."""

    def __init__(self, plan: Plan, pool: FakePool, *, clock: Callable[[], float] | None = None, **options: Any) -> None:
        """`clock` is for both clocks, that on the wall and the one that never jumps; by default they are the real ones."""
        self.plan = plan
        self.pool = pool
        self.wall, self.monotonic = clock or time.time, clock or time.monotonic
        self.memory = Memory()
        self.options = options
        self.engine = self._make()
        now = self.wall()
        self.memory.append(
            [ev.RunStarted(now, "run", "f", "/flow.yaml", 1, "here"), ev.RevisionTaken(now, 1, shapes(plan))]
        )

    def _make(self, state: RunState | None = None) -> Engine:
        around = Surroundings(
            self.memory, self.memory, self.pool, self.wall, self.monotonic, lambda: 0.5, lambda *args: None
        )
        engine = Engine(self.plan, state or RunState(), Options("run", "", "/", **self.options), around)
        self.memory.committed = engine.committed
        return engine

    @property
    def state(self) -> RunState:
        return self.engine.state

    async def run(self) -> RunState:
        await asyncio.wait_for(self.engine.run(), 20)
        await self.pool.close()
        return self.state

    def crash_and_resume(self, plan: Plan | None = None) -> None:
        """Forget all that was not committed, and begin again from the facts."""
        self.plan = plan or self.plan
        self.memory._waiting.clear()
        self.engine = self._make(fold(RunState(), self.memory.facts))
        self.memory.append([ev.RunResumed(self.wall(), 2, "here")])

    def kill(self) -> None:
        """What a killed engine leaves: workers that nobody hears, and nothing in flight."""
        self.memory.committed = lambda facts: None
        for worker in self.pool._workers:
            worker.dead = True
            worker._task.cancel()
            worker._events = None
        self.pool._workers.clear()
        self.pool._idle.clear()
        self.pool.running = 0
