"""Why a worker process ended, as an error for the items that were running."""

from __future__ import annotations

import signal

from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import ErrorInfo


def how_it_ended(returncode: int | None) -> str:
    """`signal 11, SIGSEGV`, `exited with code 3`, or that nobody knows; `returncode` as `subprocess` has it."""
    if returncode is None:
        return "it closed its connection without ending"
    if returncode < 0:
        try:
            name = signal.Signals(-returncode).name
        except ValueError:
            name = f"SIG{-returncode}"
        return f"signal {-returncode}, {name}"
    return f"exited with code {returncode}"


def worker_died(returncode: int | None) -> ErrorInfo:
    """The error of an item whose worker died under it."""
    message = f"the worker process died: {how_it_ended(returncode)}"
    if returncode == -signal.SIGKILL:
        message += " (often the kernel, out of memory)"
    return made("WorkerDied", message)


def made(kind: str, message: str) -> ErrorInfo:
    """An error that no exception of the user's made. A retry on `Exception` covers it."""
    return ErrorInfo(kind, message, fingerprint(kind, message), (kind, "Exception"))
