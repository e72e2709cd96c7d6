"""A command in a real pseudo-terminal, and as much of a terminal as it takes to know what stands on the screen."""

from __future__ import annotations

import codecs
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
from typing import Self

from tests.end_to_end.bench import COMMAND, environment
from tui_workflow.text import GROUP

_PIECES = re.compile(
    r"\x1b\[(?P<args>[0-9;?<>=$]*)(?P<final>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[P_^X][^\x1b]*\x1b\\|\x1b[()*+][0-9A-Za-z]|\x1b[0-~]"
    r"|(?P<control>[\x00-\x1f])|(?P<text>[^\x00-\x1f\x1b]+)"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;?<>=$]*|\][^\x07\x1b]*|[P_^X][^\x1b]*)?\x1b?$")


class Terminal:
    """A command on a pseudo-terminal of 120 × 32, which is `wf-tui` unless it is said. `raw` is every byte that it wrote."""

    def __init__(
        self,
        folder: Path,
        *words: str,
        size: tuple[int, int] = (120, 32),
        command: Sequence[str] = COMMAND,
        **env: str,
    ) -> None:
        self.width, self.height = size
        self.cells = [[" "] * self.width for _ in range(self.height)]
        self.raw = b""
        self.code: int | None = None
        self._x = self._y = 0
        self._whole = True
        self._seen = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(folder)
                os.execve(command[0], [*command, *words], environment(COLUMNS="", LINES="", **env))
            finally:
                os._exit(127)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", self.height, self.width, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        os.close(self._master)

    @property
    def text(self) -> str:
        """What stands on the screen, never a frame that is half drawn; spaces that only group digits are plain ones."""
        if self._whole:
            lines = ("".join(line).rstrip() for line in self.cells)
            self._seen = "\n".join(lines).replace(GROUP, " ")
        return self._seen

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def lose(self, text: str, seconds: float = 20.0) -> None:
        """Wait until a text does not stand on the screen any more."""
        end = time.monotonic() + seconds
        while text in self.text:
            assert time.monotonic() < end, f"{text!r} stayed for {seconds:g} s:\n{self.text}"
            self._read(0.1)

    def see(self, *texts: str, seconds: float = 20.0) -> str:
        """Wait until all these texts stand on the screen at once; gives the screen."""
        end = time.monotonic() + seconds
        while not all(text in self.text for text in texts):
            left = end - time.monotonic()
            assert left > 0, f"{texts} did not appear within {seconds:g} s:\n{self.text}"
            if not self._read(min(left, 0.2)) and self._ended():
                raise AssertionError(f"ended with {self.code} before {texts}:\n{self.text}\n{self.raw[-2000:]!r}")
        return self.text

    def rest(self, seconds: float) -> None:
        """Read for a while, whatever comes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)

    def wait(self, seconds: float = 20.0) -> int:
        """Wait for the end of the command; returns its exit code, negative for a signal."""
        end = time.monotonic() + seconds
        while not self._ended():
            assert time.monotonic() < end, f"did not end within {seconds:g} s:\n{self.text}"
            self._read(0.05)
        while self._read(0.0):
            pass
        assert self.code is not None
        return self.code

    def kill(self, number: int = signal.SIGKILL) -> int:
        os.kill(self.pid, number)
        return self.wait()

    def _ended(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False  # nobody has the other side open any more
        self.raw += data
        self._draw(self._decoder.decode(data))
        return bool(data)

    def _draw(self, text: str) -> None:
        text = self._rest + text
        cut = _UNFINISHED.search(text)
        self._rest, text = (text[cut.start() :], text[: cut.start()]) if cut else ("", text)
        for piece in _PIECES.finditer(text):
            if piece["text"]:
                for letter in piece["text"]:
                    if self._x < self.width and self._y < self.height:
                        self.cells[self._y][self._x] = letter
                    self._x += 1
            elif piece["control"] == "\r":
                self._x = 0
            elif piece["control"] == "\n":
                self._y = min(self._y + 1, self.height - 1)
            elif piece["final"]:
                self._control(piece["args"], piece["final"])

    def _control(self, args: str, final: str) -> None:
        numbers = [int(number or 0) for number in args.split(";")] if re.fullmatch("[0-9;]*", args) else []
        if final in "Hf":
            self._y = max(1, numbers[0] if numbers else 1) - 1
            self._x = max(1, numbers[1] if len(numbers) > 1 else 1) - 1
        elif args == "?2026$" and final == "p":
            self.press("\x1b[?2026;2$y")  # frames are announced to a terminal that says it understands that
        elif args == "?2026" and final in "hl":
            self._whole = final == "l"
        elif final == "J" and numbers == [2]:
            self.cells = [[" "] * self.width for _ in range(self.height)]
        elif final == "K" and self._y < self.height:
            self.cells[self._y][self._x :] = [" "] * max(0, self.width - self._x)
