"""Facts: what happened in a run, in order. The engine makes them, the journal stores them, `facts.state` folds them.

Every fact here is stored. What merely passes (an item has begun, how far it is, what it prints) is not a fact but
is sampled from the workers when a screen asks (`facts.work.Running`), so a million quick items cost no messages.
Times are Unix seconds. Steps are named, items are numbered within their step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from tui_workflow.facts.outcome import Outcome

StepStatus = Literal["pending", "running", "succeeded", "failed", "skipped", "cancelled"]
RunStatus = Literal["running", "paused", "succeeded", "failed", "cancelled", "interrupted"]
QueueReason = Literal["retry", "stale", "changed", "resume", "duplicate"]


@dataclass(frozen=True, slots=True)
class StepShape:
    """What the fold must know about a step; see `flow.plan.PlannedStep`."""

    name: str
    section: str
    for_each: bool
    needs: tuple[str, ...]
    reads: tuple[str, ...] | None
    definition: str
    parallel: bool = False
    rerun: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True)
class RunStarted:
    at: float
    run: str
    flow: str
    path: str
    pid: int
    host: str


@dataclass(frozen=True, slots=True)
class RunResumed:
    """A process took the run up again: after an interruption, or because a retry re-opened it."""

    at: float
    pid: int
    host: str


@dataclass(frozen=True, slots=True)
class RevisionTaken:
    """From here on the flow is `revision`. Steps that are no longer in `steps` leave the run."""

    at: float
    revision: int
    steps: tuple[StepShape, ...]


@dataclass(frozen=True, slots=True)
class ReloadRejected:
    at: float
    revision: int
    """The revision that keeps running."""
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepStarted:
    at: float
    step: str
    slots: int


@dataclass(frozen=True, slots=True)
class SlotsChanged:
    at: float
    step: str
    slots: int


class ListedItem(NamedTuple):
    """One item as it was listed; the bytes are frozen in the run file. `number` is new for a new key.

    Built once per item, so it is a tuple.
    """

    number: int
    key: str
    position: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class ItemsListed:
    """New items, numbered upwards without a gap. The items themselves go to the item table, not into the event."""

    at: float
    step: str
    first: int
    count: int
    items: tuple[ListedItem, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemsMoved:
    """Known items that a later listing found at another place, with another payload under an explicit key, or under another key."""

    at: float
    step: str
    items: tuple[ListedItem, ...] = ()


@dataclass(frozen=True, slots=True)
class ListingFinished:
    """The listing is complete. `gone` are items that an earlier listing had and this one has not.

    `key` are the templates that made the keys (`flow.graph.keyed_by`), and None where that was not said.
    """

    at: float
    step: str
    gone: tuple[int, ...] = ()
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ItemsEnded:
    """Attempts of one step that ended. `next_at` holds the time of the next attempt of those that are retried."""

    at: float
    step: str
    revision: int
    definition: str
    worker: int
    outcomes: tuple[Outcome, ...]
    next_at: dict[int, float] | None = None


@dataclass(frozen=True, slots=True)
class ItemsQueued:
    """Ended items that will run again, with their attempts granted anew."""

    at: float
    step: str
    items: tuple[int, ...]
    reason: QueueReason


@dataclass(frozen=True, slots=True)
class ItemsOutdated:
    """What the done items of a step were made of is made again, and they do not run again by themselves: they are stale."""

    at: float
    step: str


@dataclass(frozen=True, slots=True)
class StepReopened:
    """A step is pending again; one that is running finishes first, and then runs once more.

    With `relist` its items are listed again, because something that it reads has changed.
    """

    at: float
    step: str
    reason: str
    relist: bool = False


@dataclass(frozen=True, slots=True)
class StepPrinted:
    """Log lines that belong to a step and to none of its items, in the form of `facts.logs`; kept in the log table."""

    at: float
    step: str
    lines: bytes


@dataclass(frozen=True, slots=True)
class StepFinished:
    at: float
    step: str
    status: StepStatus
    reason: str = ""
    """Why it was skipped or cancelled, or what failed it, in one sentence."""
    error: bytes | None = None
    """An encoded ErrorInfo when the step itself failed (its listing, its `if`), not one of its items."""


@dataclass(frozen=True, slots=True)
class Paused:
    at: float
    reason: str
    """Empty when a person paused it."""


@dataclass(frozen=True, slots=True)
class Unpaused:
    at: float


@dataclass(frozen=True, slots=True)
class Draining:
    """Nothing new starts; what is in flight finishes, then the run is interrupted."""

    at: float


@dataclass(frozen=True, slots=True)
class RunFinished:
    at: float
    status: RunStatus
    reason: str = ""


Event: TypeAlias = (
    RunStarted
    | RunResumed
    | RevisionTaken
    | ReloadRejected
    | StepStarted
    | SlotsChanged
    | ItemsListed
    | ItemsMoved
    | ListingFinished
    | ItemsEnded
    | ItemsQueued
    | ItemsOutdated
    | StepReopened
    | StepPrinted
    | StepFinished
    | Paused
    | Unpaused
    | Draining
    | RunFinished
)
