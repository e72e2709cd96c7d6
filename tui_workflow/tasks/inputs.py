"""Inputs of a step: text of the flow in, a function that renders them for one item out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

Names = Mapping[str, Any]
Render = Callable[[Names], Any]


def compile_input(value: Any) -> Render | None:
    """A function that renders `value`, templates nested in lists and mappings included; None when it is constant."""
    if isinstance(value, str):
        from tui_workflow.flow import template

        if not template.is_template(value):
            return None
        render: Render = template.compile_value(value).render
        return render
    if isinstance(value, Mapping):
        parts = {key: compile_input(one) for key, one in value.items()}
        if not any(parts.values()):
            return None
        return lambda names: {key: part(names) if part else copy_of(value[key]) for key, part in parts.items()}
    if isinstance(value, list | tuple):
        elements = [compile_input(one) for one in value]
        if not any(elements):
            return None
        return lambda names: [part(names) if part else copy_of(one) for part, one in zip(elements, value, strict=True)]
    return None


def copy_of(value: Any) -> Any:
    """A copy of a constant, so that what one item does to it is not seen by the next."""
    if isinstance(value, Mapping):
        return {key: copy_of(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [copy_of(one) for one in value]
    return value


class Inputs:
    """The inputs of a step, ready to be rendered for each item."""

    def __init__(self, inputs: Mapping[str, Any], leave_out: Collection[str] = ()) -> None:
        self._constant: dict[str, Any] = {}
        self._copied: dict[str, Any] = {}
        self._rendered: list[tuple[str, Render]] = []
        self.names = tuple(name for name in inputs if name not in leave_out)
        for name in self.names:
            render = compile_input(inputs[name])
            if render is not None:
                self._rendered.append((name, render))
            elif isinstance(inputs[name], str | int | float | bool | None):
                self._constant[name] = inputs[name]
            else:
                self._copied[name] = inputs[name]

    def render(self, names: Names) -> dict[str, Any]:
        """The values by name, fresh for this item."""
        values = dict(self._constant)
        for name, value in self._copied.items():
            values[name] = copy_of(value)
        for name, render in self._rendered:
            values[name] = render(names)
        return values
