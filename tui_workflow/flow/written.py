"""A flow that stands in no file, as the nodes that its text would be read as: so it is checked by what checks every flow.

Each key has a line of its own, so that the line of a problem says which key it is about.
"""

from __future__ import annotations

from typing import Any

from tui_workflow.flow.model import Flow, ItemSource, OnError, Parallel, Retry, Step
from tui_workflow.flow.nodes import Entry, Mapping, Node, Scalar, Sequence
from tui_workflow.flow.parse import SECTIONS, Parsed
from tui_workflow.flow.reader import Reader
from tui_workflow.flow.steps import environment, read_step
from tui_workflow.flow.uses import Uses

Key = tuple[str, str]
"""The name of a step and a field of it; no name for what belongs to the flow."""

_SPELLED = {"condition": "if"}
"""Fields that the file has under another name."""
_NOT_WRITTEN = frozenset(("name", "line", "condition_per_item"))


def written(flow: Flow, path: str) -> tuple[Parsed, list[Key]]:
    """The flow read anew, and the key that each line is about, from line 1 on."""
    read = Reader(path, [])
    keys: list[Key] = [("", "env")]
    parsed = Parsed("", read, flow)
    params = frozenset(flow.params)
    environment(read, Uses(read, params=params), _node(flow.env, 1), "'env'", "flow")
    for section, name in SECTIONS:
        for step in getattr(flow, name):
            parsed.steps.append(read_step(read, _entry(step, keys), section, {}, params))
    return parsed, keys


def _entry(step: Step, keys: list[Key]) -> Entry:
    """A step with its keys, each of which is given the next line."""
    keys.append((step.name, ""))
    head = len(keys)
    entries = []
    for name, field in type(step).model_fields.items():
        value = getattr(step, name)
        if name in _NOT_WRITTEN or value == field.get_default(call_default_factory=True):
            continue
        keys.append((step.name, name))
        entries.append(Entry(_scalar(_SPELLED.get(name, name), len(keys)), _node(_said(value), len(keys))))
    return Entry(_scalar(step.name, head), Mapping(entries, head, 1))


def _said(value: Any) -> Any:
    """A value of the model as the file says it."""
    match value:
        case ItemSource(kind="items", where=None, limit=None, chunk=None):
            return value.value
        case ItemSource():
            options = {name: each for name, each in value if name not in ("kind", "value") and each is not None}
            return {value.kind: value.value, **options}
        case Parallel(max_parallel=None, executor=None):
            return True
        case Retry() | OnError() | Parallel():
            return {name: each for name, each in value if each is not None}
    return value


def _node(value: Any, line: int) -> Node:
    match value:
        case dict():
            return Mapping([Entry(_scalar(key, line), _node(each, line)) for key, each in value.items()], line, 1)
        case list() | tuple():
            return Sequence([_node(each, line) for each in value], line, 1)
    return _scalar(value, line)


def _scalar(value: Any, line: int) -> Scalar:
    return Scalar(value, value if isinstance(value, str) else repr(value), line, 1)
