"""The plan of a stored revision: the flow as it was, whether its file still exists or not."""

from __future__ import annotations

from tui_workflow.errors import DamagedRunFile
from tui_workflow.flow.load import examine
from tui_workflow.flow.plan import Plan
from tui_workflow.store.runfile import RunFile


def stored_plan(file: RunFile, revision: int | None = None) -> Plan:
    """The plan of a revision of a run, the latest by default. Raises `DamagedRunFile` if its text describes none."""
    stored = file.revision(revision)
    plan, problems = examine(stored.path, stored.text, dict(stored.handlers))
    if plan is None:
        first = problems[0].message if problems else "no reason"
        raise DamagedRunFile(f"{file.path}: the stored flow cannot be read: {first}")
    return plan
