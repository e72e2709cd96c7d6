"""Long questions to the run file: other questions do not wait for them, and leaving ends them."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

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
