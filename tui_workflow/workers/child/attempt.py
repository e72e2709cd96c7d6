"""One attempt of one item, whichever way items are run: names in, an outcome out. Nothing that an item raises gets through."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from time import perf_counter
from typing import Any

from tui_workflow import values
from tui_workflow.facts.outcome import Ended, ErrorInfo
from tui_workflow.tasks.api import TaskContext
from tui_workflow.tasks.registry import Prepared
from tui_workflow.workers.child.inbox import Given
from tui_workflow.workers.child.itemlog import ItemLog
from tui_workflow.workers.child.shared_values import Context, pack_writes
from tui_workflow.workers.child.step import Step, env_text
from tui_workflow.workers.protocol import RawOutcome

_OK, _FAILED, _SKIPPED = int(Ended.OK), int(Ended.FAILED), int(Ended.SKIPPED)


class Attempt:
    """One item being run. `log` exists once something was printed."""

    __slots__ = ("_began", "_item", "_step", "attempt", "context", "key", "log", "names", "number", "slot", "start")

    def __init__(self, step: Step, given: Given, slot: int, began: float) -> None:
        number, attempt, position, key, item, broken = given
        self._step = step
        self.number = number
        self.attempt = attempt
        self.key = key
        self.slot = slot
        self.start = perf_counter()
        self._began = began
        self.log: ItemLog | None = None
        self._item = broken
        self.context: Context = step.new_context()
        names = step.names.copy()
        names["context"] = self.context
        names["item"] = item
        names["index"] = position
        names["key"] = key
        names["attempt"] = attempt
        self.names = names

    @property
    def began(self) -> float:
        """Unix time of its start."""
        return self._began

    def writer(self) -> ItemLog:
        """The item's log."""
        log = self.log
        if log is None:
            log = self.log = ItemLog(self.start, self._step.mask, self._step.tell)
        return log

    def print(self, text: str) -> None:
        self.writer().line(str(text))

    @property
    def own_env(self) -> dict[str, str]:
        """What says which item this is, for the commands it starts."""
        return {"WF_ITEM_KEY": self.key.replace("\0", ""), "WF_ATTEMPT": str(self.attempt)}

    def item_env(self) -> dict[str, str]:
        """The item's own environment variables."""
        env = {name: env_text(name, render(self.names)) for name, render in self._step.item_env}
        env.update(self.own_env)
        return env

    def skipped(self) -> bool:
        """Whether the step's `if` is false for this item. Raises what is wrong with it."""
        if self._item is not None:
            raise self._item
        condition = self._step.condition
        return condition is not None and not condition(self.names)

    def run(self, prepared: Prepared, task: TaskContext) -> RawOutcome:
        """Run it in this thread."""
        try:
            if self.skipped():
                return self.skip()
            return self.succeed(prepared.call(self.names, task))
        except BaseException as error:
            return self.fail(error)

    async def run_async(self, prepared: Prepared, task: TaskContext) -> RawOutcome:
        """Run it on the event loop."""
        try:
            if self.skipped():
                return self.skip()
            awaitable: Awaitable[Any] = prepared.call(self.names, task)
            return self.succeed(await awaitable)
        except RuntimeError as error:
            # Python turns a StopIteration that leaves a coroutine into this.
            cause = error.__cause__
            return self.fail(cause if isinstance(cause, StopIteration) else error)
        except BaseException as error:
            return self.fail(error)

    def succeed(self, value: Any) -> RawOutcome:
        """The outcome of an item that returned `value`. Raises when that, or a write to `context`, cannot be kept."""
        step = self._step
        result = values.encode(value)
        if step.secrets:
            step.check_secret(result, "the result")
        packed = None
        if self.context.touched:
            writes = self.context.writes()
            if writes:
                packed = pack_writes(writes)
                step.check_secret(packed, "`context`")
                step.context.commit(writes)
        return self._outcome(_OK, result, None, packed)

    def fail(self, error: BaseException) -> RawOutcome:
        try:
            info = self._step.describe(error, self.names["item"])
        except BaseException as problem:
            text = f"{type(error).__name__} (it cannot be shown: {type(problem).__name__})"
            info = ErrorInfo(type(error).__name__, text, "00000000", (type(error).__name__,))
        return self._outcome(_FAILED, None, info.encode(), None)

    def skip(self) -> RawOutcome:
        text = f"`if` is false: {self._step.program.condition}"
        return self._outcome(_SKIPPED, None, ErrorInfo("Skipped", text, "00000000").encode(), None)

    def _outcome(self, status: int, result: bytes | None, error: bytes | None, context: bytes | None) -> RawOutcome:
        return self.number, self.attempt, status, self._began, perf_counter() - self.start, result, error, None, context

    def with_log(self, outcome: RawOutcome) -> RawOutcome:
        """The outcome with all that the item printed."""
        if self.log is None:
            return outcome
        number, attempt, status, began, took, result, error, _, context = outcome
        return number, attempt, status, began, took, result, error, self.log.finished() or None, context


def task_context(step: Step, attempt: Attempt, env: Mapping[str, str], progress: Any) -> TaskContext:
    return TaskContext(
        attempt.names,
        step=step.program.step,
        flow_dir=step.program.flow_dir,
        workdir=step.workdir,
        env=env,
        log=attempt.print,
        make_params=step.make_params,
        make_steps=step.make_steps,
        progress=progress,
    )
