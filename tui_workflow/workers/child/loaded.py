"""Which files of the user's the modules in this process are made of, so that the engine can tell when they have changed.

Modules, and the data that is read while they are imported, stay as they are for as long as the process lives. What an
item itself opens is not among them: mostly it is read anew for each item, and nobody can tell when it is not.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import source_from_cache
from typing import Any

import tui_workflow
from tui_workflow.facts.filemark import Mark, mark_of

MOST = 1000
"""Files that are remembered; those that come after them are not."""
_PASSED_OVER = (
    "/proc/",
    "/dev/",
    "/sys/",
    os.path.dirname(os.__file__) + os.sep,
    os.path.dirname(tui_workflow.__file__ or "/proc/") + os.sep,
)
_LIBRARIES = ("/site-packages/", "/dist-packages/", "/__pycache__/")


class LoadedFiles:
    """One per worker. Files opened while `loading` count, and modules whenever they are imported."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._untold: deque[tuple[str, Mark | None]] = deque()
        self._modules = set(sys.modules)
        self._count = len(sys.modules)
        self._hooked = False
        self._loading = False
        self._read: dict[str, Mark | None] = {}
        self._written: set[str] = set()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Remember the files that are opened for reading meanwhile, as they were before they were read.

        A file that is missing counts too, for it may be there the next time. One that is written meanwhile does not: it
        is made by what is loaded, not the other way round.
        """
        if not self._hooked:
            self._hooked = True
            sys.addaudithook(self._hear)  # it stays for good
        self._read, self._written = {}, set()
        self._loading = True
        try:
            yield
        finally:
            self._loading = False
            for file, mark in self._read.items():
                if file not in self._written:
                    self._remember(file, mark)

    def untold(self) -> list[tuple[str, Mark | None]]:
        """The files that have not been returned before, with their marks; None for one that was not there."""
        self._look_at_modules()
        found = []
        while self._untold:
            try:
                found.append(self._untold.popleft())
            except IndexError:  # another thread tells it
                break
        return found

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event != "open" or not self._loading:
            return
        try:
            self._opened(*args)
        except Exception:  # noqa: S110 - what is raised here would keep the user's code from its file
            pass

    def _opened(self, path: Any, _mode: Any, flags: int) -> None:
        if isinstance(path, int):
            return
        file = os.path.abspath(os.fsdecode(path))
        if flags & os.O_ACCMODE != os.O_RDONLY:
            self._written.add(file)
            return
        if file.endswith(".pyc"):
            # Of a module that was compiled before only this is opened. A pyc without a source is found with the modules.
            file = source_from_cache(file)
        if file not in self._read and not _passed_over(file):
            self._read[file] = mark_of(file)

    def _look_at_modules(self) -> None:
        """Remember modules that came since the last look: items import some, and not all are opened through Python."""
        if len(sys.modules) == self._count:
            return
        modules = sys.modules.copy()
        for name in modules.keys() - self._modules:
            try:
                # Past any `__getattr__` of a module that loads itself only when it is used.
                spec = object.__getattribute__(modules[name], "__dict__").get("__spec__")
                file = spec.origin if spec is not None and spec.has_location else None
            except Exception:  # noqa: S112 - anything may be in there
                continue
            if isinstance(file, str) and not _passed_over(file):
                self._remember(file, mark_of(file))
        self._modules = set(modules)
        self._count = len(modules)

    def _remember(self, file: str, mark: Mark | None) -> None:
        """The first mark stays: a module that was made of it may be there still."""
        if file not in self._known and len(self._known) < MOST:
            self._known.add(file)
            self._untold.append((file, mark))


def _passed_over(file: str) -> bool:
    return file.startswith(_PASSED_OVER) or any(part in file for part in _LIBRARIES)
