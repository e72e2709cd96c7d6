"""The worker's start, and its main loop: one command after another, items in between."""

from __future__ import annotations

import os
import socket
import sys

from tui_workflow.workers.child import lifeline


def main(sock_fd: int, shared_fd: int, lifeline_fd: int, flow_dir: str) -> None:
    """Returns when the engine wants no more."""
    for fd in (sock_fd, shared_fd, lifeline_fd):
        # Passed descriptors arrive inheritable: a background process of a handler would hold the socket open.
        os.set_inheritable(fd, False)
    lifeline.hold(lifeline_fd)
    sock = socket.socket(fileno=sock_fd)

    from tui_workflow.workers.child.desk import Desk
    from tui_workflow.workers.child.office import Office
    from tui_workflow.workers.shared import Shared

    shared = Shared(shared_fd)
    os.close(shared_fd)
    # Last, so that no file beside the flow stands in for a module of ours or of Python's.
    sys.path.append(flow_dir)
    try:
        Desk(Office(sock, shared)).work()
    except BaseException:
        # A fault of the worker itself, not of an item: to where the engine finds it, since no log is left to take it.
        import traceback

        os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
        os._exit(70)
