"""Rows that are inserted many to a statement.

Binding is what a row costs the rest of the process, since the interpreter's lock is held meanwhile. So values that all rows
of a statement share are bound once, and a statement has as many rows as it may, for after each the lock is waited for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

_ROWS = (1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
"""Rows of one statement: few sizes, so that each is prepared once."""


class Table(NamedTuple):
    """A table, its columns that rows of a statement share, and its others. All are this program's own words."""

    name: str
    shared: tuple[str, ...]
    each: tuple[str, ...]


class Rows:
    """Rows of one table that wait to be inserted."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._values: dict[tuple[Any, ...], list[Any]] = {}

    def add(self, shared: tuple[Any, ...], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows: the values of the shared columns, and those of the others for each."""
        self._values.setdefault(shared, []).extend(chain.from_iterable(rows))

    def insert(self, db: sqlite3.Connection) -> None:
        """Insert all that wait. Raises `sqlite3.Error`."""
        width = len(self._table.each)
        most = db.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) - len(self._table.shared)
        for shared, values in self._values.items():
            start = 0
            for size in _ROWS:
                step = size * width
                while step <= most and len(values) - start >= step:
                    db.execute(_statement(self._table, size), [*shared, *values[start : start + step]])
                    start += step
        self._values.clear()


@cache
def _statement(table: Table, rows: int) -> str:
    columns = ", ".join((*table.shared, *table.each))
    # A bare `?` is the one after the highest so far.
    one = ",".join((*(f"?{number}" for number in range(1, len(table.shared) + 1)), *("?" * len(table.each))))
    return f"INSERT INTO {table.name} ({columns}) VALUES " + ",".join([f"({one})"] * rows)  # noqa: S608
