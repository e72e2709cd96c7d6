"""What was edited of a flow since a run read it, in words: for the question whether to go on, and the note that it does."""

from __future__ import annotations

import os
from pathlib import Path

from tui_workflow.flow.diff import StepDiff, diff
from tui_workflow.flow.load import load
from tui_workflow.flow.plan import Plan
from tui_workflow.session.stored import stored_plan
from tui_workflow.store.runfile import RunFile

NAMED = 3
"""Steps that are named in a sentence."""


def edited_since(path: Path, flow: str) -> str:
    """What of a flow was edited since the run in `path` read it, as a sentence; empty if nothing was. Raises `InvalidFlow`."""
    if not os.path.exists(flow):
        return ""
    plan = load(flow)
    with RunFile(path) as file:
        before = stored_plan(file)
    if before.text == plan.text and before.handlers == plan.handlers:
        return ""
    told = edits(before, plan)
    return f"The flow was edited since: {told}." if told else "The flow was edited since; no step changes by it."


def edits(before: Plan, plan: Plan) -> str:
    """What an edit did to the steps of a flow, the first few named; empty if it did nothing to them."""
    words = {"added": "is new", "removed": "is gone"}
    parts = [
        f"{step.name} {words[step.what]}" if step.what in words else f"{step.name}: {keys_of(step) or 'moved'}"
        for step in diff(before, plan).steps
    ]
    more = f" and {len(parts) - NAMED} more" if len(parts) > NAMED else ""
    return f"{'; '.join(parts[:NAMED])}{more}"


def keys_of(step: StepDiff) -> str:
    """The keys of a step that an edit changed; empty if it only moved."""
    keys = [change.key for change in step.changes]
    return ", ".join(keys or (["its handler"] if step.stale else []))
