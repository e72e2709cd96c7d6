"""Leaving: at once when nothing is at stake, else by a dialog; ctrl+c twice stops the run."""

from __future__ import annotations

import asyncio
import time

from tui_workflow.facts.commands import Stop
from tui_workflow.ui.actions.control import begin_to_drain
from tui_workflow.ui.actions.walk import Act
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.options import Left
from tui_workflow.ui.screens.leave import LeaveDialog

PATIENCE = 2.0
"""Seconds that the run may take to answer the last stop."""
TWICE = 2.0
"""Seconds within which a second ctrl+c stops the run."""


def at_stake(desk: Desk) -> bool:
    """Whether leaving would end a run that goes on."""
    return desk.feed.live and desk.state.finished is None


def leave(desk: Desk) -> None:
    """Leave, or ask how."""
    desk = desk.root()
    if not at_stake(desk):
        desk.leave(Left("looked"))
    elif not any(isinstance(dialog, LeaveDialog) for dialog in desk.dialogs):
        desk.open(LeaveDialog(desk))


def interrupt(desk: Desk) -> None:
    """ctrl+c: the dialog first; a second one within two seconds stops the run and leaves."""
    desk = desk.root()
    now = time.monotonic()
    if at_stake(desk) and now - desk.interrupted_at <= TWICE:
        desk.spawn("stop and leave", _stop_and_leave(desk))
        return
    desk.interrupted_at = now
    leave(desk)


async def _stop_and_leave(desk: Desk) -> None:
    """Leave once the stop has been taken, or anyway when nobody takes it."""
    try:
        async with asyncio.timeout(PATIENCE):
            await desk.feed.send(Stop())
    finally:
        desk.leave(Left("interrupted"))


def drain_then_leave(desk: Desk) -> None:
    """Finish what runs, and leave when it has ended."""
    desk.leaving = Left("drained")
    begin_to_drain(desk)


def stop_then_leave(desk: Desk) -> None:
    """Stop what runs, and leave when it has ended."""
    desk.leaving = Left("stopped")
    desk.wish(Stop())


ACTIONS: dict[str, Act] = {"leave": leave, "interrupt": interrupt}
