"""One run of one flow: starts steps as `decide` says, carries out commands, and ends when nothing is left to do.

Everything that happens is a fact first: it goes to the recorder, and comes back through `committed` once it is in the run
file. Only then is it folded into the state, shown to readers, and built upon.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from tui_workflow.engine.decide import ENDED, StepView, decide
from tui_workflow.engine.following import keepers, reruns
from tui_workflow.engine.ports import Options, Surroundings
from tui_workflow.engine.program import Context, Revision, program
from tui_workflow.engine.steprun import StepRun
from tui_workflow.engine.wishes import Wishes
from tui_workflow.facts import events as ev
from tui_workflow.facts.commands import (
    Command,
    Drain,
    GoBack,
    Pause,
    Progress,
    Reply,
    RetryItems,
    RetryStep,
    SetSlots,
    SkipItems,
    Stop,
    TakeUp,
    Unpause,
)
from tui_workflow.facts.filemark import mark_of
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import ErrorInfo, Outcome
from tui_workflow.facts.state import RunState, fold
from tui_workflow.facts.work import Death, Refused, Running, Worker
from tui_workflow.flow.executor import executor_of
from tui_workflow.flow.model import MAX_SLOTS
from tui_workflow.flow.plan import Plan
from tui_workflow.text import plural

TICK_SECONDS = 0.05
ASKED_FOR = "the steps asked for are done"
"""The reason of a run that ends before its flow does because only some steps were wanted."""

Reader = Callable[[Sequence[ev.Event]], None]


class Engine:
    """The engine of one run. `state` is what has been committed so far; readers may look at it, never change it."""

    def __init__(
        self,
        plan: Plan,
        state: RunState,
        options: Options,
        around: Surroundings,
        context: dict[str, bytes] | None = None,
    ) -> None:
        self.plan = plan
        self.state = state
        self.options = options
        self.params = options.params
        """The values of the parameters: those that the run began with, and of those that it has gained since."""
        self.trouble = ""
        """Why nothing can be recorded for now, in words for the screen; empty when all is well."""
        self._around = around
        self._context = Context(context if context is not None else {})
        self._runs: dict[str, StepRun] = {}
        self._closing: set[str] = set()
        self._readers: list[Reader] = []
        self._begun = False
        self._taken = 0
        self._stopping = False
        self._finishing = False
        self._reopening = 0
        """Reopenings that are recorded but not committed yet: until then it is not known what may start, or that all has ended."""
        self._gathering = 0
        """Wishes that are being carried out in portions: no step starts until all of each is known."""
        self._broken: BaseException | None = None
        self._over = asyncio.Event()
        self._left = asyncio.Event()
        self._wishes = Wishes(self)

    # ---- what others see -------------------------------------------------------------------------------------------

    def subscribe(self, reader: Reader) -> None:
        """Hear every list of facts from now on, after it has been folded into `state`."""
        self._readers.append(reader)

    def running(self, step: str) -> list[Running]:
        """The items of a step that are in flight, sampled now."""
        run = self._runs.get(step)
        return run.running() if run is not None else []

    def running_count(self, step: str) -> int:
        """How many items of a step are in flight: never more than its slots."""
        return len(self.running(step))

    def reruns(self, step: str) -> tuple[str, ...]:
        """The later steps that would run again if items of `step` were retried."""
        return reruns(self.plan, self.state, step)

    def outdated(self, step: str) -> tuple[str, ...]:
        """The later steps that keep done items, which are stale when items of `step` run again."""
        return keepers(self.plan, self.state, step)

    def skip_running(self, step: str, items: Collection[int], reason: ErrorInfo) -> int:
        """End the attempts of those items that run now, as skipped; how many these are."""
        run = self._runs.get(step)
        return run.skip_running(frozenset(items), reason) if run is not None else 0

    def in_flight(self, step: str, item: int) -> bool:
        """True if a worker holds the item, begun or not."""
        run = self._runs.get(step)
        return run is not None and run.holds(item)

    @property
    def revision(self) -> int:
        """The revision in force. It is so at once, while `state` knows of it when that is committed."""
        return max(self._taken, self.state.revision)

    @property
    def finished(self) -> bool:
        """The run has ended; a retry may still re-open it."""
        return self._over.is_set()

    @property
    def finishing(self) -> bool:
        """The end of the run is committed, or recorded and about to be: what is wished for now re-opens it."""
        return self._finishing or self.finished

    def ending(self, step: str) -> bool:
        """The step runs, and will end without another item, whatever is queued: it has to run once more for that."""
        run = self._runs.get(step)
        return run is not None and run.closed

    def begin_anew(self, step: str) -> bool:
        """Put off a step that has been started but runs nothing yet, for what it was told to read changes; False if there is none."""
        run = self._runs.get(step)
        if run is None or self.state.steps[step].status != "pending":
            return False
        self._runs.pop(step).dismiss()
        return True

    def now(self) -> float:
        """Unix time."""
        return self._around.now()

    # ---- life ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until the run has ended and, when somebody is there to ask, until they leave. Raises a failure of its own."""
        self._begun = True
        await self._around.recorder.flush()
        ticker = asyncio.create_task(self._tick())
        try:
            self._advance()
            if self.options.ask:
                await self._left.wait()
            else:
                await self._over.wait()
        finally:
            ticker.cancel()
            for run in self._runs.values():
                run.stop()
        if self._broken is not None:
            raise self._broken

    def leave(self) -> None:
        """Nobody is there to ask any more."""
        self._left.set()

    async def ended(self) -> None:
        """Wait until the run has ended."""
        await self._over.wait()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            for run in list(self._runs.values()):
                run.tick()
            if self.state.draining:
                self._advance()

    def record(self, facts: Sequence[ev.Event]) -> None:
        """Send facts on their way."""
        self._reopening += sum(isinstance(fact, ev.StepReopened) for fact in facts)
        for fact in facts:
            # Both are what came of a wish: what workers did is recorded by the step runs.
            if isinstance(fact, ev.ItemsQueued):
                self._withhold(fact.step, fact.items)
            elif isinstance(fact, ev.ItemsEnded):
                self._withhold(fact.step, [outcome.item for outcome in fact.outcomes])
        self._around.recorder.append(facts)

    async def recorded(self) -> None:
        """Return when all that was sent on its way is committed and folded. Raises `StoreIOError` when it never will be."""
        await self._around.recorder.flush()

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Start no step meanwhile; what runs goes on."""
        self._gathering += 1
        try:
            yield
        finally:
            self._gathering -= 1
            self._advance()

    def _withhold(self, step: str, items: Sequence[int]) -> None:
        if (run := self._runs.get(step)) is not None:
            run.withhold(items)

    def committed(self, facts: Sequence[ev.Event]) -> None:
        """Facts are in the run file: fold them, let the step runs and the readers know, decide what follows."""
        fold(self.state, facts)
        advance = False
        for fact in facts:
            match fact:
                case ev.ItemsEnded():
                    self._take_context(fact)
                    self._tell(fact)
                case ev.ItemsListed():
                    self._tell(fact)
                case ev.ItemsQueued():
                    advance = True
                    self._tell(fact)
                case ev.StepFinished():
                    advance = True
                    self._runs.pop(fact.step, None)
                    self._closing.discard(fact.step)
                case ev.RunFinished():
                    self._finishing = False
                    self._over.set()
                case ev.RunResumed():
                    advance = True
                    self._stopping = False
                    self._over.clear()
                case ev.StepReopened():
                    advance = True
                    self._reopening = max(0, self._reopening - 1)
                case ev.Unpaused():
                    advance = True
                    for run in self._runs.values():
                        run.go_on()
                case ev.ItemsMoved() | ev.ListingFinished() | ev.StepPrinted():
                    pass
                case _:
                    advance = True
        for run in list(self._runs.values()):
            run.pump()
        for reader in self._readers:
            reader(facts)
        if advance and self._begun:
            self._advance()

    def _tell(self, fact: ev.ItemsEnded | ev.ItemsListed | ev.ItemsQueued) -> None:
        if (run := self._runs.get(fact.step)) is not None:
            run.committed(fact)

    def _take_context(self, fact: ev.ItemsEnded) -> None:
        for outcome in fact.outcomes:
            if outcome.context is not None:
                self._context.take(outcome.context)

    # ---- deciding --------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        if self._stopping or self._finishing or self._over.is_set() or self.trouble:
            return
        if (self._reopening or self._gathering) and not self.state.draining:
            return
        if self.state.draining:
            if all(run.quiet for run in self._runs.values()):
                self._end("interrupted", "drained")
            return
        if self.state.paused:
            return
        decision = decide(self._views(), set(self._runs) | self._closing)
        now = self.now()
        for name, status, reason in decision.close:
            self._closing.add(name)
            self.record([ev.StepFinished(now, name, status, reason)])
        for name in decision.start:
            self._start(name)
        if decision.finish is not None:
            self._finishing = True
            if all(step.status in ENDED for step in self.state.steps.values()):
                self.record([ev.RunFinished(now, decision.finish, decision.reason)])
            else:
                partial: ev.RunStatus = "interrupted" if decision.finish == "succeeded" else decision.finish
                self.record([ev.RunFinished(now, partial, decision.reason or ASKED_FOR)])

    def _views(self) -> list[StepView]:
        only = self.options.only
        views = []
        for planned in self.plan.steps:
            step = self.state.steps.get(planned.name)
            if step is None or (only is not None and planned.name not in only):
                continue
            # A `for_each` step tolerates items; if it fails all the same, it could not list them, or too many failed.
            tolerated = planned.step.on_error.action == "continue" and planned.step.for_each is None
            views.append(StepView(planned.name, planned.section, planned.needs, step.status, tolerated))
        return views

    def _start(self, name: str) -> None:
        run = StepRun(
            self._revision(name, self.revision),
            self.state,
            self.options,
            self._around,
            self._context,
            exceeded=self._ask_about_failures,
            broken=self._break,
        )
        self._runs[name] = run
        run.start()

    def _ask_about_failures(self, run: StepRun) -> None:
        self._hold()
        self.record([ev.Paused(self.now(), run.asks_because)])

    def _end(self, status: ev.RunStatus, reason: str) -> None:
        self._finishing = True
        for run in self._runs.values():
            run.stop()
        self._runs.clear()
        self._closing.clear()
        self.record([ev.RunFinished(self.now(), status, reason)])

    # ---- revisions -------------------------------------------------------------------------------------------------

    def take_revision(
        self,
        plan: Plan,
        number: int,
        facts: Sequence[ev.Event],
        relisted: Collection[str] = (),
        gained: Mapping[str, Any] | None = None,
    ) -> None:
        """Run by another plan from now on, with the values of the parameters that it has `gained`. `facts`, which say so, are
        recorded here, and what follows for those that read the steps whose items are listed again.

        Steps that are not in it are ended at once; running ones finish what is in flight under the revision they began with.
        """
        self.plan, self._taken = plan, number
        self.params = {**self.params, **(gained or {})}
        loops = {planned.name: planned.step.for_each is not None for planned in plan.steps}
        for name, run in list(self._runs.items()):
            # What ran item by item cannot go on as one piece, nor the other way round: it starts anew.
            if loops.get(name) is not (run.step.for_each is not None):
                self._runs.pop(name).dismiss()
        self.record([*facts, *(self._wishes.follow(relisted) if relisted else ())])
        for name, run in self._runs.items():
            run.take(self._revision(name, number))

    def _revision(self, name: str, number: int) -> Revision:
        planned = self.plan[name]
        return Revision(planned, self.plan, number, executor_of(planned.step, self.plan.handlers), self.params)

    async def trial(
        self, plan: Plan, number: int, gained: Mapping[str, Any] | None = None
    ) -> tuple[str, ErrorInfo] | None:
        """Have a worker prepare for each step of a plan that runs or has run; for which step it went wrong and how, None if for none.

        A handler file can be valid and still not import; an edit like that must not reach the workers.
        """
        before = {planned.name: planned.definition for planned in self.plan.steps}
        for planned in plan.steps:
            step = self.state.steps.get(planned.name)
            touched = planned.definition != before.get(planned.name) or plan.handlers != self.plan.handlers
            if step is None or not touched or planned.step.type in {"shell", "template"}:
                continue
            try:
                worker = await self._around.pool.acquire()
            except OSError as error:
                text = f"no worker process could be started to try the edit: {error.strerror or error}"
                return planned.name, ErrorInfo("OSError", text, fingerprint("OSError", text))
            params = {**self.params, **(gained or {})}
            revision = Revision(planned, plan, number, executor_of(planned.step, plan.handlers), params)
            try:
                await worker.program(program(revision, self.state, self.options, self._context.values, 1), Deaf())
            except Refused as refused:
                return planned.name, refused.error
            finally:
                self._around.pool.release(worker)
        return None

    def renew_workers(self) -> tuple[str, ...]:
        """Let no worker go on whose modules are made of files that have changed since; names these files.

        Items in flight finish as they began.
        """
        look = cache(mark_of)  # workers of one flow have loaded the same files: one look at each
        changed = self._around.pool.renew(look)
        for run in self._runs.values():
            run.renew(look)
        return changed

    # ---- wishes ----------------------------------------------------------------------------------------------------

    def send(self, command: Command) -> Reply:
        """Carry out a command; the reply says what will happen, the effect comes back as facts."""
        match command:
            case Pause():
                return self._pause()
            case Unpause():
                if not self.state.paused:
                    return Reply("Nothing is paused", refused=True)
                again = " or ".join(run.asks_after for run in self._runs.values() if run.asks_after)
                self.record([ev.Unpaused(self.now())])
                return Reply(f"Resumed. You are asked again when {again}" if again else "Resumed")
            case Drain():
                return self._drain()
            case Stop():
                return self._stop(command.cancel)
            case SetSlots():
                return self._set_slots(command)
            case TakeUp() | GoBack():
                return Reply("Nothing waits to be taken up", refused=True)
            case _:
                return self._wishes.carry_out(command)

    async def send_in_portions(self, command: RetryItems | RetryStep | SkipItems, progress: Progress) -> Reply:
        """Carry out a wish for many items with the event loop free in between; `progress` tells how far it is, and stops it."""
        return await self._wishes.in_portions(command, progress)

    def _hold(self) -> None:
        for run in self._runs.values():
            run.hold()

    def _in_flight(self) -> int:
        return sum(self.running_count(name) for name in self._runs)

    def _what_finishes(self, wait: str = "") -> str:
        """Of a run in which nothing new starts; `wait` says for what the others wait."""
        flying = self._in_flight()
        waiting = self.state.waiting - flying
        if not flying:
            return plural(waiting, "item waits", "items wait") + wait
        finish = plural(flying, "item in flight finishes", "items in flight finish")
        return f"{finish}, {plural(waiting, 'waits', 'wait')}{wait}" if waiting else finish

    def _pause(self) -> Reply:
        if self._over.is_set():
            return Reply("Nothing to pause: the run has ended", refused=True)
        if self.state.paused:
            return Reply("It is paused already", refused=True)
        self._hold()
        self.record([ev.Paused(self.now(), "")])
        return Reply(f"Paused. {self._what_finishes()}", self._in_flight())

    def _drain(self) -> Reply:
        if self._over.is_set():
            return Reply("Nothing to drain: the run has ended", refused=True)
        self._hold()
        self.record([ev.Draining(self.now())])
        return Reply(f"Draining. {self._what_finishes(' for a resume')}", self._in_flight())

    def _stop(self, cancel: bool) -> Reply:
        if self._over.is_set() or self._stopping:
            return Reply("Nothing to stop: the run has ended", refused=True)
        self._stopping = True
        flying = self._in_flight()
        if cancel:
            now = self.now()
            self.record(
                [
                    ev.StepFinished(now, step.name, "cancelled", "the run was cancelled")
                    for step in self.state.steps.values()
                    if step.status not in ENDED
                ]
            )
        self._end("cancelled" if cancel else "interrupted", "cancelled" if cancel else "stopped")
        if self.trouble:
            # The end cannot be recorded either, perhaps for ever.
            self._over.set()
        ended = plural(flying, "item in flight was ended; it runs", "items in flight were ended; they run")
        return Reply(f"Stopped. {ended} again on resume", flying)

    def _set_slots(self, command: SetSlots) -> Reply:
        run = self._runs.get(command.step)
        if self.plan[command.step].step.parallel is None:
            return Reply(f"does nothing here: {command.step} has no parallel", refused=True)
        if run is None:
            return Reply(f"does nothing here: {command.step} is not running", refused=True)
        if command.slots < 1:
            return Reply(f"{command.step} keeps one slot: pause the run instead", refused=True)
        if command.slots > MAX_SLOTS:
            return Reply(f"{command.step} cannot have more than {MAX_SLOTS} slots", refused=True)
        run.set_slots(command.slots)
        return Reply(f"{command.step}: {plural(command.slots, 'slot')}", command.slots)

    # ---- trouble ---------------------------------------------------------------------------------------------------

    def in_trouble(self, reason: str) -> None:
        """Nothing can be recorded: start nothing until `recovered`."""
        self.trouble = reason
        self.state.version += 1
        self._hold()

    def abort(self) -> None:
        """Nothing can be recorded any more: end what is in flight and the run with it, as a crash would."""
        self._stopping = True
        for run in self._runs.values():
            run.stop()
        self._over.set()
        self._left.set()

    def _break(self, error: BaseException) -> None:
        """End the run as a crash would: what this program cannot go on with must not leave it waiting for ever."""
        if self._broken is None:
            self._broken = error
            self.abort()

    def recovered(self) -> None:
        """Facts are recorded again."""
        self.trouble = ""
        self.state.version += 1
        if not self.state.paused and not self.state.draining:
            for run in self._runs.values():
                run.go_on()
        self._advance()


class Deaf:
    """Hears a worker that runs nothing."""

    def ended(self, worker: Worker, outcomes: list[Outcome]) -> None: ...

    def recalled(self, worker: Worker, items: list[int]) -> None: ...

    def printed(self, worker: Worker, item: int, attempt: int, lines: bytes) -> None: ...

    def died(self, worker: Worker, death: Death) -> None: ...
