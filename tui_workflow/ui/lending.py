"""The terminal, lent to another program while the run goes on.

The program gets a process group of its own in the foreground, as from a shell: what is typed into it, ctrl+c and ctrl+z
included, is for it alone. Nothing is painted meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tui_workflow.errors import UsageError

if TYPE_CHECKING:
    from tui_workflow.ui.app import WfApp

LOOK_SECONDS = 0.1
"""How often a program that stopped itself is woken: there is no shell that would."""
AFTERWARDS_SECONDS = 3.0
"""How long what is done with the edit may keep the terminal back."""


_going_on: set[asyncio.Future[None]] = set()
"""What is still done with an edit although the screen is back."""


async def lend(app: WfApp, words: Sequence[str], afterwards: Callable[[], Awaitable[None]]) -> int:
    """Run a program in the terminal until it ends, and `afterwards` before the screen is back; returns its exit code.

    Raises `UsageError` when the terminal cannot be lent or the program cannot be started.
    """
    from textual.app import SuspendNotSupported

    code, problem = 0, ""
    try:
        # An error that left this block would leave the terminal as it was lent.
        with app.suspend(), app.batch_update():
            try:
                code = await _run(words)
            except OSError as error:
                name = os.path.basename(words[0])
                problem = (
                    f"{name} cannot be started: {error.strerror or error}   {words[0] if name != words[0] else ''}"
                )
            following = asyncio.ensure_future(afterwards())
            await asyncio.wait({following}, timeout=AFTERWARDS_SECONDS)
    except SuspendNotSupported:
        raise UsageError("This terminal cannot be lent to an editor") from None
    if problem:
        raise UsageError(problem.rstrip())
    if following.done():
        following.result()
    else:
        _going_on.add(following)
        following.add_done_callback(_going_on.discard)
    return code


async def _run(words: Sequence[str]) -> int:
    process = await asyncio.create_subprocess_exec(*words, process_group=0)
    with _foreground(process.pid) as terminal:
        waiting = asyncio.ensure_future(process.wait())
        told = False
        try:
            while not (await asyncio.wait({waiting}, timeout=LOOK_SECONDS))[0]:
                _wake(process.pid)
                if terminal is not None and not told and _hung_up(terminal):
                    # The kernel told the group in the foreground, which is the program's and not ours.
                    told = True
                    os.kill(os.getpid(), signal.SIGHUP)
            if terminal is not None and not told and _hung_up(terminal):
                os.kill(os.getpid(), signal.SIGHUP)
        except asyncio.CancelledError:
            # The screen is left: the editor may keep what was typed, as it does when its terminal goes.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGHUP)
            raise
        return waiting.result()


def _wake(pid: int) -> None:
    with suppress(ChildProcessError, ProcessLookupError):
        if os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None:
            os.killpg(pid, signal.SIGCONT)


def _hung_up(terminal: int) -> bool:
    """True when the terminal is gone."""
    try:
        os.tcgetpgrp(terminal)
    except OSError:
        return True
    return False


@contextmanager
def _foreground(group: int) -> Iterator[int | None]:
    """Give the terminal to a process group, and take it back; its descriptor, None where there is no terminal to give."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    # The program may have stopped already, because it reached for the terminal before it had it: `_wake` sees to that.
    try:
        _give(terminal, group)
        yield terminal
    finally:
        _give(terminal, os.getpgrp())
        os.close(terminal)


def _give(terminal: int, group: int) -> None:
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with suppress(OSError):
            os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
