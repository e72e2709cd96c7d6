"""The worker's group dies with the engine, whatever the worker is doing.

The engine holds the write end of a pipe and never writes. When the engine is gone, even by `kill -9`, the kernel sends
SIGKILL to the worker's process group, because the read end is set to signal (Linux: `F_SETSIG`). That needs neither a
thread nor the GIL, so it ends a handler that sits in C, and the group's shell commands with it. `PR_SET_PDEATHSIG` would
end the worker alone and leave its children. Elsewhere, and besides, a thread waits for the end of the pipe.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading


def hold(fd: int) -> None:
    """Tie this process group, which this process leads, to the pipe whose read end is `fd`."""
    if sys.platform == "linux":
        fcntl.fcntl(fd, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(fd, 10, signal.SIGKILL)  # F_SETSIG, which `fcntl` has no name for
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
    # O_ASYNC tells of changes; an engine that died before this line made its change too early. The thread sees it.
    threading.Thread(target=_watch, args=(fd,), name="wf-lifeline", daemon=True).start()


def _watch(fd: int) -> None:
    try:
        os.read(fd, 1)
    except OSError:  # the handler closed descriptors that are not its own; the kernel's signal went with them
        return
    os.killpg(os.getpgrp(), signal.SIGKILL)
