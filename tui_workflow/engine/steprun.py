"""Running one step: its `if`, its items, what failures mean for it, until nothing of it is left. Its slots are the crew's.

All methods but the coroutines run on the event loop without waiting, so a call from a worker, a commit, or a command sees
and leaves a consistent state; `pump` is called after each, and lets the crew give every free slot what it may have.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

from tui_workflow import values
from tui_workflow.engine.crew import Crew
from tui_workflow.engine.listing import Lister, Stamp, single_item
from tui_workflow.engine.ports import Options, Surroundings
from tui_workflow.engine.program import Context, Revision, listing
from tui_workflow.engine.settings import bare, cores, slot_count, truthy
from tui_workflow.engine.slot import Slot
from tui_workflow.engine.stock import Stock
from tui_workflow.engine.verdict import bound, ending, judge, own_error, too_many_failures
from tui_workflow.facts import events as ev
from tui_workflow.facts.filemark import Mark
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome, statuses
from tui_workflow.facts.state import RunState, StepState
from tui_workflow.facts.work import Refused, Running, Worker
from tui_workflow.flow.graph import keyed_by
from tui_workflow.flow.model import Step
from tui_workflow.text import plural

PROGRESS_SECONDS = 0.1


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
        self._call_exceeded = exceeded
        self._call_broken = broken
        self._stock = Stock(lambda: self.state, around.store, around.monotonic, in_order=self.step.parallel is None)
        self._crew = Crew(self, revision, state, options, around, context, self._stock)
        self._owed: deque[tuple[Slot, int, int]] = deque()
        """Recorded outcomes whose commit is still to come, in order: the slot that waits, how many, how many failed."""
        self._due: dict[int, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.listing = False
        """Its items are being listed: more may come."""
        self._listed = False
        """This run of the step has all its items; that they are to be listed anew is for the next one."""
        self._dismissed = False
        self._lister: Worker | None = None
        self._ready = False
        self._held = False
        self._stopping = False
        self._ending = False
        self._let_pass = 0
        """Failed items with which a person has gone on: `max_failures` allows as many more as it says before they are asked again."""
        self._asks = False
        self._failing = ""
        """Why no new item starts, once an item's failure has failed the step."""
        self._refused: ErrorInfo | None = None
        self._progress_at = 0.0
        self._progress_told = -1

    @property
    def step(self) -> Step:
        return self.revision.planned.step

    @property
    def state(self) -> StepState:
        return self._run_state.steps[self.name]

    @property
    def quiet(self) -> bool:
        """Nothing in flight and nothing uncommitted: the moment at which a drained run may end."""
        return not self._owed and self._crew.idle and self._ready

    @property
    def closed(self) -> bool:
        """It is ending, or has failed: no further item starts in this run of the step."""
        return self._ending or bool(self._failing) or self._refused is not None

    def holds(self, item: int) -> bool:
        """True if a worker has the item, begun or not, or its end is not committed yet."""
        return self._crew.holds(item)

    def withhold(self, items: Sequence[int]) -> None:
        """Start none of these before the wish that was recorded of them is committed."""
        self._stock.withhold(items)

    def running(self) -> list[Running]:
        """The items in flight, sampled now; `slot` counts from 0 over all slots of the step."""
        return self._crew.running()

    def skip_running(self, items: Collection[int], reason: ErrorInfo) -> int:
        """End the attempts of those of these items that run now, as skipped; how many."""
        return self._crew.skip_running(items, reason)

    def set_slots(self, slots: int) -> None:
        """Change the number of slots while the step runs; items in flight finish, and none starts above the number."""
        self._crew.set_slots(slots)

    # ---- what the crew asks ----------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """It ends or is stopped: what becomes of its items no longer matters."""
        return self._stopping or self._ending

    @property
    def starts_nothing(self) -> bool:
        """No item may start now."""
        return self._held or self._stopping or bool(self._failing) or self._refused is not None

    @property
    def keeps_waiting(self) -> bool:
        """A step without `parallel` starts nothing while an earlier item waits for its next attempt."""
        return self.step.parallel is None and (bool(self._due) or self._stock.holds)

    def pump(self) -> None:
        """Give every free slot what it may have, and see whether the step has come to its end."""
        if self._ready and not self.over:
            self._crew.serve()
            self._see_whether_done()

    # ---- beginning -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, in a task of its own."""
        self.spawn(self._begin())

    async def _begin(self) -> None:
        try:
            worker = await self._crew.acquire()
        except Refused as refused:
            self._ready = True
            self.refuse(refused.error)
            return
        slot, revision = self._crew.apart(worker), self.revision
        try:
            await worker.program(self._crew.program(1), slot)
            slots = await self._evaluate_settings(worker)
        except Refused as refused:
            self._around.pool.release(worker)
            self._ready = True
            self.refuse(refused.error)
            return
        except asyncio.CancelledError:
            worker.kill(own_error("Stopped", "the step was stopped", ("Stopped",)))
            raise
        if slots is None:
            self._around.pool.release(worker)
            return
        slots = self._crew.want(max(1, min(slots, self._options.max_slots or slots)))
        self._around.recorder.append([ev.StepStarted(self._around.now(), self.name, slots)])
        if self.state.failures:
            # A wish that is on its way may be about these: what it says goes before what is taken up here.
            await self._around.recorder.flush()
        self._resume_items()
        self._crew.make_slots()
        if self.step.for_each is not None and not self.state.total_known:
            self.listing = True
            self._stock.expect_listing()
            self.spawn(self._list(worker))
        else:
            self._listed = True
            if self.step.for_each is None and not self.state.total_known:
                self._around.recorder.append(single_item(self.state, self._around.now()))
            if self.revision.executor == "process":
                self._crew.join(slot, worker)
            else:
                self._around.pool.release(worker)
        await self._around.recorder.flush()
        self._ready = True
        if revision.planned.step.parallel != self.step.parallel:
            self.spawn(self._crew.resize())
        self.pump()

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
            self.listing, self._lister = False, None
            if self._failing or self._refused is not None:
                self.pump()
            elif not self._stopping:
                self.refuse(refused.error)
            return
        self._lister = None
        self._around.recorder.append([ev.ListingFinished(self._around.now(), self.name, tuple(gone), key)])
        await self._around.recorder.flush()
        self._stock.confirm_all()
        self.listing, self._listed = False, True
        self._around.pool.release(worker)
        self.pump()

    def _confirmed(self, numbers: Sequence[int]) -> None:
        self._stock.confirm(numbers)
        self.pump()

    # ---- attempts that ended ---------------------------------------------------------------------------------------

    def take_outcomes(self, slot: Slot, outcomes: Sequence[Outcome], keys: dict[int, str]) -> None:
        """Record attempts that ended; `keys` names the items for a sentence, should one of them fail the step."""
        if self._dismissed:
            return
        now, revision = self._around.now(), slot.revision
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
        worker = slot.worker.pid if slot.worker is not None else 0
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
        self._crew.recall()
        self._stop_listing()

    def _stop_listing(self) -> None:
        if self._lister is not None:
            self._lister.kill(own_error("Stopped", "nothing new starts", ("Stopped",)))

    # ---- what commits tell -----------------------------------------------------------------------------------------

    def committed(self, fact: ev.Event) -> None:
        """A fact of this step is in the run file and in the state."""
        match fact:
            case ev.ItemsEnded() if fact.worker or any(outcome.attempt for outcome in fact.outcomes):
                slot, count, _ = self._owed.popleft()
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
            self._crew.recall()

    # ---- time passes -----------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Called some twenty times a second: time-outs, waits that are over, batches to share, progress to report."""
        if not self._ready or self._ending:
            return
        self._crew.tick()
        if self.step.on_progress is not None:
            self._report_progress()
        if self._stock.due:
            self.pump()

    def _report_progress(self) -> None:
        state = self.state
        now = self._around.monotonic()
        if state.done == self._progress_told or now - self._progress_at < PROGRESS_SECONDS:
            return
        worker = self._crew.worker()
        if worker is not None:
            self._progress_told, self._progress_at = state.done, now
            worker.report_progress(state.done, state.total)

    # ---- revisions -------------------------------------------------------------------------------------------------

    def take(self, revision: Revision) -> None:
        """Run by another revision from now on: items in flight finish under the one they began with.

        What workers hold and have not begun comes back; each worker is told before it gets anything more.
        """
        before, self.revision = self.revision, revision
        if not self._crew.take(revision):
            return
        self._stock.keep_order(self.step.parallel is None)
        if self._ready and before.planned.step.parallel != revision.planned.step.parallel:
            self.spawn(self._crew.resize())
        self.pump()

    def renew(self, look: Callable[[str], Mark | None]) -> None:
        """Give nothing more to workers that are outdated: what they have not begun comes back, and others take their place."""
        self._crew.renew(look)

    # ---- pausing, stopping -----------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Start nothing new until `go_on`; what workers have not begun comes back."""
        self._held = True
        self._crew.recall()

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
        self._crew.kill(own_error("Stopped", "the run was stopped", ("Stopped",)))

    def dismiss(self) -> None:
        """Stop, because an edit took away what it ran by: what its workers still send is not of the step as it is now."""
        self._dismissed = True
        self.stop()

    # ---- ending ----------------------------------------------------------------------------------------------------

    def refuse(self, error: ErrorInfo) -> None:
        """The step cannot go on: its program, its `if` or its listing is wrong."""
        if self._refused is None:
            self._refused = error
            self._crew.recall()
            self._stop_listing()
        self.pump()

    def _see_whether_done(self) -> None:
        if self._owed or not self._crew.settled:
            return
        if self._held and not self._stock.empty:
            return
        if self._refused is not None or self._failing:
            if not self.listing:
                self._ending = True
                self.spawn(self._end())
            return
        if self._listed and self._stock.empty and not self._crew.suspects:
            self._ending = True
            self.spawn(self._end())

    async def _end(self) -> None:
        """Report the last progress, give the workers back, record how the step ended."""
        await self._last_progress()
        self._crew.release()
        ended = ending(self.state, self.step, self._refused, self._failing)
        self._finish(ended.status, ended.reason, ended.error)

    async def _last_progress(self) -> None:
        state = self.state
        if self.step.on_progress is None or self._progress_told == state.done or not state.total:
            return
        try:
            worker = await self._crew.at_hand()
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

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what takes time, until the step is stopped; if it goes wrong, the program is broken."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._call_broken(error)
