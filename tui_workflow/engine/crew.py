"""The slots of one step: their workers, what these are given and what comes back of it, and who is to blame when one dies.

All methods but the coroutines run on the event loop without waiting. When something may go on, the step is told to `pump`, which
calls `serve`, and that gives every free slot what it may have.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any, Protocol

from tui_workflow import values
from tui_workflow.engine.batch import OVERFULL_SECONDS, Tempo, batch_size, overfull, prefetch
from tui_workflow.engine.ports import Options, Surroundings
from tui_workflow.engine.program import Context, Revision, program, stops_on_failure
from tui_workflow.engine.settings import cores, slot_count
from tui_workflow.engine.slot import Slot
from tui_workflow.engine.stock import PAGE, Stock
from tui_workflow.engine.verdict import own_error
from tui_workflow.facts import events as ev
from tui_workflow.facts import logs
from tui_workflow.facts.filemark import Mark
from tui_workflow.facts.labels import HEAD, label
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.state import RunState
from tui_workflow.facts.work import Death, Refused, Running, StepProgram, Worker, WorkItem
from tui_workflow.flow.model import Step
from tui_workflow.text import plural

_ON_PURPOSE = ("Timeout", "Skipped")
"""With what a worker is ended for the sake of items that it runs."""
GIVE_BACK_SECONDS = 0.1
"""After this long a batch is asked back for other slots that have nothing to do."""
WORKER_PAUSES = (0.1, 0.4, 1.0, 2.0)
"""Seconds to wait before each further try when the system refuses a process."""
DEATHS_IN_VAIN = 5
"""Workers that may die one after the other with nothing to blame before the step is given up."""


class Employer(Protocol):
    """The step that a crew works for: what it asks of it, and what it tells it."""

    @property
    def over(self) -> bool:
        """It ends or is stopped: what becomes of its items no longer matters."""

    @property
    def starts_nothing(self) -> bool:
        """No item may start now."""

    @property
    def keeps_waiting(self) -> bool:
        """No item may start before one that waits for its next attempt."""

    @property
    def listing(self) -> bool:
        """More items may be listed."""

    def pump(self) -> None:
        """Something may go on."""

    def take_outcomes(self, slot: Slot, outcomes: Sequence[Outcome], keys: dict[int, str]) -> None:
        """Record attempts that ended; `keys` names the items for a sentence, should one of them fail the step."""

    def refuse(self, error: ErrorInfo) -> None:
        """End the step, for it cannot go on."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what takes time, until the step is stopped."""


class Crew:
    """The slots of one step."""

    def __init__(
        self,
        employer: Employer,
        revision: Revision,
        state: RunState,
        options: Options,
        around: Surroundings,
        context: Context,
        stock: Stock,
    ) -> None:
        self.suspects: deque[WorkItem] = deque()
        """Items that ran in one process when it died: they are tried one at a time, so blame falls on one."""
        self._employer = employer
        self._revision = revision
        self._name = revision.planned.name
        self._state = state
        self._options = options
        self._around = around
        self._context = context
        self._stock = stock
        self._slots: list[Slot] = []
        self._wanted = 1
        self._asked: int | None = None
        """The number of slots that somebody has asked for; it holds also when that was before the step had begun."""
        self._tempo = Tempo()
        self._ended_early: dict[int, tuple[Ended, float]] = {}
        """Items whose worker was ended for them, by their time-out or because they are skipped: how they end, and when they began."""
        self._rebuild = False
        self._deaths_in_vain = 0
        self._renewals = 0
        """How often workers were to be renewed: those that were loading at that moment are looked at when they have."""

    @property
    def _step(self) -> Step:
        return self._revision.planned.step

    # ---- what there is ---------------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Nothing is in flight."""
        return all(slot.idle and not slot.staffing for slot in self._slots)

    @property
    def settled(self) -> bool:
        """Nothing is in flight, nothing that a commit is still to confirm."""
        return all(slot.settled and not slot.staffing for slot in self._slots)

    def holds(self, item: int) -> bool:
        """True if a worker has the item, begun or not, or its end is not committed yet."""
        return any(item in slot.fed for slot in self._slots) or any(item == suspect.number for suspect in self.suspects)

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

    def worker(self) -> Worker | None:
        """One of the workers that know the step; None while there is none."""
        return next((slot.worker for slot in self._slots if slot.worker is not None and not slot.staffing), None)

    # ---- workers ---------------------------------------------------------------------------------------------------

    async def acquire(self) -> Worker:
        """A worker. What the system lacks may come back in a moment; raises `Refused` when it does not."""
        pauses = iter(WORKER_PAUSES)
        while True:
            try:
                return await self._around.pool.acquire()
            except OSError as error:
                pause = next(pauses, None)
                if pause is None:
                    text = f"no worker process could be started: {error.strerror or error}"
                    raise Refused(own_error("OSError", text, ("OSError", "Exception"))) from None
            await asyncio.sleep(pause)

    def program(self, lanes: int) -> StepProgram:
        """What a worker is told that runs `lanes` items at once."""
        return program(self._revision, self._state, self._options, self._context.values, lanes)

    def apart(self, worker: Worker) -> Slot:
        """A slot beside those of the crew, for a worker that is told the step before there are any, or for something else."""
        slot = Slot(self, 0, 1, self._revision)
        slot.worker, slot.renewals = worker, self._renewals
        return slot

    def join(self, slot: Slot, worker: Worker) -> None:
        """Have a slot that was apart, with its worker, in the place of the first one."""
        self._slots[0], slot.worker = slot, worker
        slot.outdated, slot.outworn = self._differs(slot.revision), self._outworn(slot, worker)

    async def at_hand(self) -> Worker:
        """A worker that knows the step, found and told if there is none. Raises `Refused`."""
        worker = next((slot.worker for slot in self._slots if slot.worker is not None), None)
        if worker is None:
            slot = self._slots[0]
            slot.worker = worker = await self.acquire()
            await worker.program(self.program(slot.lanes), slot)
        return worker

    def release(self) -> None:
        """Give all workers back."""
        for slot in self._slots:
            if slot.worker is not None:
                self._around.pool.release(slot.worker)
                slot.worker = None

    def kill(self, error: ErrorInfo) -> None:
        """End all workers, and what runs in them."""
        for slot in self._slots:
            if slot.worker is not None:
                slot.worker.kill(error)

    def recall(self) -> None:
        """Ask all workers for what they have not begun."""
        for slot in self._slots:
            slot.recall()

    # ---- the number of slots ---------------------------------------------------------------------------------------

    def want(self, slots: int) -> int:
        """Want so many slots, as the step says when it begins, unless somebody has asked for others; how many it is then."""
        self._wanted = self._asked or slots
        return self._wanted

    def make_slots(self) -> None:
        """Have as many slots as are wanted: processes of one lane each, or one process that they share."""
        if self._revision.executor == "process":
            for slot in self._slots:
                slot.retiring = slot.number >= self._wanted
            for number in range(len(self._slots), self._wanted):
                self._slots.append(Slot(self, number, 1, self._revision))
        elif not self._slots:
            self._slots.append(Slot(self, 0, self._wanted, self._revision))

    def set_slots(self, slots: int) -> None:
        """Change the number of slots while the step runs; items in flight finish, and none starts above the number."""
        self._wanted = self._asked = slots
        self._around.recorder.append([ev.SlotsChanged(self._around.now(), self._name, slots)])
        self.make_slots()
        for slot in self._slots:
            if slot.retiring or (slot.lanes > 1 and slot.lanes != slots):
                slot.recall()
        self._employer.pump()

    async def resize(self) -> None:
        """Work out the number of slots again, because an edit changed it."""
        parallel = self._step.parallel
        slots: object = 1 if parallel is None else parallel.max_parallel
        if slots is None:
            slots = cores()
        try:
            if isinstance(slots, str):
                slots = await self._evaluate_alone("parallel", slots)
            number = slot_count(slots)
        except Refused as refused:
            self._say(f"parallel: {refused.error.message}; it keeps {plural(self._wanted, 'slot')}")
            return
        number = max(1, min(number, self._options.max_slots or number))
        if number != self._wanted and not self._employer.over:
            self.set_slots(number)

    async def _evaluate_alone(self, name: str, expression: str) -> object:
        """Evaluate a template of the step in a worker that runs no item of it. Raises `Refused`."""
        worker = await self.acquire()
        try:
            await worker.program(self.program(1), self.apart(worker))
            return values.decode((await worker.evaluate({name: expression}))[name])
        finally:
            self._around.pool.release(worker)

    def _say(self, text: str) -> None:
        """Print a line in the step's log."""
        line = logs.encode([logs.LogLine(0.0, text)])
        self._around.recorder.append([ev.StepPrinted(self._around.now(), self._name, line)])

    # ---- giving items ----------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Give every free slot what it may have, unless nothing may start."""
        if self._rebuild:
            self._rebuild_slots()
        if self._employer.starts_nothing or self._rebuild:
            return
        self._read_ahead()
        waiting = self._stock.ready + len(self.suspects)
        for slot in self._slots:
            waiting = self._serve(slot, waiting)
        self._read_ahead()

    def _serve(self, slot: Slot, waiting: int) -> int:
        """Staff or feed one slot; returns how many waiting items are left for the others."""
        if slot.staffing or slot.recalling:
            return waiting - slot.lanes
        if slot.retiring:
            if slot.settled and slot.worker is not None:
                self._around.pool.release(slot.worker)
                slot.worker = None
            return waiting
        resized = self._revision.executor != "process" and slot.lanes != self._wanted
        if slot.worker is None or resized or slot.outdated or slot.outworn:
            if waiting > 0 and not self._employer.keeps_waiting and slot.settled:
                slot.staffing = True
                self._employer.spawn(self._staff(slot))
            return waiting - slot.lanes
        self._feed(slot)
        return waiting - slot.lanes

    async def _staff(self, slot: Slot) -> None:
        """Find a worker for a slot and prepare it."""
        worker, slot.renewals = slot.worker, self._renewals
        try:
            if worker is not None and slot.outworn:
                self._around.pool.release(worker)
                slot.worker = worker = None
            if worker is None:
                worker = await self.acquire()
            slot.worker = worker
            if self._revision.executor != "process":
                slot.lanes = self._wanted
            version, revision = self._context.version, self._revision
            await worker.program(self.program(slot.lanes), slot)
            slot.context_version, slot.revision = version, revision
            slot.outdated, slot.outworn = self._differs(revision), self._outworn(slot, worker)
        except Refused as refused:
            slot.staffing = False  # before the step looks whether it has ended: this may be the last that it hears
            if self._employer.over:
                return
            if worker is None and self._goes_on_without(slot):
                self._tell_slots(refused.error)
            else:
                self._employer.refuse(refused.error)
            return
        finally:
            slot.staffing = False
        self._employer.pump()

    def _goes_on_without(self, slot: Slot) -> bool:
        """Take a slot away for which the system has no process, if others are left."""
        left = sum(
            each is not slot and not each.retiring and (each.worker is not None or each.staffing)
            for each in self._slots
        )
        if left:
            slot.retiring, self._wanted = True, left
        return left > 0

    def _tell_slots(self, error: ErrorInfo) -> None:
        """Say in the step's log how many slots are left, and why."""
        self._say(f"{error.message}: the step goes on with {self._wanted}")
        self._around.recorder.append([ev.SlotsChanged(self._around.now(), self._name, self._wanted)])
        self._employer.pump()

    def _feed(self, slot: Slot) -> None:
        if self.suspects or slot.suspect is not None:
            self._feed_suspect(slot)
            return
        room = 0 if self._employer.keeps_waiting else self._room(slot)
        if self._stock.fetches and not prefetch(self._tempo):
            return  # a slow item that took the slot now would hold it for long
        if room > 0 and (batch := self._stock.take(room)):
            self._give(slot, batch)

    def _room(self, slot: Slot) -> int:
        """How many more items the slot may hold now."""
        fed = len(slot.fed)
        if self._step.checkpoint == "each":
            return slot.lanes - fed if slot.lanes > 1 else int(slot.settled)
        if slot.lanes == 1:
            size = self._batch_size()
            if not fed:
                return size
            # A worker that stops at a failure must not hold a batch that was sent before the failure was known.
            ahead = prefetch(self._tempo) and not stops_on_failure(self._step) and not self._is_long(slot)
            return size if ahead and fed <= size // 2 else 0
        buffer = min(PAGE, int(slot.lanes * 0.05 / max(self._tempo.mean, 1e-5))) if self._tempo.mean is not None else 0
        return slot.lanes + buffer - fed if fed <= slot.lanes + buffer // 2 else 0

    def _batch_size(self) -> int:
        fixed = None if self._step.batch_size == "auto" else self._step.batch_size
        return batch_size(self._tempo, fixed, self._stock.ready, self._employer.listing, self._wanted)

    def _feed_suspect(self, slot: Slot) -> None:
        if slot.settled and self.suspects:
            item = self.suspects.popleft()
            slot.suspect = item.number
            self._give(slot, [item])

    def _give(self, slot: Slot, batch: list[WorkItem]) -> None:
        assert slot.worker is not None
        now = self._around.monotonic()
        if slot.idle:
            slot.busy_since = slot.last_end = now
        if slot.settled:
            slot.revision = self._revision
        context = None
        if slot.context_version != self._context.version and slot.settled:
            context, slot.context_version = dict(self._context.values), self._context.version
        for item in batch:
            slot.fed[item.number] = item
        slot.worker.feed(batch, context)

    def _read_ahead(self) -> None:
        want = 4 * self._batch_size() * max(1, self._wanted)
        numbers = self._stock.numbers_to_read(want) if not self._employer.keeps_waiting else []
        if numbers:
            self._employer.spawn(self._read(numbers))

    async def _read(self, numbers: list[int]) -> None:
        await self._stock.read(numbers)
        self._employer.pump()

    # ---- what workers tell -----------------------------------------------------------------------------------------

    def slot_ended(self, slot: Slot, outcomes: list[Outcome], seconds: float, failed: dict[int, str]) -> None:
        self._deaths_in_vain = 0
        self._tempo.learn(seconds / slot.lanes, len(outcomes))
        if self._wanted > 1 and self._step.batch_size == "auto" and overfull(len(slot.fed), seconds / len(outcomes)):
            slot.recall()
        slot.last_end = self._around.monotonic()
        slot.suspect = None
        self._employer.take_outcomes(slot, outcomes, failed)
        self._employer.pump()

    def slot_recalled(self, slot: Slot, items: Sequence[int]) -> None:
        self._stock.put_back(items)
        slot.suspect = None
        self._employer.pump()

    def slot_printed(self, slot: Slot, item: int, lines: bytes) -> None:
        if item < 0:
            self._around.recorder.append([ev.StepPrinted(self._around.now(), self._name, lines)])
        else:
            self._around.printed(self._name, item, lines)

    def slot_died(self, slot: Slot, death: Death) -> None:
        fed, slot.fed = slot.fed, {}
        if self._employer.over:
            return
        blamed = [item for item in death.blamed if item in fed]
        if death.error.type in _ON_PURPOSE:
            blamed = [item for item in blamed if item in self._ended_early]
        elif len(blamed) > 1:
            self.suspects.extend(fed.pop(item) for item in sorted(blamed))
            blamed = []
        ends = {item: self._ended_early.pop(item) for item in fed if item in self._ended_early}
        slot.suspect = None
        self._deaths_in_vain = 0 if blamed or self.suspects else self._deaths_in_vain + 1
        if blamed:
            now = self._around.now()
            began = (Ended.FAILED, now - max(0.0, self._around.monotonic() - slot.last_end))
            error = death.error.encode()
            slot.uncommitted += len(blamed)
            self._employer.take_outcomes(
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
            self._employer.refuse(death.error)
        self._employer.pump()

    # ---- time passes, and items are given up -----------------------------------------------------------------------

    def tick(self) -> None:
        """Called some twenty times a second: end what runs too long, share what one slot has and others have not."""
        self._end_late_items()
        self._free_held()
        self._share_work()

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
                slot.worker.kill(own_error("Timeout", message, ("Timeout", "Exception")))

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

    def _free_held(self) -> None:
        """Ask for what slots hold behind an item that takes long: others may have it in the meantime, in its turn."""
        if self._wanted < 2 or self._step.batch_size != "auto":
            return
        for slot in self._slots:
            if slot.lanes == 1 and self._is_long(slot):
                slot.recall()

    def _is_long(self, slot: Slot) -> bool:
        """The item that runs in a slot of one lane takes long: nothing should wait behind it."""
        return self._around.monotonic() - slot.last_end > OVERFULL_SECONDS

    def _share_work(self) -> None:
        """Ask a slot that holds much for what it has not begun, when another has nothing."""
        if self._employer.starts_nothing or len(self._slots) < 2 or self._stock.ready:
            return
        if not any(slot.idle and not slot.staffing and not slot.retiring for slot in self._slots):
            return
        now = self._around.monotonic()
        richest = max(self._slots, key=lambda slot: len(slot.fed))
        if len(richest.fed) > 1 and now - richest.busy_since > GIVE_BACK_SECONDS:
            richest.recall()

    # ---- revisions -------------------------------------------------------------------------------------------------

    def take(self, revision: Revision) -> bool:
        """Run by another revision; False if it is the same to the workers.

        What they hold and have not begun comes back; each is told before it gets anything more.
        """
        before, self._revision = self._revision, revision
        if not self._differs(before):
            return False
        for slot in self._slots:
            slot.outdated = True
            slot.recall()
        if before.executor != self._revision.executor:
            self._rebuild = True
        return True

    def renew(self, look: Callable[[str], Mark | None]) -> None:
        """Give nothing more to workers that are outdated: what they have not begun comes back, and others take their place."""
        self._renewals += 1
        for slot in self._slots:
            if slot.worker is not None and slot.worker.outdated(look):
                slot.outworn = True
                slot.recall()

    def _outworn(self, slot: Slot, worker: Worker) -> bool:
        """Whether files of a slot's worker have changed since it was told the step."""
        return slot.renewals != self._renewals and bool(worker.outdated())

    def _differs(self, other: Revision) -> bool:
        mine = self._revision
        return mine is not other and (
            mine.planned.step != other.planned.step
            or mine.planned.definition != other.planned.definition
            or mine.plan.handlers != other.plan.handlers
            or mine.plan.flow.env != other.plan.flow.env
        )

    def _rebuild_slots(self) -> None:
        """Another executor takes over, once nothing is in flight in the slots of the one before."""
        if self.settled:
            self.release()
            self._slots = []
            self._rebuild = False
            self.make_slots()
