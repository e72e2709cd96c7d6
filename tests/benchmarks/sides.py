"""The other sides, each run as a process of its own that prints how many seconds its work took."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tui_workflow.store.schema import MIGRATIONS

GROUP = 1000
"""Items in one commit."""


def same(item: int) -> int:
    return item


def one_by_one(count: int) -> None:
    """`ProcessPoolExecutor`, one `submit` an item; nothing is stored."""
    with ProcessPoolExecutor(2) as pool:
        futures = [pool.submit(same, item) for item in range(count)]
        assert sum(1 for future in futures if future.result() >= 0) == count


def rows(count: int) -> None:
    """The rows of `count` items in the tables of a run file, in group commits that a power failure cannot undo."""
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "rows.db", isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.executescript(MIGRATIONS[0])
        now = time.time()
        for start in range(0, count, GROUP):
            numbers = range(start, min(start + GROUP, count))
            db.execute("BEGIN IMMEDIATE")
            db.executemany(
                "INSERT INTO item (step, number, key, position, payload) VALUES (1, ?, ?, ?, ?)",
                [(n, f"{n:016x}", n, b"%d" % n) for n in numbers],
            )
            db.executemany(
                "INSERT INTO outcome VALUES (?, 1, ?, 1, 1, ?, 0.00001, ?, NULL, 4242, 1, 1, ?, NULL)",
                [(n, n, now, now, b"%d" % n) for n in numbers],
            )
            db.execute("COMMIT")
        db.close()


SIDES: dict[str, Callable[[int], None]] = {"one_by_one": one_by_one, "rows": rows}


if __name__ == "__main__":
    work, size = SIDES[sys.argv[1]], int(sys.argv[2])
    began = time.perf_counter()
    work(size)
    print(time.perf_counter() - began)
