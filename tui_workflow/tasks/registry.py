"""Task types by name: how the text of a step becomes something that runs one item.

A type is a function `prepare(step) -> Prepared`. The built-in ones live in modules of this folder and are imported when
a step names them; plug-ins come from `@task` in a handler file or from the entry point group `tui_workflow.tasks`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_workflow.errors import InvalidFlow
from tui_workflow.tasks import api

BUILT_IN = {
    "python": "tui_workflow.tasks.python",
    "shell": "tui_workflow.tasks.shell",
    "template": "tui_workflow.tasks.template",
}
ENTRY_POINTS = "tui_workflow.tasks"


@dataclass(frozen=True, slots=True)
class StepText:
    """What a task type is told about a step."""

    name: str
    type: str
    inputs: Mapping[str, Any]
    for_each: bool
    flow_dir: str
    handlers: Sequence[tuple[str, bytes]]
    params: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    """Parameters that are lists or mappings, each as a maker of a fresh copy; the others are in the names."""


Call = Callable[[Mapping[str, Any], api.TaskContext], Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A step that is ready: `call(names, task)` runs one item. If `is_async`, it returns a coroutine.

    `sources` are the user's texts by file name, for the lines of a traceback.
    """

    call: Call
    is_async: bool = False
    needs_task: bool = True
    """False when `call` does not look at its `task`, which then need not be made for each item."""
    sources: Mapping[str, str] = field(default_factory=dict)


def prepare(step: StepText) -> Prepared:
    """The step, ready to run. Raises what its handler file raises, `InvalidFlow` for an unknown type."""
    place = BUILT_IN.get(step.type)
    if place is not None:
        prepared: Prepared = importlib.import_module(place).prepare(step)
        return prepared
    return _plugin(step)


def _plugin(step: StepText) -> Prepared:
    from tui_workflow.tasks import handlers
    from tui_workflow.tasks.inputs import Inputs

    sources = handlers.load_all(step.handlers, step.flow_dir)
    run = api.plugins.get(step.type) or _installed(step.type)
    if run is None:
        known = ", ".join(sorted({*BUILT_IN, *api.plugins, *_installed_names()}))
        raise InvalidFlow(
            f"step {step.name!r} has the type {step.type!r}, which nothing declares",
            hint=f'Known types: {known}. Declare it with @task("{step.type}") in a file of `handlers:`.',
        )
    inputs = Inputs(step.inputs, ("on_progress",))
    import inspect

    def call(names: Mapping[str, Any], task: api.TaskContext) -> Any:
        return run(inputs.render(names), task)

    return Prepared(call, inspect.iscoroutinefunction(run), sources=sources)


def _installed(name: str) -> api.TaskFunction | None:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS, name=name):
        loaded: api.TaskFunction = point.load()
        return api.plugins.get(name, loaded)
    return None


def _installed_names() -> set[str]:
    from importlib.metadata import entry_points

    return {point.name for point in entry_points(group=ENTRY_POINTS)}
