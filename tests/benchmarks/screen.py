"""A command on a pseudo-terminal that is read as fast as it writes, and never drawn: drawing would take the time measured."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tests.benchmarks.bench import COMMAND, PATIENCE, environment

COLUMNS, LINES = 120, 40


class Screen:
    """A command with a terminal of its own; ended, if it has not ended by itself, when the block is left."""

    def __init__(self, folder: Path, words: Sequence[str], command: Sequence[str] = COMMAND) -> None:
        self.began = time.perf_counter()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(folder)
                variables = {**environment(), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
                os.execve(command[0], [*command, *words], variables)
            finally:
                os._exit(127)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))

    def __enter__(self) -> Screen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 60.0)):
                os.kill(self.pid, number)
                end = time.monotonic() + patience
                while time.monotonic() < end:
                    if os.waitpid(self.pid, os.WNOHANG) != (0, 0):
                        return
                    self.read(0.02)
        except (ProcessLookupError, ChildProcessError):
            pass
        finally:
            os.close(self._master)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def read(self, seconds: float) -> bytes:
        """What it has written by now, waited for `seconds` at the most."""
        if not select.select([self._master], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self._master, 1 << 16)
        except OSError:
            time.sleep(min(seconds, 0.01))
            return b""

    def until(self, text: bytes | re.Pattern[bytes], seconds: float = 30.0) -> float:
        """Read until a text, or what a pattern matches, has been written; returns the time at which it had arrived, a `perf_counter`."""
        end = time.perf_counter() + seconds
        tail = b""
        pattern = text if isinstance(text, re.Pattern) else re.compile(re.escape(text))
        while True:
            data = self.read(0.5)
            now = time.perf_counter()
            if pattern.search(tail + data):
                return now
            tail = (tail + data)[-4096:]
            assert now < end, f"{text!r} was not written within {seconds:g} s; the last: {tail[-600:]!r}"

    def read_until(self, path: Path, seconds: float = PATIENCE) -> None:
        """Read until a file exists."""
        end = time.perf_counter() + seconds
        while not path.exists():
            self.read(0.05)
            assert time.perf_counter() < end, f"{path} was not made within {seconds:g} s"

    def read_for(self, seconds: float) -> None:
        """Read for a while."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)
