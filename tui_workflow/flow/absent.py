"""Results that are not there: what a list of a step's results holds for those of its items that have none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_workflow.flow.model import ItemSource, Step
from tui_workflow.flow.nodes import Mapping, Node, Scalar
from tui_workflow.flow.reader import Reader
from tui_workflow.flow.segments import Unclosed, lone_expression
from tui_workflow.flow.steps import ReadStep
from tui_workflow.flow.template import path_of

_ASKED = re.compile(r"\bnone\b", re.IGNORECASE)
"""How a condition on items tells null from the others, unless it is `item` alone."""


def results_of(source: ItemSource | None) -> str:
    """The name of the step whose results, as they are, a `for_each` goes through; empty for every other source."""
    if source is None or source.kind != "items" or not isinstance(source.value, str):
        return ""
    try:
        path = path_of(lone_expression(source.value) or "")
    except Unclosed:
        return ""
    match path:
        case ("steps", ((str() as step, _), ("result", _))):
            return step
    return ""


def warn(read: Reader, steps: Sequence[ReadStep]) -> None:
    """Report each `for_each` over results of items some of which may have none.

    These come as null and fail again, for a reason of their own that hides the first one.
    """
    by_name = {step.step.name: step.step for step in steps}
    for each in steps:
        source = each.step.for_each
        before = by_name.get(results_of(source))
        if source is None or before is None or before.for_each is None or not (why := _without(before)):
            continue
        if _asks(source.where) or (each.step.condition_per_item and _asks(each.step.condition)):
            continue
        node = _node(each)
        if node is not None:
            message = f"'for_each' of step '{each.step.name}': items of '{before.name}' that {why} come as null"
            read.warning(node, message, _hint(each.step, str(source.value)), offset=max(0, node.text.find("steps")))


def _without(step: Step) -> str:
    """How items of a step may end without a result while what follows it runs; empty if they cannot."""
    ways = ["fail"] if step.on_error.action == "continue" else []
    if step.condition_per_item:
        ways.append("are skipped")
    return " or ".join(ways)


def _asks(condition: str | None) -> bool:
    return condition is not None and (bool(_ASKED.search(condition)) or condition.strip("{} ") == "item")


def _hint(step: Step, listed: str) -> str:
    """What to write instead, and where the result is then."""
    head, _, tail = listed.rpartition("result")
    inputs = step.inputs
    if step.type == "python" and "code" in inputs:
        where = "the result is then item['result']"
    elif step.type == "python" and inputs.get("handler") and "item" not in inputs:
        where = 'with item: "{{ item.result }}" in its inputs the handler gets the results as before'
    else:
        where = "the result is then item.result"
    quote = "'" if '"' in listed else '"'
    return f"for_each: {quote}{head}completed_items{tail}{quote} leaves them out; {where}"


def _node(step: ReadStep) -> Scalar | None:
    """The text of a `for_each`, alone or under `items`."""
    fields = step.node.value
    entry = fields.get("for_each") if isinstance(fields, Mapping) else None
    node: Node | None = entry.value if entry else None
    if isinstance(node, Mapping):
        inner = node.get("items")
        node = inner.value if inner else None
    return node if isinstance(node, Scalar) else None
