"""What the worker has been given and not begun, and the thread that reads the engine's frames while an item runs.

Handing back and taking are both single operations on one deque, so that an item is either begun or given back.
"""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from tui_workflow import values
from tui_workflow.workers import protocol
from tui_workflow.workers.child.outbox import Outbox

Given = tuple[int, int, int, str, Any, BaseException | None]
"""One item that waits: number, attempt, position, key, the item, and why it could not be decoded."""


class Inbox:
    """Frames for the main thread in `commands`, items in `pending`."""

    def __init__(self, sock: socket.socket, outbox: Outbox) -> None:
        self._sock = sock
        self._outbox = outbox
        self.commands: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
        self.pending: deque[Given] = deque()
        self._batches: deque[bytes] = deque()
        self._unpacking = threading.Lock()
        self.failures = 0
        """Failures after which nothing was begun until the engine had seen them."""
        self.on_context: Callable[[dict[str, bytes], int], None] | None = None
        self.on_progress: Callable[[int, int], None] | None = None
        self.notify: Callable[[], None] | None = None
        """Called from the reading thread after each frame, for a main thread that waits in an event loop."""

    @property
    def waiting(self) -> bool:
        """Whether the engine has sent something, asked before anybody reads."""
        poll = select.poll()  # `select` knows descriptors up to 1023 only, and with many slots the engine has more
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(0))

    def start(self) -> None:
        threading.Thread(target=self._read, name="wf-inbox", daemon=True).start()

    def _read(self) -> None:
        splitter = protocol.Splitter()
        while True:
            try:
                data = self._sock.recv(1 << 18)
            except OSError:
                data = b""
            if not data:
                self.commands.put((protocol.CLOSE, b""))
                self._wake()
                return
            for kind, body in splitter.push(data):
                if kind == protocol.RECALL:
                    self.give_back(always=True)
                    continue
                if kind == protocol.PROGRESS:
                    if self.on_progress is not None:
                        self.on_progress(*protocol.unpack_progress(body))
                    continue
                if kind == protocol.FEED:
                    self._batches.append(body)
                    body = b""
                self.commands.put((kind, body))
                self._wake()

    def _wake(self) -> None:
        if self.notify is not None:
            self.notify()

    def unpack(self) -> None:
        """Decode the next batch, if it has not been recalled, into `pending`."""
        with self._unpacking:
            if not self._batches:
                return
            body = self._batches.popleft()
            heads, keys, payloads, context, writes_seen, failures_seen = protocol.unpack_batch(body)
            if failures_seen < self.failures:
                # Sent before the engine knew of the failure that stopped this worker.
                self._outbox.flush()
                self._outbox.send(protocol.RECALLED, protocol.pack_numbers(head[0] for head in heads))
                return
            if context is not None and self.on_context is not None:
                self.on_context(context, writes_seen)
            broken: BaseException | None = None
            try:
                items = values.decode(payloads)
            except Exception as error:  # out of memory under a limit, most of all: it belongs to these items
                broken = error
                items = [None] * len(heads)
            self.pending.extend(
                [
                    (number, attempt, position, key, item, broken)
                    for (number, attempt, position), key, item in zip(heads, keys, items, strict=True)
                ]
            )

    def give_back(self, *, always: bool = False) -> None:
        """Hand back what has not begun; an empty answer is sent only when it was asked for."""
        numbers: list[int] = []
        with self._unpacking:
            while True:
                try:
                    numbers.append(self.pending.popleft()[0])
                except IndexError:
                    break
            while self._batches:
                numbers.extend(protocol.batch_numbers(self._batches.popleft()))
        if numbers or always:
            self._outbox.flush()
            self._outbox.send(protocol.RECALLED, protocol.pack_numbers(numbers))
