"""Questions to a run file about items, results and logs; each costs what it returns, not what the run holds."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from tui_workflow.facts import logs
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import Item
from tui_workflow.store.facts_json import SHIFTED
from tui_workflow.store.holding import Condition, Held
from tui_workflow.store.paging import among, pages
from tui_workflow.store.records import StoredAttempt, StoredItem, StoredLine
from tui_workflow.store.runfile import RunFile


def item_rows(
    file: RunFile, step: str, numbers: Sequence[int], *, payload: bool = False, result: bool = False
) -> list[StoredItem]:
    """Items of a step in the order given, with their latest outcome; items that are not stored are left out."""
    found: dict[int, StoredItem] = {}
    place = file.step_number(step)
    if place is None:
        return []
    for page in pages(numbers):
        where, arguments = among(page)
        latest = {
            row[0]: row
            for row in file.rows(
                "SELECT item, max(seq), (SELECT max(attempt) FROM outcome p WHERE p.step = o.step AND p.item = o.item), status, started + duration, duration, revision, definition, error,"  # noqa: S608
                f" {'result' if result else 'NULL'} FROM outcome o WHERE step = ? AND item {where} GROUP BY item",
                (place, *arguments),
            )
        }
        for number, key, position, body in file.rows(
            f"SELECT number, key, position, {'payload' if payload else 'NULL'} FROM item WHERE step = ? AND number {where}",  # noqa: S608
            (place, *arguments),
        ):
            found[number] = _item(file, number, key, position, body, latest.get(number))
    return [found[number] for number in numbers if number in found]


def _item(file: RunFile, number: int, key: str, position: int | None, payload: bytes | None, row: Any) -> StoredItem:
    place = -1 if position is None else position
    if row is None:
        return StoredItem(number, key, place, payload=payload)
    _, _, attempt, status, ended, duration, revision, definition, error, result = row
    return StoredItem(
        number,
        key,
        place,
        attempt,
        status,
        ended,
        duration,
        revision,
        file.definition(definition),
        None if error is None else file.error_body(error),
        payload,
        result,
    )


def item_order(file: RunFile, step: str, count: int) -> Sequence[int]:
    """The numbers of a step's items in the order of the latest listing, those gone left out."""
    place = file.step_number(step)
    if place is None:
        return range(0)
    shifted = file.rows(
        "SELECT 1 FROM event WHERE kind IN ('items_listed', 'items_moved', 'listing_finished')"
        " AND instr(body, ?) AND instr(body, ?) LIMIT 1",
        (f'"step":"{step}"'.encode(), SHIFTED.encode()),
    )
    if not shifted:
        return range(count)
    order = array("q")
    order.extend(
        row[0]
        for row in file.rows(
            "SELECT number FROM item WHERE step = ? AND position IS NOT NULL AND number < ? ORDER BY position, number",
            (place, count),
        )
    )
    return order


_LATEST = "seq = (SELECT max(seq) FROM outcome p WHERE p.step = o.step AND p.item = o.item)"
_ORDERS = {
    "key": "SELECT number AS n FROM item WHERE step = ? ORDER BY key",
    "took": f"SELECT item AS n FROM outcome o WHERE step = ? AND {_LATEST} ORDER BY duration DESC",  # noqa: S608
    "ended": f"SELECT item AS n FROM outcome o WHERE step = ? AND {_LATEST} ORDER BY started + duration DESC",  # noqa: S608
}
_FIRST = {
    "key": "SELECT number FROM item WHERE step = ? ORDER BY key LIMIT ?",
    "took": f"""SELECT item FROM (
        SELECT item, seq, step FROM outcome NOT INDEXED WHERE step = ? ORDER BY duration DESC LIMIT ?
    ) o WHERE {_LATEST}""",  # noqa: S608
    "ended": f"""SELECT item FROM (
        SELECT item, seq, step, started + duration AS ended FROM outcome NOT INDEXED WHERE step = ? ORDER BY seq DESC LIMIT ?
    ) o WHERE {_LATEST} ORDER BY ended DESC""",  # noqa: S608
}
"""Of ends the latest are looked for among those that were stored last."""
_CHUNK = 1 << 16
"""Characters of a list of numbers that are read at once: as Python's numbers they take ten times as much."""


def sorted_items(
    file: RunFile, step: str, by: Literal["key", "took", "ended"], first: int | None = None
) -> Sequence[int]:
    """Numbers of a step's items by key, or by what their latest attempt took or when it ended, the greatest first.

    SQLite sorts, since it lets other threads run meanwhile. With `first` only about so many are looked for, which for a
    million items is done in a fraction of the time. Items that have not ended are in none but the order by key.
    """
    place = file.step_number(step)
    if place is None:
        return ()
    if first is not None:
        return array("I", (number for (number,) in file.rows(_FIRST[by], (place, first))))
    ((text,),) = file.rows(f"SELECT json_group_array(n) FROM ({_ORDERS[by]})", (place,))  # noqa: S608
    numbers, at = array("I"), 1
    while at < len(text):
        end = text.find(",", at + _CHUNK)
        end = len(text) - 1 if end < 0 else end
        numbers.extend(json.loads(f"[{text[at:end]}]"))
        at = end + 1
    return numbers


def results(file: RunFile, step: str, states: bytearray) -> Iterator[bytes | None]:
    """The encoded results of a step in item order, None for an item that has none."""
    place = file.step_number(step)
    order = item_order(file, step, len(states))
    for page in pages(order):
        where, arguments = among(page)
        found = {
            row[0]: row[1]
            for row in file.rows(
                f"SELECT item, result, max(seq) FROM outcome WHERE step = ? AND item {where} GROUP BY item",  # noqa: S608
                (place, *arguments),
            )
        }
        for number in page:
            yield found.get(number) if states[number] == Item.OK else None


def payloads(file: RunFile, step: str, numbers: Sequence[int]) -> dict[int, tuple[str, int, bytes]]:
    """By item number: key, position (-1 when gone) and payload. Contiguous numbers are read as ranges."""
    place = file.step_number(step)
    found: dict[int, tuple[str, int, bytes]] = {}
    if place is None or not numbers:
        return found
    for first, last in _ranges(numbers):
        if last - first < 8:
            continue
        for number, key, position, payload in file.rows(
            "SELECT number, key, position, payload FROM item WHERE step = ? AND number BETWEEN ? AND ?",
            (place, first, last),
        ):
            found[number] = (key, -1 if position is None else position, payload)
    missing = [number for number in numbers if number not in found]
    for page in pages(missing):
        where, arguments = among(page)
        for number, key, position, payload in file.rows(
            f"SELECT number, key, position, payload FROM item WHERE step = ? AND number {where}",  # noqa: S608
            (place, *arguments),
        ):
            found[number] = (key, -1 if position is None else position, payload)
    return found


def skip_reasons(file: RunFile, step: str, states: bytearray) -> list[tuple[int, bytes | None]]:
    """How many items that are skipped now were skipped for what, as an encoded ErrorInfo, the most frequent first."""
    place = file.step_number(step)
    rows = file.rows(
        "SELECT item, error FROM outcome WHERE step = ? AND status = ? ORDER BY seq", (place, int(Ended.SKIPPED))
    )
    latest = {item: error for item, error in rows if states[item] == Item.SKIPPED}
    return [
        (number, None if error is None else file.error_body(error))
        for error, number in Counter(latest.values()).most_common()
    ]


def heads(file: RunFile, step: str, numbers: Sequence[int], size: int) -> dict[int, bytes]:
    """The first bytes of the stored values of items."""
    place = file.step_number(step)
    found: dict[int, bytes] = {}
    if place is None:
        return found
    for page in pages(numbers):
        where, arguments = among(page)
        sql = f"SELECT number, substr(payload, 1, ?) FROM item WHERE step = ? AND number {where}"  # noqa: S608
        found.update((number, bytes(head)) for number, head in file.rows(sql, (size, place, *arguments)))
    return found


def by_key(file: RunFile) -> str:
    """How a statement names the index of keys, if the file has one; the planner would rather read the whole step."""
    return "INDEXED BY item_key" if file.has_key_index() else ""


def item_numbers(file: RunFile, step: str, keys: Sequence[str]) -> dict[str, int]:
    """The numbers of items by key, for those that exist."""
    place = file.step_number(step)
    found: dict[str, int] = {}
    if place is None:
        return found
    for page in pages(keys):
        marks = ",".join("?" * len(page))
        sql = f"SELECT key, number FROM item {by_key(file)} WHERE step = ? AND key IN ({marks})"  # noqa: S608
        found.update(file.rows(sql, (place, *page)))
    return found


def attempts(file: RunFile, step: str, number: int) -> list[StoredAttempt]:
    """Every attempt of an item that ended, oldest first, with its log."""
    place = file.step_number(step)
    texts: dict[int, bytes] = dict(
        file.rows("SELECT attempt, body FROM log WHERE step = ? AND item = ? ORDER BY seq", (place, number))
    )
    return [
        StoredAttempt(
            attempt,
            status,
            started,
            duration,
            revision,
            next_at,
            None if error is None else file.error_body(error),
            result,
            texts.get(attempt),
        )
        for attempt, status, started, duration, revision, next_at, error, result in file.rows(
            "SELECT attempt, status, started, duration, revision, next_at, error, result FROM outcome"
            " WHERE step = ? AND item = ? ORDER BY seq",
            (place, number),
        )
    ]


def log_rows(
    file: RunFile, step: str | None = None, item: int | None = None, *, before: float | None = None, limit: int = 1000
) -> list[StoredLine]:
    """The latest `limit` lines of the stored log before a time, oldest first."""
    lines: list[StoredLine] = []
    for page in _log_pages(file, step, item, before, newest_first=True):
        lines += (line for line in page if before is None or line.at < before)
        if len(lines) >= limit:
            break
    lines.sort(key=lambda line: line.at)
    return lines[max(0, len(lines) - limit) :]


def all_lines(file: RunFile, step: str | None = None, item: int | None = None) -> Iterator[StoredLine]:
    """The whole stored log in the order in which its attempts ended."""
    for page in _log_pages(file, step, item, None, newest_first=False):
        yield from page


def log_size(file: RunFile, step: str, item: int | None, after: int, limit: int = 500) -> tuple[int, int, int]:
    """Of at most `limit` logs stored after number `after`: lines printed, how many of them left out, the last number."""
    place = file.step_number(step)
    if place is None:
        return 0, 0, after
    which = "FROM log NOT INDEXED WHERE step = ?" if item is None else "FROM log WHERE step = ? AND item = ?"
    arguments = (place, after, limit) if item is None else (place, item, after, limit)
    rows = file.rows(f"SELECT seq, body {which} AND seq > ? ORDER BY seq LIMIT ?", arguments)
    sizes = [logs.size(bytes(body)) for _, body in rows]
    return sum(lines for lines, _ in sizes), sum(cut for _, cut in sizes), rows[-1][0] if rows else after


def search_log(file: RunFile, step: str | None, text: str, *, limit: int = 1000) -> list[StoredLine]:
    """The latest `limit` lines of the stored log that hold `text`, oldest first; case does not count."""
    held = Held(file, text)
    lines: list[StoredLine] = []
    for page in _log_pages(file, step, None, None, newest_first=True, where=held.log()):
        lines += (line for line in page if held.text in line.text.casefold())
        if len(lines) >= limit:
            break
    lines.sort(key=lambda line: line.at)
    return lines[max(0, len(lines) - limit) :]


def _log_pages(
    file: RunFile,
    step: str | None,
    item: int | None,
    before: float | None,
    *,
    newest_first: bool,
    where: Condition = ("1", ()),
) -> Iterator[list[StoredLine]]:
    place = None if step is None else file.step_number(step)
    if step is not None and place is None:
        return
    tests: list[str] = [where[0]]
    arguments: list[Any] = [*where[1]]
    for test, value in (("step = ?", place), ("item = ?", item), ("started < ?", before)):
        if value is not None:
            tests.append(test)
            arguments.append(value)
    # By number the rows come in order; by the index of the step all of them would be read and sorted for each page.
    source = "log l NOT INDEXED" if item is None else "log l"
    seq = (1 << 62) if newest_first else 0
    sense, order = ("<", "DESC") if newest_first else (">", "ASC")
    while True:
        rows = file.rows(
            "SELECT l.seq, l.step, l.item, l.attempt, l.started, l.failed, l.body,"  # noqa: S608
            " (SELECT key FROM item i WHERE i.step = l.step AND i.number = l.item)"
            f" FROM {source} WHERE {' AND '.join(tests)} AND seq {sense} ? ORDER BY seq {order} LIMIT 64",
            (*arguments, seq),
        )
        if not rows:
            return
        seq = rows[-1][0]
        yield [
            StoredLine(started + offset, file.step_name(number), thing, key or "", attempt, text, bool(failed))
            for _, number, thing, attempt, started, failed, body, key in rows
            for offset, text in logs.decode(body)
        ]


def _ranges(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last
