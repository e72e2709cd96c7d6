"""A worker that lists a database or a Parquet file needs no more memory for many rows than for few."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.benchmarks.bench import high_water
from tests.workers.bench import Engine, program
from tui_workflow.facts.work import Listing
from tui_workflow.workers.pool import Pool

FEW, MANY = 20_000, 400_000
ROOM = 32 * 1024 * 1024
"""Bytes by which the worker may grow: a page and a dictionary of each column, some rows. All rows would be 140 MB."""


async def memory(pool: Pool, folder: Path, listing: Listing, count: int) -> int:
    """The most memory that a fresh worker had while it listed."""
    worker = await pool.acquire()
    await worker.program(program(folder, inputs={"code": ""}), Engine())
    seen = 0
    async for page in worker.list_items(listing):
        seen += len(page.keys)
    assert seen == count
    most = high_water(worker.pid)
    await worker.close()
    return most


@pytest.mark.slow
@pytest.mark.parametrize("order", ["", " order by random()"])
async def test_a_query_is_not_held_in_memory(order: str, pool: Pool, tmp_path: Path) -> None:
    """Neither are rows that must be sorted first: SQLite sorts them on the disk."""
    most = {}
    for count in (FEW, MANY):
        with closing(sqlite3.connect(tmp_path / f"{count}.db")) as connection:
            connection.execute("create table t (id integer primary key, name text, size real)")
            connection.executemany(
                "insert into t values (?, ?, ?)", ((n, f"row {n} of many", n / 7) for n in range(count))
            )
            connection.commit()
        listing = Listing("sql", f"select * from t{order}", database=f"{count}.db")
        most[count] = await memory(pool, tmp_path, listing, count)
    assert most[MANY] - most[FEW] < ROOM


@pytest.mark.slow
@pytest.mark.parametrize("group", [5_000, MANY], ids=["many row groups", "one row group"])
async def test_a_parquet_file_is_not_held_in_memory(group: int, pool: Pool, tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    most = {}
    for count in (FEW, MANY):
        columns = {
            "id": range(count),
            "name": [f"row {n} of many" for n in range(count)],
            "size": [n / 7 for n in range(count)],
        }
        pq.write_table(
            pa.table({k: list(v) for k, v in columns.items()}), tmp_path / f"{count}.parquet", row_group_size=group
        )
        most[count] = await memory(pool, tmp_path, Listing("parquet", f"{count}.parquet"), count)
    assert most[MANY] - most[FEW] < ROOM
