r"""Log lines of one attempt: `milliseconds since its start`, a tab, the text; one line each, UTF-8.

Text never contains a line break: a writer splits at `\n` first, and `\r` stays as data. The head and tail of a long log
are kept; what was cut is said in a line of its own, whose text starts with `CUT`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

LIMIT = 64 * 1024
"""Bytes of log kept per attempt of one item."""
CUT = "… "
_CUT_LINES = re.compile(rb"^\d+\t" + CUT.encode() + rb"([\d,]+) lines, [^\n]* left out$", re.MULTILINE)


class LogLine(NamedTuple):
    offset: float
    """Seconds since the attempt started."""
    text: str


def encode_line(offset: float, text: str) -> bytes:
    """One line; `offset` in seconds, `text` without a line break."""
    return f"{int(offset * 1000)}\t{text}\n".encode("utf-8", "backslashreplace")


def encode(lines: Iterable[LogLine]) -> bytes:
    return "".join(f"{int(offset * 1000)}\t{text}\n" for offset, text in lines).encode("utf-8", "backslashreplace")


def decode(data: bytes) -> list[LogLine]:
    lines = []
    for raw in data.decode("utf-8", "replace").split("\n"):
        stamp, tab, text = raw.partition("\t")
        if tab:
            lines.append(LogLine(int(stamp) / 1000 if stamp.isdigit() else 0.0, text))
    return lines


def size(data: bytes) -> tuple[int, int]:
    """How many lines were printed, and how many of them were left out."""
    cut = sum(int(found.replace(b",", b"")) for found in _CUT_LINES.findall(data)) if CUT.encode() in data else 0
    return data.count(b"\n") + cut - (1 if cut else 0), cut
