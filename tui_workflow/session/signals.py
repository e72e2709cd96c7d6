"""SIGINT, SIGTERM and SIGHUP as a run takes them: finish what is in flight if there is time, end it if there is not."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

GRACE_SECONDS = 10.0
"""How long items in flight may go on after SIGTERM."""


class Signals:
    """Use it as `with Signals(drain, stop)`. `received` is the first signal that came, None if none did.

    SIGINT drains, a second one stops at once; SIGTERM drains for `GRACE_SECONDS` and then stops; SIGHUP stops at once, for the
    terminal is gone. What is called may be replaced when there is something better to do.
    """

    def __init__(self, drain: Callable[[], object], stop: Callable[[], object]) -> None:
        self.drain = drain
        self.stop = stop
        self.received: signal.Signals | None = None
        self.came = asyncio.Event()
        self._later: asyncio.TimerHandle | None = None

    def __enter__(self) -> Signals:
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._loop.add_signal_handler(number, self._take, number)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._loop.remove_signal_handler(number)
        if self._later is not None:
            self._later.cancel()

    def _take(self, number: signal.Signals) -> None:
        again = self.received is not None
        if not again:
            self.received = signal.Signals(number)
            self.came.set()
        if again or number == signal.SIGHUP:
            self.stop()
            return
        self.drain()
        if number == signal.SIGTERM:
            self._later = self._loop.call_later(GRACE_SECONDS, self.stop)

    @property
    def exit_code(self) -> int | None:
        """128 and the number of the signal that came, None if none did."""
        return None if self.received is None else 128 + self.received
