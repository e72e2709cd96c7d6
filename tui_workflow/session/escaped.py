"""Processes of an earlier life of a run that left their group, ended before the run goes on.

When the engine dies the kernel kills its workers and all in their groups. What has called `setsid` stays, and would go on beside
the second copy of its item. It is known by the identity that each item's environment carries. Linux, best effort: a
process that has cleared its environment, or belongs to another user, is not found.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

PATIENCE = 2.0
"""Seconds to wait for what has been killed; a process in the middle of a write can take a moment."""


def end_escaped(run: str) -> int:
    """Kill what still works for an item of this run; returns how many processes that were.

    Only the holder of the run may call it: then nothing that is alive can belong to a live engine. The caller and its
    ancestors are spared: a shell in which somebody types may have been opened by an item itself.
    """
    spared = _lineage()
    killed: set[int] = set()
    deadline = time.monotonic() + PATIENCE
    while (found := _working_for(run) - spared) and time.monotonic() < deadline:
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= found
        time.sleep(0.005)
    return len(killed)


def _working_for(run: str) -> set[int]:
    """Live processes whose environment says that they are of an item of this run. Notices of a run name no step."""
    mark = f"WF_RUN_ID={run}".encode()
    found: set[int] = set()
    with suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                # One that has ended and is only not yet collected has no environment any more.
                with suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
                    variables = file.read().split(b"\0")
                    if mark in variables and any(variable.startswith(b"WF_STEP=") for variable in variables):
                        found.add(int(name))
    return found


def _lineage() -> set[int]:
    """The caller and its ancestors."""
    found: set[int] = set()
    pid = os.getpid()
    while pid > 0 and pid not in found:
        found.add(pid)
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                pid = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            break
    return found
