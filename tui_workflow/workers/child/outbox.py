"""What the worker sends: outcomes through shared memory in groups, everything else at once."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from time import perf_counter

from tui_workflow.facts.outcome import Ended
from tui_workflow.workers import protocol
from tui_workflow.workers.protocol import RawOutcome
from tui_workflow.workers.shared import BLOB, KEPT, Shared

_PACK = protocol.RECORD.pack
GROUP = 0.01
"""Seconds after which ended items are sent, at the latest when the next one ends."""


class Outbox:
    """One per worker; any thread may use it."""

    def __init__(self, sock: socket.socket, shared: Shared) -> None:
        self._sock = sock
        self._shared = shared
        self._sending = threading.Lock()
        self._adding = threading.Lock()
        self._sent_at = 0.0
        self.ahead: Callable[[], None] = _nothing
        """Sends what the engine must know before it hears that an item has ended."""
        self._forked = False
        os.register_at_fork(after_in_child=self._leave)

    def _leave(self) -> None:
        """In a process that a handler forked: it is no worker, and ends where it would talk for one."""
        self._forked = True

    def send(self, kind: int, body: bytes = b"") -> None:
        if self._forked:
            os._exit(1)
        data = protocol.frame(kind, body)
        with self._sending:
            self._sock.sendall(data)

    def end(self, outcome: RawOutcome) -> None:
        """Keep one outcome; it is safe from a crash when this returns."""
        if self._forked:
            os._exit(0 if outcome[2] == Ended.OK else 1)
        number, attempt, status, began, took, result, error, log, context = outcome
        if error is None and log is None and context is None and result is not None:
            record = _PACK(number, attempt, status, began, took, len(result), -1, -1, -1)
            blob = result
        else:
            record = protocol.pack_record(outcome)
            blob = b"".join([part for part in (result, error, log, context) if part])
        with self._adding:
            if not self._shared.add(record, blob):
                self._flush()
                if len(blob) > BLOB:
                    self.ahead()
                    self.send(protocol.OUTCOMES, protocol.outcome_head(1) + record + blob)
                    self._shared.sent()
                else:
                    self._shared.add(record, blob)
            if self._shared.waiting == KEPT or perf_counter() - self._sent_at > GROUP:
                self._flush()

    def flush(self) -> None:
        """Send the outcomes that wait."""
        if self._shared.waiting:
            with self._adding:
                self._flush()

    def _flush(self) -> None:
        if self._shared.waiting:
            self.ahead()
            self.send(protocol.OUTCOMES, self._shared.body())
            self._shared.sent()
        self._sent_at = perf_counter()


def _nothing() -> None:
    pass
