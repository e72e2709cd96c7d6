"""What the screen says of edits by itself: a sentence when one has been taken up."""

from __future__ import annotations

from tui_workflow.ui.desk import Desk
from tui_workflow.view import numbers
from tui_workflow.view.ports import Rejected, ReloadPlan


class Told:
    """Remembers what has been said."""

    def __init__(self, desk: Desk) -> None:
        self._told = _number(desk.feed.reload_plan())
        self._rejected: Rejected | None = desk.feed.rejected()

    def look(self, desk: Desk) -> None:
        """Say what is new."""
        plan, rejected = desk.feed.reload_plan(), desk.feed.rejected()
        refused, self._rejected = self._rejected, rejected
        if rejected is not None:
            if rejected is not refused:
                desk.nav.definition_in_use = False
            return
        if plan is not None and plan.after > self._told:
            if desk.state.revision >= plan.after:  # else what it makes of the items is not counted yet
                self._told = plan.after
                desk.say(_taken_up(desk, plan))
        elif refused is not None:
            desk.say(f"{refused.path.rsplit('/', 1)[-1]} is as it was before: r{desk.state.revision} goes on")


def _number(plan: ReloadPlan | None) -> int:
    return plan.after if plan is not None else 0


def _taken_up(desk: Desk, plan: ReloadPlan) -> str:
    """What holds, what the files say otherwise, what waits, and what has become stale; with the key that shows more."""
    holds = f"r{plan.again} holds again as r{plan.after}," if plan.again else f"r{plan.after} holds"
    something = plan.in_force or plan.files or not plan.waiting
    said = [f"{holds} for items that start from now." if something else f"Nothing of r{plan.after} holds yet."]
    if plan.still_edited:
        said.append(f"{plan.still_edited}.")
    waits, stale = len(plan.waiting), sum(step.stale for step in desk.state.steps.values())
    if waits:
        said.append(f"{numbers.plural(waits, 'edit')} {'waits' if waits == 1 else 'wait'}.")
    if stale:
        said.append(f"{numbers.plural(stale, 'result')} {'is' if stale == 1 else 'are'} stale.")
    words = " ".join(said)
    return f"{words.rstrip('.')}   {desk.key('plan')} plan" if len(said) > 1 else words
