"""Batch workflows in YAML: run them, watch them, mend and retry what failed.

Everything here is loaded when it is first used, so that `import tui_workflow` in a handler costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_workflow.tasks.api import RetryLater, TaskContext, progress, task

__all__ = ["RetryLater", "TaskContext", "progress", "task"]

_PLACES = {
    "RetryLater": "tui_workflow.tasks.api",
    "TaskContext": "tui_workflow.tasks.api",
    "progress": "tui_workflow.tasks.api",
    "task": "tui_workflow.tasks.api",
}


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(place), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
