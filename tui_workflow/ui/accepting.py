"""Accepting the structural edits that wait, as a part of another wish."""

from __future__ import annotations

from collections.abc import Callable

from tui_workflow.facts.commands import TakeUp
from tui_workflow.ui.desk import Desk
from tui_workflow.view import numbers


def waiting(desk: Desk) -> int:
    """How many structural edits wait."""
    plan = desk.feed.reload_plan()
    return len(plan.waiting) if plan is not None else 0


def words(count: int) -> str:
    """What a question says of these edits, empty if there are none."""
    return f"{numbers.plural(count, 'edit')} that {'waits is' if count == 1 else 'wait are'} accepted." if count else ""


def accept(desk: Desk, then: Callable[[Desk], None]) -> None:
    """Accept them in the background and go on with `then`; when they are refused, say why and do nothing else."""

    async def work() -> None:
        reply = await desk.feed.send(TakeUp())
        if reply.refused:
            desk.refuse(reply.text)
        else:
            then(desk)

    desk.spawn("accept", work())
