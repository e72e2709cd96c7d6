"""The one writer of a run file: facts go in, are committed in groups, and come back once they cannot be lost.

One task owns the connection; each group is one `BEGIN IMMEDIATE … COMMIT` in the connection's thread, so no cancellation
can split it. When the disk is full or the file is locked, nothing is dropped: the facts wait, and the reason is told.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import aiosqlite

from tui_workflow.errors import StoreIOError
from tui_workflow.facts.events import Event
from tui_workflow.facts.state import RunState
from tui_workflow.store import database, snapshot
from tui_workflow.store.meta import RunMeta
from tui_workflow.store.schema import KEY_INDEX
from tui_workflow.store.writer import LOG_LIMIT, Entry, Position, Revision, Snapshot, Writer, weight_of

GROUP = 2000
"""Rows in one commit, at the most; a single fact with more is not split."""
RETRY_SECONDS = 1.0
WATCH_SECONDS = 2.0
SNAPSHOT_SECONDS = 3.0
_T = TypeVar("_T")


class Journal:
    """Writes one run file. Use it as `async with Journal.create(path, meta) as journal:`.

    `on_committed` gets facts on the event loop, in order, after their commit. `on_trouble(reason, fatal)` is told once
    when writing fails, `on_recovered()` when it works again; after a fatal one nothing more is written. `snapshot_of`
    gives the state with all facts that `on_committed` has been given.
    """

    def __init__(
        self,
        path: Path,
        meta: RunMeta | None = None,
        *,
        on_committed: Callable[[list[Event]], None] | None = None,
        on_trouble: Callable[[str, bool], None] | None = None,
        on_recovered: Callable[[], None] | None = None,
        snapshot_of: Callable[[], RunState] | None = None,
        log_limit: int = LOG_LIMIT,
        grace: float = 5.0,
    ) -> None:
        self.path = path
        self.on_committed = on_committed or (lambda _: None)
        self.on_trouble = on_trouble or (lambda _reason, _fatal: None)
        self.on_recovered = on_recovered or (lambda: None)
        self.snapshot_of = snapshot_of
        self.grace = grace
        """Seconds that closing waits for a disk that cannot be written."""
        self._meta = meta
        self._log_limit = log_limit
        self._queue: deque[Entry] = deque()
        self._group: list[Entry] = []
        self._appended = self._done = 0
        self._flushing: list[tuple[int, asyncio.Future[None]]] = []
        self._position = Position()
        self._snapshot: tuple[Position, snapshot.Still] | None = None
        self._snapshot_at = Position()
        self._snapshot_due = 0.0
        self._trouble = ""
        self._fatal: Exception | None = None
        self._closing = False

    @classmethod
    def create(cls, path: Path, meta: RunMeta, **options: object) -> Journal:
        """A journal of a new run; entering it makes the file. Raises `StateDirError` then."""
        return cls(path, meta, **options)  # type: ignore[arg-type]

    @classmethod
    def open(cls, path: Path, **options: object) -> Journal:
        """A journal that goes on with a stored run. Entering it raises `DamagedRunFile` and `StoreIOError`."""
        return cls(path, None, **options)  # type: ignore[arg-type]

    @property
    def position(self) -> Position:
        """What is committed."""
        return self._position

    @property
    def trouble(self) -> str:
        """Why the file cannot be written at present; empty when it can."""
        return self._trouble

    async def __aenter__(self) -> Journal:
        if self._meta is not None:
            await asyncio.to_thread(database.create, self.path, self._meta)
        self._wake, self._hurry = asyncio.Event(), asyncio.Event()
        # Opened before aiosqlite has a thread: one whose connection fails outlives the loop.
        connection = await asyncio.to_thread(database.open_to_write, self.path)
        self._db = await aiosqlite.Connection(lambda: connection, iter_chunk_size=1000)
        try:
            self._writer = await self._call(self._make_writer)
            self._position = self._snapshot_at = await self._call(self._writer.position)
            found = os.stat(self.path)
        except sqlite3.Error as error:
            await self._db.close()
            raise database.unreadable(error, self.path) from None
        except BaseException:
            await self._db.close()
            raise
        self._identity = (found.st_dev, found.st_ino)
        self._snapshot_due = time.monotonic() + SNAPSHOT_SECONDS
        self._tasks = [asyncio.create_task(self._run(), name="journal"), asyncio.create_task(self._watch())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self.close()
        except Exception:
            if error is None:
                raise

    def append(self, facts: Sequence[Event]) -> None:
        """Queue facts; returns at once. They come back through `on_committed`."""
        self._queue.extend(facts)
        self._appended += len(facts)
        self._wake.set()

    def add_revision(
        self, number: int, at: float, path: str, text: bytes, handlers: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """Queue a revision's text and handler sources, to be committed before the facts that are appended later."""
        self._queue.append(Revision(number, at, path, text, tuple(handlers)))
        self._appended += 1
        self._wake.set()

    async def flush(self) -> None:
        """Return when all that was appended so far is committed. Waits through trouble; raises `StoreIOError` after a fatal one."""
        if self._fatal is not None:
            raise self._fatal
        if self._done >= self._appended:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._flushing.append((self._appended, waiter))
        await waiter

    async def index_keys(self) -> None:
        """Make the index by which items are looked up by key; all that is listed later goes into it too."""
        await self._call(lambda: self._db._conn.execute(KEY_INDEX))

    async def close(self) -> None:
        """Commit what is queued, write a last snapshot, and leave one file if no one else reads it.

        Raises `StoreIOError` when facts remain that could not be written within `grace` seconds.
        """
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        self._hurry.set()
        writing, watching = self._tasks
        watching.cancel()
        try:
            while not writing.done():
                await asyncio.wait({writing}, timeout=self.grace)
                if self._trouble and not writing.done():
                    break
        finally:
            writing.cancel()
            await asyncio.gather(writing, watching, return_exceptions=True)
            if self._fatal is None and not self._trouble:
                await self._call(database.finish, self._db._conn)
            await self._db.close()
        left = self._appended - self._done
        if self._fatal is not None:
            raise self._fatal
        if left:
            raise StoreIOError(
                f"the run file {self.path} cannot be written: {self._trouble}. The latest {left} facts are not stored",
                hint="What they tell of will run again on resume.",
            )

    def _make_writer(self) -> Writer:
        writer = Writer(self._db._conn)
        writer.log_limit = self._log_limit
        return writer

    async def _call(self, work: Callable[..., _T], *args: object) -> _T:
        # The one use of a private name: aiosqlite has no public way to run several statements as one piece of work.
        result: _T = await self._db._execute(work, *args)  # type: ignore[no-untyped-call]
        return result

    async def _run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._queue or self._group or self._snapshot:
                    await self._commit()
                if self._closing:
                    if self._take_snapshot(last=True):
                        await self._commit()
                    if not self._queue:
                        return
                    self._wake.set()  # facts that came while the last snapshot was written
        except asyncio.CancelledError:
            raise
        except Exception as error:  # whatever it is, whoever waits for a commit must hear of it
            self._end(error)

    async def _commit(self) -> None:
        """Write one group; a failure that may pass is told, waited for, and the group stays."""
        group = self._group or self._next_group()
        self._group = group
        try:
            self._position = await self._call(self._write, group, self._snapshot)
        except sqlite3.Error as error:
            await self._suffer(error)
            return
        if self._snapshot is not None:
            self._snapshot_at, self._snapshot = self._snapshot[0], None
        self._group = []
        self._done += len(group)
        if self._trouble:
            self._trouble = ""
            self.on_recovered()
        facts: list[Event] = [entry for entry in group if not isinstance(entry, Revision)]
        if facts:
            self.on_committed(facts)
        while self._flushing and self._flushing[0][0] <= self._done:
            waiter = self._flushing.pop(0)[1]
            if not waiter.done():
                waiter.set_result(None)
        self._take_snapshot()

    def _next_group(self) -> list[Entry]:
        group: list[Entry] = []
        weight = 0
        while self._queue:
            weight += weight_of(self._queue[0])
            if group and weight > GROUP:
                break
            group.append(self._queue.popleft())
        return group

    def _write(self, group: list[Entry], state: tuple[Position, snapshot.Still] | None) -> Position:
        """In the connection's thread."""
        return self._writer.write(group, None if state is None else Snapshot(state[0], snapshot.pack(state[1])))

    def _take_snapshot(self, *, last: bool = False) -> bool:
        """Make a snapshot to go with the next commit if it is time for one."""
        begun = time.monotonic()
        if self.snapshot_of is None or self._position == self._snapshot_at or not (last or begun >= self._snapshot_due):
            return False
        self._snapshot = (self._position, snapshot.take(self.snapshot_of()))
        now = time.monotonic()
        # A large state costs more to write down; it is written down less often.
        self._snapshot_due = now + max(SNAPSHOT_SECONDS, 50 * (now - begun))
        return True

    async def _suffer(self, error: sqlite3.Error) -> None:
        code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
        moved = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED
        passing = isinstance(error, sqlite3.OperationalError) or code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
        why = database.explain(error)
        if moved or not passing:
            raise StoreIOError(f"the run file {self.path} cannot be written any more: {why}")
        if not self._trouble:
            self._trouble = why
            self.on_trouble(f"{why}: the run file {self.path} cannot be written; trying again every second", False)
        self._trouble = why
        self._hurry.clear()
        try:
            await asyncio.wait_for(self._hurry.wait(), RETRY_SECONDS)
        except TimeoutError:
            pass

    async def _watch(self) -> None:
        """Notice that the file is gone or is another one. By name only: opening it here would drop SQLite's locks."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                found = os.stat(self.path)
                same = (found.st_dev, found.st_ino) == self._identity
                what = "was replaced by another file"
            except FileNotFoundError:
                same, what = False, "was deleted"
            except OSError as error:
                same, what = False, f"cannot be reached: {error.strerror}"
            if not same:
                self._end(StoreIOError(f"the run file {self.path} {what} while the run was going on"))
                return

    def _end(self, error: Exception) -> None:
        """Nothing more can be written: tell it, and let nobody wait."""
        if self._fatal is not None:
            return
        self._fatal = error
        self._trouble = str(error) or type(error).__name__
        self._tasks[0].cancel()
        for _, waiter in self._flushing:
            if not waiter.done():
                waiter.set_exception(error)
        self._flushing.clear()
        self.on_trouble(self._trouble, True)
