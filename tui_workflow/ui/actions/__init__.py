"""What keys do. Each action is a function of the desk, found by its name in the key table.

The modules are loaded when one of their keys is pressed first, so that none of them stands between the start and
the first paint.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias

from tui_workflow.ui.desk import Desk

Act: TypeAlias = Callable[[Desk], None]

PLACES: dict[str, str] = {
    "move": "down up left right first last half_down half_up pane_steps pane_step pane_failures pane_log next_pane "
    "previous_pane next_group previous_group",
    "open": "open back",
    "find": "filter next_hit previous_hit sort",
    "look": "zoom failures log follow wrap timestamps definition history looks",
    "states": "states",
    "mark": "mark range",
    "retry": "retry retry_shown retry_all canary retry_step",
    "control": "skip pause drain stop fewer_slots more_slots",
    "copy": "copy copy_more write",
    "edit": "edit plan rerun_stale in_use",
    "program": "help palette",
    "leave": "leave interrupt",
}
"""By module, the names in its `ACTIONS`."""


def table() -> dict[str, Act]:
    """Every action of the key table that this screen knows, by name."""
    return {name: _later(module, name) for module, names in PLACES.items() for name in names.split()}


def _later(module: str, name: str) -> Act:
    def act(desk: Desk) -> None:
        found: dict[str, Act] = import_module(f"{__name__}.{module}").ACTIONS
        found[name](desk)

    return act
