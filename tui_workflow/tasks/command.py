"""Run one command: its output read in chunks, its end taken as the end, and nothing of it left behind."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from shutil import which
from typing import Any

from tui_workflow.tasks import leftovers

CAPTURE = 1 << 20
"""Bytes of each stream that the result keeps: the first half and the last."""
_CHUNK = 64 * 1024
_DEFAULT = (signal.SIGPIPE, signal.SIGXFSZ)
"""Signals that Python ignores and that commands expect to find as they are."""
_GRACE = 50
"""Milliseconds between looks at the command where the system has no descriptor for a process."""


class _Stream:
    """One output stream: kept for the result up to a limit, and passed on to the item's log line by line."""

    def __init__(self, fd: int, log: Callable[[str], None]) -> None:
        self.fd = fd
        self._log = log
        self._head = bytearray()
        self._tail = bytearray()
        self._cut = 0
        self._line = bytearray()

    def take(self) -> bool:
        """Read what is there; false at the end of the stream, or when nothing is there."""
        try:
            data = os.read(self.fd, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            return False
        half = CAPTURE // 2
        room = half - len(self._head)
        if room > 0:
            self._head += data[:room]
        rest = data[room:] if room > 0 else data
        if rest:
            self._tail += rest
            extra = len(self._tail) - half
            if extra > half:
                self._cut += extra
                del self._tail[:extra]
        self._tell(data)
        return True

    def _tell(self, data: bytes) -> None:
        start = data.rfind(b"\n")
        if start < 0:
            self._line += data
            if len(self._line) > CAPTURE:
                # A bar that rewrites its line with \r, or a line without end.
                keep = self._line.rfind(b"\r") + 1 or len(self._line) - _CHUNK
                del self._line[:keep]
            return
        self._log((self._line + data[:start]).decode("utf-8", "backslashreplace"))
        self._line = bytearray(data[start + 1 :])

    def text(self) -> str:
        """The stream as text; what was cut from its middle is said."""
        if self._line:
            self._log(self._line.decode("utf-8", "backslashreplace"))
            self._line.clear()
        half = CAPTURE // 2
        extra = max(0, len(self._tail) - half)
        cut = self._cut + extra
        head = self._head.decode("utf-8", "backslashreplace")
        tail = bytes(self._tail[extra:]).decode("utf-8", "backslashreplace")
        return f"{head}\n… {cut:,} bytes left out …\n{tail}" if cut else head + tail


def run_command(
    argv: Sequence[str], env: Mapping[str, str], folder: str, stdin: bytes | None, log: Callable[[str], None]
) -> dict[str, Any]:
    """`{returncode, stdout, stderr}`; a negative returncode is the signal that ended the command.

    Returns when the command itself has ended, though a process that it left in the background may hold its output open;
    such processes are ended. Raises OSError when it cannot be started.
    """
    program = argv[0] if "/" in argv[0] else which(argv[0], path=env.get("PATH"))
    if program is None:
        raise FileNotFoundError(f"there is no command {argv[0]!r}")
    leftovers.adopt_orphans()
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    in_read, in_write = os.pipe() if stdin is not None else (-1, -1)
    actions: list[Any] = [
        (os.POSIX_SPAWN_DUP2, out_write, 1),
        (os.POSIX_SPAWN_DUP2, err_write, 2),
        (os.POSIX_SPAWN_DUP2, in_read, 0)
        if stdin is not None
        else (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    ]
    try:
        argv, program = _in_folder(argv, program, folder)
        pid = leftovers.start(
            lambda: os.posix_spawn(program, list(argv), env, file_actions=actions, setsigdef=_DEFAULT)
        )
    except BaseException:
        for fd in (out_read, err_read, in_write):
            if fd >= 0:
                os.close(fd)
        raise
    finally:
        for fd in (out_write, err_write, in_read):
            if fd >= 0:
                os.close(fd)
    streams = [_Stream(out_read, log), _Stream(err_read, log)]
    try:
        code = _follow(pid, streams, in_write, stdin)
    except BaseException:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        raise
    finally:
        leftovers.ended(pid)
        for fd in (out_read, err_read, in_write):
            if fd >= 0:
                os.close(fd)
    leftovers.end(env)
    return {"returncode": code, "stdout": streams[0].text(), "stderr": streams[1].text()}


def _in_folder(argv: Sequence[str], program: str, folder: str) -> tuple[Sequence[str], str]:
    """The command so that it starts in `folder`: `posix_spawn` cannot say where, and the worker is mostly there already."""
    try:
        here = os.path.samestat(os.stat("."), os.stat(folder))
    except FileNotFoundError:
        raise FileNotFoundError(f"the folder of the step does not exist: {folder}") from None
    if here:
        return argv, program
    return ["/bin/sh", "-c", 'cd -- "$0" && exec "$@"', folder, *argv], "/bin/sh"


def _follow(pid: int, streams: list[_Stream], in_write: int, stdin: bytes | None) -> int:
    """Feed and read the command until it ends; its exit code."""
    poll = select.poll()
    by_fd = {stream.fd: stream for stream in streams}
    for fd in by_fd:
        os.set_blocking(fd, False)
        poll.register(fd, select.POLLIN)
    try:
        ended = os.pidfd_open(pid)
    except (AttributeError, OSError):
        ended = -1
    if ended >= 0:
        poll.register(ended, select.POLLIN)
    waiting = memoryview(stdin or b"")
    if stdin is not None:
        os.set_blocking(in_write, False)
        poll.register(in_write, select.POLLOUT)
    code: int | None = None
    try:
        while code is None:
            for fd, _ in poll.poll(-1 if ended >= 0 else _GRACE):
                if fd == ended:
                    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                elif fd == in_write:
                    waiting = _write_some(fd, waiting)
                    if not waiting:
                        poll.unregister(fd)
                        # Closing it is the end of the input; the number is free again, so a copy of /dev/null keeps it.
                        null = os.open(os.devnull, os.O_RDONLY)
                        os.dup2(null, fd, inheritable=False)
                        os.close(null)
                elif not by_fd[fd].take():
                    poll.unregister(fd)
            if ended < 0:
                found, status = os.waitpid(pid, os.WNOHANG)
                code = os.waitstatus_to_exitcode(status) if found else None
    finally:
        if ended >= 0:
            os.close(ended)
    for stream in streams:
        # What was written before the end is in the pipe; what a background process writes later is not waited for.
        for _ in range(64):
            if not stream.take():
                break
    return code


def _write_some(fd: int, data: memoryview) -> memoryview:
    try:
        return data[os.write(fd, data[:_CHUNK]) :]
    except BlockingIOError:
        return data
    except BrokenPipeError:  # the command does not want more
        return data[:0]
