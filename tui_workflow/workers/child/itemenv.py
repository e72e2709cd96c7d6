"""A variable of the process's environment whose text is another for every item.

The C library keeps every text that `setenv` was ever given, some eighty bytes an item for good, and takes longer for it than a
small item. So the variable lies in a buffer that is part of the environment itself, and is written in place.
"""

from __future__ import annotations

import os

ROOM = 512
"""Bytes of a text in place; a longer one goes the usual way."""
_putenv = os.putenv


class ItemVariable:
    """Raises ValueError, as `os.putenv` does, for a text that no variable can hold."""

    def __init__(self, name: bytes) -> None:
        self._name = name
        self._start = len(name) + 1
        self._in_place = False
        self._view: memoryview | None = None

    def set(self, text: bytes) -> None:
        """Give it to every process that is started from now on."""
        if len(text) >= ROOM:
            _putenv(self._name, text)
            self._in_place = False
            return
        view = self._view
        if view is None or not self._in_place:
            view = self._put_in_place()
        view[self._start : self._start + len(text) + 1] = text + b"\0"

    def replaced(self) -> None:
        """Somebody may have set the variable, or taken it away."""
        self._in_place = False

    def _put_in_place(self) -> memoryview:
        import ctypes

        libc = ctypes.CDLL(None)
        if self._view is None:
            # Never freed: what runs last in the process may still look at its environment.
            libc.malloc.restype = ctypes.c_void_p
            self._address = libc.malloc(ctypes.c_size_t(self._start + ROOM))
            memory = (ctypes.c_char * (self._start + ROOM)).from_address(self._address)
            self._view = memoryview(memory).cast("B")
            self._view[: self._start + 1] = self._name + b"=\0"
        libc.putenv(ctypes.c_void_p(self._address))
        self._in_place = True
        return self._view
