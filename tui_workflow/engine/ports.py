"""What the engine needs from the outside, as it needs it: a place for facts, a place for items, workers, time and chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tui_workflow.facts.events import Event
from tui_workflow.facts.work import Known, WorkerPool


class Recorder(Protocol):
    """Where facts go. What was appended comes back, in order and once committed, through `Engine.committed`."""

    def append(self, facts: Sequence[Event]) -> None: ...

    async def flush(self) -> None: ...


class ItemStore(Protocol):
    """Items as they were listed; reads see what is committed."""

    async def match(self, step: str, keys: Sequence[str]) -> Mapping[str, Known]:
        """The items that exist already under these keys; reads the whole step unless keys are indexed."""

    async def index_keys(self) -> None:
        """Make `match` cost what it returns, from now on."""

    async def payloads(self, step: str, numbers: Sequence[int]) -> Mapping[int, tuple[str, int, bytes]]:
        """By item number: key, position, payload."""


@dataclass(frozen=True, slots=True)
class Options:
    """How this process runs the flow, beyond what the flow says.

    `params` are the parameter values, `secrets` the texts to keep out of sight. `limit` is the number of items per
    `for_each`, `max_slots` a cap on every step's slots. `ask` is true when a person is there to answer: then more failures
    than `max_failures` pause the run, and a finished run waits for what the person wishes.
    """

    run: str
    run_file: str
    flow_dir: str
    params: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    limit: int | None = None
    max_slots: int | None = None
    ask: bool = False
    only: frozenset[str] | None = None


@dataclass(slots=True)
class Surroundings:
    """The outside of one engine. `now` is Unix time, `monotonic` never jumps, `chance` gives numbers in 0 to 1."""

    recorder: Recorder
    store: ItemStore
    pool: WorkerPool
    now: Callable[[], float]
    monotonic: Callable[[], float]
    chance: Callable[[], float]
    printed: Callable[[str, int, bytes], None]
    """Lines of an item that has not ended: step, item, lines of `facts.logs`."""
