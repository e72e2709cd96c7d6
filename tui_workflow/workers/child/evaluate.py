"""Templates and expressions of the step that belong to no item: its `if`, its number of slots."""

from __future__ import annotations

from collections.abc import Mapping

from tui_workflow import values
from tui_workflow.workers.child.step import Step


def evaluate(step: Step, expressions: Mapping[str, bytes]) -> dict[str, bytes]:
    """Stored values by name. Raises `TemplateError`, and `ValueProblem` for what cannot be stored."""
    from tui_workflow.flow.template import compile_expression

    found = {}
    for name, text in expressions.items():
        found[name] = values.encode(compile_expression(text.decode()).render(step.names))
        step.check_secret(found[name], f"the value of `{name}`")
    return found
