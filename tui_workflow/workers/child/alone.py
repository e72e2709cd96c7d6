"""Items one at a time in the main thread: what `process` means."""

from __future__ import annotations

import os
from time import perf_counter, time

from tui_workflow.facts.outcome import Ended
from tui_workflow.tasks.api import reporter
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

    def stop(self) -> None:
        """Nothing to end: no item is running when another step comes."""
        reporter.report = None

    def run_pending(self) -> None:
        """Run all that waits; returns when nothing does."""
        office, step, prepared = self._office, self._step, self._prepared
        pending, shared, outbox, raw, hygiene = (
            office.inbox.pending,
            office.shared,
            office.outbox,
            office.raw,
            office.hygiene,
        )
        program = step.program
        last_attempt = -1
        office.ticker.busy()
        while True:
            try:
                given = pending.popleft()
            except IndexError:
                break
            shared.begin(0, given[0], time())
            attempt = Attempt(step, given, 0)
            office.alone = attempt
            hygiene.set_env(b"WF_ITEM_KEY", os.fsencode(attempt.key.replace("\0", "")))
            if given[1] != last_attempt:
                last_attempt = given[1]
                hygiene.set_env(b"WF_ATTEMPT", b"%d" % last_attempt)
            if step.item_env:
                outcome = self._with_item_env(attempt)
            else:
                task = task_context(step, attempt, step.env, office.report)
                outcome = attempt.run(prepared, task)
            hygiene.restore(perf_counter() - attempt.start)
            if raw.grown():
                raw.drain(attempt.writer())
            office.alone = None
            if attempt.log is not None:
                outcome = attempt.with_log(outcome)
            outbox.end(outcome)
            if program.flush_each:
                outbox.flush()
            if outcome[2] == _FAILED and program.stop_on_failure:
                office.inbox.failures += 1
                office.inbox.give_back()
        shared.end(0)
        outbox.flush()
        office.ticker.idle()

    def _with_item_env(self, attempt: Attempt) -> RawOutcome:
        """Run an item whose step has an environment of its own for it."""
        office, step = self._office, self._step
        try:
            own = attempt.item_env()
            os.environ.update(own)
        except BaseException as error:
            return attempt.fail(error)
        attempt.names["env"] = {**step.env, **own}
        return attempt.run(self._prepared, task_context(step, attempt, attempt.names["env"], office.report))
