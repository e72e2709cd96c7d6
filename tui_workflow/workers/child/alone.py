"""Items one at a time in the main thread: what `process` means."""

from __future__ import annotations

import os
from time import time

from tui_workflow.facts.outcome import Ended
from tui_workflow.tasks.api import TaskContext, reporter
from tui_workflow.tasks.registry import Prepared
from tui_workflow.workers.child.attempt import Attempt, task_context
from tui_workflow.workers.child.office import Office
from tui_workflow.workers.child.step import Step
from tui_workflow.workers.protocol import RawOutcome

_FAILED = int(Ended.FAILED)


class Alone:
    """Runs the items that wait, in order."""

    def __init__(self, office: Office, step: Step, prepared: Prepared) -> None:
        self._office = office
        self._step = step
        self._prepared = prepared
        office.several = False
        office.shared.use_slots(1)
        reporter.report = office.report
        step.tell = office.shared.log_add
        self._task = TaskContext(
            step.names,
            step=step.program.step,
            flow_dir=step.program.flow_dir,
            workdir=step.workdir,
            env=step.env,
            log=office.warn,
            make_params=step.make_params,
            make_steps=step.make_steps,
            progress=office.report,
        )

    busy = False
    """Commands are taken between items."""

    def stop(self) -> None:
        """Nothing to end: no item is running when another step comes."""
        reporter.report = None

    def run_pending(self) -> None:
        """Run all that waits; returns when nothing does."""
        office, step, prepared = self._office, self._step, self._prepared
        pending, shared, outbox = office.inbox.pending, office.shared, office.outbox
        raw, hygiene, task = office.raw, office.hygiene, self._task
        flush_each, stop_on_failure = step.program.flush_each, step.program.stop_on_failure
        last_attempt = -1
        office.ticker.busy()
        while True:
            try:
                given = pending.popleft()
            except IndexError:
                break
            began = time()
            shared.begin(0, given[0], began)
            office.alone = attempt = Attempt(step, given, 0, began)
            task.names = attempt.names
            task.log = attempt.print
            hygiene.set_env(b"WF_ITEM_KEY", variable(given[3]))
            if given[1] != last_attempt:
                last_attempt = given[1]
                hygiene.set_env(b"WF_ATTEMPT", b"%d" % last_attempt)
            if step.own_env:
                outcome = self._with_own_env(attempt)
            else:
                outcome = attempt.run(prepared, task)
            hygiene.restore(outcome[4])
            if raw.grown():
                raw.drain(attempt.writer())
            office.alone = None
            if attempt.log is not None:
                outcome = attempt.with_log(outcome)
                shared.log_reset()
            if not attempt.context.touched:
                step.spare = attempt.context
            outbox.end(outcome)
            if flush_each:
                outbox.flush()
            if stop_on_failure and outcome[2] == _FAILED:
                office.inbox.failures += 1
                office.inbox.give_back()
        shared.end(0)
        outbox.flush()
        office.ticker.idle()

    def _with_own_env(self, attempt: Attempt) -> RawOutcome:
        """Run an item that needs an environment of its own: its step's `env` names it, or it starts commands."""
        office, step = self._office, self._step
        try:
            own = attempt.item_env()
            if step.item_env:
                os.environ.update(own)
        except BaseException as error:  # a template of the item's `env` is part of the item
            return attempt.fail(error)
        env = {**step.env, **own}
        attempt.names["env"] = env
        return attempt.run(self._prepared, task_context(step, attempt, env, office.report))


def variable(key: str) -> bytes:
    """A key as the value of an environment variable, which cannot hold a NUL."""
    return key.encode("utf-8", "surrogateescape") if "\0" not in key else key.replace("\0", "").encode()
