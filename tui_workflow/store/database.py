"""How a run file is made, opened for writing, and closed so that one file is the whole run."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from tui_workflow.errors import DamagedRunFile, StateDirError, StoreIOError
from tui_workflow.store.files import publish, sync_directory, write_new
from tui_workflow.store.meta import RunMeta
from tui_workflow.store.schema import APPLICATION_ID, MIGRATIONS

VERSION = len(MIGRATIONS)
_CHECKED_BYTES = 32 << 20
"""Files up to this size are checked page by page before they are written again."""


def address(path: Path, mode: str) -> str:
    """The URI by which SQLite opens a path, whatever characters are in it."""
    return f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"


def create(path: Path, meta: RunMeta) -> None:
    """Make a run file, 0600, that holds the run's parameters and nothing else. It appears whole or not at all.

    Raises `StateDirError` when it cannot be written or a file of that name is there.
    """
    draft = path.with_name(f".{path.name}.new")
    try:
        with suppress(FileNotFoundError):
            os.unlink(draft)
        write_new(draft, b"")
        with closing(sqlite3.connect(address(draft, "rw"), uri=True, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = MEMORY")
            db.execute("PRAGMA synchronous = FULL")
            _migrate(db, 0)
            db.execute("BEGIN")
            db.executemany("INSERT INTO run (key, value) VALUES (?, ?)", meta.rows())
            db.execute("COMMIT")
        publish(draft, path)
        sync_directory(path.parent)
    except FileExistsError:
        raise StateDirError(f"the run file {path} exists already") from None
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise StateDirError(f"the run file {path} cannot be created: {why}") from None
    finally:
        with suppress(OSError):
            os.unlink(draft)


def open_to_write(path: Path, timeout: float = 1.0) -> sqlite3.Connection:
    """A connection for the journal: write-ahead log, every commit on disk. `timeout` is what a lock is waited for, in seconds.

    The connection may be used from one other thread. Raises `DamagedRunFile`, which leaves the file as it is, and
    `StoreIOError`.
    """
    if not path.is_file():
        raise DamagedRunFile(f"there is no run file {path}")
    db = None
    try:
        db = sqlite3.connect(
            address(path, "rw"), uri=True, isolation_level=None, timeout=max(timeout, 5.0), check_same_thread=False
        )
        version = check(db, path)
        if path.stat().st_size <= _CHECKED_BYTES:
            quick_check(db, path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if version < VERSION:
            _migrate(db, version)
        db.execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
    except (sqlite3.Error, OSError) as error:
        if db is not None:
            db.close()
        raise unreadable(error, path) from None
    except DamagedRunFile:
        if db is not None:
            db.close()
        raise
    return db


def check(db: sqlite3.Connection, path: Path) -> int:
    """The version of a run file's schema. Raises `DamagedRunFile` for another program's file or a newer one."""
    (mark,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if mark != APPLICATION_ID:
        raise DamagedRunFile(f"{path} is not a run file of wf-tui", hint="Nothing was changed in it.")
    if version > VERSION:
        raise DamagedRunFile(
            f"{path} was written by a newer wf-tui (its format is {version}, this one knows up to {VERSION})",
            hint="Install the newer version; nothing was changed in the file.",
        )
    if version < 1:
        raise DamagedRunFile(f"{path} is damaged: it has no tables", hint="Nothing was changed in it.")
    return int(version)


def quick_check(db: sqlite3.Connection, path: Path) -> None:
    """Raise `DamagedRunFile` when the file's pages do not hold together."""
    (words,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if words != "ok":
        raise DamagedRunFile(f"{path} is damaged: {words}".replace("\n", " "), hint=_SALVAGE)


_SALVAGE = "Nothing was changed in it. Start afresh with --new, or mend a copy with `sqlite3 FILE .recover`."


def unreadable(error: Exception, path: Path) -> DamagedRunFile | StoreIOError:
    """What a person is told when SQLite cannot read a run file."""
    code = getattr(error, "sqlite_errorcode", 0) or 0
    if isinstance(error, OSError) or code & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_PERM,
    ):
        return StoreIOError(f"the run file {path} cannot be opened: {explain(error)}")
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return DamagedRunFile(f"{path} is damaged: it ends too early", hint=_SALVAGE)
    if code & 0xFF == sqlite3.SQLITE_IOERR:
        return StoreIOError(f"the run file {path} cannot be read: {explain(error)}")
    return DamagedRunFile(f"{path} is damaged: {error}", hint=_SALVAGE)


def explain(error: Exception) -> str:
    """Why SQLite failed, in words that say what is the matter with the machine."""
    code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    match code:
        case sqlite3.SQLITE_FULL:
            return "the disk is full"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another program holds a lock on it"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return "it may not be written"
        case sqlite3.SQLITE_IOERR:
            return "the disk reports an I/O error, or a limit on file sizes is reached"
        case sqlite3.SQLITE_CANTOPEN:
            return "it cannot be opened"
        case _:
            return str(error)


def finish(db: sqlite3.Connection) -> None:
    """Move the write-ahead log into the file and, unless a reader is connected, leave one file that is the whole run."""
    with suppress(sqlite3.Error):
        db.execute("PRAGMA busy_timeout = 200")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        db.execute("PRAGMA journal_mode = DELETE").fetchall()


def _migrate(db: sqlite3.Connection, version: int) -> None:
    """Bring the tables up to date in one transaction, so that a kill leaves the old form or the new one."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for script in MIGRATIONS[version:]:
            for statement in _statements(script):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for part in script.split(";"):
        statement += part
        if sqlite3.complete_statement(statement + ";") and statement.strip():
            yield statement
            statement = ""
        elif statement.strip():
            statement += ";"  # it belongs to a text or a trigger
    if statement.strip(" \n;"):
        yield statement
