"""One place in which items of a step run: a worker, what it was given, and what of that is not committed yet."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Protocol

from tui_workflow.engine.program import Revision
from tui_workflow.facts.labels import HEAD, label
from tui_workflow.facts.outcome import Ended, Outcome
from tui_workflow.facts.work import Death, Worker, WorkItem

_FAILED = int(Ended.FAILED)
_DURATION = itemgetter(4)


class SlotOwner(Protocol):
    """The crew that a slot belongs to."""

    def slot_ended(self, slot: Slot, outcomes: list[Outcome], seconds: float, failed: dict[int, str]) -> None:
        """Attempts that ended, how many seconds they took in all, and what to call those that failed."""

    def slot_recalled(self, slot: Slot, items: Sequence[int]) -> None: ...

    def slot_printed(self, slot: Slot, item: int, lines: bytes) -> None: ...

    def slot_died(self, slot: Slot, death: Death) -> None: ...


class Slot:
    """A worker's hand: `lanes` items run in it at once, one in a process of its own, more where they share one.

    It hears what its worker tells and keeps the books: `fed` holds the items given and not ended, in order.
    """

    def __init__(self, owner: SlotOwner, number: int, lanes: int, revision: Revision) -> None:
        self.owner = owner
        self.number = number
        self.lanes = lanes
        self.worker: Worker | None = None
        self.revision = revision
        """What its worker has been told to run by; outcomes are recorded under it."""
        self.outdated = False
        """A later revision holds: it takes nothing more before its worker has been told."""
        self.outworn = False
        """Its worker has loaded files that have changed since: before anything more is given, another takes its place."""
        self.renewals = 0
        """How often workers had been renewed when its own was told the step."""
        self.staffing = False
        self.retiring = False
        self.recalling = False
        self.fed: dict[int, WorkItem] = {}
        self.uncommitted = 0
        self.context_version = -1
        self.busy_since = 0.0
        """When it was last given something while it had nothing; monotonic seconds."""
        self.last_end = 0.0
        """When an item last ended in it, so about when the present one began."""
        self.seen: dict[tuple[int, float], float] = {}
        """Where there is a time-out, what runs, as (item, its begin on the wall), and when that was first seen; monotonic seconds."""
        self.suspect: int | None = None
        """The item that runs alone here, to find out whether it kills its worker."""

    @property
    def idle(self) -> bool:
        return not self.fed and not self.recalling

    @property
    def settled(self) -> bool:
        """Nothing in flight, nothing that a commit is still to confirm."""
        return self.idle and not self.uncommitted

    def ended(self, worker: Worker, outcomes: list[Outcome]) -> None:
        if worker is not self.worker:
            return
        seconds = sum(map(_DURATION, outcomes))
        fed = self.fed
        failed: dict[int, str] = {}
        for outcome in outcomes:
            item = fed.pop(outcome[0], None)
            if outcome[2] == _FAILED and item is not None:
                failed[item.number] = label(item.key, item.payload[:HEAD])
        self.uncommitted += len(outcomes)
        self.owner.slot_ended(self, outcomes, seconds, failed)

    def recalled(self, worker: Worker, items: list[int]) -> None:
        if worker is not self.worker:
            return
        self.recalling = False
        back = [item for item in items if self.fed.pop(item, None) is not None]
        self.owner.slot_recalled(self, back)

    def printed(self, worker: Worker, item: int, attempt: int, lines: bytes) -> None:
        if worker is self.worker:
            self.owner.slot_printed(self, item, lines)

    def died(self, worker: Worker, death: Death) -> None:
        if worker is not self.worker:
            return
        self.worker = None
        self.recalling = False
        self.owner.slot_died(self, death)

    def recall(self) -> None:
        """Ask for what has not begun; a single item has, so there is nothing to ask for."""
        if self.worker is not None and len(self.fed) > self.lanes and not self.recalling:
            self.recalling = True
            self.worker.recall()
