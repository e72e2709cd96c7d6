"""What a screen gets of a run: the state as it is, samples of what runs, and a way to wish."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from tui_workflow.engine.engine import Engine
from tui_workflow.facts import events as ev
from tui_workflow.facts import logs
from tui_workflow.facts.commands import Command, GoBack, Progress, Reply, RetryItems, RetryStep, SkipItems, TakeUp
from tui_workflow.facts.outcome import Ended, Outcome, statuses
from tui_workflow.facts.state import RunState
from tui_workflow.facts.work import Running
from tui_workflow.session.again import resume_options, retry_command
from tui_workflow.session.reload import Reloader
from tui_workflow.view.ports import Printed, Rejected, ReloadPlan

KEPT_LINES = 2000
"""Lines of output that are kept for the screen; the stored log has all of them in the end."""
LINES_A_TURN = 200
"""Lines of items that ended taken over at once: of a flood, the latest."""


class PrintedLines:
    """The latest lines that items printed; older ones are dropped, never waited for.

    A worker sends what a long item prints while it runs; of a quick one the lines come with its outcome.
    """

    def __init__(self) -> None:
        self._sent: dict[tuple[str, int], int] = {}
        """By item in flight, how many of its lines have been sent ahead of its outcome."""
        self._lines: deque[Printed] = deque(maxlen=KEPT_LINES)
        self._count = 0

    def add(self, step: str, item: int, lines: bytes) -> None:
        """Take in lines of `facts.logs`."""
        now = time.time()
        fresh = logs.decode(lines)
        if item >= 0:
            self._sent[step, item] = self._sent.get((step, item), 0) + len(fresh)
        self._append([Printed(now, step, item, line.text) for line in fresh])

    def ended(self, step: str, outcomes: Sequence[Outcome]) -> None:
        """Take in what items printed that have ended, but for the lines that were sent ahead."""
        kept: list[list[Printed]] = []
        room = LINES_A_TURN
        for outcome in reversed(outcomes):
            sent = self._sent.pop((step, outcome.item), 0) if self._sent else 0
            if outcome.log is None or room <= 0:
                continue
            lines = logs.decode(outcome.log)[sent:][-room:]
            room -= len(lines)
            kept.append([Printed(outcome.started + line.offset, step, outcome.item, line.text) for line in lines])
        for lines_of_item in reversed(kept):
            self._append(lines_of_item)

    def _append(self, lines: Sequence[Printed]) -> None:
        self._lines.extend(lines)
        self._count += len(lines)

    def since(self, mark: int) -> tuple[int, Sequence[Printed]]:
        """What came after a mark, and the new mark."""
        fresh = min(self._count - mark, len(self._lines))
        if fresh <= 0:
            return self._count, ()
        return self._count, [self._lines[place] for place in range(len(self._lines) - fresh, len(self._lines))]


class LiveFeed:
    """The feed of a run that this process conducts."""

    live = True
    retry = ""

    def __init__(
        self, engine: Engine, printed: PrintedLines, reloader: Reloader, place: Callable[[], tuple[str, ...]]
    ) -> None:
        self.place = place()
        self._find_place = place
        self._engine = engine
        self._reloader = reloader
        self._printed = printed
        self._wake: Callable[[], None] = lambda: None
        engine.subscribe(self._look)

    @property
    def state(self) -> RunState:
        """What is committed so far."""
        return self._engine.state

    @property
    def trouble(self) -> str:
        """Why nothing can be recorded for now; empty when all is well."""
        return self._engine.trouble

    def running(self, step: str) -> Sequence[Running]:
        """The items in flight, one per busy slot."""
        return self._engine.running(step)

    def printed(self, since: int) -> tuple[int, Sequence[Printed]]:
        """Output of items in flight that came after a mark."""
        return self._printed.since(since)

    def on_urgent(self, wake: Callable[[], None]) -> None:
        """Call `wake` at once for a failure or the end of the run."""
        self._wake = wake

    def now(self) -> float:
        """Unix time; a run that has ended stands still at its last fact."""
        return self.state.last_at if self._engine.finished else time.time()

    async def send(self, command: Command, progress: Progress | None = None) -> Reply:
        """Wish for something; with `progress` a retry or a skip is carried out in portions."""
        match command:
            case TakeUp():
                return await self._reloader.take_up(command.then, progress)
            case GoBack():
                return await self._reloader.go_back()
            case RetryItems() | RetryStep() | SkipItems() if progress is not None:
                return await self._engine.send_in_portions(command, progress)
            case _:
                return self._engine.send(command)

    def reruns(self, step: str) -> tuple[str, ...]:
        """The later steps that would run again if items of `step` were retried."""
        return self._engine.reruns(step)

    def outdated(self, step: str) -> tuple[str, ...]:
        """The later steps that would keep done items, then stale."""
        return self._engine.outdated(step)

    def reload_plan(self) -> ReloadPlan | None:
        """What the latest edit that was taken up changed."""
        return self._reloader.plan

    def rejected(self) -> Rejected | None:
        """The latest save, if it was not taken up."""
        return self._reloader.rejected

    async def reread(self) -> None:
        """Look at the flow's files now."""
        await self._reloader.look()

    def _look(self, facts: Sequence[ev.Event]) -> None:
        for fact in facts:
            if isinstance(fact, ev.ItemsEnded):
                self._printed.ended(fact.step, fact.outcomes)
            elif isinstance(fact, ev.StepPrinted):
                self._printed.add(fact.step, -1, fact.lines)
            elif isinstance(fact, ev.RunFinished):
                self.place = self._find_place()  # by now there may be a later run
        for fact in facts:
            match fact:
                case ev.RunFinished() | ev.Paused() | ev.ReloadRejected() | ev.StepFinished():
                    self._wake()
                    return
                case ev.ItemsEnded() if Ended.FAILED in statuses(fact.outcomes):
                    self._wake()
                    return
                case _:
                    pass


class StoredFeed:
    """The feed of a run that nobody conducts from here: looking is all one can do."""

    live = False
    trouble = ""

    def __init__(self, state: RunState, reruns: Callable[[str], tuple[str, ...]], path: Path) -> None:
        self.state = state
        self._reruns = reruns
        self.retry = retry_command(path, state, "--open")
        self.place = resume_options(path, state.path)

    def running(self, step: str) -> Sequence[Running]:
        """Nothing runs here."""
        return ()

    def printed(self, since: int) -> tuple[int, Sequence[Printed]]:
        """Nothing is printed here."""
        return since, ()

    def on_urgent(self, wake: Callable[[], None]) -> None:
        """Nothing urgent happens in a stored run."""

    def now(self) -> float:
        """The time of the last fact."""
        return self.state.last_at

    async def send(self, command: Command, progress: Progress | None = None) -> Reply:
        """Refuse, and say how to go on."""
        return Reply(f"This is a stored run. To run items again:  {self.retry}", refused=True)

    def reruns(self, step: str) -> tuple[str, ...]:
        """The later steps that would run again if items of `step` were retried."""
        return self._reruns(step)

    def outdated(self, step: str) -> tuple[str, ...]:
        """Nothing becomes stale in a stored run."""
        return ()

    def reload_plan(self) -> ReloadPlan | None:
        """A stored run is not edited."""
        return None

    def rejected(self) -> Rejected | None:
        """A stored run is not edited."""
        return None

    async def reread(self) -> None:
        """A stored run is not edited."""
