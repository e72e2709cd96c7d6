"""The step's `on_progress`: the user's `update_progress`, called beside the items with the latest counts."""

from __future__ import annotations

import threading
from time import monotonic

from tui_workflow.errors import InvalidFlow
from tui_workflow.tasks import handlers
from tui_workflow.workers.child.office import Office
from tui_workflow.workers.child.step import Step

_LIMIT = 1.0
"""Seconds a call may take before the step's log says so."""


class ProgressCode:
    """Runs in a thread of its own, so that no slow call holds up an item. What it prints is the step's log."""

    def __init__(self, office: Office, step: Step, text: str) -> None:
        self._office = office
        self._step = step
        file = f"<code of step {step.program.step}, on_progress>"
        handlers.remember(file, text)
        code = compile(text, file, "exec", dont_inherit=True)
        space = {
            **step.make_params(),
            "params": step.make_params(),
            "steps": step.make_steps(),
            "env": step.env,
            "run": step.program.run,
            "flow": step.names["flow"],
            "log": office.warn,
            "__name__": "__wf_code__",
        }
        exec(code, space)  # noqa: S102 - a flow is a program
        if not callable(space.get("update_progress")):
            raise InvalidFlow(
                f"`on_progress` of step {step.program.step!r} does not define `update_progress`",
                hint="Write `def update_progress(items_processed, total_items): …` in it.",
            )
        self._update = space["update_progress"]
        self._changed = threading.Condition()
        self._latest: tuple[int, int] | None = None
        self._since: float | None = None
        self._warned = False
        self._stopped = False
        threading.Thread(target=self._run, name="wf-progress", daemon=True).start()

    def call(self, processed: int, total: int) -> None:
        """Call `update_progress` soon; of several calls that wait, only the last is made."""
        with self._changed:
            self._latest = (processed, total)
            self._changed.notify_all()
            if self._since is not None and monotonic() - self._since > _LIMIT:
                self._warn(f"takes more than {_LIMIT:g} second")

    def stop(self) -> None:
        """Let a call that is due be made, within a second, and make no more."""
        with self._changed:
            done = self._changed.wait_for(lambda: self._latest is None and self._since is None, _LIMIT)
            if not done:
                self._warn(f"takes more than {_LIMIT:g} second")
            self._stopped = True
            self._changed.notify_all()

    def _run(self) -> None:
        self._office.progress_thread = threading.get_ident()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._latest is not None or self._stopped)
                if self._stopped:
                    return
                assert self._latest is not None
                counts, self._latest = self._latest, None
                self._since = monotonic()
            problem = ""
            try:
                self._update(*counts)
            except BaseException as error:
                info = self._step.describe(error)
                place = f" ({info.where[0]}, line {info.where[1]})" if info.where else ""
                problem = f"raised {info.type}: {info.message}{place}"
            with self._changed:
                took = monotonic() - self._since
                if problem:
                    self._warn(problem)
                elif took > _LIMIT:
                    self._warn(f"took {took:.1f} seconds")
            # Before the call counts as over: who waits for that has all that it printed.
            self._office.ticker.send_step_log()
            with self._changed:
                self._since = None
                self._changed.notify_all()

    def _warn(self, what: str) -> None:
        if not self._warned:
            self._warned = True
            self._office.warn(f"warning: on_progress of step {self._step.program.step!r} {what}; the step goes on")
