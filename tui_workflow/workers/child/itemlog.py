r"""The log of one attempt while it grows: lines with their time, head and tail kept, what was cut is said.

Text comes in pieces of any size; a line ends at `\n`. Of a line that was rewritten with `\r`, as progress bars do, the last
state is kept. Memory is bounded whatever comes in. Secrets are masked on whole lines, so no cut or split shows a part.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import perf_counter

from tui_workflow.facts.logs import CUT, LIMIT, encode_line

_HEAD = LIMIT // 2
_TAIL = LIMIT // 2 - 512
_LINE = 16 * 1024
"""Characters of one line that are kept, half of them from its end."""
_OPEN = 64 * 1024
"""Characters of an unfinished line that are held before it is shortened."""
_FRESH = 1000
"""Lines that are kept for the next look of a screen."""


class ItemLog:
    """Not locked: written by the thread that runs the item, looked at through `fresh_lines` by another."""

    __slots__ = (
        "_cut_at",
        "_cut_bytes",
        "_cut_lines",
        "_fresh",
        "_head",
        "_head_size",
        "_lost",
        "_mask",
        "_missed",
        "_open",
        "_open_size",
        "_start",
        "_tail",
        "_tail_size",
        "_tell",
    )

    def __init__(
        self,
        start: float,
        mask: Callable[[str], str] | None = None,
        tell: Callable[[bytes], None] | None = None,
    ) -> None:
        self._tell = tell
        self._start = start
        self._mask = mask
        self._open: list[str] = []
        self._open_size = 0
        self._lost = 0
        self._head: list[bytes] = []
        self._head_size = 0
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._cut_lines = 0
        self._cut_bytes = 0
        self._cut_at = 0.0
        self._missed = 0
        self._fresh: deque[bytes] = deque(maxlen=_FRESH)

    def write(self, text: str) -> None:
        end = text.find("\n")
        if end < 0:
            self._extend(text)
            return
        start = 0
        while end >= 0:
            if self._open:
                self._extend(text[start:end])
                self._finish("".join(self._open))
            else:
                self._finish(text[start:end])
            start = end + 1
            end = text.find("\n", start)
        if start < len(text):
            self._extend(text[start:])

    def line(self, text: str) -> None:
        """Add text as lines of its own, whatever is unfinished."""
        if self._open:
            self._finish("".join(self._open))
        for one in text.split("\n"):
            self._finish(one)

    def fresh_lines(self) -> bytes:
        """The lines added since the last call, encoded; of many, the latest."""
        lines = []
        while self._fresh:
            lines.append(self._fresh.popleft())
        if self._missed:
            lines.insert(0, encode_line(perf_counter() - self._start, f"{CUT}{self._missed:,} lines left out"))
            self._missed = 0
        return b"".join(lines)

    def finished(self) -> bytes:
        """The whole log, encoded; an unfinished line counts as one."""
        if self._open:
            self._finish("".join(self._open))
        if not self._cut_lines:
            return b"".join((*self._head, *self._tail))
        what = f"{CUT}{self._cut_lines:,} lines, {_size(self._cut_bytes)}, left out"
        return b"".join((*self._head, encode_line(self._cut_at, what), *self._tail))

    def _extend(self, text: str) -> None:
        if not text:
            return
        self._open.append(text)
        self._open_size += len(text)
        if self._open_size > _OPEN:
            whole = "".join(self._open)
            bare = whole.rstrip("\r")
            last = bare.rfind("\r")
            if last >= 0:
                whole, self._lost = whole[last + 1 :], 0
            if self._mask is not None:
                whole = self._mask(whole)
            if len(whole) > _OPEN // 2:
                # The place of an earlier cut is kept where it was: at `_LINE // 2` from the start of the line.
                kept = whole[: _LINE // 2] + whole[-_OPEN // 4 :]
                self._lost += len(whole) - len(kept)
                whole = kept
            self._open = [whole]
            self._open_size = len(whole)

    def _finish(self, text: str) -> None:
        lost, self._lost = self._lost, 0
        if self._open:
            self._open = []
            self._open_size = 0
        if "\r" in text:
            text = text.rstrip("\r").rpartition("\r")[2]
        if self._mask is not None:
            text = self._mask(text)
        if lost or len(text) > _LINE:
            half = _LINE // 2
            lost += max(0, len(text) - 2 * half)
            text = f"{text[:half]} {CUT}{lost:,} characters left out {CUT}{text[half:][-half:]}"
        offset = perf_counter() - self._start
        line = encode_line(offset, text)
        if len(self._fresh) == _FRESH:
            self._missed += 1
        self._fresh.append(line)
        if self._tell is not None:
            self._tell(line)
        if self._head_size + len(line) <= _HEAD and not self._tail and not self._cut_lines:
            self._head.append(line)
            self._head_size += len(line)
            return
        self._tail.append(line)
        self._tail_size += len(line)
        while self._tail_size > _TAIL:
            gone = len(self._tail.popleft())
            self._tail_size -= gone
            self._cut_lines += 1
            self._cut_bytes += gone
            self._cut_at = offset


def _size(count: int) -> str:
    if count < 1_000_000:
        return f"{max(1, count // 1000)} kB"
    return f"{count / 1_000_000:.1f} MB"
