from __future__ import annotations

import os
import pickle
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.store.facts import META, Story, ended, error, listed, started
from tui_workflow.errors import DamagedRunFile, StoreIOError, UsageError
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended, Outcome
from tui_workflow.facts.state import Item, RunState, fold
from tui_workflow.store import browse
from tui_workflow.store import find as search
from tui_workflow.store.journal import Journal
from tui_workflow.store.runfile import RunFile


@pytest.fixture
async def stored(tmp_path: Path) -> Path:
    """A run of three hundred items with errors, logs and a snapshot."""
    path = tmp_path / "run.db"
    state = RunState()
    journal = Journal.create(path, META, snapshot_of=lambda: state, on_committed=lambda facts: fold(state, facts))
    async with journal:
        journal.add_revision(1, 1.0, "/f.yaml", b"steps: {}", [("h.py", b"pass")])
        journal.append([*started(), listed(0, 300), ended(range(200)), failures(range(200, 260)), *moved()])
    return path


def failures(numbers: range) -> ev.ItemsEnded:
    outcomes = tuple(
        Outcome(n, 1, Ended.FAILED, 10.0 + n, 0.5, None, error(f"no luck, {'Ünder' if n % 2 else 'over'} it"), f"0\tline {n}\n250\tSecond\n".encode())
        for n in numbers
    )  # fmt: skip
    return ev.ItemsEnded(9.0, "work", 1, "d1", 1, outcomes)


def moved() -> list[ev.Event]:
    return [
        ev.ItemsMoved(9.5, "work", (ev.ListedItem(0, "key-0", 300, b"0"), ev.ListedItem(299, "key-299", 0, b"299"))),
        ev.ListingFinished(9.6, "work", (7,)),
    ]


def read_all(path: Path) -> RunState:
    with RunFile(path) as file:
        file.meta()
        state = file.state()
        for step in state.steps:
            list(browse.results(file, step, state.steps[step].states))
            browse.item_rows(file, step, range(len(state.steps[step].states)), payload=True)
        list(browse.all_lines(file))
        file.revision()
        file.context()
        return state


async def test_a_file_cut_anywhere_is_refused_and_left_alone(stored: Path, tmp_path: Path) -> None:
    whole = stored.read_bytes()
    expected = read_all(stored)
    for size in range(0, len(whole), 512):
        cut = tmp_path / "cut.db"
        cut.write_bytes(whole[:size])
        with pytest.raises(DamagedRunFile) as caught:
            read_all(cut)
        assert caught.value.exit_code == 65
        assert cut.read_bytes() == whole[:size]
        assert {path.name for path in tmp_path.iterdir()} == {"cut.db", "run.db"}
    assert read_all(stored) == expected


async def test_zeroed_and_scribbled_pages_are_refused_or_harmless(stored: Path, tmp_path: Path) -> None:
    whole = stored.read_bytes()
    expected = read_all(stored)
    chance = random.Random(5)
    refused = 0
    for place in range(0, len(whole), 4096):
        for junk in (bytes(4096), chance.randbytes(4096)):
            data = whole[:place] + junk + whole[place + 4096 :]
            path = tmp_path / "junk.db"
            path.write_bytes(data)
            try:
                # The page of an index that a reader does not use, or of a snapshot, does no harm.
                assert read_all(path) == expected
            except DamagedRunFile:
                refused += 1
            assert path.read_bytes() == data
    assert refused > len(whole) / 4096


def other_program(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA application_id = 1")
    db.close()


def newer(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (other_program, "not a run file of wf-tui"),
        (newer, "newer wf-tui"),
        (lambda path: path.write_bytes(b""), "not a run file"),
        (lambda path: path.write_bytes(b"junk" * 999), "damaged"),
        (lambda path: path.unlink(), "no run file"),
        (lambda path: (path.unlink(), path.mkdir()), "no run file"),
    ],
)
async def test_what_is_no_run_file_is_said_to_be_none(stored: Path, harm: object, words: str) -> None:
    harm(stored)  # type: ignore[operator]
    before = stored.read_bytes() if stored.is_file() else None
    with pytest.raises(DamagedRunFile, match=words):
        RunFile(stored)
    with pytest.raises(DamagedRunFile, match=words):
        async with Journal.open(stored):
            pass
    assert (stored.read_bytes() if stored.is_file() else None) == before


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.system, ("touch pwned",))


async def test_a_pickle_in_the_file_is_never_loaded(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = read_all(stored)
    with sqlite3.connect(stored) as db:
        db.execute("UPDATE snapshot SET body = ?", (pickle.dumps(Trap()),))
    db.close()
    assert read_all(stored) == expected
    for column, table in (("body", "event"), ("body", "error"), ("value", "run")):
        poisoned = tmp_path / f"poisoned-{table}.db"
        shutil.copy(stored, poisoned)
        with sqlite3.connect(poisoned) as db:
            db.execute(f"UPDATE {table} SET {column} = ?", (pickle.dumps(Trap()),))
            db.execute("DELETE FROM snapshot")
        db.close()
        with pytest.raises(DamagedRunFile):
            read_all(poisoned)
    assert not (tmp_path / "pwned").exists()


async def test_a_schema_with_code_runs_nothing(stored: Path) -> None:
    with sqlite3.connect(stored) as db:
        db.execute("ALTER TABLE context RENAME TO real_context")
        db.execute("CREATE VIEW context AS SELECT load_extension('/tmp/x.so') AS name, 1 AS value")
    db.close()
    with RunFile(stored) as file, pytest.raises(DamagedRunFile):
        file.context()


@pytest.mark.skipif(os.geteuid() != 0, reason="another user is needed to be kept out")
async def test_a_run_in_a_directory_that_may_not_be_written_can_be_read(stored: Path, tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom tui_workflow.store.runfile import RunFile\n"
        "file = RunFile(Path(sys.argv[1])); os.setresuid(65534, 65534, 65534)\n"
        "print(RunFile(Path(sys.argv[1])).state().steps['work'].succeeded)"
    )
    for folder in [tmp_path, *tmp_path.parents][:-2]:
        os.chmod(folder, 0o755)
    stored.chmod(0o644)
    done = subprocess.run([sys.executable, "-c", code, str(stored)], capture_output=True, text=True)
    assert done.stdout == "199\n", done.stderr


def test_a_limit_on_file_sizes_is_told_as_what_it_is(tmp_path: Path) -> None:
    code = """
import asyncio, sys
from pathlib import Path
from tests.store.facts import META, started, listed
from tui_workflow.errors import StoreIOError
from tui_workflow.store.journal import Journal
async def main():
    told = []
    try:
        async with Journal.create(Path(sys.argv[1]), META, on_trouble=lambda why, fatal: told.append(why), grace=0.1) as journal:
            journal.append([*started(), listed(0, 20)])
            await journal.flush()
            journal.append([listed(20, 20_000)])
    except StoreIOError as error:
        print(error.exit_code, "limit on file sizes" in told[0] or "disk is full" in told[0], len(told))
asyncio.run(main())
"""
    path = tmp_path / "run.db"
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 200; exec "$0" -c "$1" "$2"', sys.executable, code, str(path)],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "74 True 1\n", done.stderr
    with RunFile(path) as file:
        assert len(file.state().steps["work"].states) == 20


async def test_revisions_by_number(stored: Path) -> None:
    with RunFile(stored) as file:
        assert file.revision(1) == file.revision()
        with pytest.raises(UsageError):
            file.revision(2)


async def test_items_come_in_the_order_of_the_latest_listing(stored: Path) -> None:
    with RunFile(stored) as file:
        states = file.state().steps["work"].states
        order = list(browse.item_order(file, "work", 300))
        assert order == [299, *(n for n in range(1, 299) if n != 7), 0]
        results = list(browse.results(file, "work", states))
        assert len(results) == 299
        assert results[0] is None
        assert results[1:3] == [b"2", b"4"]
        assert results[-1] == b"0"
        assert list(browse.item_order(file, "load", 0)) == []
        assert list(browse.item_order(file, "nope", 5)) == []


async def test_rows_of_items(stored: Path) -> None:
    with RunFile(stored) as file:
        rows = browse.item_rows(file, "work", [250, 3, 7, 280, 9999], payload=True, result=True)
        assert [row.number for row in rows] == [250, 3, 7, 280]
        assert [row.position for row in rows] == [250, 3, -1, 280]
        assert [row.status for row in rows] == [Ended.FAILED, Ended.OK, Ended.OK, None]
        assert rows[0].ended == 260.5
        assert rows[1].result == b"6"
        assert rows[1].payload == b"3"
        assert b"over" in (rows[0].error or b"")
        (attempt,) = browse.attempts(file, "work", 250)
        assert attempt.log == b"0\tline 250\n250\tSecond\n"
        assert browse.attempts(file, "work", 290) == []
        assert browse.item_numbers(file, "work", ["key-5", "nope", "key-250"]) == {"key-5": 5, "key-250": 250}


@pytest.mark.parametrize("few", [0, 10**9])
async def test_find_looks_into_keys_errors_and_logs(stored: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr("tui_workflow.store.find._FEW", few)
    with RunFile(stored) as file:
        states = file.state().steps["work"].states

        def find(text: str, *wanted: int, inverse: bool = False) -> list[int]:
            return [*search.find(file, "work", text, states, wanted, inverse=inverse)]

        assert find("KEY-25", Item.FAILED) == [*range(250, 260)]
        assert find("ünDER", Item.FAILED) == [*range(201, 260, 2)]
        assert find("line 25", Item.FAILED) == [*range(250, 260)]
        assert find("line 25", Item.OK) == []
        assert find("key-1", Item.OK)[:3] == [1, 10, 11]
        assert find("%", Item.OK) == []
        assert find("ünder", Item.FAILED, inverse=True) == [*range(200, 260, 2)]
        assert find("", Item.PENDING) == [299, *range(260, 299)]
        assert find("key-299", Item.PENDING) == [299]


async def test_log_lines(stored: Path) -> None:
    with RunFile(stored) as file:
        lines = browse.log_rows(file, limit=3)
        assert [(line.item, line.text, line.at) for line in lines] == [
            (258, "Second", 268.25),
            (259, "line 259", 269.0),
            (259, "Second", 269.25),
        ]
        assert lines[0].failed
        assert lines[0].key == "key-258"
        before = browse.log_rows(file, "work", before=lines[0].at, limit=2)
        assert [line.text for line in before] == ["Second", "line 258"]
        assert [line.text for line in browse.log_rows(file, "work", 205)] == ["line 205", "Second"]
        assert browse.log_rows(file, "load") == []
        found = browse.search_log(file, None, "LINE 24")
        assert [line.item for line in found] == [*range(240, 250)]
        latest = browse.search_log(file, "work", "second", limit=7)
        assert [line.item for line in latest] == [*range(253, 260)]
        assert len(list(browse.all_lines(file))) == 120


async def test_a_search_of_the_log_reads_no_more_of_it_than_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    state = RunState()
    journal = Journal.create(path, META, snapshot_of=lambda: state, on_committed=lambda facts: fold(state, facts))
    async with journal:
        journal.append([*started(), listed(0, 2000), failures(range(2000))])
    read: list[str] = []

    class Counted(RunFile):
        def add_function(self, name: str, arity: int, function: Any) -> None:
            super().add_function(name, arity, lambda *data: read.append(name) or function(*data))  # type: ignore[func-returns-value]

    with Counted(path) as file:
        assert len(browse.search_log(file, "work", "line 1", limit=100)) == 100
        assert len(read) <= 128, "the whole step for each page"


async def test_a_locked_file_is_no_damaged_one(stored: Path) -> None:
    with sqlite3.connect(stored, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreIOError, match="another program holds a lock"):
            RunFile(stored, timeout=0.1)
        other.execute("ROLLBACK")
    other.close()
    read_all(stored)


async def test_a_snapshot_saves_the_fold_and_changes_nothing(tmp_path: Path) -> None:
    story = Story(7)
    for _ in range(300):
        story.step()
    path = tmp_path / "run.db"
    state = RunState()
    async with Journal.create(path, META, snapshot_of=lambda: state, on_committed=lambda f: fold(state, f)) as journal:
        journal.append(story.facts)
    with RunFile(path) as file:
        ((event, outcome),) = file.rows("SELECT event, outcome FROM snapshot")
        assert (event, outcome) == tuple(file.position())
        assert file.state() == story.state
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM snapshot")
    db.close()
    with RunFile(path) as file:
        assert file.state() == story.state
