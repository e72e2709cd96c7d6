"""What a template may reach in a value: items of plain data, a short list of methods and fields, nothing else.

`a.b` looks up the key before the attribute, so that an item's field `items` is not a method. Nothing here can
run user code, touch a file or make a value much larger than those it was given.
"""

from __future__ import annotations

import datetime
import decimal
import pathlib
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tui_workflow.errors import WfError
from tui_workflow.flow.problems import did_you_mean, short

MAX_SIZE = 8 * 1024 * 1024
"""Characters, bytes or elements that one operation of a template may make."""
MAX_BITS = 100_000
"""Bits of an integer that one operation of a template may make."""


class TemplateError(WfError):
    """A template cannot be read, or cannot be rendered with the values at hand."""


class UndefinedName(TemplateError):
    """A name that the template uses and no one gave; `name` is that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"'{name}' is not defined")
        self.name = name


class Unreadable(TemplateError):
    """A template with a syntax error; `line` counts within the text, from 1."""

    def __init__(self, message: str, line: int = 1, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.line = line


class TooLarge(TemplateError):
    """A template asks for more than `MAX_SIZE` or `MAX_BITS`."""


# fmt: off
_STR = (
    "capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii", "isdecimal",
    "isdigit", "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper", "lower",
    "lstrip", "partition", "removeprefix", "removesuffix", "rfind", "rindex", "rpartition", "rsplit", "rstrip",
    "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
)
_DATETIME = (
    "year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold", "date", "time", "timestamp",
    "isoformat", "weekday", "isoweekday", "timetuple", "utcoffset", "ctime",
)
# fmt: on
_FIELDS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (str, _STR),
    (bytes, ("count", "decode", "endswith", "find", "hex", "startswith", "strip")),
    (int, ("bit_length", "is_integer", "real", "imag", "numerator", "denominator")),
    (float, ("is_integer", "real", "imag")),
    (list, ("count", "index")),
    (tuple, ("count", "index")),
    (set, ("isdisjoint", "issubset", "issuperset", "union", "intersection", "difference")),
    (
        datetime.datetime,
        _DATETIME,
    ),
    (datetime.date, ("year", "month", "day", "isoformat", "weekday", "isoweekday", "ctime")),
    (datetime.time, ("hour", "minute", "second", "microsecond", "isoformat")),
    (datetime.timedelta, ("days", "seconds", "microseconds", "total_seconds")),
    (decimal.Decimal, ("is_finite", "is_nan", "is_signed", "is_zero", "to_integral_value")),
    (pathlib.PurePath, ("name", "stem", "suffix", "suffixes", "parent", "parts", "as_posix", "is_absolute")),
    (uuid.UUID, ("hex", "int", "urn", "version")),
)
_MAPPING_METHODS = ("get", "items", "keys", "values")


def is_opaque(value: object) -> bool:
    """True for the lazy views of workers, which declare `__wf_plain__` and may be read like data."""
    return getattr(type(value), "__wf_plain__", False) is True


def subscript(owner: Any, key: Any) -> Any:
    """`owner[key]` for plain data. Raises `TemplateError` with the near names."""
    if isinstance(owner, Mapping | list | tuple | str | bytes) or is_opaque(owner):
        try:
            return owner[key]
        except (LookupError, TypeError, ValueError, AttributeError):
            raise missing(owner, key) from None
    raise missing(owner, key)


def attribute(owner: Any, name: str) -> Any:
    """`owner.name`: the key of that name, else one of the allowed fields and methods. Raises `TemplateError`."""
    if isinstance(owner, Mapping):
        if name in owner:
            return owner[name]
        if name in _MAPPING_METHODS and (type(owner) is dict or is_opaque(owner)):
            return getattr(owner, name)
        raise missing(owner, name)
    if is_opaque(owner) and not name.startswith("_"):
        try:
            return getattr(owner, name)
        except AttributeError:
            pass
        return subscript(owner, name)
    if isinstance(owner, str) and name in _GROWING:
        return _bounded(owner, name)
    for kind, names in _FIELDS:
        if isinstance(owner, kind) and name in names:
            return getattr(owner, name)
    raise missing(owner, name)


def missing(owner: Any, name: Any) -> TemplateError:
    """The error for a key, position or field that is not there."""
    if isinstance(owner, list | tuple | str | bytes) and isinstance(name, int):
        return TemplateError(f"no element {name}: {_a(owner)} has {len(owner)}")
    known = [key for key in owner if isinstance(key, str)][:200] if isinstance(owner, Mapping) else []
    if not known and is_opaque(owner):
        known = [key for key in dir(type(owner)) if not key.startswith("_")]
    hint = did_you_mean(str(name), known) if isinstance(name, str) else ""
    if not hint and known:
        hint = f"it has: {', '.join(known[:12])}{' …' if len(known) > 12 else ''}"
    return TemplateError(f"{_a(owner)} has no {short(name)}", hint=hint or None)


def _a(value: object) -> str:
    kind = {"dict": "mapping", "str": "string", "NoneType": "null"}.get(type(value).__name__, type(value).__name__)
    return kind if kind == "null" else f"the {kind}"


def check_size(size: int) -> None:
    """Raises `TooLarge` when an operation would make more than `MAX_SIZE` characters or elements."""
    if size > MAX_SIZE:
        raise TooLarge(f"a template may make at most {MAX_SIZE} characters or elements at once, not {size:.3g}")


def check_weight(value: Any) -> None:
    """Raises `TooLarge` when a value, written as text, would be far above `MAX_SIZE`: a short list can hold long texts."""
    weight = 0
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str | bytes):
            weight += len(each)
        elif isinstance(each, list | tuple | set | frozenset):
            weight += len(each)
            waiting.extend(each if weight <= MAX_SIZE else ())
        elif isinstance(each, dict):
            weight += len(each)
            waiting.extend((*each, *each.values()) if weight <= MAX_SIZE else ())
        if weight > MAX_SIZE:
            check_size(weight)


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    times = text.count(old) if old else len(text) + 1
    check_size(len(text) + (times if count < 0 else min(times, count)) * max(0, len(new) - len(old)))
    return text.replace(old, new, count)


def _join(text: str, parts: Any) -> str:
    strings = []
    size = 0
    for part in parts:
        size += len(part) + len(text)
        check_size(size)
        strings.append(part)
    return text.join(strings)


def _padded(name: str) -> Callable[..., Any]:
    def pad(text: str, width: int, *fill: str) -> Any:
        check_size(int(width))
        return getattr(str, name)(text, width, *fill)

    return pad


def _expandtabs(text: str, tabsize: int = 8) -> str:
    check_size(len(text) + text.count("\t") * max(0, int(tabsize)))
    return text.expandtabs(tabsize)


def _encode(text: str) -> bytes:
    return text.encode()


_GROWING: dict[str, Callable[..., Any]] = {
    "replace": _replace,
    "join": _join,
    "center": _padded("center"),
    "ljust": _padded("ljust"),
    "rjust": _padded("rjust"),
    "zfill": _padded("zfill"),
    "expandtabs": _expandtabs,
    "encode": _encode,
}


class BoundMethod:
    """A method of a string that keeps its result within bounds."""

    __slots__ = ("_name", "_text")

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name

    def __call__(self, *args: Any) -> Any:
        return _GROWING[self._name](self._text, *args)


def _bounded(text: str, name: str) -> BoundMethod:
    return BoundMethod(text, name)
