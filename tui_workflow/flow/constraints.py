"""Whether a value is what a parameter asks for."""

from __future__ import annotations

import re
from typing import Any

from tui_workflow.flow.model import Param
from tui_workflow.flow.problems import one_of, short

TYPES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "object": "a mapping",
    "path": "a path",
}
"""Types of parameters, as messages name them."""

_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
    "path": (str,),
}


def fits(value: Any, kind: str) -> bool:
    """True when the value is of a parameter's type; true is no number."""
    return isinstance(value, _PYTHON[kind]) and (kind == "boolean" or not isinstance(value, bool))


def kind_of(param: Param) -> str | None:
    """The declared type, else the type of the default; None when neither tells."""
    if param.type is not None or param.default is None:
        return param.type
    for kind in ("boolean", "integer", "number", "string", "list", "object"):
        if fits(param.default, kind):
            return kind
    return None


def violation(param: Param, value: Any) -> str:
    """What is wrong with a value, as the end of a sentence (`must be …`), or an empty string."""
    kind = param.type
    if kind is not None and not fits(value, kind):
        return f"must be {TYPES[kind]}, not {short(value)}"
    if param.enum is not None and not any(value == allowed and type(value) is type(allowed) for allowed in param.enum):
        return f"must be {one_of(short(allowed) for allowed in param.enum)}, not {short(value)}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if param.min is not None and not value >= param.min:
            return f"must be at least {param.min:g}, not {short(value)}"
        if param.max is not None and not value <= param.max:
            return f"must be at most {param.max:g}, not {short(value)}"
    if param.pattern is not None and isinstance(value, str) and not re.search(param.pattern, value):
        return f"must match {param.pattern}, not {short(value)}"
    return ""
