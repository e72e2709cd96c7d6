"""The built-in arithmetic of `python` steps: `multiply` and `divide`. Python's own types are kept: 2 × 3 is 6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = ("multiply", "divide", "custom")


def multiply(inputs: Mapping[str, Any], item: Any, has_item: bool) -> Any:
    """`item` × `factor`, a list element by element; without an item the product of `numbers` × `factor`."""
    factor = inputs.get("factor", 1)
    if has_item:
        return _times(item, factor)
    if "numbers" not in inputs:
        raise ValueError("multiply needs an item, or a list of `numbers`")
    product = 1
    for number in inputs["numbers"]:
        product = product * _number(number)
    return product * _number(factor)


def divide(inputs: Mapping[str, Any], item: Any, has_item: bool) -> Any:
    """`item`, or `dividend`, divided by `divisor`, a list element by element. Division by zero is the item's error."""
    dividend = inputs.get("dividend", item)
    if "dividend" not in inputs and not has_item:
        raise ValueError("divide needs an item, or a `dividend`")
    if "divisor" not in inputs:
        raise ValueError("divide needs a `divisor`")
    divisor = _number(inputs["divisor"])
    if isinstance(dividend, list | tuple):
        return [_number(one) / divisor for one in dividend]
    return _number(dividend) / divisor


def _times(item: Any, factor: Any) -> Any:
    if isinstance(item, list | tuple):
        return [_times(one, factor) for one in item]
    return _number(item) * _number(factor)


def _number(value: Any) -> Any:
    """The value, if one can calculate with it: text times 3 would be text three times, which nobody asked for."""
    if isinstance(value, str | bytes | dict) or value is None:
        raise TypeError(f"{value!r:.100} is {type(value).__name__}, not a number")
    return value
