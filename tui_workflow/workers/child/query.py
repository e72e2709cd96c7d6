"""The rows of a query over an SQLite file, read by a cursor. The file is opened read-only, and nothing else is opened."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from threading import Event
from typing import Any
from urllib.parse import quote

from tui_workflow.workers.child.reading import Rows, SourceError, nearest

PATIENCE = 5.0
"""Seconds to wait for a database that another program has locked."""
_CHECK = 10_000
"""Instructions of SQLite's machine between two looks at whether the rows are still wanted."""
_LOOKED_AT = 200
"""Tables among which a name is looked for, at most."""
_BIG = 1 << 63

_ALLOWED = frozenset(
    (
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        # An R-tree prepares statements that write when it is opened. None can run: the file is open for reading.
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
    )
)
_PRAGMAS = frozenset(("data_version", "page_size"))
"""Settings that full-text tables look up when they are opened."""


def bound(args: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a query's parameters, each one that SQLite has a type for. Raises `SourceError`."""
    for name, value in args.items():
        reason = _unfit(value)
        if reason:
            raise SourceError(f"`args.{name}` is {reason[0]}, which a query cannot be given", hint=reason[1])
    return dict(args)


def _unfit(value: Any) -> tuple[str, str] | None:
    """What a value is that cannot be bound, and what to do."""
    kind = type(value)
    if kind in (bool, bytes, type(None)):
        return None
    if kind is str:
        if value.isascii() or value.encode("utf-8", "ignore").decode() == value:
            return None
        return "text with a lone surrogate", "Give it as bytes."
    if kind is int:
        return None if -_BIG <= value < _BIG else ("a number of more than 64 bits", "Give it as text.")
    if kind is float:
        return None if value == value else ("NaN", "SQLite would take it for null.")  # noqa: PLR0124
    if kind in (list, tuple, set, frozenset, dict) or hasattr(kind, "__wf_plain__"):
        shown = "a mapping" if kind is dict else "a list"
        return shown, "Give it as text with `|tojson`, and write `in (select value from json_each(:name))`."
    return f"of type {kind.__name__}", "Give it as text."


def rows(query: str, path: str, args: Mapping[str, Any], unwanted: Event, patience: float = PATIENCE) -> Rows:
    """The rows as mappings by column, in the order of the query. `unwanted` ends a query that is under way.

    `patience` is in seconds. Raises `SourceError`.
    """
    if not os.path.isfile(path):
        missing = "is not a file" if os.path.exists(path) else "does not exist"
        raise SourceError(f"the database {path} {missing}")
    uri = f"file://{quote(os.fsencode(os.path.abspath(path)))}?mode=ro"
    connection: sqlite3.Connection | None = None
    number = 0
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)
        connection.set_authorizer(_allow)
        connection.set_progress_handler(unwanted.is_set, _CHECK)
        cursor = connection.execute(query, args)
        names = _columns(cursor)
        for row in cursor:
            number += 1
            yield dict(zip(names, row, strict=True))
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        if not unwanted.is_set():
            raise _told(error, path, number, connection, patience) from None
    finally:
        if connection is not None:
            connection.close()


def _allow(action: int, first: str | None, second: str | None, database: str | None, inside: str | None) -> int:
    """What a statement may do while it is prepared: read. No other file, no temporary table, no setting."""
    if action in _ALLOWED or (action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS and second is None):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _columns(cursor: sqlite3.Cursor) -> list[str]:
    names = [column[0] for column in cursor.description or ()]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise SourceError(f"the query names two columns {name!r}", hint="Give one another name with `as`.")
    return names


def _told(
    error: Exception, path: str, number: int, connection: sqlite3.Connection | None, patience: float
) -> SourceError:
    """What SQLite says, as what is wrong and what to do."""
    name = str(getattr(error, "sqlite_errorname", ""))
    text = str(error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        hint = "Try again when the program that writes to it has finished."
        return SourceError(f"the database {path} is locked by another program, for {patience:g} seconds now", hint=hint)
    if name in ("SQLITE_READONLY_ROLLBACK", "SQLITE_READONLY_RECOVERY", "SQLITE_READONLY_CANTINIT"):
        hint = "Open it once with a program that may write to it, which puts it right."
        return SourceError(f"the database {path} was left in the middle of a write", hint=hint)
    if name.startswith(("SQLITE_READONLY", "SQLITE_AUTH")) or text == "not authorized":
        hint = "A query that lists items can only read. Write in a step of its own."
        return SourceError(f"the query does more than read its database: {text}", hint=hint)
    if name.startswith("SQLITE_NOTADB"):
        return SourceError(f"{path} is not an SQLite database, or it is encrypted")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_IOERR")):
        return SourceError(f"the database {path} is damaged or cannot be read: {text}{_behind(number)}")
    if name.startswith("SQLITE_CANTOPEN"):
        hint = "A database in WAL mode can be read only where its folder can be written to."
        return SourceError(f"the database {path} cannot be opened: {text}", hint=hint)
    hint = ""
    if text.startswith("no such table: "):
        hint = nearest(text.partition(": ")[2], _tables(connection), "its tables are") or "it has no tables"
    elif text.startswith("Could not decode"):
        hint = "Read the column as bytes: cast(NAME as blob) as NAME."
    return SourceError(f"the query of {path} fails: {text}{_behind(number)}", hint=hint or None)


def _behind(number: int) -> str:
    return f" (behind row {number})" if number else ""


def _tables(connection: sqlite3.Connection | None) -> list[str]:
    """The names of some tables."""
    if connection is None:
        return []
    try:
        named = (
            "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\'"
        )
        return [str(name) for (name,) in connection.execute(f"{named} order by name limit ?", (_LOOKED_AT,))]
    except (sqlite3.Error, sqlite3.Warning):
        return []
