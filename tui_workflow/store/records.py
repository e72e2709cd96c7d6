"""What readers of a run file get: plain records, with values as the bytes that are stored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item with its latest outcome; `status` is a `facts.outcome.Ended`, None while no attempt has ended.

    `position` is -1 when the latest listing has it no longer. `error` is an encoded ErrorInfo. `ended` is a Unix time.
    """

    number: int
    key: str
    position: int
    attempts: int = 0
    status: int | None = None
    ended: float | None = None
    duration: float | None = None
    revision: int | None = None
    definition: str = ""
    error: bytes | None = None
    payload: bytes | None = None
    result: bytes | None = None


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """One attempt of an item that ended."""

    attempt: int
    status: int
    started: float
    duration: float
    revision: int
    next_at: float | None
    error: bytes | None
    result: bytes | None
    log: bytes | None


@dataclass(frozen=True, slots=True)
class StoredLine:
    """One line of the stored log; `failed` when its attempt failed. Item -1 stands for the step itself."""

    at: float
    step: str
    item: int
    key: str
    attempt: int
    text: str
    failed: bool
