"""Which executor a step runs in when the flow does not say: `async` for an `async def` handler, else `process`.

The handler is found with `ast`, as checking does; nothing is imported. A handler behind `module:function` counts as `process`,
in which an `async def` runs one item at a time.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from tui_workflow.flow.model import Step
from tui_workflow.flow.plan import HandlerFile


def executor_of(step: Step, handlers: Sequence[HandlerFile]) -> Literal["process", "thread", "async"]:
    """The executor of a step; `dask` is not one of ours and counts as `process`."""
    wanted = step.parallel.executor if step.parallel is not None else None
    if wanted is not None and wanted != "dask":
        return wanted
    if step.parallel is None or step.for_each is None:
        return "process"
    name = step.inputs.get("handler")
    if isinstance(name, str) and ":" not in name:
        for handler in handlers:
            kind = _functions(handler.source).get(name)
            if kind is not None:
                return "async" if kind else "process"
    return "process"


@lru_cache(maxsize=64)
def _functions(source: bytes) -> dict[str, bool]:
    """Functions at the top of a file by name; True for `async def`."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return {}
    return {
        node.name: isinstance(node, ast.AsyncFunctionDef)
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
