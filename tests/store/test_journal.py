from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.facts import META, Story, ended, error, listed, started
from tui_workflow.errors import DamagedRunFile, StateDirError, StoreIOError
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended, Outcome
from tui_workflow.facts.state import RunState, fold
from tui_workflow.store import browse
from tui_workflow.store.journal import Journal
from tui_workflow.store.listing import ItemReader
from tui_workflow.store.runfile import RunFile


class Live:
    """A journal with the state that its committed facts make."""

    def __init__(self, path: Path, *, new: bool = True, **options: object) -> None:
        self.state = RunState()
        self.facts: list[ev.Event] = []
        self.trouble: list[tuple[str, bool]] = []
        self.troubled = asyncio.Event()
        self.recovered = asyncio.Event()
        options = {"on_committed": self._take, "on_trouble": self._suffer, "on_recovered": self.recovered.set} | options
        self.journal = Journal.create(path, META, **options) if new else Journal.open(path, **options)

    def _take(self, facts: list[ev.Event]) -> None:
        self.facts += facts
        fold(self.state, facts)

    def _suffer(self, reason: str, fatal: bool) -> None:
        self.trouble.append((reason, fatal))
        self.troubled.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / f"{META.run}.db"


async def test_facts_come_back_in_order_after_their_commit(path: Path) -> None:
    live = Live(path)
    facts = [*started(), *(fact for n in range(0, 9000, 300) for fact in (listed(n, 300), ended(range(n, n + 300))))]

    def look(committed: list[ev.Event]) -> None:
        live._take(committed)
        with RunFile(path) as file:
            assert sum(p.outcome + p.event for p in [file.position()]) >= len(live.facts)

    live.journal.on_committed = look
    async with live.journal as journal:
        journal.append(facts)
        assert live.facts == []
        await journal.flush()
        assert live.facts == facts
    with RunFile(path) as file:
        assert file.state() == live.state
        assert live.state.steps["work"].succeeded == 9000
        assert file.meta() == META
    assert not path.with_name(path.name + "-wal").exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 79), max_size=4), snapshots=st.booleans())
@settings(max_examples=25, deadline=None)
def test_what_is_stored_folds_to_what_was_lived(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cuts: list[int], snapshots: bool
) -> None:
    path = tmp_path_factory.mktemp("law") / "run.db"
    story = Story(seed)
    for _ in range(80):
        story.step()

    async def live() -> None:
        facts, state = story.facts, RunState()
        for place, (a, b) in enumerate(zip([0, *sorted(cuts)], [*sorted(cuts), len(facts)], strict=True)):
            run = Live(path, new=place == 0)
            run.state = state
            run.journal.snapshot_of = (lambda: state) if snapshots else None
            async with run.journal as journal:
                for fact in facts[a:b]:
                    journal.append([fact])
                    if story.random.random() < 0.2:
                        await journal.flush()
                await journal.flush()
            with RunFile(path) as file:
                assert file.state() == state
        assert state == story.state

    asyncio.run(live())
    with RunFile(path) as file:
        assert file.state() == story.state
        replayed = [f for facts, _ in file.facts_since(type(file.position())()) for f in facts]
        assert len(replayed) == len(story.facts)
        assert [type(f) for f in replayed] == [type(f) for f in story.facts]


async def test_a_fact_that_comes_while_the_last_snapshot_is_written_is_stored_too(path: Path) -> None:
    live = Live(path)
    late = [listed(3, 3)]
    loop = asyncio.get_running_loop()

    def snapshot() -> RunState:
        if late:  # the loop comes to it when the snapshot is on its way
            loop.call_soon(live.journal.append, [late.pop()])
        return live.state

    live.journal.snapshot_of = snapshot
    async with live.journal:
        live.journal.append([*started(), listed(0, 3)])
        await live.journal.flush()
    assert not late
    with RunFile(path) as file:
        assert len(file.state().steps["work"].states) == 6


async def test_a_follower_sees_each_fact_once(path: Path) -> None:
    live = Live(path)
    async with live.journal as journal:
        journal.append([*started(), listed(0, 50), ended(range(20))])
        await journal.flush()
        with RunFile(path) as file:
            state, position = file.state_and_position()
            journal.append([ended(range(20, 50)), ev.StepFinished(9.0, "work", "succeeded")])
            await journal.flush()
            for facts, reached in file.facts_since(position):
                fold(state, facts)
                position = reached
            assert state == live.state
            assert position == file.position() == journal.position


async def test_the_text_of_a_revision_is_stored_before_its_facts(path: Path) -> None:
    live = Live(path)
    async with live.journal as journal:
        journal.add_revision(1, 1.0, "/f.yaml", "steps: {é}".encode(), [("h\udc80.py", b"\x00def")])
        journal.append(started())
        await journal.flush()
        with RunFile(path) as file:
            revision = file.revision()
    assert (revision.number, revision.path, revision.text.decode()) == (1, "/f.yaml", "steps: {é}")
    assert revision.handlers == (("h\\udc80.py", b"\x00def"),)


async def test_errors_logs_and_context_are_stored_once_each(path: Path) -> None:
    live = Live(path, log_limit=1000)
    outcomes = [
        Outcome(n, 1, Ended.FAILED if n % 2 else Ended.OK, 5.0, 0.1, None, error("same") if n % 2 else None, b"0\t" + b"x" * 97 + b"\n", json.dumps({"last": n}).encode() if n % 2 == 0 else None)
        for n in range(40)
    ]  # fmt: skip
    async with live.journal as journal:
        journal.append([*started(), listed(0, 40)])
        for outcome in outcomes:
            journal.append([ev.ItemsEnded(6.0, "work", 1, "d1", 0, (outcome,))])
        await journal.flush()
    with RunFile(path) as file:
        assert file.rows("SELECT count(*) FROM error") == [(1,)]
        assert file.context() == {"last": b"38"}
        kept = file.rows("SELECT item, failed FROM log ORDER BY seq")
        assert len(kept) == 10
        assert all(failed for _, failed in kept)
        assert kept[-1] == (39, 1)


async def test_a_foreign_lock_is_waited_for_and_nothing_is_lost(path: Path) -> None:
    live = Live(path)
    async with live.journal as journal:
        journal.append([*started(), listed(0, 10)])
        await journal.flush()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        journal.append([ended(range(10))])
        await asyncio.wait_for(live.troubled.wait(), 10)
        assert live.state.steps["work"].succeeded == 0
        assert live.trouble[0][1] is False
        assert "another program holds a lock" in live.trouble[0][0]
        other.execute("ROLLBACK")
        other.close()
        await asyncio.wait_for(journal.flush(), 10)
        assert live.recovered.is_set()
        assert len(live.trouble) == 1
    with RunFile(path) as file:
        assert file.state() == live.state
        assert live.state.steps["work"].succeeded == 10


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 512)
        except OSError as full:
            assert full.errno == errno.ENOSPC  # noqa: PT017 - it is the end of the loop, not the test


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
async def test_a_full_disk_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        path = small / "run.db"
        live = Live(path)
        async with live.journal as journal:
            journal.append([*started(), listed(0, 1000)])
            await journal.flush()
            ballast = small / "ballast"
            fill(ballast)
            journal.append([ended(range(1000))])
            await asyncio.wait_for(live.troubled.wait(), 10)
            assert "the disk is full" in live.trouble[0][0]
            assert live.state.steps["work"].succeeded == 0
            ballast.unlink()
            await asyncio.wait_for(journal.flush(), 10)
            assert live.recovered.is_set()
        with RunFile(path) as stored:
            assert stored.state() == live.state
            assert stored.rows("PRAGMA integrity_check") == [("ok",)]
    finally:
        subprocess.run(["umount", str(small)], check=True)


async def test_a_disk_that_stays_full_ends_with_74(path: Path) -> None:
    live = Live(path, grace=0.5)
    journal = await live.journal.__aenter__()
    journal.append(started())
    await journal.flush()
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        journal.append([listed(0, 3)])
        await asyncio.wait_for(live.troubled.wait(), 10)
        with pytest.raises(StoreIOError, match="1 facts are not stored") as caught:
            await journal.close()
        other.execute("ROLLBACK")
    other.close()
    assert caught.value.exit_code == 74
    with RunFile(path) as file:
        assert file.state() == live.state


@pytest.mark.parametrize("deed", ["delete", "replace"])
async def test_a_file_that_is_gone_is_noticed(path: Path, deed: str) -> None:
    live = Live(path)
    with pytest.raises(StoreIOError):  # noqa: PT012 - leaving the block raises as well
        async with live.journal as journal:
            journal.append(started())
            await journal.flush()
            if deed == "replace":
                path.with_suffix(".other").write_bytes(b"other")
                os.replace(path.with_suffix(".other"), path)
            else:
                path.unlink()
            await asyncio.wait_for(live.troubled.wait(), 5)
            assert live.trouble[-1][1] is True
            assert "was replaced" in live.trouble[-1][0] or "was deleted" in live.trouble[-1][0]
            await journal.flush()
    if deed == "replace":
        assert path.read_bytes() == b"other"


async def test_what_breaks_a_reader_of_facts_is_heard_by_those_who_wait(path: Path) -> None:
    def explode(_: list[ev.Event]) -> None:
        raise ZeroDivisionError("in a reader")

    live = Live(path, on_committed=explode)
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block raises as well
        async with live.journal as journal:
            journal.append(started())
            await journal.flush()


async def test_a_cancelled_wait_loses_nothing(path: Path) -> None:
    live = Live(path)
    async with live.journal as journal:
        journal.append([*started(), listed(0, 5)])
        waiting = asyncio.ensure_future(journal.flush())
        await asyncio.sleep(0)
        waiting.cancel()
        journal.append([ended(range(5))])
        await journal.flush()
    with RunFile(path) as file:
        assert file.state().steps["work"].succeeded == 5


async def test_a_file_of_that_name_is_never_overwritten(path: Path) -> None:
    path.write_bytes(b"mine")
    with pytest.raises(StateDirError, match="exists already"):
        async with Live(path).journal:
            pass
    assert path.read_bytes() == b"mine"
    assert os.listdir(path.parent) == [path.name]


async def test_only_a_run_file_is_opened(path: Path) -> None:
    path.write_bytes(b"x" * 5000)
    with pytest.raises(DamagedRunFile):
        async with Live(path, new=False).journal:
            pass
    assert path.read_bytes() == b"x" * 5000


async def test_the_log_stays_while_another_reads(path: Path) -> None:
    live = Live(path)
    async with live.journal as journal:
        journal.append(started())
        await journal.flush()
        viewer = RunFile(path)
        viewer.state()
    assert viewer.state() == live.state
    viewer.close()
    async with Live(path, new=False).journal:
        pass
    assert not path.with_name(path.name + "-wal").exists()


WRITE = """
import asyncio, sys
from pathlib import Path
from tests.store.facts import META, started, listed, ended
from tui_workflow.store.journal import Journal
async def main():
    def told(facts):
        for fact in facts:
            if hasattr(fact, "outcomes"):
                print(fact.outcomes[-1].item, flush=True)
    async with Journal.create(Path(sys.argv[1]), META, on_committed=told) as journal:
        journal.append(started())
        n = 0
        while True:
            journal.append([listed(n, 50), ended(range(n, n + 50))])
            n += 50
            await journal.flush() if n % 500 == 0 else asyncio.sleep(0)
asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 7, 40])
async def test_what_was_told_as_committed_survives_kill_9(path: Path, lines: int) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = [int(writer.stdout.readline()) for _ in range(lines)]
    writer.send_signal(signal.SIGKILL)
    told += [int(line) for line in writer.stdout.read().split()]
    writer.wait()
    writer.stdout.close()
    before = path.read_bytes()
    with RunFile(path) as file:
        step = file.state().steps["work"]
        assert step.succeeded > max(told)
        assert file.rows("PRAGMA integrity_check") == [("ok",)]
        assert list(browse.results(file, "work", step.states))[: max(told) + 1] == [
            b"%d" % (n * 2) for n in range(max(told) + 1)
        ]
    assert path.read_bytes() == before
    live = Live(path, new=False)
    with RunFile(path) as file:
        live.state = file.state()
    async with live.journal as journal:
        first = len(live.state.steps["work"].states)
        journal.append([ev.RunResumed(9e9, 1, "here"), listed(first, 10), ended(range(first, first + 10))])
        await journal.flush()
    with RunFile(path) as file:
        assert file.state() == live.state


async def test_the_engine_finds_items_again(path: Path) -> None:
    live = Live(path)
    async with live.journal as journal:
        journal.append([*started(), listed(0, 2500)])
        await journal.flush()
        async with ItemReader(path) as items:
            assert await items.match("other", ["key-1"]) == {}
            found = await items.match("work", [f"key-{n}" for n in range(0, 3000, 2)])
            assert len(found) == 1250
            assert found["key-8"] == (8, 8, b"8")
            numbers = [*range(100, 1700), 3, 1, 2400]
            read = await items.payloads("work", numbers)
            assert set(read) == set(numbers)
            assert read[2400] == ("key-2400", 2400, b"2400")
            journal.append([ev.ItemsMoved(3.0, "work", (ev.ListedItem(1, "key-1", 77, b'"new"'),))])
            journal.append([ev.ListingFinished(3.0, "work", (2,))])
            await journal.flush()
            assert await items.match("work", ["key-1", "key-2"]) == {
                "key-1": (1, 77, b'"new"'),
                "key-2": (2, None, b"2"),
            }
            assert (await items.payloads("work", [2]))[2] == ("key-2", -1, b"2")
    assert not path.with_name(path.name + "-wal").exists()
