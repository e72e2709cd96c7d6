"""Alerts that a flow asks for: a bell, a command. Failed items are told at most once a minute, as a count."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from typing import TextIO

from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import RunState
from tui_workflow.flow.plan import Plan
from tui_workflow.text import plural

COALESCE_SECONDS = 60.0


class Notifier:
    """A reader of facts that alerts. The command gets the alert in its environment, never as text of its own."""

    def __init__(self, plan: Plan, state: RunState, terminal: TextIO) -> None:
        self._notify = plan.flow.notify
        self._folder = os.path.dirname(plan.path)
        self._state = state
        self._terminal = terminal
        self._items = 0
        self._told_at = -COALESCE_SECONDS
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, facts: Sequence[ev.Event]) -> None:
        """Facts that are in the run file now."""
        if self._notify is None:
            return
        for fact in facts:
            match fact:
                case ev.ItemsEnded() if "item_failed" in self._notify.on:
                    self._items += sum(outcome.status == Ended.FAILED for outcome in fact.outcomes)
                    if self._items and time.monotonic() - self._told_at >= COALESCE_SECONDS:
                        self._tell_items()
                case ev.RunFinished():
                    if self._items:
                        self._tell_items()
                    if fact.status == "failed" and "failed" in self._notify.on:
                        self._alert("failed", fact.reason)
                    elif "finished" in self._notify.on:
                        self._alert("finished", fact.status)
                case _:
                    pass

    async def finish(self) -> None:
        """Wait for commands that still run, ten seconds at most."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)

    def _tell_items(self) -> None:
        self._told_at = time.monotonic()
        number, self._items = self._items, 0
        self._alert("item_failed", f"{plural(number, 'item')} failed")

    def _alert(self, event: str, text: str) -> None:
        assert self._notify is not None
        if self._notify.bell and self._terminal.isatty():
            self._terminal.write("\a")
            self._terminal.flush()
        if self._notify.command:
            task = asyncio.create_task(self._run(self._notify.command, event, text))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, command: str, event: str, text: str) -> None:
        alert = {
            "WF_EVENT": event,
            "WF_MESSAGE": text.replace("\0", ""),
            "WF_FLOW": self._state.flow,
            "WF_RUN_ID": self._state.run,
            "WF_STATUS": self._state.status,
        }
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            command,
            cwd=self._folder,
            env={**os.environ, **alert},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.wait()
