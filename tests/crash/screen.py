"""A pseudo-terminal that can be measured before and after, resized, stopped, and taken away."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.end_to_end.terminal import Terminal


class Screen(Terminal):
    """A `Terminal` that remembers its settings as they were before the command could touch them."""

    def __init__(self, folder: Path, *words: str, **options: Any) -> None:
        super().__init__(folder, *words, **options)
        self.closed = False
        self.full = True
        """Whether it is the dashboard that has the terminal."""
        self.before = self.settings()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self.closed:
            super().__exit__(kind, error, traceback)
        elif self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def settings(self) -> list[Any]:
        """What `stty -a` shows."""
        return termios.tcgetattr(self._master)

    def resize(self, width: int, height: int) -> None:
        """Another size; what is on the screen is unknown until it is painted again."""
        self.width, self.height = width, height
        self.cells = [[" "] * width for _ in range(height)]
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, seconds: float) -> None:
        """Take what comes for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(min(0.05, left))

    def take_away(self) -> None:
        """The window is closed."""
        os.close(self._master)
        self.closed = True

    def end_unseen(self, seconds: float = 20.0) -> int:
        """Wait for the end of a command whose terminal is gone; returns its exit code."""
        end = time.monotonic() + seconds
        while not self._ended():
            assert time.monotonic() < end, f"still there after {seconds:g} s"
            time.sleep(0.02)
        assert self.code is not None
        return self.code

    def stopped(self, seconds: float = 10.0) -> bool:
        """Wait until ctrl+z has stopped it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            if pid and os.WIFSTOPPED(status):
                return True
            self._read(0.02)
        return False

    def cpu(self) -> float:
        """Seconds of processor time that the command has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
