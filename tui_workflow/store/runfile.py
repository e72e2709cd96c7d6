"""Readers of a run file, live or not: read-only, page by page, never a migration, never a repair.

A reader has a connection of its own and holds no transaction between pages, so it never keeps the writer's log from
being reused. Several threads may use one reader, one at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tui_workflow.errors import DamagedRunFile, UsageError
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Outcome
from tui_workflow.facts.state import RunState, fold
from tui_workflow.store import database, facts_json, snapshot
from tui_workflow.store.meta import RunMeta
from tui_workflow.store.writer import Position, Revision

_PAGE = 2000
_BODIES_KNOWN = 1024
LOOK_EVERY = 1_000_000
"""Instructions of SQLite, some milliseconds, between two looks at whether a reader has been interrupted."""


class RunFile:
    """One open run file. Raises `DamagedRunFile` when it is none, is newer, or is broken, and leaves it as it is."""

    def __init__(self, path: Path, timeout: float = 5.0) -> None:
        self.path = path
        self._steps: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._definitions: dict[int, str] = {}
        self._bodies: dict[int, bytes] = {}
        self._indexed = self._interrupted = False
        if not path.is_file():
            raise DamagedRunFile(f"there is no run file {path}")
        self._db = _connect(path, timeout)
        # An interruption between two statements, or just before one begins, is none for SQLite: it is looked at meanwhile too.
        self._db.set_progress_handler(self._is_interrupted, LOOK_EVERY)

    def __enter__(self) -> RunFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def interrupt(self) -> None:
        """End what another thread reads, and let it read nothing more: it raises `DamagedRunFile` there."""
        self._interrupted = True
        self._db.interrupt()

    def _is_interrupted(self) -> bool:
        return self._interrupted

    def rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[Any]:
        """All rows of a statement: for pages, not for whole tables."""
        try:
            return self._execute(sql, arguments).fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise database.unreadable(error, self.path) from None

    def each(self, sql: str, arguments: Sequence[Any] = ()) -> Iterator[Any]:
        """The rows of a statement one by one, to be taken at once: as long as some are left the writer's log is in use."""
        try:
            yield from self._execute(sql, arguments)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise database.unreadable(error, self.path) from None

    def _execute(self, sql: str, arguments: Sequence[Any]) -> sqlite3.Cursor:
        if self._interrupted:
            raise sqlite3.OperationalError("interrupted")
        return self._db.execute(sql, arguments)

    def add_function(self, name: str, arity: int, function: Any) -> None:
        """Make a Python function callable from this reader's statements."""
        self._db.create_function(name, arity, function, deterministic=True)

    def meta(self) -> RunMeta:
        try:
            return RunMeta.read(dict(self.rows("SELECT key, value FROM run")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(f"its description cannot be read ({error})") from None

    def position(self) -> Position:
        """What is committed now."""
        row = self.rows("SELECT (SELECT coalesce(max(seq), 0) FROM event), (SELECT coalesce(max(seq), 0) FROM outcome)")
        return Position(*row[0])

    def state(self) -> RunState:
        """The run as its facts make it: the last snapshot, and what was stored after it."""
        return self.state_and_position()[0]

    def state_and_position(self) -> tuple[RunState, Position]:
        """The state, and the position from which `facts_since` goes on."""
        state, position = RunState(), Position()
        found = self.rows("SELECT event, outcome, body FROM snapshot")
        if found:
            # A snapshot only saves time: one of another version is as good as none.
            with suppress(ValueError):
                state, position = snapshot.load(found[0][2]), Position(found[0][0], found[0][1])
        try:
            for facts, reached in self.facts_since(position):
                fold(state, facts)
                position = reached
        except (LookupError, ValueError, TypeError) as error:
            raise self._damaged(f"its facts do not fit together ({error!r})") from None
        return state, position

    def facts_since(self, position: Position) -> Iterator[tuple[list[ev.Event], Position]]:
        """The facts after a position, in order, some at a time, each with the position it leads to.

        Outcomes come without results and logs, items without payloads: a fold needs neither.
        """
        end = self.position()
        event, outcome = position
        facts: list[ev.Event] = []
        while True:
            page = self.rows(
                "SELECT seq, after, at, kind, body FROM event WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 500",
                (event, end.event),
            )
            for seq, after, at, kind, body in page:
                for ended, reached in self._ended(outcome, after):
                    outcome = reached
                    yield [*facts, ended], Position(event, outcome)
                    facts = []
                try:
                    facts.append(facts_json.decode(kind, at, body))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise self._damaged(f"event {seq} cannot be read ({error})") from None
                event = seq
            if facts:
                yield facts, Position(event, outcome)
                facts = []
            if not page:
                break
        for ended, reached in self._ended(outcome, end.outcome):
            yield [ended], Position(event, reached)

    def _ended(self, after: int, last: int) -> Iterator[tuple[ev.ItemsEnded, int]]:
        """Outcomes as the facts they came from: rows without a gap in their sequence and with the same stamp."""
        stamp: tuple[Any, ...] = ()
        outcomes: list[Outcome] = []
        next_at: dict[int, float] = {}
        seq = after
        while seq < last:
            page = self.rows(
                "SELECT seq, step, at, worker, definition, revision, item, attempt, status, started, duration, next_at, error"
                " FROM outcome WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
                (seq, last, _PAGE),
            )
            if not page:
                break
            for row in page:
                if outcomes and (row[1:6] != stamp or row[0] != seq + 1):
                    yield self._fact(stamp, outcomes, next_at), seq
                    outcomes, next_at = [], {}
                seq, stamp = row[0], row[1:6]
                item, attempt, status, started, duration, due, error = row[6:]
                if due is not None:
                    next_at[item] = due
                body = None if error is None else self.error_body(error)
                outcomes.append(Outcome(item, attempt, status, started, duration, None, body))
        if outcomes:
            yield self._fact(stamp, outcomes, next_at), seq

    def _fact(self, stamp: tuple[Any, ...], outcomes: list[Outcome], next_at: dict[int, float]) -> ev.ItemsEnded:
        step, at, worker, definition, revision = stamp
        return ev.ItemsEnded(
            at, self.step_name(step), revision, self.definition(definition), worker, tuple(outcomes), next_at or None
        )

    def has_key_index(self) -> bool:
        """True once items can be looked up by key without reading the whole step."""
        if not self._indexed:
            self._indexed = bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = 'item_key'"))
        return self._indexed

    def step_name(self, number: int) -> str:
        if number not in self._steps:
            self._steps = dict(self.rows("SELECT number, name FROM step"))
            if number not in self._steps:
                raise self._damaged(f"it has no step {number}")
        return self._steps[number]

    def step_number(self, name: str) -> int | None:
        """The number of a step, None when nothing of it is stored."""
        if name not in self._numbers:
            self._numbers = {name: number for number, name in self.rows("SELECT number, name FROM step")}
        return self._numbers.get(name)

    def definition(self, number: int) -> str:
        if number not in self._definitions:
            self._definitions = dict(self.rows("SELECT number, digest FROM definition"))
            if number not in self._definitions:
                raise self._damaged(f"it has no definition {number}")
        return self._definitions[number]

    def error_body(self, number: int) -> bytes:
        """An encoded ErrorInfo; the same text for thousands of items is read once."""
        body = self._bodies.get(number)
        if body is None:
            found = self.rows("SELECT body FROM error WHERE number = ?", (number,))
            if not found:
                raise self._damaged(f"it has no error {number}")
            body = bytes(found[0][0])
            if len(self._bodies) >= _BODIES_KNOWN:
                del self._bodies[next(iter(self._bodies))]
            self._bodies[number] = body
        return body

    def revision(self, number: int | None = None) -> Revision:
        """The flow's text and handler sources of a revision, the latest by default. Raises `UsageError` if there is none."""
        found = self.rows(
            "SELECT number, taken, path, text FROM revision WHERE number = coalesce(?, (SELECT max(number) FROM revision))",
            (number,),
        )
        if not found:
            raise UsageError(f"the run {self.path.stem} has no revision {number or 'yet'}")
        number, taken, path, text = found[0]
        handlers = self.rows("SELECT path, source FROM handler WHERE revision = ? ORDER BY place", (number,))
        return Revision(number, taken, path, bytes(text), tuple((name, bytes(source)) for name, source in handlers))

    def context(self) -> dict[str, bytes]:
        """Encoded values by name."""
        return {name: bytes(value) for name, value in self.rows("SELECT name, value FROM context ORDER BY name")}

    def export(self, target: Path) -> None:
        """Write one self-contained copy as it is committed now, also of a live run. Raises OSError and `StoreIOError`."""
        try:
            copy = sqlite3.connect(database.address(target, "rw"), uri=True, isolation_level=None)
            try:
                self._db.backup(copy, pages=1000)
                copy.execute("PRAGMA journal_mode = DELETE").fetchall()
            finally:
                copy.close()
        except sqlite3.Error as error:
            raise database.unreadable(error, self.path) from None

    def _damaged(self, what: str) -> DamagedRunFile:
        return DamagedRunFile(f"{self.path} is damaged: {what}", hint="Nothing was changed in it.")


def _connect(path: Path, timeout: float) -> sqlite3.Connection:
    """A read-only connection to a run file that has been looked at."""
    try:
        return _try(path, database.address(path, "ro"), timeout)
    except (DamagedRunFile, sqlite3.Error) as error:
        refused = error
    code = (getattr(refused, "sqlite_errorcode", 0) or 0) & 0xFF
    log = path.with_name(path.name + "-wal")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) and not (log.exists() and log.stat().st_size):
        # In a directory that may not be written SQLite cannot make its shared memory; with no log it needs none.
        with suppress(sqlite3.Error):
            return _try(path, database.address(path, "ro") + "&immutable=1", timeout)
    if isinstance(refused, DamagedRunFile):
        raise refused
    raise database.unreadable(refused, path)


def _try(path: Path, uri: str, timeout: float) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout, check_same_thread=False)
    try:
        db.execute("PRAGMA query_only = ON")
        # A hostile file must not make a query run code of its schema.
        db.execute("PRAGMA trusted_schema = OFF")
        database.check(db, path)
        db.execute("SELECT count(*) FROM (SELECT 1 FROM run LIMIT 1)").fetchone()
    except BaseException:
        db.close()
        raise
    return db
