"""What later steps read of an earlier one: results and records, straight from the run file, a page at a time.

Each page is a short read of its own, so that no reader holds the run file's log back while a template works. Order is
that of the latest listing; items it no longer has are left out. Imported by workers; sqlite3 is imported at the first read.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import sqlite3

PAGE = 500
"""Rows of one read."""
Which = Literal["all", "completed", "failed"]

# The latest outcome of an item is the one with the highest `seq`.
_LATEST = "(SELECT max(seq) FROM outcome WHERE step = i.step AND item = i.number)"
_WHERE = {"all": "", "completed": "AND o.status = 1", "failed": "AND o.status = 2"}
_COLUMNS = (
    "i.number, i.position, i.key, i.payload, o.status, o.attempt, o.duration,"
    " CASE WHEN o.status = 1 THEN o.result END, o.error"
)


class Row(NamedTuple):
    """One item with its latest outcome; `result` and `payload` are stored bytes, `error` the number of an error."""

    number: int
    position: int
    key: str
    payload: bytes
    status: int | None
    attempt: int | None
    duration: float | None
    result: bytes | None
    error: int | None


class StepData:
    """A read-only view of one run file; connects at the first read. What it reads must not change while it lives."""

    def __init__(self, run_file: str) -> None:
        self._path = run_file
        self._connection: sqlite3.Connection | None = None
        self._numbers: dict[str, int] = {}
        self._errors: dict[int, bytes] = {}
        self._orders: dict[str, array[int]] = {}

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _read(self, sql: str, *values: Any) -> list[Any]:
        if self._connection is None:
            import sqlite3
            from urllib.parse import quote

            self._connection = sqlite3.connect(
                f"file:{quote(self._path)}?mode=ro", uri=True, isolation_level=None, timeout=30, check_same_thread=False
            )
        return self._connection.execute(sql, values).fetchall()

    def _step(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            rows = self._read("SELECT number FROM step WHERE name = ?", name)
            if not rows:
                return -1
            number = self._numbers[name] = rows[0][0]
        return number

    def result(self, step: str) -> bytes | None:
        """The result of a step without `for_each`; None when its last attempt did not succeed."""
        rows = self._read(
            "SELECT status, result FROM outcome WHERE step = ? AND item = 0 ORDER BY seq DESC LIMIT 1", self._step(step)
        )
        return rows[0][1] if rows and rows[0][0] == 1 else None

    def count(self, step: str, which: Which) -> int:
        """How many rows `page` would give in all; walks the items, so callers that know a count use theirs."""
        if which == "all":
            sql = "SELECT count(*) FROM item WHERE step = ? AND position IS NOT NULL"
        else:
            sql = f"SELECT count(*) FROM item i JOIN outcome o ON o.seq = {_LATEST} WHERE i.step = ? AND i.position IS NOT NULL {_WHERE[which]}"  # noqa: S608
        return int(self._read(sql, self._step(step))[0][0])

    def pages(self, step: str, which: Which) -> Iterator[list[Row]]:
        """All rows in item order. Each page is one read; nothing is held between two of them."""
        order = self._order(step)
        number = self._step(step)
        for start in range(0, len(order), PAGE):
            chunk = order[start : start + PAGE]
            rows = self._rows(number, chunk, which)
            if rows:
                yield rows

    def _order(self, step: str) -> array[int]:
        """The numbers of the items that are listed, in item order: eight bytes each, read once."""
        known = self._orders.get(step)
        if known is not None:
            return known
        number, last = self._step(step), -1
        numbers, places = array("q"), array("q")
        while True:
            rows = self._read(
                "SELECT number, position FROM item WHERE step = ? AND number > ? ORDER BY number LIMIT 5000",
                number,
                last,
            )
            if not rows:
                break
            last = rows[-1][0]
            for item, place in rows:
                if place is not None:
                    numbers.append(item)
                    places.append(place)
        if any(a > b for a, b in zip(places, islice(places, 1, None), strict=False)):
            numbers = array("q", (numbers[i] for i in sorted(range(len(numbers)), key=places.__getitem__)))
        self._orders[step] = numbers
        return numbers

    def _rows(self, step: int, numbers: array[int], which: Which) -> list[Row]:
        low, high = min(numbers), max(numbers)
        join = "LEFT JOIN" if which == "all" else "JOIN"
        base = f"SELECT {_COLUMNS} FROM item i {join} outcome o ON o.seq = {_LATEST} WHERE i.step = ?"  # noqa: S608
        if high - low + 1 == len(numbers):
            values: tuple[int, ...] = (step, low, high)
            sql = f"{base} AND i.number BETWEEN ? AND ? {_WHERE[which]}"
        else:
            marks = ",".join("?" * len(numbers))
            sql, values = f"{base} AND i.number IN ({marks}) {_WHERE[which]}", (step, *numbers)
        rows = [Row(*row) for row in self._read(sql, *values) if row[1] is not None]
        rows.sort(key=lambda row: row.position)
        return rows

    def error(self, number: int | None) -> bytes | None:
        """An encoded `ErrorInfo`, kept for the next item with the same error."""
        if number is None:
            return None
        body = self._errors.get(number)
        if body is None:
            rows = self._read("SELECT body FROM error WHERE number = ?", number)
            if not rows:
                return None
            body = rows[0][0]
            if len(self._errors) > 1000:
                self._errors.clear()
            self._errors[number] = body
        return body

    def log(self, step: str, item: int) -> bytes | None:
        """The stored log of an item's latest attempt."""
        rows = self._read(
            "SELECT body FROM log WHERE step = ? AND item = ? ORDER BY seq DESC LIMIT 1", self._step(step), item
        )
        return rows[0][0] if rows else None
