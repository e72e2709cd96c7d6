"""What the screen says of edits by itself: a sentence when one has been taken up."""

from __future__ import annotations

from tui_workflow.ui.desk import Desk
from tui_workflow.view import numbers
from tui_workflow.view.ports import Rejected, ReloadPlan


class Told:
    """Remembers what has been said."""

    def __init__(self, desk: Desk) -> None:
        self._plan: ReloadPlan | None = desk.feed.reload_plan()
        self._rejected: Rejected | None = desk.feed.rejected()

    def look(self, desk: Desk) -> None:
        """Say what is new."""
        plan, rejected = desk.feed.reload_plan(), desk.feed.rejected()
        refused, self._rejected = self._rejected, rejected
        before, self._plan = self._plan, plan
        if rejected is not None:
            if rejected is not refused:
                desk.nav.definition_in_use = False
            return
        if plan is not None and (before is None or plan.after != before.after):
            waits = len(plan.waiting)
            more = (
                f" {numbers.plural(waits, 'edit')} {'waits' if waits == 1 else 'wait'}   {desk.key('plan')} plan"
                if waits
                else ""
            )
            desk.say(f"r{plan.after} holds for items that start from now.{more}")
        elif refused is not None:
            desk.say(f"{refused.path.rsplit('/', 1)[-1]} is as it was before: r{desk.state.revision} goes on")
