"""What every source shares: its error, its sign of life, and a thread that reads while the listing says that it lives."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from threading import Condition, Event, Thread
from typing import Any

from tui_workflow.errors import WfError
from tui_workflow.flow.problems import did_you_mean

NOTHING_YET = object()
"""What a source yields while it looks for its next element."""

_ROWS = 1000
"""Elements that are read ahead, at most."""
_BYTES = 4 * 1024 * 1024
"""Bytes of text and binary values after which no more is read ahead."""
_WORTH_IT = 100
"""Elements for which the listing is woken at once: waking it for each would cost more than reading it."""
_NAMED = 12
"""Names that a hint lists, at most."""
_PULSE = 0.05
"""Seconds after which the listing takes what there is, and lives on when there is nothing."""

Rows = Generator[dict[str, Any], None, None]


class SourceError(WfError):
    """Items cannot be read from their source."""


def nearest(name: str, known: Sequence[str], kind: str) -> str:
    """A hint for a name that is not among those known: the nearest of them, or a list that may be cut."""
    more = " …" if len(known) > _NAMED else ""
    return did_you_mean(name, known) or (f"{kind} {', '.join(known[:_NAMED])}{more}" if known else "")


def read_aside(read: Callable[[Event], Rows]) -> Iterator[Any]:
    """The rows that `read` gives, read by a thread; `NOTHING_YET` while the next one takes its time.

    `read` is called in that thread, with an event that is set once nobody wants more; it is closed there too. A query
    may think for minutes before its first row, which no listing could survive in silence.
    """
    ahead = _Ahead(read)
    Thread(target=ahead.fill, name="wf-source", daemon=True).start()
    try:
        over = False
        while not over:
            rows, over = ahead.take()
            if rows:
                yield from rows
            elif not over:
                yield NOTHING_YET
        if ahead.error is not None:
            raise ahead.error
    finally:
        ahead.drop()


class _Ahead:
    """Rows on their way from the thread that reads to the one that lists."""

    def __init__(self, read: Callable[[Event], Rows]) -> None:
        self.error: BaseException | None = None
        self._read = read
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0
        self._over = False
        self._unwanted = Event()
        self._changed = Condition()
        """Only one side can wait at a time: the reader when much is here, the listing when little is."""

    def fill(self) -> None:
        """Read to the end, or until nobody wants more."""
        try:
            rows = self._read(self._unwanted)
            try:
                for row in rows:
                    if not self._put(row):
                        break
            finally:
                rows.close()
        except BaseException as error:
            self.error = error
        with self._changed:
            self._over = True
            self._changed.notify()

    def _put(self, row: dict[str, Any]) -> bool:
        size = sum([len(value) for value in row.values() if type(value) in (str, bytes)])
        with self._changed:
            while len(self._rows) >= _ROWS or self._bytes >= _BYTES:
                if self._unwanted.is_set():
                    return False
                self._changed.wait()
            self._rows.append(row)
            self._bytes += size
            if len(self._rows) == _WORTH_IT or self._bytes >= _BYTES:
                self._changed.notify()
        return not self._unwanted.is_set()

    def take(self) -> tuple[list[dict[str, Any]], bool]:
        """What has been read, and whether that was all."""
        with self._changed:
            if len(self._rows) < _WORTH_IT and self._bytes < _BYTES and not self._over:
                self._changed.wait(_PULSE)
            rows, self._rows, self._bytes = self._rows, [], 0
            self._changed.notify()
            return rows, self._over

    def drop(self) -> None:
        """Let the thread end; it is not waited for."""
        with self._changed:
            self._unwanted.set()
            self._changed.notify()
