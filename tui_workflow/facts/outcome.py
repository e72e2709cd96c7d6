"""How one attempt of one item ended, and what went wrong if it failed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from operator import itemgetter
from typing import Any, NamedTuple


class Ended(IntEnum):
    """The end of an attempt, as stored in `outcome.status`."""

    OK = 1
    FAILED = 2
    SKIPPED = 3
    RETRYING = 4
    """Failed, and another attempt is due at `next_at`."""


_STATUS = itemgetter(2)


class Outcome(NamedTuple):
    """One attempt that ended, or one item that was skipped. Built once per item, so it is a tuple.

    `item` is the item's number within its step (position in the state arrays), `started` a Unix time in seconds,
    `duration` seconds. `result`, `error`, `log` and `context` are stored bytes: a value in the codec of
    `values`, an `ErrorInfo`, log lines of `facts.logs`, and a JSON object of context writes; None where there is none.
    """

    item: int
    attempt: int
    status: int
    started: float
    duration: float
    result: bytes | None = None
    error: bytes | None = None
    log: bytes | None = None
    context: bytes | None = None


def statuses(outcomes: Sequence[Outcome]) -> set[int]:
    """The ends that there are among outcomes: the quick way to see that nothing failed."""
    return set(map(_STATUS, outcomes))


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a traceback. `own` is true for the user's code; `lines` are (number, text) around it."""

    file: str
    line: int
    function: str
    own: bool
    lines: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """What went wrong: `type` is the exception's class name, or `Timeout`, `WorkerDied`, `OutOfMemory`, `ExitCode`.

    `mro` holds the names a retry's `on` is matched against; `where` is (file, line) of the innermost frame
    of the user's code; `retry_after` is the delay in seconds that `RetryLater` asked for.
    `fingerprint` (8 hex digits) is the same for failures with one cause: see `facts.fingerprint`.
    """

    type: str
    message: str
    fingerprint: str
    mro: tuple[str, ...] = ()
    traceback: str = ""
    frames: tuple[Frame, ...] = ()
    where: tuple[str, int] | None = None
    retry_after: float | None = None

    def encode(self) -> bytes:
        """The JSON object that the run file and the wire hold."""
        record: dict[str, Any] = {"type": self.type, "message": self.message, "fingerprint": self.fingerprint}
        if self.mro:
            record["mro"] = self.mro
        if self.traceback:
            record["traceback"] = self.traceback
        if self.frames:
            record["frames"] = [[f.file, f.line, f.function, f.own, f.lines] for f in self.frames]
        if self.where:
            record["where"] = self.where
        if self.retry_after is not None:
            record["retry_after"] = self.retry_after
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")

    @classmethod
    def decode(cls, data: bytes) -> ErrorInfo:
        """The inverse of `encode`."""
        record = json.loads(data)
        where = record.get("where")
        return cls(
            type=record["type"],
            message=record["message"],
            fingerprint=record["fingerprint"],
            mro=tuple(record.get("mro", ())),
            traceback=record.get("traceback", ""),
            frames=tuple(
                Frame(file, line, function, own, tuple((number, text) for number, text in lines))
                for file, line, function, own, lines in record.get("frames", ())
            ),
            where=(where[0], where[1]) if where else None,
            retry_after=record.get("retry_after"),
        )


@dataclass(frozen=True, slots=True)
class Skip:
    """Why an item or a step was skipped."""

    reason: str
    by_hand: bool = field(default=False)
