"""An event loop whose time passes only when everybody waits for it: hours take no time, and a schedule repeats exactly."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

START = 1_000_000.0
"""What its clock shows in the beginning. With much larger numbers the nanosecond that asyncio adds would be lost."""


class _Selector(selectors.DefaultSelector):
    """Waits for nothing; instead the time that was to be waited for has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = _Selector()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


@contextmanager
def virtual_loop() -> Iterator[VirtualLoop]:
    """A loop of its own, with what is left in it cancelled at the end."""
    loop = VirtualLoop()
    try:
        yield loop
    finally:
        close(loop)


def close(loop: VirtualLoop) -> None:
    """Cancel what is left, and close."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()

    async def gather() -> list[Any]:
        return await asyncio.gather(*left, return_exceptions=True)

    loop.run_until_complete(gather())
    loop.close()
