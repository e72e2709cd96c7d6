"""A terminal that does not read, or is gone, must not hold up the run behind the screen.

The terminal library writes from a thread with a queue of thirty; when that is full, a write blocks the event loop.
So nothing is painted while more than a few writes wait, the next tick shows the newest state anyway; and what is written
in spite of that is dropped before the queue is full, and painted anew when the terminal reads again.
"""

from __future__ import annotations

import select
from typing import Any

CLOGGED = 6
"""Writes that may wait before painting is left out."""
FULL = 16
"""Writes that may wait before others are dropped; restoring the terminal takes about a dozen more."""


class Terminal:
    """Watches over the writes of a driver; one without a writing thread, as in tests, is never clogged."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self.dropped = False
        """True when something was not written, so that the screen must be painted whole."""
        self._write = driver.write if driver is not None else None
        if driver is not None:
            driver.write = self._guarded

    def _guarded(self, data: str) -> None:
        if self._waiting() < FULL:
            assert self._write is not None
            self._write(data)
        else:
            self.dropped = True

    def _waiting(self) -> int:
        queue = getattr(getattr(self._driver, "_writer_thread", None), "_queue", None)
        return int(queue.qsize()) if queue is not None else 0

    @property
    def clogged(self) -> bool:
        """Whether the terminal takes nothing for now, or is gone."""
        thread = getattr(self._driver, "_writer_thread", None)
        return thread is not None and (not thread.is_alive() or self._waiting() >= CLOGGED)

    @property
    def gone(self) -> bool:
        """Whether nobody is at the other end any more: the window was closed, the line is down. False when there is none."""
        file = getattr(self._driver, "_file", None)
        try:
            poll = select.poll()
            poll.register(file.fileno(), select.POLLHUP)  # type: ignore[union-attr]
        except (AttributeError, OSError, ValueError):
            return False
        return bool(poll.poll(0))

    def release(self) -> None:
        """Let every write through again: what restores the terminal must not be dropped."""
        if self._driver is not None and "write" in vars(self._driver):
            del self._driver.write

    def forsake(self) -> None:
        """Write nothing more: the terminal is gone, and waiting for it would take for ever."""
        if getattr(self._driver, "_writer_thread", None) is not None:
            self._driver._writer_thread = _Nowhere()


class _Nowhere:
    """Takes every write and does nothing with it."""

    def write(self, text: str) -> None:
        del text

    def flush(self) -> None: ...

    def stop(self) -> None: ...

    def is_alive(self) -> bool:
        return False
