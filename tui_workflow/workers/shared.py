"""Memory that engine and worker both see, so that a crash tells exactly what ran and what had ended.

A `memfd` mapped by both sides. It holds a head (slots in use, frames sent, outcomes waiting), one place per slot
(item, start, progress), the outcomes that have ended but are not sent yet (their records, then their bytes), and
the latest lines of the item that runs alone.
The worker writes an outcome before it takes the next item, and counts a frame only once it is sent whole. So on its
death the engine reads the socket dry and then takes what is left here, if the worker's count equals the frames
that arrived (one more has arrived if it died in between; then what lies here has arrived too).
Each number is written as one aligned machine word, which no reader sees half of. Imported by the worker.
"""

from __future__ import annotations

import mmap
import os

from tui_workflow.workers.protocol import RECORD, RawOutcome, outcome_head, unpack_outcomes

SLOTS = 16384
"""The most items that may run in one worker at once."""
KEPT = 512
"""The most outcomes that wait to be sent."""
BLOB = 128 * 1024
"""Bytes of results, errors and logs that may wait; larger ones are sent at once."""

_IDLE = -1
_USED, _SENT, _WAITING, _BLOB_USED, _LOG_USED = range(5)
_WORDS_PER_SLOT = 4
_SLOTS_AT = 64
_RECORDS_AT = _SLOTS_AT + SLOTS * _WORDS_PER_SLOT * 8
_BLOB_AT = _RECORDS_AT + KEPT * RECORD.size
_LOG_AT = _BLOB_AT + BLOB
LOG = 16 * 1024
"""Bytes of log lines of the running item that are not sent yet."""
SIZE = (_LOG_AT + LOG + mmap.PAGESIZE - 1) // mmap.PAGESIZE * mmap.PAGESIZE
"""Bytes of address space; only what is touched takes memory."""


def create() -> int:
    """A file descriptor of new shared memory; the caller closes it."""
    fd = os.memfd_create("wf-tui-worker")
    os.ftruncate(fd, SIZE)
    return fd


class Shared:
    """One mapping of the shared memory; `fd` may be closed once this exists."""

    def __init__(self, fd: int) -> None:
        self._map = mmap.mmap(fd, SIZE)
        view = memoryview(self._map)
        self._view = view
        self._ints = view[:_RECORDS_AT].cast("q")
        self._floats = view[:_RECORDS_AT].cast("d")

    def close(self) -> None:
        self._ints.release()
        self._floats.release()
        self._view.release()
        self._map.close()

    # The worker's side.

    def use_slots(self, count: int) -> None:
        """Make `count` slots known, all of them idle."""
        ints = self._ints
        base = _SLOTS_AT // 8
        for slot in range(count):
            ints[base + slot * _WORDS_PER_SLOT] = _IDLE
        ints[_USED] = count

    def begin(self, slot: int, item: int, at: float) -> None:
        """Say that `item` runs in `slot` since `at`."""
        place = _SLOTS_AT // 8 + slot * _WORDS_PER_SLOT
        floats = self._floats
        floats[place + 1] = at
        floats[place + 2] = 0.0
        floats[place + 3] = 0.0
        self._ints[place] = item

    def end(self, slot: int) -> None:
        self._ints[_SLOTS_AT // 8 + slot * _WORDS_PER_SLOT] = _IDLE

    def progress(self, slot: int, done: float, total: float) -> None:
        place = _SLOTS_AT // 8 + slot * _WORDS_PER_SLOT
        self._floats[place + 2] = done
        self._floats[place + 3] = total

    def add(self, record: bytes, blob: bytes) -> bool:
        """Keep one outcome until it is sent; false when there is no room, which `take` makes."""
        ints = self._ints
        count, used = ints[_WAITING], ints[_BLOB_USED]
        if count == KEPT or used + len(blob) > BLOB:
            return False
        start = _RECORDS_AT + count * RECORD.size
        self._view[start : start + RECORD.size] = record
        if blob:
            self._view[_BLOB_AT + used : _BLOB_AT + used + len(blob)] = blob
            ints[_BLOB_USED] = used + len(blob)
        ints[_WAITING] = count + 1
        return True

    @property
    def waiting(self) -> int:
        return self._ints[_WAITING]

    def body(self) -> bytes:
        """The waiting outcomes as the body of an OUTCOMES frame."""
        count, used = self._ints[_WAITING], self._ints[_BLOB_USED]
        view = self._view
        return b"".join(
            (
                outcome_head(count),
                view[_RECORDS_AT : _RECORDS_AT + count * RECORD.size],
                view[_BLOB_AT : _BLOB_AT + used],
            )
        )

    def sent(self) -> None:
        """Say that a frame of outcomes has been sent whole, and forget what was waiting."""
        ints = self._ints
        ints[_WAITING] = 0
        ints[_BLOB_USED] = 0
        ints[_SENT] += 1

    def log_add(self, lines: bytes) -> None:
        """Keep lines of the running item's log in case it does not end well; of many, the latest."""
        used = self._ints[_LOG_USED]
        if used + len(lines) > LOG:
            used, lines = 0, lines[-LOG:]
        start = _LOG_AT + used
        self._view[start : start + len(lines)] = lines
        self._ints[_LOG_USED] = used + len(lines)

    def log_reset(self) -> None:
        """Forget the lines: they are sent, or their item has ended."""
        self._ints[_LOG_USED] = 0

    # The engine's side.

    def log_left(self) -> bytes:
        """Lines that the item that ran alone had printed and not sent."""
        return bytes(self._view[_LOG_AT : _LOG_AT + min(self._ints[_LOG_USED], LOG)])

    def running(self) -> list[tuple[int, int, float, float, float]]:
        """(slot, item, since, done, total) of each busy slot."""
        ints, floats = self._ints, self._floats
        busy = []
        place = _SLOTS_AT // 8
        for slot in range(min(ints[_USED], SLOTS)):
            item = ints[place]
            if item != _IDLE:
                busy.append((slot, item, floats[place + 1], floats[place + 2], floats[place + 3]))
            place += _WORDS_PER_SLOT
        return busy

    def rescue(self, frames: int) -> list[RawOutcome]:
        """Outcomes that ended and were not sent before the worker died, `frames` being the frames that arrived."""
        if self._ints[_SENT] != frames:
            return []
        return list(unpack_outcomes(min(self._ints[_WAITING], KEPT), self._view, _RECORDS_AT, _BLOB_AT))
