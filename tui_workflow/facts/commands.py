"""Commands: what a person wishes. Their effect comes back as facts; the answer says at once what will happen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class RetryItems:
    """Run items again. `items` None stands for all failed ones, or those of one fingerprint `group`.

    Completed items are touched only when `stale` is true: then the stale ones run again, those of a step with `rerun: false`
    only if `step` names it.
    """

    step: str | None = None
    items: tuple[int, ...] | None = None
    group: str | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class RetryStep:
    """Run a whole step again, and the steps that read it."""

    step: str


@dataclass(frozen=True, slots=True)
class SkipItems:
    """Count items as skipped. Those that run are left alone unless `running` is true: then their attempts end at once."""

    step: str
    items: tuple[int, ...]
    reason: str
    running: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    pass


@dataclass(frozen=True, slots=True)
class Unpause:
    pass


@dataclass(frozen=True, slots=True)
class Drain:
    """Start nothing new, finish what is in flight, then end as interrupted."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End what is in flight now; it runs again on resume. `cancel` ends the run for good."""

    cancel: bool = False


@dataclass(frozen=True, slots=True)
class SetSlots:
    step: str
    slots: int


@dataclass(frozen=True, slots=True)
class TakeUp:
    """Accept the structural edits that wait. `then` also runs the failed or the stale items again."""

    then: Literal["", "failed", "stale"] = ""


@dataclass(frozen=True, slots=True)
class GoBack:
    """Run by the revision before the present one again, whatever the file says."""


Command: TypeAlias = TakeUp | GoBack | RetryItems | RetryStep | SkipItems | Pause | Unpause | Drain | Stop | SetSlots


@dataclass(slots=True)
class Progress:
    """How far a wish for many items has come. It is carried out in portions: `stopped` keeps it from beginning another.

    `total` is for whoever wishes to set, and counts in items like `done`. `reached` are those queued or skipped so far.
    """

    total: int = 0
    done: int = 0
    stopped: bool = False
    reached: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command: a sentence for the screen, how many items it reaches, which steps run again."""

    text: str
    count: int = 0
    reruns: tuple[str, ...] = ()
    refused: bool = False
