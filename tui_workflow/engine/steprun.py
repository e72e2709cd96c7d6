"""Running one step: its `if`, its items, its slots, until nothing of it is left.

All methods but the coroutines run on the event loop without waiting, so a call from a worker, a commit, or a command sees
and leaves a consistent state; `pump` is called after each and gives every free slot what it may have.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from tui_workflow import values
from tui_workflow.engine.batch import Tempo, batch_size, overfull, prefetch
from tui_workflow.engine.listing import Lister, Stamp, single_item
from tui_workflow.engine.ports import Options, Surroundings
from tui_workflow.engine.program import Revision, listing, program, stops_on_failure
from tui_workflow.engine.settings import bare, cores, slot_count, truthy
from tui_workflow.engine.slot import Slot
from tui_workflow.engine.stock import PAGE, Stock
from tui_workflow.engine.verdict import bound, ending, judge, too_many_failures
from tui_workflow.facts import events as ev
from tui_workflow.facts import logs
from tui_workflow.facts.filemark import Mark
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.labels import HEAD, label
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome, statuses
from tui_workflow.facts.state import RunState, StepState
from tui_workflow.facts.work import Death, Refused, Running, StepProgram, Worker, WorkItem
from tui_workflow.flow.graph import keyed_by
from tui_workflow.flow.model import Step
from tui_workflow.text import plural

_ON_PURPOSE = ("Timeout", "Skipped")
"""With what a worker is ended for the sake of items that it runs."""
GIVE_BACK_SECONDS = 0.1
"""After this long a batch is asked back for other slots that have nothing to do."""
PROGRESS_SECONDS = 0.1
WORKER_PAUSES = (0.1, 0.4, 1.0, 2.0)
"""Seconds to wait before each further try when the system refuses a process."""
DEATHS_IN_VAIN = 5
"""Workers that may die one after the other with nothing to blame before the step is given up."""


@dataclass(slots=True)
class Context:
    """The flow's `context`: encoded values by name, and a number that grows with each commit of writes."""

    values: dict[str, bytes]
    version: int = 0

    def take(self, writes: bytes) -> None:
        """Take in the committed writes of one item: a JSON object of encoded values."""
        self.values.update({name: json.dumps(value).encode() for name, value in json.loads(writes).items()})
        self.version += 1


class StepRun:
    """One step while it runs, from its start to the fact that says how it ended.

    `exceeded` is called when more items failed than `max_failures` allows and somebody is there to ask; `broken` when
    the program itself failed in a task of the step, for then the step would wait for ever.
    """

    def __init__(
        self,
        revision: Revision,
        state: RunState,
        options: Options,
        around: Surroundings,
        context: Context,
        exceeded: Callable[[StepRun], None],
        broken: Callable[[BaseException], None],
    ) -> None:
        self.revision = revision
        self.name = revision.planned.name
        self._run_state = state
        self._options = options
        self._around = around
        self._context = context
        self._call_exceeded = exceeded
        self._call_broken = broken
        self._stock = Stock(lambda: self.state, around.store, around.monotonic, in_order=self.step.parallel is None)
        self._slots: list[Slot] = []
        self._want_slots = 1
        self._asked_slots: int | None = None
        """The number of slots that somebody has asked for; it holds also when that was before the step had begun."""
        self._tempo = Tempo()
        self._owed: deque[tuple[Slot | None, int, int]] = deque()
        """Recorded outcomes whose commit is still to come, in order: the slot that waits, how many, how many failed."""
        self._due: dict[int, float] = {}
        self._ended_early: dict[int, tuple[Ended, float]] = {}
        """Items whose worker was ended for them, by their time-out or because they are skipped: how they end, and when they began."""
        self._suspects: deque[WorkItem] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listing = False
        self._listed = False
        """This run of the step has all its items; that they are to be listed anew is for the next one."""
        self._dismissed = False
        self._lister: Worker | None = None
        self._ready = False
        self._rebuild = False
        self._held = False
        self._stopping = False
        self._ending = False
        self._let_pass = 0
        """Failed items with which a person has gone on: `max_failures` allows as many more as it says before they are asked again."""
        self._asks = False
        self._failing = ""
        """Why no new item starts, once an item's failure has failed the step."""
        self._refused: ErrorInfo | None = None
        self._deaths_in_vain = 0
        self._renewals = 0
        """How often workers were to be renewed: those that were loading at that moment are looked at when they have."""
        self._progress_at = 0.0
        self._progress_told = -1

    @property
    def step(self) -> Step:
        return self.revision.planned.step

    @property
    def state(self) -> StepState:
        return self._run_state.steps[self.name]

    @property
    def slots(self) -> int:
        return self._want_slots

    @property
    def quiet(self) -> bool:
        """Nothing in flight and nothing uncommitted: the moment at which a drained run may end."""
        return not self._owed and all(slot.idle and not slot.staffing for slot in self._slots) and self._ready

    @property
    def closed(self) -> bool:
        """It is ending, or has failed: no further item starts in this run of the step."""
        return self._ending or bool(self._failing) or self._refused is not None

    def holds(self, item: int) -> bool:
        """True if a worker has the item, begun or not, or its end is not committed yet."""
        return any(item in slot.fed for slot in self._slots) or any(
            item == suspect.number for suspect in self._suspects
        )

    def withhold(self, items: Sequence[int]) -> None:
        """Start none of these before the wish that was recorded of them is committed."""
        self._stock.withhold(items)

    def running(self) -> list[Running]:
        """The items in flight, sampled now; `slot` counts from 0 over all slots of the step."""
        sample: list[Running] = []
        for slot in self._slots:
            if slot.worker is not None and slot.fed:
                first = slot.number if slot.lanes == 1 else 0
                sample += [
                    entry._replace(slot=first + entry.slot) for entry in slot.worker.running() if entry.item in slot.fed
                ]
        return sample

    # ---- beginning -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, in a task of its own."""
        self._spawn(self._begin())

    async def _begin(self) -> None:
        try:
            worker = await self._acquire()
        except Refused as refused:
            self._ready = True
            self._refuse(refused.error)
            return
        revision, renewals = self.revision, self._renewals
        slot = Slot(self, 0, 1, revision)
        slot.worker = worker
        try:
            await worker.program(self._program(1), slot)
            slots = await self._evaluate_settings(worker)
        except Refused as refused:
            self._around.pool.release(worker)
            self._ready = True
            self._refuse(refused.error)
            return
        except asyncio.CancelledError:
            worker.kill(_error("Stopped", "the step was stopped", ("Stopped",)))
            raise
        if slots is None:
            self._around.pool.release(worker)
            return
        self._want_slots = max(1, min(slots, self._options.max_slots or slots))
        if self._asked_slots is not None:
            self._want_slots = self._asked_slots
        self._around.recorder.append([ev.StepStarted(self._around.now(), self.name, self._want_slots)])
        if self.state.failures:
            # A wish that is on its way may be about these: what it says goes before what is taken up here.
            await self._around.recorder.flush()
        self._resume_items()
        self._make_slots()
        if self.step.for_each is not None and not self.state.total_known:
            self._listing = True
            self._stock.expect_listing()
            self._spawn(self._list(worker))
        else:
            self._listed = True
            if self.step.for_each is None and not self.state.total_known:
                self._around.recorder.append(single_item(self.state, self._around.now()))
            if self.revision.executor == "process":
                self._slots[0].worker = slot.worker = None
                slot.worker = worker
                self._slots[0] = slot
                slot.outdated = revision is not self.revision and self._differs(revision)
                slot.outworn = self._outworn(worker, renewals)
            else:
                self._around.pool.release(worker)
        await self._around.recorder.flush()
        self._ready = True
        if revision.planned.step.parallel != self.step.parallel:
            self._spawn(self._resize())
        self.pump()

    async def _acquire(self) -> Worker:
        """A worker. What the system lacks may come back in a moment; raises `Refused` when it does not."""
        pauses = iter(WORKER_PAUSES)
        while True:
            try:
                return await self._around.pool.acquire()
            except OSError as error:
                pause = next(pauses, None)
                if pause is None:
                    text = f"no worker process could be started: {error.strerror or error}"
                    raise Refused(_error("OSError", text, ("OSError", "Exception"))) from None
            await asyncio.sleep(pause)

    async def _evaluate_settings(self, worker: Worker) -> int | None:
        """How many slots the step has, or None if its `if` says that it is skipped."""
        step = self.step
        wanted: dict[str, str] = {}
        if step.condition is not None and not step.condition_per_item:
            wanted["if"] = step.condition
        if step.parallel is not None and isinstance(step.parallel.max_parallel, str):
            wanted["parallel"] = step.parallel.max_parallel
        found: dict[str, Any] = {}
        if wanted:
            found = {name: values.decode(value) for name, value in (await worker.evaluate(wanted)).items()}
        if "if" in found and not truthy(found["if"]):
            self._finish("skipped", f"if {bare(step.condition or '')}: false")
            return None
        if step.parallel is None:
            return 1
        if step.parallel.max_parallel is None:
            return cores()
        return slot_count(found.get("parallel", step.parallel.max_parallel))

    def _resume_items(self) -> None:
        """Take up what an earlier process, or an earlier run of this step, left."""
        state = self.state
        if self.step.on_error.action == "fail" or self._exceeds():
            # A duplicate key fails whenever it is listed: it has no attempts, and gets none.
            again = tuple(item for item in state.failures if item in state.attempts_of)
            if again:
                self._stock.withhold(again)
                self._around.recorder.append([ev.ItemsQueued(self._around.now(), self.name, again, "resume")])
        wall, clock = self._around.now(), self._around.monotonic()
        for item, at in state.retry_at.items():
            self._stock.wait(item, clock + max(0.0, at - wall))

    async def _list(self, worker: Worker) -> None:
        self._lister = worker
        stamp = Stamp(self.revision.number, self.revision.planned.definition)
        key = keyed_by(self.revision.plan, self.name)
        lister = Lister(
            self.state,
            self._around.store,
            self._around.recorder,
            stamp,
            self._options.limit,
            self._confirmed,
            rekeyed=self.state.listed_by != key,
        )
        try:
            gone = await lister.run(worker.list_items(listing(self.step, self._options.limit)), self._around.now())
        except Refused as refused:
            self._listing, self._lister = False, None
            if self._failing or self._refused is not None:
                self.pump()
            elif not self._stopping:
                self._refuse(refused.error)
            return
        self._lister = None
        self._around.recorder.append([ev.ListingFinished(self._around.now(), self.name, tuple(gone), key)])
        await self._around.recorder.flush()
        self._stock.confirm_all()
        self._listing, self._listed = False, True
        self._around.pool.release(worker)
        self.pump()

    def _confirmed(self, numbers: Sequence[int]) -> None:
        self._stock.confirm(numbers)
        self.pump()

    def _program(self, lanes: int) -> StepProgram:
        return program(self.revision, self._run_state, self._options, self._context.values, lanes)

    # ---- slots -----------------------------------------------------------------------------------------------------

    def _make_slots(self) -> None:
        """As many slots as are wanted: processes of one lane each, or one process that they share."""
        if self.revision.executor == "process":
            for slot in self._slots:
                slot.retiring = slot.number >= self._want_slots
            for number in range(len(self._slots), self._want_slots):
                self._slots.append(Slot(self, number, 1, self.revision))
        elif not self._slots:
            self._slots.append(Slot(self, 0, self._want_slots, self.revision))

    def set_slots(self, slots: int) -> None:
        """Change the number of slots while the step runs; items in flight finish, and none starts above the number."""
        self._want_slots = self._asked_slots = slots
        self._around.recorder.append([ev.SlotsChanged(self._around.now(), self.name, slots)])
        self._make_slots()
        for slot in self._slots:
            if slot.retiring or (slot.lanes > 1 and slot.lanes != slots):
                slot.recall()
        self.pump()

    async def _staff(self, slot: Slot) -> None:
        """Find a worker for a slot and prepare it."""
        worker, renewals = slot.worker, self._renewals
        try:
            if worker is not None and slot.outworn:
                self._around.pool.release(worker)
                slot.worker = worker = None
            if worker is None:
                worker = await self._acquire()
            slot.worker = worker
            if self.revision.executor != "process":
                slot.lanes = self._want_slots
            version, revision = self._context.version, self.revision
            await worker.program(self._program(slot.lanes), slot)
            slot.context_version, slot.revision = version, revision
            slot.outdated = revision is not self.revision and self._differs(revision)
            slot.outworn = self._outworn(worker, renewals)
        except Refused as refused:
            slot.staffing = False  # before the step looks whether it has ended: this may be the last that it hears
            if self._stopping:
                return
            if worker is None and self._goes_on_without(slot):
                self._tell_slots(refused.error)
            else:
                self._refuse(refused.error)
            return
        finally:
            slot.staffing = False
        self.pump()

    def _goes_on_without(self, slot: Slot) -> bool:
        """Take a slot away for which the system has no process, if others are left."""
        left = sum(
            each is not slot and not each.retiring and (each.worker is not None or each.staffing)
            for each in self._slots
        )
        if left:
            slot.retiring, self._want_slots = True, left
        return left > 0

    def _tell_slots(self, error: ErrorInfo) -> None:
        """Say in the step's log how many slots are left, and why."""
        now = self._around.now()
        line = logs.encode([logs.LogLine(0.0, f"{error.message}: the step goes on with {self._want_slots}")])
        self._around.recorder.append(
            [ev.StepPrinted(now, self.name, line), ev.SlotsChanged(now, self.name, self._want_slots)]
        )
        self.pump()

    # ---- feeding ---------------------------------------------------------------------------------------------------

    @property
    def _closed(self) -> bool:
        """True if nothing new may start."""
        return self._held or self._stopping or bool(self._failing) or self._refused is not None

    @property
    def _keeps_waiting(self) -> bool:
        """A step without `parallel` starts nothing while an earlier item waits for its next attempt."""
        return self.step.parallel is None and (bool(self._due) or self._stock.holds)

    def pump(self) -> None:
        """Give every free slot what it may have, and see whether the step has come to its end."""
        if not self._ready or self._ending or self._stopping:
            return
        if self._rebuild:
            self._rebuild_slots()
        if not self._closed and not self._rebuild:
            self._read_ahead()
            waiting = self._stock.ready + len(self._suspects)
            for slot in self._slots:
                waiting = self._serve(slot, waiting)
            self._read_ahead()
        self._see_whether_done()

    def _serve(self, slot: Slot, waiting: int) -> int:
        """Staff or feed one slot; returns how many waiting items are left for the others."""
        if slot.staffing or slot.recalling:
            return waiting - slot.lanes
        if slot.retiring:
            if slot.settled and slot.worker is not None:
                self._around.pool.release(slot.worker)
                slot.worker = None
            return waiting
        resized = self.revision.executor != "process" and slot.lanes != self._want_slots
        if slot.worker is None or resized or slot.outdated or slot.outworn:
            if waiting > 0 and not self._keeps_waiting and slot.settled:
                slot.staffing = True
                self._spawn(self._staff(slot))
            return waiting - slot.lanes
        self._feed(slot)
        return waiting - slot.lanes

    def _feed(self, slot: Slot) -> None:
        if self._suspects or slot.suspect is not None:
            self._feed_suspect(slot)
            return
        room = 0 if self._keeps_waiting else self._room(slot)
        if self._stock.fetches and not prefetch(self._tempo):
            return  # a slow item that took the slot now would hold it for long
        if room > 0 and (batch := self._stock.take(room)):
            self._give(slot, batch)

    def _room(self, slot: Slot) -> int:
        """How many more items the slot may hold now."""
        fed = len(slot.fed)
        if self.step.checkpoint == "each":
            return slot.lanes - fed if slot.lanes > 1 else int(slot.settled)
        if slot.lanes == 1:
            size = self._batch_size()
            if not fed:
                return size
            # A worker that stops at a failure must not hold a batch that was sent before the failure was known.
            ahead = prefetch(self._tempo) and not stops_on_failure(self.step)
            return size if ahead and fed <= size // 2 else 0
        buffer = min(PAGE, int(slot.lanes * 0.05 / max(self._tempo.mean, 1e-5))) if self._tempo.mean is not None else 0
        return slot.lanes + buffer - fed if fed <= slot.lanes + buffer // 2 else 0

    def _batch_size(self) -> int:
        fixed = None if self.step.batch_size == "auto" else self.step.batch_size
        return batch_size(self._tempo, fixed, self._stock.ready, self._listing, self._want_slots)

    def _feed_suspect(self, slot: Slot) -> None:
        """After a shared worker died, those that were running in it are tried one at a time, so blame falls on one."""
        if slot.settled and self._suspects:
            item = self._suspects.popleft()
            slot.suspect = item.number
            self._give(slot, [item])

    def _give(self, slot: Slot, batch: list[WorkItem]) -> None:
        assert slot.worker is not None
        now = self._around.monotonic()
        if slot.idle:
            slot.busy_since = slot.last_end = now
        if slot.settled:
            slot.revision = self.revision
        context = None
        if slot.context_version != self._context.version and slot.settled:
            context, slot.context_version = dict(self._context.values), self._context.version
        for item in batch:
            slot.fed[item.number] = item
        slot.worker.feed(batch, context)

    def _read_ahead(self) -> None:
        want = 4 * self._batch_size() * max(1, self._want_slots)
        numbers = self._stock.numbers_to_read(want) if not self._keeps_waiting else []
        if numbers:
            self._spawn(self._read(numbers))

    async def _read(self, numbers: list[int]) -> None:
        await self._stock.read(numbers)
        self.pump()

    # ---- what workers tell -----------------------------------------------------------------------------------------

    def slot_ended(self, slot: Slot, outcomes: list[Outcome], seconds: float, failed: dict[int, str]) -> None:
        if self._dismissed:
            return
        self._deaths_in_vain = 0
        self._tempo.learn(seconds / slot.lanes, len(outcomes))
        if self._want_slots > 1 and self.step.batch_size == "auto" and overfull(len(slot.fed), seconds / len(outcomes)):
            slot.recall()
        slot.last_end = self._around.monotonic()
        slot.suspect = None
        self._record(slot, outcomes, failed)
        self.pump()

    def _record(self, slot: Slot | None, outcomes: Sequence[Outcome], keys: dict[int, str]) -> None:
        """Record attempts that ended; `keys` names the items for a sentence, should one of them fail the step."""
        now = self._around.now()
        revision = slot.revision if slot is not None else self.revision
        next_at: dict[int, float] = {}
        failed = 0
        if Ended.FAILED in statuses(outcomes):
            policy = revision.planned.step
            verdict = judge(outcomes, policy.retry, self.state.tries, self._around.chance)
            outcomes = verdict.outcomes
            for item, delay in verdict.delays.items():
                next_at[item] = now + delay
                self._due[item] = self._around.monotonic() + delay
            if verdict.failed and policy.on_error.action == "fail":
                item, error = verdict.failed[0]
                self._start_failing(keys.get(item, str(item)), error)
            failed = len(verdict.failed)
        self._owed.append((slot, len(outcomes), failed))
        if failed:
            self._weigh_failures()
        worker = slot.worker.pid if slot is not None and slot.worker is not None else 0
        self._around.recorder.append(
            [
                ev.ItemsEnded(
                    now,
                    self.name,
                    revision.number,
                    revision.planned.definition,
                    worker,
                    tuple(outcomes),
                    next_at or None,
                )
            ]
        )

    def _start_failing(self, key: str, error: ErrorInfo) -> None:
        if self._failing:
            return
        what = f"{error.type}: {error.message}" if error.message else error.type
        what = what.split("\n", 1)[0][:300]
        self._failing = what if self.step.for_each is None else f"item {key} failed: {what}"
        for slot in self._slots:
            slot.recall()
        self._stop_listing()

    def _stop_listing(self) -> None:
        if self._lister is not None:
            self._lister.kill(_error("Stopped", "nothing new starts", ("Stopped",)))

    def slot_recalled(self, slot: Slot, items: Sequence[int]) -> None:
        self._stock.put_back(items)
        slot.suspect = None
        self.pump()

    def slot_printed(self, slot: Slot, item: int, lines: bytes) -> None:
        if item < 0:
            self._around.recorder.append([ev.StepPrinted(self._around.now(), self.name, lines)])
        else:
            self._around.printed(self.name, item, lines)

    def slot_died(self, slot: Slot, death: Death) -> None:
        fed, slot.fed = slot.fed, {}
        if self._stopping or self._ending:
            return
        blamed = [item for item in death.blamed if item in fed]
        if death.error.type in _ON_PURPOSE:
            blamed = [item for item in blamed if item in self._ended_early]
        elif len(blamed) > 1:
            self._suspects.extend(fed.pop(item) for item in sorted(blamed))
            blamed = []
        ends = {item: self._ended_early.pop(item) for item in fed if item in self._ended_early}
        slot.suspect = None
        self._deaths_in_vain = 0 if blamed or self._suspects else self._deaths_in_vain + 1
        if blamed:
            now = self._around.now()
            began = (Ended.FAILED, now - max(0.0, self._around.monotonic() - slot.last_end))
            error = death.error.encode()
            slot.uncommitted += len(blamed)
            self._record(
                slot,
                [
                    Outcome(
                        item, fed[item].attempt, status, since, max(0.0, now - since), None, error, death.logs.get(item)
                    )
                    for item in blamed
                    for status, since in (ends.get(item, began),)
                ],
                {item: label(fed[item].key, fed[item].payload[:HEAD]) for item in blamed},
            )
        self._stock.put_back(item for item in fed if item not in blamed)
        if self._deaths_in_vain >= DEATHS_IN_VAIN:
            self._refuse(death.error)
        self.pump()

    # ---- what commits tell -----------------------------------------------------------------------------------------

    def committed(self, fact: ev.Event) -> None:
        """A fact of this step is in the run file and in the state."""
        match fact:
            case ev.ItemsEnded() if fact.worker or any(outcome.attempt for outcome in fact.outcomes):
                slot, count, _ = self._owed.popleft()
                if slot is not None:
                    slot.uncommitted -= count
                for outcome in fact.outcomes if fact.next_at else ():
                    if outcome.status == Ended.RETRYING:
                        due = self._due.pop(outcome.item, self._around.monotonic())
                        self._stock.wait(outcome.item, due)
                self._weigh_failures()
            case ev.ItemsEnded():
                self._stock.forget_waits(outcome.item for outcome in fact.outcomes)
            case ev.ItemsQueued():
                self._stock.queue_again(fact.items)
            case ev.ItemsListed():
                self._stock.listed(fact.items)
            case _:
                pass

    @property
    def _failed(self) -> int:
        """Items that failed, those included whose commit is still to come."""
        return self.state.failed + sum(failed for _, _, failed in self._owed)

    def _exceeds(self) -> bool:
        self._let_pass = min(self._let_pass, self._failed)  # those that were retried are not failed any more
        failed = self._failed - self._let_pass
        return too_many_failures(self.step.on_error, failed, self.state.total, self.state.total_known)

    @property
    def asks_after(self) -> str:
        """After what a person will be asked again if they go on; empty where they are not asked now."""
        return f"{bound(self.step.on_error, further=True)} of {self.name} fail" if self._asks else ""

    @property
    def asks_because(self) -> str:
        """Why a person is asked. Items in flight may fail meanwhile, so it is what is allowed that is told, not a number."""
        return f"{bound(self.step.on_error, further=self._let_pass > 0)} of {self.name} failed"

    def _weigh_failures(self) -> None:
        if self._failing or self._asks or not self._failed or not self._exceeds():
            return
        if self._options.ask:
            self._asks = True
            self._call_exceeded(self)
        else:
            self._failing = f"{plural(self._failed, 'item')} failed, more than max_failures allows"
            for slot in self._slots:
                slot.recall()

    # ---- time passes -----------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Called some twenty times a second: time-outs, waits that are over, batches to share, progress to report."""
        if not self._ready or self._ending:
            return
        self._end_late_items()
        self._share_work()
        if self.step.on_progress is not None:
            self._report_progress()
        if self._stock.due:
            self.pump()

    def _end_late_items(self) -> None:
        now = self._around.monotonic()
        for slot in self._slots:
            timeout = slot.revision.planned.step.timeout
            if slot.worker is None or not slot.fed or timeout is None:
                slot.seen.clear()
                continue
            # Workers say when an item began by the clock on the wall, which may jump; here it only tells items apart.
            running = [(entry.item, entry.since) for entry in slot.worker.running() if entry.item in slot.fed]
            slot.seen = {entry: slot.seen.get(entry, now) for entry in running}
            late = {item: (Ended.FAILED, since) for (item, since), first in slot.seen.items() if now - first > timeout}
            if late:
                self._ended_early.update(late)
                message = f"still running after {timeout:g} s"
                slot.worker.kill(_error("Timeout", message, ("Timeout", "Exception")))

    def skip_running(self, items: Collection[int], reason: ErrorInfo) -> int:
        """End the attempts of those of these items that run now, as skipped; how many. What else their workers held runs elsewhere."""
        count = 0
        for slot in self._slots:
            if slot.worker is None:
                continue
            running = (entry for entry in slot.worker.running() if entry.item in slot.fed and entry.item in items)
            ended = {entry.item: (Ended.SKIPPED, entry.since) for entry in running}
            if ended:
                count += len(ended)
                self._ended_early.update(ended)
                slot.worker.kill(reason)
        return count

    def _share_work(self) -> None:
        """Ask a slot that holds much for what it has not begun, when another has nothing."""
        if self._closed or len(self._slots) < 2 or self._stock.ready:
            return
        if not any(slot.idle and not slot.staffing and not slot.retiring for slot in self._slots):
            return
        now = self._around.monotonic()
        richest = max(self._slots, key=lambda slot: len(slot.fed))
        if len(richest.fed) > 1 and now - richest.busy_since > GIVE_BACK_SECONDS:
            richest.recall()

    def _report_progress(self) -> None:
        state = self.state
        now = self._around.monotonic()
        if state.done == self._progress_told or now - self._progress_at < PROGRESS_SECONDS:
            return
        worker = next((slot.worker for slot in self._slots if slot.worker is not None and not slot.staffing), None)
        if worker is not None:
            self._progress_told, self._progress_at = state.done, now
            worker.report_progress(state.done, state.total)

    # ---- revisions -------------------------------------------------------------------------------------------------

    def take(self, revision: Revision) -> None:
        """Run by another revision from now on: items in flight finish under the one they began with.

        What workers hold and have not begun comes back; each worker is told before it gets anything more.
        """
        before, self.revision = self.revision, revision
        if not self._differs(before):
            return
        for slot in self._slots:
            slot.outdated = True
            slot.recall()
        if before.executor != revision.executor:
            self._rebuild = True
        self._stock.keep_order(self.step.parallel is None)
        if self._ready and before.planned.step.parallel != revision.planned.step.parallel:
            self._spawn(self._resize())
        self.pump()

    def renew(self, look: Callable[[str], Mark | None]) -> None:
        """Give nothing more to workers that are outdated: what they have not begun comes back, and others take their place."""
        self._renewals += 1
        for slot in self._slots:
            if slot.worker is not None and slot.worker.outdated(look):
                slot.outworn = True
                slot.recall()

    def _outworn(self, worker: Worker, renewals: int) -> bool:
        """Whether files of a worker have changed since it was given its step; `renewals` is their number at that moment."""
        return renewals != self._renewals and bool(worker.outdated())

    def _differs(self, other: Revision) -> bool:
        mine = self.revision
        return (
            mine.planned.step != other.planned.step
            or mine.planned.definition != other.planned.definition
            or mine.plan.handlers != other.plan.handlers
            or mine.plan.flow.env != other.plan.flow.env
        )

    async def _resize(self) -> None:
        """Work out the number of slots again, because an edit changed it."""
        parallel = self.step.parallel
        slots: object = 1 if parallel is None else parallel.max_parallel
        if slots is None:
            slots = cores()
        try:
            if isinstance(slots, str):
                slots = await self._evaluate_alone("parallel", slots)
            number = slot_count(slots)
        except Refused as refused:
            text = f"parallel: {refused.error.message}; it keeps {plural(self._want_slots, 'slot')}"
            line = logs.encode([logs.LogLine(0.0, text)])
            self._around.recorder.append([ev.StepPrinted(self._around.now(), self.name, line)])
            return
        number = max(1, min(number, self._options.max_slots or number))
        if number != self._want_slots and not self._ending:
            self.set_slots(number)

    async def _evaluate_alone(self, name: str, expression: str) -> object:
        """Evaluate a template of the step in a worker that runs no item of it. Raises `Refused`."""
        worker = await self._acquire()
        try:
            await worker.program(self._program(1), Slot(self, 0, 1, self.revision))
            return values.decode((await worker.evaluate({name: expression}))[name])
        finally:
            self._around.pool.release(worker)

    def _rebuild_slots(self) -> None:
        """Another executor takes over, once nothing is in flight in the slots of the one before."""
        if not all(slot.settled and not slot.staffing for slot in self._slots):
            return
        for slot in self._slots:
            if slot.worker is not None:
                self._around.pool.release(slot.worker)
        self._slots = []
        self._rebuild = False
        self._make_slots()

    # ---- pausing, stopping -----------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Start nothing new until `go_on`; what workers have not begun comes back."""
        self._held = True
        for slot in self._slots:
            slot.recall()

    def go_on(self) -> None:
        """Start items again. Who was asked about failed items has let pass those that there are."""
        self._held = False
        if self._asks:
            self._asks, self._let_pass = False, self._failed
        self.pump()

    def stop(self) -> None:
        """End what is in flight at once; its items stay pending."""
        self._stopping = True
        self._stop_listing()
        for task in self._tasks:
            task.cancel()
        for slot in self._slots:
            if slot.worker is not None:
                slot.worker.kill(_error("Stopped", "the run was stopped", ("Stopped",)))

    def dismiss(self) -> None:
        """Stop, because an edit took away what it ran by: what its workers still send is not of the step as it is now."""
        self._dismissed = True
        self.stop()

    # ---- ending ----------------------------------------------------------------------------------------------------

    def _refuse(self, error: ErrorInfo) -> None:
        """The step cannot go on: its program, its `if` or its listing is wrong."""
        if self._refused is None:
            self._refused = error
            for slot in self._slots:
                slot.recall()
            self._stop_listing()
        self.pump()

    def _see_whether_done(self) -> None:
        if self._owed or not all(slot.settled and not slot.staffing for slot in self._slots):
            return
        if self._held and not self._stock.empty:
            return
        if self._refused is not None or self._failing:
            if not self._listing:
                self._ending = True
                self._spawn(self._end())
            return
        if self._listed and self._stock.empty and not self._suspects:
            self._ending = True
            self._spawn(self._end())

    async def _end(self) -> None:
        """Report the last progress, give the workers back, record how the step ended."""
        await self._last_progress()
        for slot in self._slots:
            if slot.worker is not None:
                self._around.pool.release(slot.worker)
                slot.worker = None
        ended = ending(self.state, self.step, self._refused, self._failing)
        self._finish(ended.status, ended.reason, ended.error)

    async def _last_progress(self) -> None:
        state = self.state
        if self.step.on_progress is None or self._progress_told == state.done or not state.total:
            return
        worker = next((slot.worker for slot in self._slots if slot.worker is not None), None)
        if worker is None:
            try:
                worker = await self._acquire()
                slot = self._slots[0]
                slot.worker = worker
                await worker.program(self._program(slot.lanes), slot)
            except Refused:
                return
        worker.report_progress(state.done, state.total)
        try:
            # The answer comes after what was asked before it, so the lines are here.
            await worker.evaluate({"told": "{{ true }}"})
        except Refused:
            pass

    def _finish(self, status: ev.StepStatus, reason: str, error: bytes | None = None) -> None:
        self._ending = True
        self._around.recorder.append([ev.StepFinished(self._around.now(), self.name, status, reason, error)])

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._call_broken(error)


def _error(kind: str, message: str, mro: tuple[str, ...] = ()) -> ErrorInfo:
    return ErrorInfo(kind, message, fingerprint(kind, message), mro or (kind,))
