"""Start one worker process: its socket, its shared memory, its output file and its lifeline."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from dataclasses import dataclass

from tui_workflow.workers import shared
from tui_workflow.workers.shared import Shared


@dataclass(slots=True)
class Spawned:
    """A process that has been started; it may not have said anything yet."""

    process: asyncio.subprocess.Process
    sock: socket.socket
    shared: Shared
    output: int
    """The memfd behind its descriptors 1 and 2."""
    lifeline: int
    """Nobody writes here: anything readable at the other end kills the worker's group."""


async def spawn(flow_dir: str) -> Spawned:
    """Start a worker in `flow_dir`. Raises OSError when the system refuses: out of processes, memory or descriptors."""
    ours, theirs = socket.socketpair()
    shared_fd = output = keep = hold = -1
    try:
        shared_fd = shared.create()
        output = os.memfd_create("wf-tui-output")
        _append_only(output)
        keep, hold = os.pipe()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # or a `queue.py` beside the flow would be imported in place of Python's
            "-m",
            "tui_workflow.workers.child",
            str(theirs.fileno()),
            str(shared_fd),
            str(keep),
            flow_dir,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=flow_dir,
            pass_fds=(theirs.fileno(), shared_fd, keep),
            start_new_session=True,
        )
        view = Shared(shared_fd)
    except BaseException:
        ours.close()
        for fd in (output, hold):
            if fd >= 0:
                os.close(fd)
        raise
    finally:
        theirs.close()
        for fd in (shared_fd, keep):
            if fd >= 0:
                os.close(fd)
    ours.setblocking(False)
    return Spawned(process, ours, view, output, hold)


def _append_only(fd: int) -> None:
    """Writers to it start at its end after the worker has emptied it, wherever they were."""
    import fcntl

    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_APPEND)
