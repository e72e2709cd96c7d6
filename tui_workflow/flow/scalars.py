"""Plain YAML scalars as values: the core schema of YAML 1.2, less what surprises.

`yes`, `no`, `on`, `off`, `1:30`, `1_000` and dates are strings, as YAML 1.2 has it. A number with a leading zero
(`010`, `-007`) is a string as well: YAML 1.2 reads 10, YAML 1.1 reads 8, and who writes it means an identifier.
"""

from __future__ import annotations

import re

Plain = str | int | float | bool | None

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_OTHER_BASE = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_SPECIAL = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_MAX_DIGITS = 4000
"""Longer runs of digits stay text: Python refuses to convert them, and no one counts that far."""

TAGS = {
    "tag:yaml.org,2002:str": "str",
    "tag:yaml.org,2002:int": "int",
    "tag:yaml.org,2002:float": "float",
    "tag:yaml.org,2002:bool": "bool",
    "tag:yaml.org,2002:null": "null",
    "tag:yaml.org,2002:seq": "seq",
    "tag:yaml.org,2002:map": "map",
    "!": "str",
}
"""The tags that a flow may write out; any other is refused."""


def resolve(text: str) -> Plain:
    """The value of an unquoted scalar."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if len(text) > _MAX_DIGITS:
        return text
    if _INT.match(text):
        return int(text)
    if _OTHER_BASE.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        return float(text)
    if _SPECIAL.match(text):
        return float(text.replace(".", "").lower())
    return text


def tagged(kind: str, text: str) -> Plain:
    """The value of a scalar with one of the `TAGS`. Raises ValueError when the text is no such value."""
    if kind == "str":
        return text
    value = resolve(text)
    if kind == "float" and type(value) is int:
        return float(value)
    wanted = {"int": int, "float": float, "bool": bool, "null": type(None)}.get(kind)
    if wanted is None or type(value) is not wanted:
        raise ValueError(f"{text!r} is not a value of type {kind}")
    return value
