"""The keys that say how a step runs: retry, timeout, memory, on_error, parallel. Partial values, so that defaults merge.

Each reader returns the fields that the text gives and no others; `flow.steps` lays a step's over the defaults'.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

from tui_workflow.flow.model import MAX_SLOTS, Executor
from tui_workflow.flow.nodes import Mapping, Node, Scalar, kind
from tui_workflow.flow.reader import Reader
from tui_workflow.flow.segments import is_template

Fields = dict[str, Any]

RETRY_KEYS = ("max_attempts", "delay", "backoff", "max_delay", "jitter", "on")
ON_ERROR_KEYS = ("action", "save_error", "max_failures")
PARALLEL_KEYS = ("max_parallel", "executor")
DEFAULT_KEYS = ("retry", "timeout", "on_error", "parallel")
EXECUTORS: tuple[str, ...] = get_args(Executor)
NOT_YET = ("dask",)
"""Executors that the language names and no worker provides yet."""

_MEMORY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*\Z", re.IGNORECASE)
_UNIT = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%\Z")
_CLASS = re.compile(r"[A-Za-z_][\w.]*\Z|exit:\d{1,3}\Z")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|sec|m|min|h)\Z")
_SECONDS = {"ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


def retry(read: Reader, node: Node, what: str) -> Fields:
    if not isinstance(node, Mapping):
        hint = f"write retry: {{max_attempts: {node.text}}}" if isinstance(node, Scalar) and node.value else ""
        read.error(node, f"{what} must be a mapping, not {kind(node)}", hint)
        return {}
    given = read.fields(node, RETRY_KEYS, what) or {}
    found: Fields = {}
    readers: dict[str, Callable[[Node, str], Any]] = {
        "max_attempts": lambda n, w: read.integer(n, w, 1),
        "delay": lambda n, w: seconds(read, n, w),
        "backoff": lambda n, w: read.number(n, w, 0, above=True),
        "max_delay": lambda n, w: seconds(read, n, w),
        "jitter": lambda n, w: _jitter(read, n, w),
        "on": lambda n, w: _classes(read, n, w),
    }
    for name, entry in given.items():
        _keep(found, name, readers[name](entry.value, f"'{name}' of {what}"))
    return found


def seconds(read: Reader, node: Node, what: str, *, above: bool = False) -> float | None:
    """A number of seconds."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and (match := _DURATION.match(node.value)):
        hint = f"write {float(match[1]) * _SECONDS[match[2]]:g}"
        read.error(node, f"{what} must be a number of seconds, not {kind(node)}", hint)
        return None
    return read.number(node, what, above=above)


def _jitter(read: Reader, node: Node, what: str) -> float | None:
    value = read.number(node, what)
    if value is not None and value > 1:
        read.error(node, f"{what} must be a fraction from 0 to 1, not {kind(node)}")
        return None
    return value


def _classes(read: Reader, node: Node, what: str) -> tuple[str, ...] | None:
    names = []
    for element in read.elements(node, what, "exception names") or ():
        name = read.text(element, what)
        if name is None:
            continue
        if not _CLASS.match(name):
            read.error(element, f"{what} takes names of exceptions or exit:CODE, not '{name}'")
        else:
            names.append(name)
    return tuple(names) or None


def on_error(read: Reader, node: Node, what: str) -> Fields:
    if isinstance(node, Scalar):
        found: Fields = {}
        _keep(found, "action", read.choice(node, what, ("fail", "continue")))
        return found
    given = read.fields(node, ON_ERROR_KEYS, what) or {}
    found = {}
    if entry := given.get("action"):
        _keep(found, "action", read.choice(entry.value, f"'action' of {what}", ("fail", "continue")))
    if entry := given.get("save_error"):
        _keep(found, "save_error", read.flag(entry.value, f"'save_error' of {what}"))
    if entry := given.get("max_failures"):
        _keep(found, "max_failures", _max_failures(read, entry.value, f"'max_failures' of {what}"))
    return found


def _max_failures(read: Reader, node: Node, what: str) -> int | str | None:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        match = _PERCENT.match(node.value.strip())
        if match and float(match[1]) <= 100:
            return node.value.strip()
        read.error(node, f'{what} must be a whole number or a share such as "5%", not {kind(node)}')
        return None
    return read.integer(node, what)


def parallel(read: Reader, node: Node, what: str) -> Fields | None:
    """The fields; None when `false` switches it off."""
    if isinstance(node, Scalar):
        if node.value is False:
            return None
        if node.value is True:
            return {"max_parallel": None}
        slots = _slots(read, node, what)
        return {"max_parallel": slots} if slots is not None else {}
    given = read.fields(node, PARALLEL_KEYS, what) or {}
    found: Fields = {}
    if entry := given.get("max_parallel"):
        if isinstance(entry.value, Scalar) and entry.value.value is True:
            found["max_parallel"] = None
        else:
            _keep(found, "max_parallel", _slots(read, entry.value, f"'max_parallel' of {what}"))
    if entry := given.get("executor"):
        executor = read.choice(entry.value, f"'executor' of {what}", EXECUTORS)
        if executor in NOT_YET:
            read.error(entry.value, f"executor '{executor}' is not available yet", "use process, thread or async")
        else:
            _keep(found, "executor", executor)
    return found


def _slots(read: Reader, node: Node, what: str) -> int | str | None:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        if is_template(node.value):
            return node.value
        read.error(node, f"{what} must be a whole number, true or a template, not {kind(node)}")
        return None
    return read.integer(node, what, 1, MAX_SLOTS)


def memory(read: Reader, node: Node, what: str) -> int | None:
    """Bytes, from a number or a text such as `512M`."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and (match := _MEMORY.match(node.value)):
        size = int(float(match[1]) * _UNIT[match[2].upper()])
    elif isinstance(node, Scalar) and type(node.value) is int:
        size = node.value
    else:
        read.error(node, f"{what} must be a size such as 512M, not {kind(node)}")
        return None
    if size < 16 * 1024**2:
        read.error(node, f"{what} must be at least 16M: a worker itself needs that much")
        return None
    return size


def _keep(found: Fields, name: str, value: Any) -> None:
    if value is not None:
        found[name] = value
