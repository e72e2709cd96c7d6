"""What can be typed in place of a key that a run which is only looked at refuses."""

from __future__ import annotations

import shlex

from tui_workflow.text import visible
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.scope import Scope, by_step, scopes, shown
from tui_workflow.view.ports import ItemRow

OPEN = " --open"
"""At the end of the command that retries all that failed."""
KEYS = 3
"""Items that a command names at most; for more it names their step."""


def retry_command(desk: Desk, action: str) -> str:
    """The command that does what `action` would do to what is selected; empty where there is none."""
    whole = desk.feed.retry
    if not whole:
        return ""
    chosen = shown(desk) if action == "retry_shown" else scopes(desk) if action in ("retry", "canary") else []
    if action == "retry_step" and desk.step is not None:
        words = ["--step", desk.step.name]
    elif len(by_step(chosen)) == 1:
        words = _options(desk, chosen)
    else:
        words = []
    extra = "".join(f" {shlex.quote(word)}" for word in words)
    if visible(extra) != extra:  # what cannot be shown cannot be typed either
        extra = ""
    return f"{whole.removesuffix(OPEN)}{extra}{OPEN if whole.endswith(OPEN) else ''}"


def _options(desk: Desk, chosen: list[Scope]) -> list[str]:
    """Which failed items of one step a command is to retry."""
    scope = by_step(chosen)[0]
    if scope.group is not None:
        steps = desk.state.steps.values()
        shared = sum(any(group.fingerprint == scope.group for group in step.groups) for step in steps) > 1
        return [*(["--step", scope.step] if shared else []), "--group", scope.group]
    keys = _keys(desk, scope) if len(chosen) == 1 and scope.count <= KEYS and not scope.whole else []
    return ["--step", scope.step, *(word for key in keys for word in ("--key", key))]


def _keys(desk: Desk, scope: Scope) -> list[str]:
    """The keys of these items, none when one of them has not been read."""
    rows: dict[int, ItemRow] = desk.loader.known(("rows", scope.step)) or {}
    found = [rows[number].key for number in scope.items if number in rows]
    return found if len(found) == scope.count else []
