"""The digest of a step's definition: it moves when what makes outcomes moves, and for nothing else.

It covers type, inputs (templates as text), code, `env`, `workdir` and the file in which the handler is found. Python is
digested as its syntax tree, without docstrings, comments and layout, in a form that is the same for every Python version.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from tui_workflow.flow import handlers
from tui_workflow.flow.model import Flow, Step
from tui_workflow.flow.plan import HandlerFile
from tui_workflow.flow.references import parse_python

_IGNORED = frozenset(("ctx", "kind", "type_comment", "type_ignores"))


def definition(step: Step, flow: Flow, files: Sequence[HandlerFile]) -> str:
    """16 hex digits of BLAKE2b over what makes the outcomes of a step."""
    inputs = {key: value for key, value in step.inputs.items() if not (step.type == "python" and key == "code")}
    if step.type == "python" and "handler" in inputs and "operation" not in inputs:
        inputs["operation"] = "custom"
    file = handler_file(step, files)
    record = {
        "type": step.type,
        "inputs": inputs,
        "code": syntax(step.inputs["code"]) if step.type == "python" and "code" in step.inputs else None,
        "env": {**flow.env, **step.env},
        "workdir": step.workdir,
        "handler": syntax(file.source) if file else None,
    }
    return blake2b(json.dumps(_canonical(record)).encode("ascii"), digest_size=8).hexdigest()


def handler_file(step: Step, files: Sequence[HandlerFile]) -> HandlerFile | None:
    """The file in which the step's handler or plug-in type is found; None for a step without one."""
    if step.type == "python":
        name = step.inputs.get("handler")
        found = handlers.find_handler(name, files) if isinstance(name, str) and ":" not in name else None
    elif step.type in ("shell", "template"):
        found = None
    else:
        found = handlers.find_task(step.type, files)
    return found.file if found else None


@lru_cache(maxsize=256)
def syntax(source: str | bytes) -> str:
    """A digest of Python text by its syntax tree; of the text itself where that cannot be parsed."""
    hasher = blake2b(digest_size=16)
    try:
        text = "\n".join(_walk(parse_python(source)))
    except (SyntaxError, RecursionError):
        text = source.decode("latin-1") if isinstance(source, bytes) else source
    hasher.update(text.encode("utf-8", "surrogatepass"))
    return hasher.hexdigest()


def _walk(tree: ast.AST) -> list[str]:
    """The tree in preorder, one token a line; empty fields are left out, as newer versions of Python add some."""
    tokens: list[str] = []
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            tokens.append(node)
            continue
        tokens.append(f"({type(node).__name__}")
        waiting.append(")")
        fields: list[Any] = []
        for name, value in ast.iter_fields(node):
            if name in _IGNORED or value is None or value == []:
                continue
            fields.append(f".{name}")
            elements = value if isinstance(value, list) else [value]
            if name == "body" and _is_docstring(node, elements[0]):
                elements = elements[1:]
            fields.extend(each if isinstance(each, ast.AST) else _constant(each) for each in elements)
        waiting.extend(reversed(fields))
    return tokens


def _is_docstring(owner: ast.AST, statement: ast.AST) -> bool:
    return (
        isinstance(owner, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _constant(value: Any) -> str:
    return f"{type(value).__name__}:{hex(value) if type(value) is int else ascii(value)}"


def _canonical(value: Any) -> Any:
    """The value as JSON in which neither the order of keys nor anything but type and content counts."""
    if isinstance(value, dict):
        pairs = [[_canonical(key), _canonical(element)] for key, element in value.items()]
        return {"dict": sorted(pairs, key=json.dumps)}
    if isinstance(value, list | tuple):
        return [_canonical(element) for element in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return {"int": hex(value)}
    return value
