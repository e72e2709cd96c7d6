"""Lines for a reader that may be slow, may have stopped reading, or may have gone away.

A write to a pipe that nobody empties, or to a terminal stopped by ctrl+s, does not return. It happens in a thread of its own,
so that the run goes on and signals are heard meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from typing import TextIO

MUCH = 1 << 20
"""Characters that may wait to be written before those who make lines should wait too."""


class Lines:
    """Writes lines to a text stream, in order. Used from one event loop."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._waiting: deque[str] = deque()
        self._size = 0
        self._writing = False
        self._gone = False
        self._lock = threading.Condition()
        self._thread: threading.Thread | None = None
        self._written = asyncio.Event()

    def put(self, text: str) -> None:
        """One line, written soon; a reader that has gone away is no reason to stop the run."""
        if self._thread is None:
            self._out.flush()
            loop = asyncio.get_running_loop()
            # A daemon, for it may be in a write that never returns.
            self._thread = threading.Thread(target=self._write_all, args=(loop,), name="lines", daemon=True)
            self._thread.start()
        with self._lock:
            self._written.clear()
            self._waiting.append(text + "\n")
            self._size += len(text) + 1
            self._lock.notify()

    @property
    def clogged(self) -> bool:
        """True while much is waiting."""
        return self._size > MUCH and not self._gone

    async def written(self) -> None:
        """Return when all that was put is written, or the reader has gone."""
        if self._thread is not None:
            await self._written.wait()

    def _write_all(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._tell(loop)
                while not self._waiting:
                    self._lock.wait()
                text = "".join(self._waiting)
                self._waiting.clear()
                self._writing = True
            if not self._gone:
                self._gone = not self._write(text)
            with self._lock:
                self._size -= len(text)
                self._writing = False

    def _write(self, text: str) -> bool:
        try:
            descriptor = self._out.fileno()
        except (OSError, ValueError):
            descriptor = -1
        try:
            if descriptor < 0:
                self._out.write(text)
                self._out.flush()
                return True
            # Past the stream's own buffer, which the interpreter would wait for at its end.
            data = memoryview(text.encode(self._out.encoding or "utf-8", "backslashreplace"))
            while data:
                data = data[os.write(descriptor, data) :]
        except (OSError, ValueError):
            return False
        return True

    def _tell(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.call_soon_threadsafe(self._empty)
        except RuntimeError:  # the loop is closed: nobody waits any more
            pass

    def _empty(self) -> None:
        """On the loop, where nothing is put meanwhile."""
        with self._lock:
            if not self._waiting and not self._writing:
                self._written.set()
