"""What the engine asks of the item table while it runs: in a thread and on a connection of its own, so the loop never waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from tui_workflow.facts.work import Known
from tui_workflow.store import browse
from tui_workflow.store.runfile import RunFile

_T = TypeVar("_T")


class ItemReader:
    """Reads what is committed. Use it as `async with ItemReader(path) as items:`; closing it lets the journal end cleanly."""

    def __init__(self, path: Path, index: Callable[[], Awaitable[None]] | None = None) -> None:
        self.path = path
        self._index = index

    async def __aenter__(self) -> ItemReader:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="items")
        try:
            self._file = await self._call(lambda: RunFile(self.path))
        except BaseException:
            self._thread.shutdown(wait=False)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._call(self._file.close)
        self._thread.shutdown()

    async def match(self, step: str, keys: Sequence[str]) -> Mapping[str, Known]:
        """The items that exist already under these keys."""
        return await self._call(lambda: _match(self._file, step, keys))

    async def index_keys(self) -> None:
        """Make looking up by key cheap from now on; without a writer at hand this does nothing."""
        if self._index is not None:
            await self._index()

    async def payloads(self, step: str, numbers: Sequence[int]) -> Mapping[int, tuple[str, int, bytes]]:
        """By item number: key, position and payload."""
        return await self._call(lambda: browse.payloads(self._file, step, numbers))

    async def _call(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _match(file: RunFile, step: str, keys: Sequence[str]) -> dict[str, Known]:
    place = file.step_number(step)
    found: dict[str, Known] = {}
    if place is None:
        return found
    for start in range(0, len(keys), 500):
        page = keys[start : start + 500]
        marks = ",".join("?" * len(page))
        for key, number, position, payload in file.rows(
            f"SELECT key, number, position, payload FROM item {browse.by_key(file)} WHERE step = ? AND key IN ({marks})",  # noqa: S608
            (place, *page),
        ):
            found[key] = Known(number, position, payload)
    return found
