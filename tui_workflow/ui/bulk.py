"""Wishes for many items: what takes longer than a moment shows how far it is, and can be stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tui_workflow.facts.commands import Command, Progress, Reply
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.scope import Scope
from tui_workflow.ui.screens.working import Working

_T = TypeVar("_T")
SHOWN = 0.5
"""Seconds after which it is worth showing how far a wish has come."""
LOOK = 0.25
"""Seconds between two looks at it."""


async def carried_out(desk: Desk, title: str, progress: Progress, kept: str, work: Awaitable[_T]) -> _T:
    """What `work` gives back; until then a dialog shows `progress` and offers to stop it. `kept` says what then stays."""
    working = asyncio.ensure_future(work)
    dialog = Working(desk, title, progress, kept)
    desk.busy_with = title
    try:
        await asyncio.wait({working}, timeout=SHOWN)
        if not working.done():
            desk.open(dialog)
        while not working.done():
            await asyncio.wait({working}, timeout=LOOK)
            desk.paint()
        return working.result()
    finally:
        if not working.done():
            progress.stopped = True  # a thread does not hear that it is cancelled
            working.cancel()
        desk.busy_with = ""
        desk.close(dialog)


async def one_by_one(wishes: Sequence[Scope], send: Callable[[Scope], Awaitable[Reply]]) -> tuple[str, bool]:
    """Wish for each of these, one after the other; the answers as one sentence, and whether all were refused."""
    replies = [(scope.step, await send(scope)) for scope in wishes]
    said = [reply.text if len(replies) == 1 else f"{step}: {reply.text}" for step, reply in replies]
    return "   ".join(said), all(reply.refused for _, reply in replies)


def wish_for_many(desk: Desk, title: str, command: Command, total: int) -> None:
    """Send a wish for about `total` items in the background, with a dialog that shows how far it is; then say the answer."""
    if is_busy(desk):
        return
    progress = Progress(total)

    async def work() -> None:
        reply = await carried_out(
            desk, title, progress, "what is queued stays queued", desk.feed.send(command, progress)
        )
        desk.say(reply.text, refused=reply.refused)

    desk.spawn("many", work())


def is_busy(desk: Desk) -> bool:
    """Whether such a wish is being carried out already; says so if it is."""
    if desk.busy_with:
        desk.refuse(f"{desk.busy_with} goes on: one wish for many items at a time")
    return bool(desk.busy_with)
