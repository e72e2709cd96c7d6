"""Which files are the user's, and which are libraries: a traceback points at the former."""

from __future__ import annotations

import os
from collections.abc import Collection

_LIBRARY = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


class UserCode:
    """Tells the user's files from libraries: the flow's own sources, and what lies below its folder."""

    def __init__(self, flow_dir: str, sources: Collection[str] = ()) -> None:
        self._below = flow_dir.rstrip(os.sep) + os.sep
        self._sources = frozenset(sources)

    def owns(self, file: str) -> bool:
        if file in self._sources or file.startswith("<code of step "):
            return True
        return file.startswith(self._below) and not any(part in file for part in _LIBRARY)
