"""Long questions to the run file: other questions do not wait for them, and leaving ends them."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.store.facts import META, started
from tui_workflow.errors import DamagedRunFile
from tui_workflow.facts.state import RunState
from tui_workflow.session.details import StoredDetails
from tui_workflow.store.journal import Journal
from tui_workflow.store.runfile import RunFile

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


async def test_leaving_ends_a_search_that_is_under_way(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    async with Journal.create(path, META) as journal:
        journal.append(started())
    begun = threading.Event()

    def search(file: RunFile) -> None:
        begun.set()
        file.rows(ENDLESS)

    details = StoredDetails(path, RunState, lambda: pytest.fail("no plan is asked for"))
    async with details:
        searching = asyncio.ensure_future(details._ask_beside(search))
        await asyncio.to_thread(begun.wait)
        assert await details.items("work", [1]) == [], "other questions are answered meanwhile"
        left = time.monotonic()
    assert time.monotonic() - left < 5
    with pytest.raises(DamagedRunFile, match="interrupted"):
        await searching


async def test_an_interruption_just_before_a_statement_begins_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.db"
    async with Journal.create(path, META) as journal:
        journal.append(started())
    with RunFile(path) as file:
        real = file._db

        class Late:
            """A connection on which the interruption comes after it was looked for, and before there is anything to end."""

            def execute(self, sql: str, arguments: Sequence[Any]) -> sqlite3.Cursor:
                file.interrupt()
                return real.execute(sql, arguments)

            def interrupt(self) -> None:
                real.interrupt()

        monkeypatch.setattr(file, "_db", Late())
        with pytest.raises(DamagedRunFile, match="interrupted"):
            file.rows(ENDLESS)
        monkeypatch.undo()


async def test_a_search_that_begins_while_one_leaves_is_ended_too(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    async with Journal.create(path, META) as journal:
        journal.append(started())
    details = StoredDetails(path, RunState, lambda: pytest.fail("no plan is asked for"))
    async with details:
        details._leaving = True
        with pytest.raises(DamagedRunFile, match="interrupted"):
            await details._ask_beside(lambda file: file.rows(ENDLESS))


async def test_a_file_that_was_interrupted_reads_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    async with Journal.create(path, META) as journal:
        journal.append(started())
    with RunFile(path) as file:
        assert file.rows("SELECT 1")
        file.interrupt()
        for read in (file.rows, lambda sql: list(file.each(sql))):
            with pytest.raises(DamagedRunFile, match="interrupted"):
                read("SELECT 1")
