"""What items print: `sys.stdout` and `sys.stderr` at the level of Python, and one memfd behind descriptors 1 and 2.

`current` finds the log that text belongs to. With one item at a time that is the running item; with several it is a
context variable's, and what has none, raw writes included, goes to the step's log.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Any

from tui_workflow.workers.child.itemlog import ItemLog

_CHUNK = 256 * 1024


class Writer(io.TextIOBase):
    """Stands in for `sys.stdout` and `sys.stderr`; closing it does nothing, so no item can close it for the next."""

    encoding = "utf-8"
    errors = "backslashreplace"
    name = "<item log>"
    mode = "w"

    def __init__(self, current: Callable[[], ItemLog], fd: int) -> None:
        super().__init__()
        self._current = current
        self._fd = fd
        self._raw = False
        self.buffer = _Bytes(self)

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._raw:
            os.write(self._fd, text.encode("utf-8", "backslashreplace"))
        else:
            self._current().write(text)
        return len(text)

    def go_raw(self) -> None:
        """In a process that a handler forked: write to the descriptor, since the item's log is its parent's."""
        self._raw = True

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def flush(self) -> None:
        return

    def close(self) -> None:
        return

    def isatty(self) -> bool:
        return False

    def reconfigure(self, **_: Any) -> None:
        """Accepted and ignored: the log's encoding is fixed."""


class _Bytes(io.RawIOBase):
    """The `buffer` of a `Writer`."""

    def __init__(self, text: Writer) -> None:
        super().__init__()
        self._text = text

    def write(self, data: Any) -> int:
        raw = bytes(data)
        self._text.write(raw.decode("utf-8", "backslashreplace"))
        return len(raw)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._text.fileno()

    def close(self) -> None:
        return


class RawOutput:
    """What was written to descriptors 1 and 2 directly, by C code or by processes that inherited them."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.set_inheritable(self._fd, False)

    def grown(self) -> int:
        """Bytes that wait; one system call, made after every item. Descriptors that were closed are opened again."""
        try:
            return os.lseek(1, 0, os.SEEK_END)
        except OSError:
            self.repair()
            return os.lseek(self._fd, 0, os.SEEK_END)

    def repair(self) -> None:
        """Put back descriptors 1 and 2 where an item has closed or redirected them."""
        ours = os.fstat(self._fd)
        for fd in (1, 2):
            try:
                if os.path.samestat(os.fstat(fd), ours):
                    continue
            except OSError:
                pass
            os.dup2(self._fd, fd, inheritable=True)

    def drain(self, log: ItemLog) -> None:
        """Move what waits into a log. What another process writes in the very moment of the cut may be lost."""
        place = 0
        while data := os.pread(self._fd, _CHUNK, place):
            place += len(data)
            log.write(data.decode("utf-8", "backslashreplace"))
        os.ftruncate(self._fd, 0)


def install(current: Callable[[], ItemLog]) -> tuple[Writer, Writer]:
    """Put writers in place of the standard streams."""
    out, err = Writer(current, 1), Writer(current, 2)
    os.register_at_fork(after_in_child=out.go_raw)
    os.register_at_fork(after_in_child=err.go_raw)
    streams: Any = sys
    streams.stdout = streams.__stdout__ = out
    streams.stderr = streams.__stderr__ = err
    return out, err
