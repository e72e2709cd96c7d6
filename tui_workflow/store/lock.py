"""One process holds a run: a kernel lock on `<id>.lock`, gone when the process is, however it ended.

The file is removed while it is locked, so after locking the descriptor is compared with the path: if they differ, a
former holder has just left and the next file counts. The file's text is for people only; the lock is what decides.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from tui_workflow.errors import RunHeld, StateDirError

PATIENCE = 1.0
"""Seconds a runner tries: a reader that only looks holds a shared lock for an instant."""
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a run; `since` is a Unix time."""

    pid: int
    host: str
    since: float

    def __str__(self) -> str:
        """Its time is local, as all times for people are, and short where it is of today."""
        since, today = datetime.fromtimestamp(self.since), datetime.now().date()
        return f"process {self.pid} on {self.host}, since {since:%H:%M:%S}" + (
            "" if since.date() == today else f" on {since:%Y-%m-%d}"
        )


def lock_path(run_file: Path) -> Path:
    return run_file.with_suffix(".lock")


class RunLock:
    """A run that this process holds from `acquire` to `release`, or to the end of the process."""

    def __init__(self, run_file: Path, patience: float = PATIENCE) -> None:
        self.path = lock_path(run_file)
        self._patience = patience
        self._descriptor = -1

    def __enter__(self) -> RunLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the run, waiting up to a second for readers. Raises `RunHeld`, naming the holder, and `StateDirError`."""
        deadline = time.monotonic() + self._patience
        while True:
            descriptor = _open(self.path)
            if _lock(descriptor, fcntl.LOCK_EX):
                if _is_at(descriptor, self.path):
                    break
                os.close(descriptor)
                continue
            os.close(descriptor)
            if time.monotonic() >= deadline:
                raise held(self.path)
            time.sleep(_PAUSE)
        self._descriptor = descriptor
        text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()})
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode(), 0)
        except OSError:
            pass  # a full disk: the lock holds all the same, only its words are missing

    def release(self) -> None:
        """Let go. The file is removed first, while it is locked, so that no one else's lock can be on it."""
        if self._descriptor >= 0:
            try:
                os.unlink(self.path)
            except OSError:
                pass
            os.close(self._descriptor)
            self._descriptor = -1


def _open(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise StateDirError(f"the lock {path} cannot be taken: {(error.strerror or '').lower()}") from None
    return descriptor


def held(path: Path) -> RunHeld:
    """The error for a run that another process holds."""
    holder = _read(path)
    who = str(holder) if holder else "another process"
    return RunHeld(
        f"the run {path.stem} is held by {who}",
        hint=f"Wait for it; `wf-tui open {path.stem}` looks at it meanwhile.",
    )


def is_held(run_file: Path) -> bool:
    """True while some process holds the run: another one, or this one."""
    try:
        descriptor = os.open(lock_path(run_file), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def holder(run_file: Path) -> Holder | None:
    """Who holds the run, None if nobody does or it does not say."""
    return _read(lock_path(run_file)) if is_held(run_file) else None


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        there, mine = os.stat(path, follow_symlinks=False), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)


def _read(path: Path) -> Holder | None:
    try:
        with path.open("rb") as file:
            record = json.loads(file.read(4096))
        return Holder(int(record["pid"]), str(record["host"]), float(record["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
