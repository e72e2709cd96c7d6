"""A run that never ran: facts made by arithmetic and folded like real ones, with a clock that stands where it is put.

`Simulation` is a feed and a door to details at once, so that every screen can be looked at and tested without an
engine. All of it follows from `seed` and the number of items; nothing is drawn from the clock.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

from tui_workflow.facts import commands as cm
from tui_workflow.facts import events as ev
from tui_workflow.facts import logs
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import Ended, ErrorInfo, Frame, Outcome
from tui_workflow.facts.state import Group, Item, RunState, fold
from tui_workflow.facts.work import Running
from tui_workflow.view.ports import (
    AttemptRow,
    Details,
    Feed,
    ItemDetail,
    ItemRow,
    LogRow,
    Order,
    Printed,
    Rejected,
    ReloadPlan,
    RunRow,
    StepFacts,
)

START = 1_769_824_800.0
"""2026-01-31 02:00 UTC."""
NOW = START + 4327.0

HOSTILE = (
    "[red]x[/red]",
    "item[/oops]",
    "[@click=app.quit]x[/]",
    "[",
    ":boom:",
    "\x1b[2J\x1b]52;c;aGk=\x07",
    "\x9b31mred",
    "a\u202eb\u200bc",
    "line\nbreak\ttab",
    "表表表",
    "{{ 7*7 }}",
    "e" + "\u0301" * 300,
)

FETCH = (
    Frame("/home/me/flows/clean.py", 19, "process_item", True, ((19, "rows = fetch_rows(item, session)"),)),
    Frame(
        "/home/me/flows/fetch.py",
        88,
        "fetch_rows",
        True,
        (
            (86, "for page in range(pages):"),
            (87, '    response = session.get(url, params={"p": page})'),
            (88, "    response.raise_for_status()"),
            (89, '    rows.extend(response.json()["rows"])'),
        ),
    ),
    Frame(
        "/usr/lib/python3/site-packages/requests/models.py",
        1021,
        "raise_for_status",
        False,
        ((1021, "raise HTTPError(msg)"),),
    ),
    Frame("/usr/lib/python3/site-packages/requests/models.py", 1030, "check", False, ()),
)


def http_error(number: int) -> ErrorInfo:
    message = f"429 Client Error: Too Many Requests for url: https://api.example.org/v2/docs/{number}?page=7"
    return ErrorInfo(
        "HTTPError",
        message,
        fingerprint("HTTPError", message, "fetch.py", "fetch_rows"),
        ("HTTPError", "RequestException", "OSError", "Exception"),
        "",
        FETCH,
        ("/home/me/flows/fetch.py", 88),
    )


def key_error(number: int) -> ErrorInfo:
    del number
    return ErrorInfo(
        "KeyError",
        "'title'",
        fingerprint("KeyError", "'title'", "clean.py", "clean"),
        (),
        "",
        FETCH[:1],
        ("clean.py", 41),
    )


def worker_died(number: int) -> ErrorInfo:
    del number
    return ErrorInfo("WorkerDied", "signal 11, SIGSEGV", fingerprint("WorkerDied", "signal 11, SIGSEGV"))


def shape(name: str, *, for_each: bool = False, needs: Sequence[str] = (), section: str = "steps") -> ev.StepShape:
    return ev.StepShape(name, section, for_each, tuple(needs), tuple(needs), f"d-{name}", parallel=for_each)


def shapes() -> tuple[ev.StepShape, ...]:
    return (
        shape("prepare_chunks"),
        shape("process_chunks", for_each=True, needs=["prepare_chunks"]),
        shape("fetch_images", for_each=True, needs=["prepare_chunks"]),
        shape("warm_cache", needs=["prepare_chunks"]),
        shape("count_sources"),
        shape("track_progress", needs=["process_chunks"]),
        shape("handle_failures", needs=["process_chunks"]),
        shape("build_index", needs=["process_chunks", "fetch_images"]),
        shape("publish", needs=["build_index"]),
    )


@dataclass
class Simulation:
    """A feed and its details. `total` items in `process_chunks`, of which 61 % have ended."""

    total: int = 100_000
    seed: int = 1
    hostile: bool = False
    live: bool = True
    flying: bool = False
    """Whether items are still in flight while it is paused."""
    clock: float = NOW
    state: RunState = field(default_factory=RunState)
    sent: list[cm.Command] = field(default_factory=list)
    lines: list[Printed] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    wakes: list[Callable[[], None]] = field(default_factory=list)
    looked_again: int = 0
    in_trouble: str = ""
    plan: ReloadPlan | None = None
    refused: Rejected | None = None
    sorts: list[tuple[Order, int | None]] = field(default_factory=list)
    place: tuple[str, ...] = ()
    written: list[tuple[str | None, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.starts: dict[str, float] = {}
        self._begin()

    # the run

    def tell(self, *facts: ev.Event) -> None:
        """Fold facts and wake the screen when one is urgent."""
        fold(self.state, facts)
        if any(isinstance(fact, ev.RunFinished | ev.Paused | ev.ItemsEnded) for fact in facts):
            for wake in self.wakes:
                wake()

    def _begin(self) -> None:
        name = "[b]flow[/b]\x1b[2J" if self.hostile else "process-dataset"
        made = shapes()
        if self.hostile:
            made = (*made, shape("s" * 20 + "-" + "x" * 60))
        self.tell(
            ev.RunStarted(START, "20260131-031231-k3f9", name, "/home/me/flows/nightly.yaml", 4242, "box"),
            ev.RevisionTaken(START, 1, made),
            ev.StepStarted(START, "prepare_chunks", 1),
            ev.ItemsListed(START, "prepare_chunks", 0, 1),
            ev.ListingFinished(START, "prepare_chunks"),
        )
        self.end("prepare_chunks", START, [(0, Ended.OK, 1, 4.0, None)])
        self.tell(
            ev.StepFinished(START + 4, "prepare_chunks", "succeeded"),
            ev.StepFinished(START + 4, "warm_cache", "skipped", "if params.warm: false"),
            ev.StepStarted(START, "count_sources", 1),
            ev.ItemsListed(START, "count_sources", 0, 1),
            ev.ListingFinished(START, "count_sources"),
        )
        self.end("count_sources", START, [(0, Ended.OK, 1, 1.0, None)])
        self.tell(
            ev.StepFinished(START + 1, "count_sources", "succeeded"),
            ev.StepStarted(START + 5, "process_chunks", 8),
            ev.ItemsListed(START + 5, "process_chunks", 0, self.total),
            ev.ListingFinished(START + 6, "process_chunks"),
            ev.StepStarted(START + 1437, "fetch_images", 3),
            ev.ItemsListed(START + 1437, "fetch_images", 0, max(10, self.total * 37 // 100)),
            ev.ListingFinished(START + 1437, "fetch_images"),
        )
        self._process(0, self.total * 60 // 100, 1, START + 5, 4170.0)
        self.tell(ev.RevisionTaken(START + 3900, 2, made))
        ended = self.total * 61_115 // 100_000
        self._process(self.total * 60 // 100, ended, 2, START + 4205, NOW - START - 4205)
        for number in range(ended, ended + min(88, self.total // 100)):
            self.end(
                "process_chunks",
                NOW - 5,
                [(number + 8, Ended.RETRYING, 1, 0.8, http_error(number))],
                {number + 8: NOW + 4},
            )
        done = self.total * 37 // 100 * 12 // 100
        self.end("fetch_images", NOW - 60, [(n, Ended.OK, 1, 1.0, None) for n in range(done)])
        for index in range(200):
            number = max(0, ended - 200 + index)
            self.say(
                NOW - 40 + index / 5,
                "process_chunks",
                number,
                f"GET https://api.example.org/v2/docs/{number}?page={index % 9}",
            )
            if index % 7 == 3:
                self.say(NOW - 40 + index / 5, "process_chunks", number, "cleaned 640 rows, [3 dropped]")
        if self.hostile:
            for number, text in enumerate(HOSTILE):
                self.say(NOW, "process_chunks", number, text)

    def _process(self, first: int, last: int, revision: int, start: float, seconds: float) -> None:
        shape = self.state.steps["process_chunks"].shape
        outcomes: list[Outcome] = []
        burst = range(self.total * 31 // 100, self.total * 31 // 100 + max(1, self.total * 33 // 10_000))
        for number in range(first, last):
            at = start + (number - first) / max(1, last - first) * seconds
            duration = 0.3 + (number * 7919 % 97) / 60 * (2.0 if number % 20 == 0 else 0.6)
            status, error, attempt = Ended.OK, None, 1
            if number in burst or number * 2654435761 % 1493 == 11:
                status, error, attempt = Ended.FAILED, http_error(number), 3
            elif number * 2654435761 % 8009 == 13:
                status, error = Ended.FAILED, key_error(number)
            elif number * 2654435761 % 30011 == 17:
                status, error = Ended.FAILED, worker_died(number)
            outcomes.append(
                Outcome(number, attempt, status, at - duration, duration, None, error.encode() if error else None)
            )
            if len(outcomes) == 2000 or number == last - 1:
                self.tell(ev.ItemsEnded(at, "process_chunks", revision, shape.definition, 1, tuple(outcomes)))
                outcomes = []

    def end(
        self,
        step: str,
        at: float,
        ended: Iterable[tuple[int, Ended, int, float, ErrorInfo | None]],
        next_at: dict[int, float] | None = None,
        revision: int = 1,
        definition: str | None = None,
    ) -> None:
        outcomes = tuple(
            Outcome(number, attempt, status, at - duration, duration, None, error.encode() if error else None)
            for number, status, attempt, duration, error in ended
        )
        made_by = definition or self.state.steps[step].shape.definition
        self.tell(ev.ItemsEnded(at, step, revision, made_by, 1, outcomes, next_at))

    def failed_of(self, group: Group | None = None, step: str = "process_chunks") -> tuple[int, ...]:
        """The items of a step that have failed now, those of one group if one is given."""
        state = self.state.steps[step]
        return tuple(sorted(n for n, place in state.failures.items() if group in (None, state.groups[place])))

    def say(self, at: float, step: str, number: int, text: str) -> None:
        self.lines.append(Printed(at, step, number, text))

    def succeed(self) -> None:
        """End every step and the run, tolerating what failed."""
        at = START + 7421.0
        for name in ("process_chunks", "fetch_images"):
            step = self.state.steps[name]
            rest = [n for n, state in enumerate(step.states) if state in (Item.PENDING, Item.RETRYING)]
            self.end(name, at - 30, [(n, Ended.OK, 2 if n % 9 == 0 else 1, 0.5, None) for n in rest], revision=2)
            self.tell(ev.StepFinished(at - 20, name, "succeeded"))
        for name in ("track_progress", "handle_failures", "build_index", "publish"):
            self.tell(
                ev.StepStarted(at - 10, name, 1),
                ev.ItemsListed(at - 10, name, 0, 1),
                ev.ListingFinished(at - 10, name),
            )
            self.end(name, at - 10, [(0, Ended.OK, 1, 2.0, None)], revision=2)
            self.tell(ev.StepFinished(at - 8, name, "succeeded"))
        self.clock = at
        self.tell(ev.RunFinished(at, "succeeded"))

    def advance(self, seconds: float) -> None:
        """Let time pass: items end at fourteen a second."""
        self.clock += seconds
        step = self.state.steps["process_chunks"]
        waiting = [
            n for n in range(step.done, min(len(step.states), step.done + 400)) if step.states[n] == Item.PENDING
        ]
        ended = []
        for number in waiting[: max(1, int(14.1 * seconds))]:
            failed = number % 97 == 5
            ended.append(
                (
                    number,
                    Ended.FAILED if failed else Ended.OK,
                    3 if failed else 1,
                    0.6,
                    http_error(number) if failed else None,
                )
            )
            self.say(self.clock, "process_chunks", number, f"GET https://api.example.org/v2/docs/{number}?page=1")
        if ended:
            self.end("process_chunks", self.clock, ended, revision=2)

    # the feed

    def running(self, step: str) -> Sequence[Running]:
        state = self.state.steps[step]
        if state.status != "running" or (self.state.paused and not self.flying):
            return ()
        first = self.total * 61_115 // 100_000 if step == "process_chunks" else 871
        ages = (3.2, 1.6, 4.4, 0.6, 3.6, 0.3, 1.1, 11.0) if step == "process_chunks" else (12.0, 4.1, 1.6)
        shares = (64, 31, 88, 12, 71, 6, 22, 93) if step == "process_chunks" else (41, 18, 6)
        return [
            Running(slot, min(first + slot, len(state.states) - 1), self.clock - ages[slot], shares[slot], 100)
            for slot in range(min(state.slots, len(ages)))
        ]

    def printed(self, since: int) -> tuple[int, Sequence[Printed]]:
        return len(self.lines), self.lines[since:]

    def on_urgent(self, wake: Callable[[], None]) -> None:
        self.wakes.append(wake)

    def now(self) -> float:
        return self.clock

    @property
    def retry(self) -> str:
        return "" if self.live else f"wf-tui retry --run {self.state.run} --open"

    @property
    def trouble(self) -> str:
        return self.in_trouble

    def reload_plan(self) -> ReloadPlan | None:
        return self.plan

    async def reread(self) -> None:
        self.looked_again += 1

    def rejected(self) -> Rejected | None:
        return self.refused

    def reruns(self, step: str) -> tuple[str, ...]:
        return ("build_index", "publish") if step == "process_chunks" else ()

    def outdated(self, step: str) -> tuple[str, ...]:
        return ()

    async def send(self, command: cm.Command, progress: cm.Progress | None = None) -> cm.Reply:
        self.sent.append(command)
        await asyncio.sleep(0)
        if not self.live:
            return cm.Reply("This is a stored run: nothing runs here", refused=True)
        match command:
            case cm.RetryItems(step=step, items=items, group=group):
                return self._retry(step, items, group)
            case cm.SkipItems(step=step, items=items, reason=reason):
                self.end(step, self.clock, [(n, Ended.SKIPPED, 0, 0.0, None) for n in items])
                return cm.Reply(f"{len(items)} skipped: {reason}", len(items))
            case cm.Pause():
                self.tell(ev.Paused(self.clock, ""))
                return cm.Reply("Paused. 8 items in flight finish, 38 877 wait   p resumes", 8 if self.flying else 0)
            case cm.Unpause():
                self.tell(ev.Unpaused(self.clock))
                return cm.Reply("Going on")
            case cm.SetSlots(step=step, slots=slots):
                self.tell(ev.SlotsChanged(self.clock, step, slots))
                return cm.Reply(f"{step} has {slots} slots from now on")
            case cm.Drain():
                self.tell(ev.Draining(self.clock))
                return cm.Reply("Draining: 8 items in flight finish, nothing new starts")
            case cm.Stop():
                self.tell(ev.RunFinished(self.clock, "interrupted"))
                return cm.Reply("Stopped: 8 items run again on resume")
            case cm.TakeUp():
                return cm.Reply("3 edits taken up", 3)
            case cm.GoBack():
                return cm.Reply("r1 holds again")
            case cm.RetryStep(step=step):
                self.tell(ev.StepReopened(self.clock, step, "retry"))
                return cm.Reply(f"{step} runs again")

    def _retry(self, name: str | None, items: tuple[int, ...] | None, group: str | None) -> cm.Reply:
        queued = 0
        for step in self.state.steps.values():
            if name is not None and step.name != name:
                continue
            wanted = [
                n
                for n, place in step.failures.items()
                if (items is None or n in items) and (group is None or step.groups[place].fingerprint == group)
            ]
            if wanted:
                self.tell(ev.ItemsQueued(self.clock, step.name, tuple(wanted), "retry"))
                queued += len(wanted)
        if not queued:
            return cm.Reply("Nothing to retry: those items are done", refused=True)
        return cm.Reply(f"{queued} queued", queued)

    # the details

    def key(self, step: str, number: int) -> str:
        if self.hostile:
            return f"{HOSTILE[number % len(HOSTILE)]}-{number}"
        return f"{'img' if step == 'fetch_images' else 'doc'}-{number:05}"

    async def items(self, step: str, numbers: Sequence[int]) -> list[ItemRow]:
        state = self.state.steps[step]
        return [self._row(step, n) for n in numbers if 0 <= n < len(state.states)]

    def _row(self, step: str, number: int) -> ItemRow:
        state = self.state.steps[step]
        place = state.failures.get(number)
        group = state.groups[place] if place is not None else None
        done = state.states[number] in (Item.OK, Item.FAILED, Item.SKIPPED)
        return ItemRow(
            number,
            number,
            self.key(step, number),
            state.states[number],
            state.attempts_of.get(number, 1 if done else 0),
            START + 600 + number * 0.05 if done else None,
            6.5 + number % 17 / 10 if done else None,
            (1 if number < self.total * 60 // 100 else 2) if done else None,
            group.type if group else "",
            self._error(place, number).message if place is not None else "",
        )

    async def find(
        self,
        step: str,
        text: str,
        *,
        inverse: bool,
        states: Sequence[int],
        within: range | None = None,
        limit: int = 100_000,
    ) -> list[int]:
        await asyncio.sleep(0)
        state, wanted, found = self.state.steps[step], text.lower(), []
        for number, is_now in enumerate(state.states):
            if is_now not in states or (within is not None and number not in within):
                continue
            place = state.failures.get(number)
            error = f"{state.groups[place].type} {state.groups[place].message}" if place is not None else ""
            if (wanted in f"{self.key(step, number)} {error}".lower()) != inverse:
                found.append(number)
                if len(found) == limit:
                    break
        return found

    async def sorted(self, step: str, by: Order, first: int | None) -> Sequence[int]:
        rows = [self._row(step, number) for number in range(len(self.state.steps[step].states))]
        orders: dict[Order, Callable[[ItemRow], tuple[object, ...]]] = {
            "key": lambda row: (row.key,),
            "took": lambda row: (-(row.duration or 0.0),),
            "ended": lambda row: (-(row.ended or 0.0),),
        }
        self.sorts.append((by, first))
        return [row.number for row in sorted(rows, key=orders[by])][:first]

    async def item(self, step: str, number: int) -> ItemDetail | None:
        state = self.state.steps[step]
        if not 0 <= number < len(state.states):
            return None
        row = self._row(step, number)
        title = "".join(HOSTILE) if self.hostile else "Annual [red]report[/red] 2019 \x1b[2J :boom:"
        payload = json.dumps({"id": number, "pages": 11, "title": title}, ensure_ascii=False)
        attempts = []
        for attempt in range(1, row.attempts + 1):
            last = attempt == row.attempts
            failed = state.states[number] == Item.FAILED or not last
            started = START + 600 + number * 0.05 + attempt * 3
            log = logs.encode(
                [
                    logs.LogLine(0.1, f"GET https://api.example.org/v2/docs/{number}?page=6"),
                    logs.LogLine(0.2, "fetched 64 rows"),
                ]
            )
            attempts.append(
                AttemptRow(
                    attempt,
                    (Ended.FAILED if last else Ended.RETRYING) if failed else Ended.OK,
                    started,
                    0.79,
                    row.revision or 1,
                    None if last else started + 2**attempt,
                    self._error(state.failures.get(number), number) if failed else None,
                    log,
                    None if failed else '{"rows": 640}',
                )
            )
        return ItemDetail(row, payload, tuple(attempts))

    def _error(self, place: int | None, number: int) -> ErrorInfo:
        if self.hostile:
            return ErrorInfo(
                "Evil[/]" + HOSTILE[5],
                "\n".join(HOSTILE),
                "deadbeef",
                (),
                "",
                (Frame(HOSTILE[0], 1, HOSTILE[2], True, ((1, HOSTILE[5]),)),),
            )
        return (http_error, key_error, worker_died)[place if place is not None and place < 3 else 0](number)

    async def log(self, step: str | None, item: int | None, *, before: float | None, limit: int) -> list[LogRow]:
        rows = [
            LogRow(
                NOW - 600 + n, "process_chunks", n, self.key("process_chunks", n), 1, f"stored line {n}", n % 50 == 3
            )
            for n in range(500)
            if item is None or n == item
        ]
        return [row for row in rows if (step is None or row.step == step) and (before is None or row.at < before)][
            -limit:
        ]

    async def log_size(self, step: str, item: int | None) -> tuple[int, int]:
        return len(await self.log(step, item, before=None, limit=100_000)) + 12_000, 12_000

    async def search_log(self, step: str | None, text: str, *, limit: int = 1000) -> list[LogRow]:
        rows = await self.log(step, None, before=None, limit=100_000)
        return [row for row in rows if text.lower() in row.text.lower()][:limit]

    async def result(self, step: str) -> str | None:
        return '{"chunks": 100000}' if step == "prepare_chunks" else None

    def settings(self, step: str) -> StepFacts:
        if step != "process_chunks":
            return StepFacts((("type", "python"), ("handler", f"{step}.py")))
        return StepFacts(
            (
                ("items", HOSTILE[0] if self.hostile else "data/docs.csv, key item.id"),
                ("retry", "3 attempts, 2 s × 2, at most 5 min"),
                ("limits", "30 s an item, 512 MiB a worker"),
                ("failure", "continue, save_error"),
            )
        )

    def definition(self) -> tuple[str, str]:
        return "/home/me/flows/nightly.yaml", DEFINITION

    # runs and files

    async def runs(self) -> list[RunRow]:
        return [
            RunRow("20260131-031231-k3f9", "process-dataset", "running", START, None, 415),
            RunRow("20260130-031207-a1b2", "process-dataset", "succeeded", START - 86_400, 7_400.0, 3),
        ]

    async def open_run(self, run: str) -> tuple[Feed, Details]:
        del run
        stored = Simulation(total=1000, live=False)
        stored.succeed()
        return stored, stored

    async def write_failed(
        self, step: str | None, items: Sequence[int] | None, progress: cm.Progress, which: str = ""
    ) -> str:
        count = (
            len(items)
            if items is not None
            else sum(s.failed for s in self.state.steps.values() if step in (None, s.name))
        )
        self.written.append((step, count))
        return f"Wrote {count} records to failed{which and f'-{which}'}.jsonl"


DEFINITION = """\
name: process-dataset
params:
  base_url: {default: "https://api.example.org"}
steps:
  process_chunks:
    type: python
    for_each:
      file: data/docs.csv
    key: "{{ item.id }}"
    parallel:
      max_parallel: 8
    retry:
      max_attempts: 3
      delay: 2
    timeout: 30            # the big PDFs
    on_error:
      action: continue
      save_error: true
    inputs:
      handler: process_item
      base_url: "{{ params.base_url }}"
"""
