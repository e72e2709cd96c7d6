"""What the engine hands to workers and what it gets back, without saying how either works.

`engine` and `workers` do not know each other; both know these types.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from tui_workflow.facts.filemark import Mark, mark_of
from tui_workflow.facts.outcome import ErrorInfo, Outcome


@dataclass(frozen=True, slots=True)
class StepSummary:
    """What a template or a handler sees of a step without reading its items; see `steps.NAME` in the flow language."""

    name: str
    for_each: bool
    status: str
    total: int
    succeeded: int
    failed: int
    started: float | None
    duration: float | None
    error: bytes | None
    save_error: bool


@dataclass(frozen=True, slots=True)
class StepProgram:
    """All a worker must know to run items of one step, or to evaluate its templates. Sent once, not per item.

    `inputs`, `env`, `condition`, `source` and `key` are the flow's own text, templates unrendered.
    `params` and `context` are encoded values by name. `executor` is `auto` when the flow does not name one: an
    `async def` handler then runs on an event loop with `slots` items at once, anything else one item at a time.
    """

    run: str
    run_file: str
    flow: str
    flow_path: str
    flow_dir: str
    revision: int
    step: str
    type: str
    inputs: Mapping[str, Any]
    for_each: bool
    condition: str | None
    condition_per_item: bool
    parallel: bool
    executor: Literal["auto", "process", "thread", "async"]
    slots: int
    env: Mapping[str, str]
    flow_env: Mapping[str, str]
    workdir: str | None
    handlers: Sequence[tuple[str, bytes]]
    params: Mapping[str, bytes]
    context: Mapping[str, bytes]
    secrets: Sequence[str]
    """Texts of secret parameters: masked in all that leaves the worker, and refused in values."""
    steps: Sequence[StepSummary]
    memory: int | None = None
    stop_on_failure: bool = False
    """After a failed item the worker starts no other, and hands back the rest: for steps that keep order, or fail."""
    flush_each: bool = False
    """`checkpoint: each`: an outcome is sent, and the next item started only when the engine feeds it."""
    on_progress: str | None = None


class WorkItem(NamedTuple):
    """One item to run. `payload` is its stored value; b"null" for a step without `for_each`."""

    number: int
    key: str
    position: int
    attempt: int
    payload: bytes


class ListedPage(NamedTuple):
    """Some hundreds of a step's items as a worker listed them: keys and stored values side by side, in their order.

    `explicit` is true when the keys came from the flow's `key`. A key that is not among `perhaps` is not in an earlier place
    of the same listing; one that is may be, and has to be looked up.
    """

    keys: Sequence[str]
    payloads: Sequence[bytes]
    explicit: bool
    perhaps: Sequence[str] = ()


class Known(NamedTuple):
    """An item that the run file already has under a key; `position` is None when the latest listing lacks it."""

    number: int
    position: int | None
    payload: bytes


@dataclass(frozen=True, slots=True)
class Listing:
    """What to list; a copy of `flow.model.ItemSource` with the step's `key`."""

    kind: Literal["items", "file", "glob", "range", "parquet", "sql"]
    value: Any
    format: str | None = None
    columns: Sequence[str] | str | None = None
    database: str | None = None
    args: Mapping[str, Any] | None = None
    where: str | None = None
    limit: int | str | None = None
    chunk: int | str | None = None
    key: str | None = None


class Running(NamedTuple):
    """One item that runs now. `since` is a Unix time; `done` of `total` is what its handler reported, total 0 if nothing."""

    slot: int
    item: int
    since: float
    done: float
    total: float


@dataclass(frozen=True, slots=True)
class Death:
    """A worker ended, wanted or not. `blamed` are the items that were running; `unstarted` were fed and not begun.

    Outcomes that the worker had finished but not sent have been delivered before this. `error` says why, for the blamed.
    """

    error: ErrorInfo
    blamed: tuple[int, ...]
    unstarted: tuple[int, ...]
    wanted: bool = field(default=False)
    """True when `Worker.kill` or `Worker.close` asked for it."""
    logs: Mapping[int, bytes] = field(default_factory=dict)
    """What the blamed items had printed, by item, for their outcomes."""


class Refused(Exception):
    """A worker cannot run this program: its handler file does not import, its handler is missing, a template is wrong."""

    def __init__(self, error: ErrorInfo) -> None:
        super().__init__(f"{error.type}: {error.message}")
        self.error = error


class WorkerEvents(Protocol):
    """What a worker tells the engine. Called on the event loop, in order."""

    def ended(self, worker: Worker, outcomes: list[Outcome]) -> None:
        """Attempts that ended; status is OK, FAILED or SKIPPED (the engine decides about another attempt)."""

    def recalled(self, worker: Worker, items: list[int]) -> None:
        """Items that were fed and will not be started by this worker."""

    def printed(self, worker: Worker, item: int, attempt: int, lines: bytes) -> None:
        """Log lines of an item that has not ended, for a screen; the outcome will carry the whole log. Item -1: the step's own."""

    def died(self, worker: Worker, death: Death) -> None:
        """The last call for this worker."""


class Worker(Protocol):
    """One worker process, seen from the engine."""

    @property
    def pid(self) -> int: ...

    async def program(self, program: StepProgram, events: WorkerEvents) -> None:
        """Prepare for a step. Raises `Refused`; raises `Refused` with type `WorkerDied` if the process dies meanwhile."""

    async def evaluate(self, expressions: Mapping[str, str], limit: float = 5.0) -> dict[str, bytes]:
        """Evaluate templates or bare expressions of the step, outside any item; encoded values by name. Raises `Refused`."""

    def list_items(self, listing: Listing) -> AsyncIterator[ListedPage]:
        """Read the step's items, a page at a time; reading waits until the consumer asks for more. Raises `Refused`."""

    def feed(self, items: Sequence[WorkItem], context: Mapping[str, bytes] | None = None) -> None:
        """Add items to run, in order; `context` replaces the program's context when given."""

    def recall(self) -> None:
        """Ask for everything not begun; answered by `recalled` (also with an empty list)."""

    def report_progress(self, processed: int, total: int) -> None:
        """Call the step's `update_progress` in this worker, between items or on its side; errors become a log line."""

    def running(self) -> list[Running]:
        """What runs in it at this moment, read from shared memory; costs microseconds."""

    def outdated(self, look: Callable[[str], Mark | None] = mark_of) -> tuple[str, ...]:
        """Files that its modules are made of, and that are not as they were when it read them. Reads none of them."""

    def kill(self, error: ErrorInfo) -> None:
        """End the whole process group at once; `died` follows, with `error` for the items that were running."""

    async def close(self) -> None:
        """Let it exit: no item may be in flight."""


class WorkerPool(Protocol):
    """Where workers come from. An idle worker is kept for the next step."""

    async def acquire(self) -> Worker: ...

    def release(self, worker: Worker) -> None:
        """Give back a worker in which nothing is in flight."""

    def renew(self, look: Callable[[str], Mark | None] = mark_of) -> tuple[str, ...]:
        """Keep no worker that is outdated now: idle ones are ended, those in use when they are given back.

        Returns the files that have changed, for all workers together.
        """

    async def close(self) -> None:
        """End every process; none is left when this returns."""
