"""What a dead worker had written to its descriptors 1 and 2: the message of an abort, the report of `faulthandler`."""

from __future__ import annotations

import os

from tui_workflow.facts.logs import LIMIT, LogLine, encode


def last_words(fd: int) -> bytes:
    """The end of what lies in the output file, as log lines."""
    try:
        size = os.fstat(fd).st_size
        data = os.pread(fd, LIMIT // 2, max(0, size - LIMIT // 2))
    except OSError:
        return b""
    text = data.decode("utf-8", "backslashreplace")
    return encode(LogLine(0.0, line) for line in text.splitlines() if line)
