"""Packages that only some flows need: whether a flow can run with what is installed. Nothing is imported for it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from tui_workflow.flow.nodes import Mapping
from tui_workflow.flow.reader import Reader
from tui_workflow.flow.steps import ReadStep

PARQUET = "pyarrow"
"""What reads Parquet."""
INSTALL = "pip install 'tui-workflow[{}]'"


def check(read: Reader, steps: Iterable[ReadStep]) -> None:
    """Report every source whose package is missing.

    Not for a stored flow: its run can be looked at where nothing of it could run.
    """
    for step in steps:
        if step.step.for_each is None or step.step.for_each.kind != "parquet" or _installed(PARQUET):
            continue
        fields = step.node.value
        source = fields.get("for_each") if isinstance(fields, Mapping) else None
        entry = source.value.get("parquet") if source and isinstance(source.value, Mapping) else None
        message = f"'parquet' of 'for_each' of step '{step.step.name}' needs {PARQUET}, which is not installed"
        read.error(entry or step.node, message, INSTALL.format("parquet"))


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False
