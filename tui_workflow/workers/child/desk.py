"""The commands of the engine, carried out one after another by the main thread."""

from __future__ import annotations

import gc
import os
import resource
from contextlib import nullcontext
from time import perf_counter
from typing import TYPE_CHECKING

from tui_workflow.tasks import registry
from tui_workflow.workers import protocol
from tui_workflow.workers.child.itemlog import ItemLog
from tui_workflow.workers.child.office import Office
from tui_workflow.workers.child.step import Step
from tui_workflow.workers.child.usercode import UserCode
from tui_workflow.workers.programs import unpack_program

if TYPE_CHECKING:
    from tui_workflow.facts.work import StepProgram
    from tui_workflow.workers.child.alone import Alone
    from tui_workflow.workers.child.listing import ListingRun
    from tui_workflow.workers.child.loop import OnLoop
    from tui_workflow.workers.child.progress import ProgressCode
    from tui_workflow.workers.child.threads import InThreads


class Desk:
    """One per worker."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._runner: Alone | InThreads | OnLoop | None = None
        self._listing: ListingRun | None = None
        self._progress: ProgressCode | None = None
        self._closed = False

    def work(self) -> None:
        """Take commands until there are no more. The process then ends as any: files are flushed, `atexit` is honoured."""
        office = self._office
        idle = not office.inbox.waiting
        office.inbox.start()
        office.ticker.start()
        commands = office.inbox.commands
        if idle:
            _warm_up()
        while not self._closed:
            self._do(*commands.get())

    def _do(self, kind: int, body: bytes) -> None:
        if kind == protocol.CLOSE:
            self._end_progress()
            self._office.outbox.flush()
            if self._runner is not None and self._runner.busy:
                os._exit(0)  # what still runs is not waited for
            self._closed = True
        if kind == protocol.FEED:
            self._office.inbox.unpack()
            if self._runner is not None:
                self._runner.run_pending()
        elif kind == protocol.PROGRAM:
            self._take_program(body)
        elif kind == protocol.EVALUATE:
            self._evaluate(body)
        elif kind == protocol.LIST:
            self._start_listing(body)
        elif kind == protocol.CREDIT and self._listing is not None:
            self._listing.send_some()
        elif kind == protocol.UNLIST:
            self._listing = None

    def _take_program(self, body: bytes) -> None:
        office = self._office
        program = unpack_program(body)
        self._end_progress()
        office.step_log = ItemLog(perf_counter())
        office.inbox.failures = 0
        self._listing = None
        if self._runner is not None:
            self._runner.stop()
            self._runner = None
        _limit_memory(program.memory)
        office.step = None
        try:
            office.step = step = Step(program, office.hygiene.base_env)
            office.step_log = ItemLog(perf_counter(), step.mask)
            office.inbox.on_context = step.context.replace
            office.hygiene.settle(step.env, step.workdir)
            with office.loaded.loading() if _loads_files(program) else nullcontext():
                self._runner = self._make_runner(step)
                if program.on_progress:
                    from tui_workflow.workers.child.progress import ProgressCode

                    self._progress = ProgressCode(office, step, program.on_progress)
                    office.inbox.on_progress = self._progress.call
            office.listen_to_logging()
            office.hygiene.accept()
        except BaseException as error:
            self._refuse(error, program)
            return
        if office.raw.grown():
            office.raw.drain(office.step_log)
        office.ticker.send_step_log()
        office.tell_loaded()
        # What is here now stays: the collector need not look at it again between items.
        gc.freeze()
        office.outbox.send(protocol.READY)

    def _end_progress(self) -> None:
        if self._progress is not None:
            self._office.inbox.on_progress = None
            self._progress.stop()
            self._progress = None
            self._office.ticker.send_step_log()

    def _make_runner(self, step: Step) -> Alone | InThreads | OnLoop:
        program = step.program
        text = registry.StepText(
            name=program.step,
            type=program.type,
            inputs=program.inputs,
            for_each=program.for_each,
            flow_dir=program.flow_dir,
            handlers=program.handlers,
            params=step.makers,
        )
        step.user = UserCode(program.flow_dir, [path for path, _ in program.handlers])
        prepared = registry.prepare(text)
        if prepared.is_async:
            from tui_workflow.workers.child.loop import OnLoop

            slots = 1 if program.executor == "process" else max(1, program.slots)
            return OnLoop(self._office, step, prepared, slots, self._do)
        if program.executor == "async":
            from tui_workflow.errors import InvalidFlow

            raise InvalidFlow(
                f"step {program.step!r} has the executor `async`, but what it runs is not declared `async def`",
                hint="Declare the handler `async def`, or use the executor `thread` or `process`.",
            )
        if program.executor == "thread":
            from tui_workflow.workers.child.threads import InThreads

            return InThreads(self._office, step, prepared, max(1, program.slots))
        from tui_workflow.workers.child.alone import Alone

        return Alone(self._office, step, prepared)

    def _refuse(self, error: BaseException, program: StepProgram | None = None, kind: int = protocol.REFUSED) -> None:
        step = self._office.step
        if step is not None:
            info = step.describe(error)
        else:
            folder = program.flow_dir if program is not None else os.getcwd()
            from tui_workflow.workers.child.failure import describe

            # Without the step its secrets are unknown, so that only what the error itself says may leave.
            info = describe(error, UserCode(folder))
        self._office.ticker.send_step_log()
        self._office.tell_loaded()
        self._office.outbox.send(kind, info.encode())

    def _refuse_listing(self, error: BaseException) -> None:
        self._refuse(error, kind=protocol.LIST_REFUSED)

    def _evaluate(self, body: bytes) -> None:
        from tui_workflow.workers.child.evaluate import evaluate

        try:
            step = self._office.step
            if step is None:
                raise RuntimeError("evaluate came before a program")
            found = evaluate(step, protocol.unpack_values(body))
        except BaseException as error:
            self._refuse(error)
            return
        self._office.outbox.send(protocol.EVALUATED, protocol.pack_values(found))

    def _start_listing(self, body: bytes) -> None:
        from tui_workflow.workers.child.listing import ListingRun
        from tui_workflow.workers.programs import unpack_listing

        if self._office.step is None:
            self._refuse_listing(RuntimeError("list_items came before a program"))
            return
        self._listing = ListingRun(self._office, self._office.step, unpack_listing(body), self._refuse_listing)


def _warm_up() -> None:
    """Import what most steps need, while the engine still reads the flow."""
    import tui_workflow.flow.template
    import tui_workflow.tasks.python
    import tui_workflow.workers.child.failure  # noqa: F401


def _loads_files(program: StepProgram) -> bool:
    """Inline code and commands load nothing before their items run, and listening to what is opened would slow each of these."""
    inline = program.type == "python" and "code" in program.inputs
    return program.on_progress is not None or not (inline or program.type in ("shell", "template"))


def _limit_memory(limit: int | None) -> None:
    """Let this process have `limit` bytes of address space beside what it has now; lift an earlier limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if limit is None:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        return
    with open("/proc/self/statm", "rb") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    wanted = now + limit
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
