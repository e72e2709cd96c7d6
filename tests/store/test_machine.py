"""The run file under whatever happens to a run, in any order, against a model that knows nothing of facts or tables.

A crash is what a power cut may leave: the file as it was, with any part of what was being written to its write-ahead log.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.store.facts import META, error, shape
from tui_workflow.engine.listing import Lister, Stamp
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended, Outcome
from tui_workflow.facts.state import Item, RunState, fold
from tui_workflow.facts.work import ListedPage
from tui_workflow.store import browse
from tui_workflow.store.journal import Journal
from tui_workflow.store.listing import ItemReader
from tui_workflow.store.runfile import RunFile

T = TypeVar("T")
NAMES = {
    Item.PENDING: "pending",
    Item.OK: "ok",
    Item.FAILED: "failed",
    Item.SKIPPED: "skipped",
    Item.RETRYING: "retrying",
}


@dataclass
class Thing:
    """An item as a person would remember it."""

    state: str = "pending"
    attempts: int = 0
    result: bytes | None = None
    made_by: str = ""


@dataclass
class Model:
    """What is known of a run: the items of its one step by key, in order, those that left it, and its definition."""

    items: dict[str, Thing] = field(default_factory=dict)
    left: dict[str, Thing] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    definition: str = "d0"
    revision: int = 1
    context: dict[str, bytes] = field(default_factory=dict)

    def copy(self) -> Model:
        things = {key: Thing(**vars(thing)) for key, thing in self.items.items()}
        left = {key: Thing(**vars(thing)) for key, thing in self.left.items()}
        return Model(things, left, list(self.order), self.definition, self.revision, dict(self.context))


class StoreMachine(RuleBasedStateMachine):
    """One run with one step, told by a journal; after every rule the file is read as a viewer reads it."""

    @initialize(snapshots=st.booleans())
    def begin(self, snapshots: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wf-store-"))
        self.loop = asyncio.new_event_loop()
        self.path = self.folder / "run-0.db"
        self.snapshots = snapshots
        self.lives = self.made = 0
        self.at = 1_800_000_000.0
        self.model, self.state = Model(), RunState()
        self.within(self.enter(new=True))
        self.tell(
            ev.RunStarted(self.at, META.run, META.flow, META.path, 42, "here"),
            ev.RevisionTaken(self.at, 1, (shape("work", definition="d0"),)),
        )

    def within(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(doing)

    async def enter(self, *, new: bool = False) -> None:
        options: dict[str, Any] = {
            "on_committed": lambda facts: fold(self.state, facts),
            "snapshot_of": (lambda: self.state) if self.snapshots else None,
        }
        journal = Journal.create(self.path, META, **options) if new else Journal.open(self.path, **options)
        self.journal = await journal.__aenter__()

    def tell(self, *facts: ev.Event) -> None:
        async def told() -> None:
            self.journal.append(facts)
            await self.journal.flush()

        self.at += 1
        self.within(told())

    # ---- what happens to items -------------------------------------------------------------------------------------

    def outcome(self, key: str, status: Ended, result: bytes | None = None, context: bytes | None = None) -> Outcome:
        thing = self.model.items[key]
        attempt = 0 if status == Ended.SKIPPED else thing.attempts + 1
        body = error(f"bad {key}") if status in (Ended.FAILED, Ended.RETRYING) else None
        return Outcome(self.number(key), attempt, status, self.at, 0.1, result, body, b"0\thi\n", context)

    def number(self, key: str) -> int:
        with RunFile(self.path) as file:
            return browse.item_numbers(file, "work", [key])[key]

    def ended(self, data: st.DataObject, status: Ended) -> None:
        waiting = [key for key, thing in self.model.items.items() if thing.state in ("pending", "retrying")]
        if not waiting:
            return
        chosen = data.draw(st.lists(st.sampled_from(waiting), min_size=1, max_size=6, unique=True))
        outcomes = []
        for key in chosen:
            thing = self.model.items[key]
            self.made += 1
            result = b"%d" % self.made if status == Ended.OK else None
            context = b'{"last":%d}' % self.made if status == Ended.OK and self.made % 3 == 0 else None
            outcomes.append(self.outcome(key, status, result, context))
            thing.state = {Ended.OK: "ok", Ended.FAILED: "failed", Ended.SKIPPED: "skipped"}.get(status, "retrying")
            thing.attempts += status != Ended.SKIPPED
            thing.result, thing.made_by = result, self.model.definition
            if context is not None:
                self.model.context["last"] = b"%d" % self.made
        due = {outcome.item: self.at + 9 for outcome in outcomes} if status == Ended.RETRYING else None
        self.tell(ev.ItemsEnded(self.at, "work", self.model.revision, self.model.definition, 7, tuple(outcomes), due))

    @rule()
    def start(self) -> None:
        self.tell(ev.StepStarted(self.at, "work", 3))

    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        self.ended(data, Ended.OK)

    @rule(data=st.data(), how=st.sampled_from([Ended.FAILED, Ended.RETRYING, Ended.SKIPPED]))
    def fail(self, data: st.DataObject, how: Ended) -> None:
        self.ended(data, how)

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        settled = [key for key, thing in self.model.items.items() if thing.state != "pending"]
        if settled:
            chosen = data.draw(st.lists(st.sampled_from(settled), min_size=1, max_size=5, unique=True))
            self.tell(ev.ItemsQueued(self.at, "work", tuple(self.number(key) for key in chosen), "retry"))
            for key in chosen:
                self.model.items[key].state = "pending"

    # ---- what happens to the list ----------------------------------------------------------------------------------

    def listed(self, order: list[str]) -> None:
        """The step's items are listed anew, by the part of the engine that does it."""

        async def chunks() -> AsyncIterator[ListedPage]:
            for first in range(0, len(order), 4):
                keys = order[first : first + 4]
                yield ListedPage(
                    keys, [key.encode() for key in keys], True, [key for key in keys if key in order[:first]]
                )

        async def again() -> None:
            async with ItemReader(self.path, self.journal.index_keys) as reader:
                lister = Lister(
                    self.state.steps["work"],
                    reader,
                    self.journal,
                    Stamp(self.model.revision, self.model.definition),
                    None,
                )
                gone = await lister.run(chunks(), self.at)
                self.journal.append([ev.ListingFinished(self.at, "work", tuple(gone))])
                await self.journal.flush()

        self.at += 1
        self.within(again())
        model = self.model
        for key in order:
            if key in model.left:
                thing = model.items[key] = model.left.pop(key)
                thing.state = "pending"
            model.items.setdefault(key, Thing())
        for key in set(model.items).difference(order):
            model.left[key] = model.items.pop(key)
        model.order = list(order)

    @rule(data=st.data(), count=st.integers(1, 5))
    def insert(self, data: st.DataObject, count: int) -> None:
        order = list(self.model.order)
        pool = [f"k{n}" for n in range(40) if f"k{n}" not in order]
        if not pool:
            return
        for key in data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=count, unique=True)):
            order.insert(data.draw(st.integers(0, len(order))), key)
        self.listed(order)

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        if self.model.order:
            out = data.draw(st.sets(st.sampled_from(self.model.order), min_size=1, max_size=4))
            self.listed([key for key in self.model.order if key not in out])

    @rule(data=st.data())
    def reorder(self, data: st.DataObject) -> None:
        self.listed(data.draw(st.permutations(self.model.order)))

    @rule()
    def edit(self) -> None:
        """Another definition: what is done stays done, and is known to be of the one before."""
        self.model.revision += 1
        self.model.definition = f"d{self.model.revision % 4}"
        self.tell(ev.RevisionTaken(self.at, self.model.revision, (shape("work", definition=self.model.definition),)))

    # ---- what happens to the process -------------------------------------------------------------------------------

    @rule()
    def reopen(self) -> None:
        """Closed in order, and taken up by another process."""

        async def anew() -> None:
            await self.journal.close()
            assert not self.path.with_name(self.path.name + "-wal").exists()
            self.take_what_is_there()
            await self.enter()

        self.within(anew())
        self.tell(ev.RunResumed(self.at, 43, "there"))

    @rule(data=st.data(), share=st.floats(0, 1))
    def crash(self, data: st.DataObject, share: float) -> None:
        """The power goes while outcomes are being written: all of them are there afterwards, or none."""
        before, log = self.path.read_bytes(), self.wal()
        kept = self.model.copy()
        self.ended(data, Ended.OK)
        after, later = self.path.read_bytes(), self.wal()
        grown = len(later) > len(log) and later.startswith(log) and before == after
        size = len(log) + round(share * (len(later) - len(log))) if grown else len(later)
        left, self.path = self.path, self.folder / f"run-{self.lives + 1}.db"
        self.lives += 1
        self.path.write_bytes(after)
        self.path.with_name(self.path.name + "-wal").write_bytes(later[:size])
        whole = self.model
        self.within(self.journal.close())
        left.unlink()
        self.take_what_is_there()
        if size < len(later):
            self.model = kept
        try:
            self.as_the_model_has_it()
        except AssertionError:
            if size == len(later):
                raise
            self.model = whole  # the last bytes that are missing may be of no frame that counts
            self.as_the_model_has_it()
        self.within(self.enter())
        self.tell(ev.RunResumed(self.at, 43, "there"))

    def wal(self) -> bytes:
        log = self.path.with_name(self.path.name + "-wal")
        return log.read_bytes() if log.exists() else b""

    def take_what_is_there(self) -> None:
        with RunFile(self.path) as file:
            self.state = file.state()

    # ---- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    def the_file_says_what_was_lived(self) -> None:
        with RunFile(self.path) as file:
            stored = file.state()
        stored.version = self.state.version
        assert stored == self.state

    @invariant()
    def as_the_model_has_it(self) -> None:
        model = self.model
        with RunFile(self.path) as file:
            assert file.rows("PRAGMA integrity_check") == [("ok",)]
            step = file.state().steps["work"]
            numbers = list(browse.item_order(file, "work", len(step.states)))
            rows = browse.item_rows(file, "work", numbers)
            assert [row.key for row in rows] == model.order
            for row in rows:
                thing = model.items[row.key]
                assert NAMES[Item(step.states[row.number])] == thing.state, row.key
                assert row.attempts == thing.attempts, row.key
            wanted = [model.items[key].result if model.items[key].state == "ok" else None for key in model.order]
            assert list(browse.results(file, "work", step.states)) == wanted
            assert file.context() == model.context
        done = [thing for thing in model.items.values() if thing.state == "ok"]
        assert (step.succeeded, step.total) == (len(done), len(model.items))
        assert step.stale == sum(thing.made_by != model.definition for thing in done)
        assert step.failed == sum(thing.state == "failed" for thing in model.items.values())

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            try:
                self.within(self.journal.close())
            finally:
                self.loop.close()
                shutil.rmtree(self.folder)


BOUNDED = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


def test_the_store_in_any_order() -> None:
    run_state_machine_as_test(StoreMachine, settings=BOUNDED)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_store_in_many_orders() -> None:
    run_state_machine_as_test(StoreMachine, settings=settings(BOUNDED, max_examples=300, stateful_step_count=50))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ends=st.permutations(range(17)),
    place=st.permutations(range(17)),
    sizes=st.lists(st.integers(1, 6), min_size=17, max_size=17),
)
def test_results_come_in_item_order_whatever_ended_first(
    tmp_path_factory: pytest.TempPathFactory, ends: list[int], place: list[int], sizes: list[int]
) -> None:
    """`place` is where each item stands, `ends` the order in which they ended, `sizes` how many were told at once."""
    path = tmp_path_factory.mktemp("order") / "run.db"

    async def live() -> RunState:
        state = RunState()
        async with Journal.create(path, META, on_committed=lambda facts: fold(state, facts)) as journal:
            items = tuple(ev.ListedItem(number, f"k{number}", number, b"0") for number in range(17))
            moved = tuple(item._replace(position=place[item.number]) for item in items)
            journal.append(
                [ev.RunStarted(1.0, META.run, "f", "/f", 1, "h"), ev.RevisionTaken(1.0, 1, (shape("work"),))]
            )
            journal.append([ev.ItemsListed(1.0, "work", 0, 17, items), ev.ItemsMoved(1.0, "work", moved)])
            journal.append([ev.ListingFinished(1.0, "work")])
            left = list(ends)
            for size in sizes:
                told, left = left[:size], left[size:]
                outcomes = tuple(Outcome(number, 1, Ended.OK, 2.0, 0.1, b"%d" % place[number]) for number in told)
                if outcomes:
                    journal.append([ev.ItemsEnded(2.0, "work", 1, "d1", 0, outcomes)])
                    await journal.flush()
        return state

    state = asyncio.run(live())
    with RunFile(path) as file:
        assert list(browse.results(file, "work", state.steps["work"].states)) == [b"%d" % n for n in range(17)]
