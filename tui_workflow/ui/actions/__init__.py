"""What keys do. Each action is a function of the desk, found by its name in the key table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tui_workflow.ui.desk import Desk

Act: TypeAlias = Callable[[Desk], None]


def table() -> dict[str, Act]:
    """Every action of the key table that this screen knows, by name."""
    from tui_workflow.ui.actions import control, copy, find, leave, look, mark, move, open, program, retry

    found: dict[str, Act] = {}
    for part in (move, open, find, look, mark, retry, control, copy, program, leave):
        found |= part.ACTIONS
    return found
