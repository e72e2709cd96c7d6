"""What a run that was stopped, or has failed, has left: it goes on with that when anything of it is tried again."""

from __future__ import annotations

from tui_workflow.facts.state import RunState
from tui_workflow.view.numbers import plural


def goes_on(run: RunState) -> str:
    """A sentence on what starts besides when items of the run are tried again; empty when nothing does."""
    if run.status not in ("interrupted", "cancelled", "failed") or not run.waiting:
        return ""
    return f"The run goes on: {plural(run.waiting, 'item that waits starts', 'items that wait start')} too."
