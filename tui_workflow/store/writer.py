"""The statements that turn a group of facts into rows, within one transaction. Runs in the journal's thread.

Numbers that this process hands out (steps, definitions, errors, sequence) are taken back when a transaction fails, so that a
group can be written again as it is.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from operator import itemgetter
from typing import Any, NamedTuple

from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended
from tui_workflow.store import facts_json
from tui_workflow.store.rows import Rows, Table

LOG_LIMIT = 1 << 30
"""Bytes of log kept per run; the oldest of items that succeeded go first."""
_ERRORS_KNOWN = 4096
_ITEM = Table("item", ("step",), ("number", "key", "position", "payload"))
_OUTCOME = Table(
    "outcome",
    ("step", "definition", "revision"),
    ("seq", "item", "attempt", "status", "started", "duration", "at", "worker", "result", "next_at", "error"),
)
_BESIDES = itemgetter(6, 7, 8)
"""Of an outcome: error, log and context, which most do not have."""


class Position(NamedTuple):
    """How far a reader or a snapshot has come: the last event and the last outcome that it holds."""

    event: int = 0
    outcome: int = 0


@dataclass(frozen=True, slots=True)
class Revision:
    """The text of the flow and the sources of its handlers, as read for one revision."""

    number: int
    taken: float
    path: str
    text: bytes
    handlers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A packed `RunState` and the position that it stands for."""

    position: Position
    body: bytes


Entry = ev.Event | Revision
"""What the journal's queue holds."""


def weight_of(entry: Entry) -> int:
    """How many rows an entry comes to: outcomes and listed items count, all else is one."""
    match entry:
        case ev.ItemsEnded():
            return len(entry.outcomes)
        case ev.ItemsListed() | ev.ItemsMoved():
            return len(entry.items)
        case _:
            return 1


class Writer:
    """Writes groups to an open run file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self.log_limit = LOG_LIMIT
        self._errors: dict[bytes, int] = {}
        self._uncertain = False
        self._read_numbers()
        self._log_bytes = int(self._db.execute("SELECT coalesce(sum(length(body)), 0) FROM log").fetchone()[0])
        self._dropped = 0

    def _read_numbers(self) -> None:
        read = self._db.execute
        self._steps = {name: number for number, name in read("SELECT number, name FROM step")}
        self._definitions = {digest: number for number, digest in read("SELECT number, digest FROM definition")}
        self._event = int(read("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])
        self._outcome = int(read("SELECT coalesce(max(seq), 0) FROM outcome").fetchone()[0])
        self._error = int(read("SELECT coalesce(max(number), 0) FROM error").fetchone()[0])
        self._errors.clear()
        self._uncertain = False
        self._latest: tuple[Any, ...] | None = None
        row = read(
            "SELECT step, at, worker, definition, revision FROM outcome WHERE seq = ?", (self._outcome,)
        ).fetchone()
        if row is not None:
            self._latest = tuple(row)

    def position(self) -> Position:
        """What is committed."""
        return Position(self._event, self._outcome)

    def write(self, entries: Sequence[Entry], snapshot: Snapshot | None = None) -> Position:
        """Commit all entries, or none and raise `sqlite3.Error`. Returns the position after them."""
        log_bytes, dropped = self._log_bytes, self._dropped
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            if self._uncertain:
                self._read_numbers()
            self._write(entries)
            if snapshot is not None:
                db.execute(
                    "INSERT OR REPLACE INTO snapshot (only, event, outcome, body) VALUES (1, ?, ?, ?)",
                    (*snapshot.position, snapshot.body),
                )
            db.execute("COMMIT")
        except BaseException:
            # Reading may fail now as well, so the numbers are read again when the next group is written.
            self._uncertain = True
            self._log_bytes, self._dropped = log_bytes, dropped
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return self.position()

    def _write(self, entries: Sequence[Entry]) -> None:
        items, outcomes = Rows(_ITEM), Rows(_OUTCOME)
        events: list[tuple[Any, ...]] = []
        logs: list[tuple[Any, ...]] = []
        context: dict[str, bytes] = {}
        for entry in entries:
            match entry:
                case ev.ItemsEnded():
                    self._add_outcomes(entry, outcomes, logs, context)
                    continue
                case Revision():
                    self._add_revision(entry)
                    continue
                case ev.StepPrinted():
                    logs.append((self._step(entry.step), -1, 0, entry.at, 0, entry.lines))
                    continue
                case ev.ItemsListed():
                    items.add((self._step(entry.step),), entry.items)
                case ev.ItemsMoved():
                    items.insert(self._db)  # an item may be moved in the group that lists it
                    self._move(entry)
                case ev.ListingFinished():
                    items.insert(self._db)
                    step = self._step(entry.step)
                    self._db.executemany(
                        "UPDATE item SET position = NULL WHERE step = ? AND number = ?",
                        ((step, number) for number in entry.gone),
                    )
                case ev.RevisionTaken():
                    for shape in entry.steps:
                        self._step(shape.name)
                        self._definition(shape.definition)
                case _:
                    pass
            self._event += 1
            kind, body = facts_json.encode(entry)
            events.append((self._event, self._outcome, entry.at, kind, body))
        items.insert(self._db)
        outcomes.insert(self._db)
        self._db.executemany("INSERT INTO event (seq, after, at, kind, body) VALUES (?, ?, ?, ?, ?)", events)
        self._write_logs(logs)
        self._write_context(context)

    def _add_outcomes(
        self,
        fact: ev.ItemsEnded,
        rows: Rows,
        logs: list[tuple[Any, ...]],
        context: dict[str, bytes],
    ) -> None:
        outcomes = fact.outcomes
        if not outcomes:
            return
        step, definition = self._step(fact.step), self._definition(fact.definition)
        at, worker, revision, next_at = fact.at, fact.worker, fact.revision, fact.next_at or {}
        seq = self._outcome
        signature = (step, at, worker, definition, revision)
        if signature == self._latest:
            seq += 1  # a gap in the sequence keeps two facts apart that would read as one
        self._latest = signature
        shared = step, definition, revision
        if not next_at and not any(map(any, map(_BESIDES, outcomes))):
            rows.add(
                shared,
                [
                    (n, item, attempt, status, started, took, at, worker, result, None, None)
                    for n, (item, attempt, status, started, took, result, _, _, _) in enumerate(outcomes, seq + 1)
                ],
            )
            self._outcome = seq + len(outcomes)
            return
        told: list[tuple[Any, ...]] = []
        for item, attempt, status, started, took, result, error, log, writes in outcomes:
            seq += 1
            due = next_at.get(item) if next_at else None
            number = None if error is None else self._error_number(error)
            told.append((seq, item, attempt, int(status), started, took, at, worker, result, due, number))
            if log:
                logs.append((step, item, attempt, started, int(status in (Ended.FAILED, Ended.RETRYING)), log))
            if writes:
                context.update(_context_rows(writes))
        rows.add(shared, told)
        self._outcome = seq

    def _step(self, name: str) -> int:
        number = self._steps.get(name)
        if number is None:
            number = len(self._steps) + 1
            self._db.execute("INSERT INTO step (number, name) VALUES (?, ?)", (number, name))
            self._steps[name] = number
        return number

    def _definition(self, digest: str) -> int:
        number = self._definitions.get(digest)
        if number is None:
            number = len(self._definitions) + 1
            self._db.execute("INSERT INTO definition (number, digest) VALUES (?, ?)", (number, digest))
            self._definitions[digest] = number
        return number

    def _error_number(self, body: bytes) -> int:
        digest = blake2b(body, digest_size=16).digest()
        number = self._errors.get(digest)
        if number is None:
            row = self._db.execute("SELECT number FROM error WHERE digest = ?", (digest,)).fetchone()
            if row is not None:
                number = int(row[0])
            else:
                self._error += 1
                number = self._error
                self._db.execute(
                    "INSERT INTO error (number, digest, fingerprint, body) VALUES (?, ?, ?, ?)",
                    (number, digest, _fingerprint(body), body),
                )
            if len(self._errors) >= _ERRORS_KNOWN:
                del self._errors[next(iter(self._errors))]
            self._errors[digest] = number
        return number

    def _add_revision(self, revision: Revision) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO revision (number, taken, path, text) VALUES (?, ?, ?, ?)",
            (revision.number, revision.taken, _storable(revision.path), revision.text),
        )
        self._db.execute("DELETE FROM handler WHERE revision = ?", (revision.number,))
        self._db.executemany(
            "INSERT INTO handler (revision, place, path, source) VALUES (?, ?, ?, ?)",
            [
                (revision.number, place, _storable(path), source)
                for place, (path, source) in enumerate(revision.handlers)
            ],
        )

    def _move(self, fact: ev.ItemsMoved) -> None:
        step = self._step(fact.step)
        self._db.executemany(
            "UPDATE item SET key = ?, position = ?, payload = ? WHERE step = ? AND number = ?",
            ((item.key, item.position, item.payload, step, item.number) for item in fact.items),
        )

    def _write_logs(self, logs: list[tuple[Any, ...]]) -> None:
        if not logs:
            return
        self._db.executemany(
            "INSERT INTO log (step, item, attempt, started, failed, body) VALUES (?, ?, ?, ?, ?, ?)", logs
        )
        self._log_bytes += sum(len(row[5]) for row in logs)
        if self._log_bytes > self.log_limit:
            self._drop_logs(self._log_bytes - self.log_limit)

    def _drop_logs(self, excess: int) -> None:
        """Drop at least `excess` bytes of log: of items that succeeded first, the oldest first, then of the others."""
        for failed in (0, 1):
            while excess > 0:
                after = self._dropped if not failed else 0
                found = self._db.execute(
                    "SELECT seq, length(body) FROM log WHERE failed = ? AND seq > ? ORDER BY seq LIMIT 256",
                    (failed, after),
                ).fetchall()
                if not found:
                    break
                doomed = []
                for seq, size in found:
                    doomed.append((seq,))
                    excess -= size
                    self._log_bytes -= size
                    if not failed:
                        self._dropped = seq
                    if excess <= 0:
                        break
                self._db.executemany("DELETE FROM log WHERE seq = ?", doomed)

    def _write_context(self, context: Mapping[str, bytes]) -> None:
        if context:
            self._db.executemany(
                "INSERT INTO context (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                list(context.items()),
            )


def _context_rows(writes: bytes) -> Iterable[tuple[str, bytes]]:
    return [
        (name, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
        for name, value in json.loads(writes).items()
    ]


def _fingerprint(body: bytes) -> str:
    try:
        return str(json.loads(body)["fingerprint"])
    except (ValueError, KeyError, TypeError):
        return ""


def _storable(path: str) -> str:
    """SQLite takes no lone surrogates, which the name of a file may hold."""
    return path.encode("utf-8", "backslashreplace").decode()
