"""Processes that a command leaves behind end with its item.

The worker adopts orphans (Linux: "child subreaper"), so whatever a command left in the background, also in a session of its
own, is the worker's child when the command has ended. With several commands at once their environment tells whose it is.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping

_SET_CHILD_SUBREAPER = 36
_MARKS = ("WF_RUN_ID", "WF_STEP", "WF_ITEM_KEY", "WF_ATTEMPT")
_lock = threading.Lock()
_commands: set[int] = set()
_adopting = False


def adopt_orphans() -> None:
    """Become the parent of what commands leave behind. Does nothing where the system cannot."""
    global _adopting  # noqa: PLW0603 - a state of the process, not of an object
    if _adopting:
        return
    _adopting = True
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start(spawn: Callable[[], int]) -> int:
    """Start a command; until `ended` it is no leftover. Nobody looks for leftovers in the moment between the two."""
    with _lock:
        pid = spawn()
        _commands.add(pid)
    return pid


def ended(pid: int) -> None:
    """A command has been collected."""
    with _lock:
        _commands.discard(pid)


def end(env: Mapping[str, str]) -> None:
    """End what the command with this environment has left behind. One system call when it left nothing."""
    marks = [f"{name}={env[name]}".encode("utf-8", "surrogateescape") for name in _MARKS if name in env]
    while _children():
        gone = [pid for pid in _listed() if _is_of(pid, marks)]
        if not gone:
            return
        for pid in gone:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for pid in gone:
            # Its own children become ours now, and are looked at in the next round.
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                pass


def _children() -> bool:
    """Whether this process has children beside the commands that run."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _listed() -> list[int]:
    """The children of this process that are no running command."""
    found: list[int] = []
    for thread in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{thread}/children", "rb") as file:
                found.extend(int(pid) for pid in file.read().split())
        except OSError:
            continue
    with _lock:
        return [pid for pid in found if pid not in _commands]


def _is_of(pid: int, marks: list[bytes]) -> bool:
    """Whether a process has these variables. One that has ended has none; it is collected by whoever comes first."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            variables = file.read().split(b"\0")
    except OSError:
        return False
    if not variables or variables == [b""]:
        return True
    return all(mark in variables for mark in marks)
