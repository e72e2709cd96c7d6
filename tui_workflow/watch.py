"""Files that change, however an editor saves them: written over, renamed into place, deleted and made anew, re-linked.

The folders of the files are watched, not the files, so a file that is replaced is not lost. What is reported is only that
something may have changed; whoever listens compares contents.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable

SETTLE_MS = 60
"""Milliseconds without a further change after which a burst of changes is reported as one."""
LOOK_SECONDS = 1.0
"""How often the files are looked at all the same: some file systems tell nobody of their changes."""

Signature = tuple[tuple[str, int, int, int], ...]


async def changes(files: Callable[[], Iterable[str]]) -> AsyncIterator[None]:
    """Yield whenever one of the files may have changed, and once at the start: nobody watched before.

    `files` is asked anew each time, for the set may change too.
    """
    from watchfiles import awatch

    before: Signature | None = None
    while True:
        paths = tuple(dict.fromkeys(files()))
        folders = _folders(paths)
        stop = asyncio.Event()
        watcher = awatch(
            *folders,
            watch_filter=None,
            debounce=SETTLE_MS * 4,
            step=SETTLE_MS,
            stop_event=stop,
            recursive=False,
            rust_timeout=int(LOOK_SECONDS * 1000),
            yield_on_timeout=True,
        )
        try:
            # What changed since the last look was seen by no watcher.
            if (now := signature(paths)) != before:
                before = now
                yield
            async for told in watcher:
                now = signature(paths)
                if now != before or any(path in paths for _, path in told):
                    before = now
                    yield
                if _folders(tuple(dict.fromkeys(files()))) != folders or not all(map(os.path.isdir, folders)):
                    break
        finally:
            stop.set()
            await watcher.aclose()
        await asyncio.sleep(SETTLE_MS / 1000)


def signature(paths: Iterable[str]) -> Signature:
    """What tells two states of files apart without reading them: which file it is, its size, when it was written."""
    found = []
    for path in paths:
        try:
            seen = os.stat(path)
            found.append((path, seen.st_ino, seen.st_size, seen.st_mtime_ns))
        except OSError:
            found.append((path, 0, -1, 0))
    return tuple(found)


def _folders(paths: Iterable[str]) -> tuple[str, ...]:
    """The folders to watch: of each path as it is written, and of the file that it leads to."""
    found: dict[str, None] = {}
    for path in paths:
        for place in (path, os.path.realpath(path)):
            folder = os.path.dirname(os.path.abspath(place))
            if os.path.isdir(folder):
                found[folder] = None
    return tuple(found)
