"""What a screen may ask for, and nothing else: a feed, a read-only door to details, and one way to wish.

The session (a live run) and `wf-tui open` (a stored one) both supply these; a widget cannot tell which.
Everything that comes out of here is data: show it through `text.visible`, never as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from tui_workflow.facts.commands import Command, Progress, Reply
from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.state import RunState
from tui_workflow.facts.work import Running

Order: TypeAlias = Literal["key", "took", "ended"]
"""An order of items that only the run file knows: by key, by the time taken or by the end, the greatest first."""


class Feed(Protocol):
    """The run as it is now. The screen looks at it on its tick and paints when `state.version` has moved."""

    @property
    def state(self) -> RunState: ...

    @property
    def live(self) -> bool:
        """True while this process runs the flow; false for a stored run, which refuses every command but looking."""

    @property
    def retry(self) -> str:
        """The command that runs failed items of a stored run again; empty for a live one."""

    @property
    def place(self) -> tuple[str, ...]:
        """Words that `--resume` needs to take up this run: none where it lies beside its flow and is the latest of it."""

    def running(self, step: str) -> Sequence[Running]:
        """The items in flight, one per busy slot, sampled now."""

    def printed(self, since: int) -> tuple[int, Sequence[Printed]]:
        """Output of items in flight that came after mark `since` (0 at first), and the new mark; old lines are dropped."""

    def on_urgent(self, wake: Callable[[], None]) -> None:
        """Call `wake` at once for a failure or the end of the run, rather than at the next tick."""

    def now(self) -> float:
        """Unix time; frozen at the last fact for a stored run."""

    async def send(self, command: Command, progress: Progress | None = None) -> Reply:
        """Wish for something; the sentence in the reply belongs on the screen.

        With `progress` a wish for many items is carried out in portions, and can be stopped in between: then the sentence
        says how many were reached and how many were not.
        """

    def reruns(self, step: str) -> tuple[str, ...]:
        """The later steps that would run again if items of `step` were retried."""

    def outdated(self, step: str) -> tuple[str, ...]:
        """The later steps that would keep their done items, which were stale then."""

    @property
    def trouble(self) -> str:
        """Why nothing can be recorded for now (a full disk, say), in words; empty when all is well."""

    def reload_plan(self) -> ReloadPlan | None:
        """What the latest edit that was taken up changed, None if there was none in this process."""

    def rejected(self) -> Rejected | None:
        """The latest save, if it was not taken up."""

    async def reread(self) -> None:
        """Look at the flow's files now rather than within a second: somebody has just left an editor."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One line of a reload plan: a step, what of it changed, from what to what (empty where it is not set).

    `what` is `changed`, `added` or `removed`. `step` is empty for what belongs to the flow as a whole.
    """

    step: str
    what: str
    key: str = ""
    old: str = ""
    new: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class EditedFile:
    """A handler file with the numbers of lines added and removed."""

    path: str
    added: int
    removed: int
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReloadPlan:
    """What the latest edit changed: `in_force` holds already for items that start from now, `waiting` waits for `TakeUp`.

    `unchanged` is the number of other steps; `text` is the difference of the two texts, line by line; `saved` a Unix time.
    `again` is the earlier revision that was gone back to, 0 where it is a save; `ahead` are then the names of the files that
    still have the edit.
    """

    path: str
    before: int
    after: int
    saved: float
    in_force: tuple[Edit, ...] = ()
    files: tuple[EditedFile, ...] = ()
    waiting: tuple[Edit, ...] = ()
    unchanged: int = 0
    text: tuple[str, ...] = ()
    again: int = 0
    ahead: tuple[str, ...] = ()

    @property
    def still_edited(self) -> str:
        """That files have an edit that does not hold any more, as a sentence without its stop; empty where none has."""
        if not self.ahead:
            return ""
        *others, last = self.ahead if len(self.ahead) <= 2 else (self.ahead[0], f"{len(self.ahead) - 1} other files")
        return f"{' and '.join([*others, last])} still {'have' if others else 'has'} the edit"


@dataclass(frozen=True, slots=True)
class Mark:
    """One problem at its place in a text; line and column count from 1."""

    line: int
    column: int
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A save that was not taken up: the lines of its problems as a terminal shows them, and where `e` should jump."""

    path: str
    line: int
    column: int
    message: str
    hint: str
    problems: tuple[str, ...]
    """All of them, as a terminal shows them; `count` says how many they are."""
    text: str
    """The text, as it was saved, of the file at `path`, for the definition pane."""
    lines: tuple[int, ...] = ()
    """The lines of that text with problems."""
    count: int = 1
    saved: float = 0.0
    """When it was noticed; a Unix time."""
    marks: tuple[Mark, ...] = ()
    """The problems of that text, in its order; without any, `line` and `message` say the one there is."""


@dataclass(frozen=True, slots=True)
class Printed:
    """One line that an item printed, not yet stored."""

    at: float
    step: str
    item: int
    text: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One row of an item list."""

    number: int
    position: int
    key: str
    state: int
    """A `facts.state.Item`."""
    attempts: int
    ended: float | None
    duration: float | None
    revision: int | None
    error_type: str = ""
    error_message: str = ""
    stale: bool = False
    label: str = ""
    """What to call the item on the screen: its key, or the item itself where the key is only a digest."""


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt that ended."""

    attempt: int
    status: int
    """A `facts.outcome.Ended`."""
    started: float
    duration: float
    revision: int
    next_at: float | None
    error: ErrorInfo | None
    log: bytes | None
    """In the form of `facts.logs`."""
    result: str | None
    """The result as JSON text, cut at 64 KiB."""


@dataclass(frozen=True, slots=True)
class Flight:
    """The attempt of an item that runs: nothing of it is stored before it has ended, so it is told apart from the others.

    `since` and `now` are Unix times; `share` is how far the item says that it is, empty if it does not.
    """

    attempt: int
    since: float
    now: float
    share: str = ""
    lines: tuple[Printed, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """An item of an earlier step that has no result, so that an item made of it is null; `state` says why."""

    step: str
    label: str
    state: int
    """A `facts.state.Item`."""


@dataclass(frozen=True, slots=True)
class ItemDetail:
    """Everything about one item. `payload` is its value as JSON text, cut at 64 KiB."""

    row: ItemRow
    payload: str
    attempts: tuple[AttemptRow, ...] = ()
    name: str = ""
    """What the label shows, not shortened; empty where it is the value itself that is shown."""
    absent: Absent | None = None
    """What a null stands for, where it is the result of another step's item that has none."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line of the stored log."""

    at: float
    step: str
    item: int
    key: str
    attempt: int
    text: str
    error: bool = False
    label: str = ""
    """What to call the item, see `ItemRow.label`."""


@dataclass(frozen=True, slots=True)
class StepFacts:
    """The settings of a step that hold now, as labelled sentences for the pane *Selected*."""

    rows: tuple[tuple[str, str], ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the list of earlier runs."""

    run: str
    flow: str
    status: str
    """A `facts.events.RunStatus`."""
    started: float | None
    took: float | None
    """Seconds it has run, interruptions not counted; None while it runs."""
    failed: int
    params: Mapping[str, str] = field(default_factory=dict)
    """Its parameters as a person types them, secret ones masked."""


class Library(Protocol):
    """What a screen may reach beyond its own run: the earlier runs, and a file for the failed items."""

    async def runs(self) -> list[RunRow]:
        """The runs of this flow, newest first."""

    async def open_run(self, run: str) -> tuple[Feed, Details]:
        """A stored run to look at, nothing executed. Raises `WfError` with a sentence."""

    async def write_failed(
        self, step: str | None, items: Sequence[int] | None, progress: Progress, which: str = ""
    ) -> str:
        """Write failed items (of every step if None, all if None) to a JSON Lines file; the sentence says where and how many.

        `which` tells them from all, in the file's name. A file that holds something else stays, a flow may read it: then the
        new one has a number. When `progress` is stopped there is no file. Raises `WfError` when it cannot be written.
        """


class Details(Protocol):
    """A read-only door to what is too large to keep in the state. Each call costs what it returns."""

    async def items(self, step: str, numbers: Sequence[int]) -> list[ItemRow]:
        """Rows for these items of a step, in the order given (items not stored are left out)."""

    async def find(
        self,
        step: str,
        text: str,
        *,
        inverse: bool,
        states: Sequence[int],
        within: range | None = None,
        limit: int = 100_000,
    ) -> Sequence[int]:
        """Numbers of the items in one of `states` whose key, label, input, error or log holds `text`, in item order; case does not count.

        Only items `within` a range of numbers, if there is one.
        """

    async def sorted(self, step: str, by: Order, first: int | None) -> Sequence[int]:
        """Numbers of a step's items in an order, the first ones only if `first` says how many are enough to begin with."""

    async def item(self, step: str, number: int) -> ItemDetail | None:
        """One item with all its attempts."""

    async def log(self, step: str | None, item: int | None, *, before: float | None, limit: int) -> list[LogRow]:
        """The latest `limit` stored log lines before a time (now if None), oldest first."""

    async def log_size(self, step: str, item: int | None) -> tuple[int, int]:
        """How many lines the attempts that ended have printed, and how many of these were left out of the stored log."""

    async def search_log(self, step: str | None, text: str, *, limit: int = 1000) -> list[LogRow]:
        """The latest `limit` stored log lines that hold `text`, oldest first."""

    async def result(self, step: str) -> str | None:
        """The result of a plain step as JSON text, cut at 64 KiB."""

    def settings(self, step: str) -> StepFacts:
        """The settings of a step that hold now."""

    def definition(self) -> tuple[str, str]:
        """The path and the text of the flow as it holds now."""
