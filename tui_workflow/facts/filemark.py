"""What tells one state of a file from another without reading it."""

from __future__ import annotations

import os
from stat import S_ISREG
from typing import TypeAlias

Mark: TypeAlias = tuple[int, int, int]
"""Time of change in nanoseconds, size in bytes, inode: one that is replaced differs even when it keeps the first two."""


def mark_of(path: str) -> Mark | None:
    """The mark of a file now; None for what is not there, cannot be looked at, or is no regular file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if S_ISREG(found.st_mode) else None
