"""The parameters of a run: what the command line gives, checked against what the flow declares, before anything runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from tui_workflow.errors import UsageError
from tui_workflow.flow import scalars
from tui_workflow.flow.constraints import TYPES, kind_of, violation
from tui_workflow.flow.model import Flow, Param
from tui_workflow.flow.paramfile import BadFile, parse_yaml, read_file, read_text
from tui_workflow.flow.problems import short, suggest


class _Wrong(ValueError):
    """A value that cannot be used; the text ends a sentence that starts with the parameter."""


def assignments(words: Iterable[str]) -> dict[str, str]:
    """`NAME=VALUE` words as a mapping. Raises `UsageError` for a word without `=`, and for a name given twice."""
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(f"'{word}' is not NAME=VALUE", hint="parameters are written as NAME=VALUE, without spaces")
        if name in given:
            raise UsageError(f"parameter '{name}' is given twice")
        given[name] = value
    return given


def read_params(path: str) -> dict[str, Any]:
    """The values of a `--params` file (`.json`, `.yaml`): a mapping of names. Raises `UsageError`."""
    try:
        value = read_file(path, lines=False)
    except BadFile as error:
        raise UsageError(f"--params: {error}") from None
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise UsageError(f"--params: '{path}' must hold a mapping of parameter names to values")
    return value


def resolve(
    flow: Flow,
    given: Mapping[str, str],
    values: Mapping[str, Any] | None = None,
    *,
    flow_dir: str = "",
    partial: bool = False,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The value of every parameter, in the order of the flow.

    `given` are texts of the command line: `VALUE`, `@FILE` (`@@` for a leading @) or `env:VAR`; `values` come from a
    `--params` file and yield to them. A relative path given is the current folder's, one in a default is `flow_dir`'s.
    With `partial` only parameters that are given come back, and none is missed: for a resume, which has the others.
    Raises `UsageError` that names every problem.
    """
    values = values or {}
    environ = os.environ if environ is None else environ
    wrong: list[str] = []
    for name in [*given, *(name for name in values if name not in given)]:
        if name not in flow.params:
            hint = suggest(name, flow.params, "the flow has") or "the flow has no parameters"
            wrong.append(f"there is no parameter '{name}': {hint}")
    found: dict[str, Any] = {}
    for name, param in flow.params.items():
        try:
            if name in given:
                found[name] = _given(param, name, given[name], environ)
            elif name in values:
                found[name] = _checked(param, _here(param, values[name]))
            elif not partial:
                found[name] = _default(param, name, flow_dir)
        except (_Wrong, BadFile) as error:
            wrong.append(f"parameter '{name}' {error}" if isinstance(error, _Wrong) else f"parameter '{name}': {error}")
    if wrong:
        raise UsageError(
            "\n".join(wrong), hint="'wf-tui check FLOW' shows what the flow declares" if len(wrong) > 3 else None
        )
    return found


def secrets(flow: Flow) -> tuple[str, ...]:
    """The names of the parameters that are never stored."""
    return tuple(name for name, param in flow.params.items() if param.secret)


def _default(param: Param, name: str, flow_dir: str) -> Any:
    if param.required:
        how = f"pass {name}=env:VAR or {name}=@FILE" if param.secret else f"pass {name}={_example(param)}"
        raise _Wrong(f"is required: {how}")
    if param.type == "path" and isinstance(param.default, str):
        return os.path.abspath(os.path.join(flow_dir or os.curdir, param.default))
    return param.default


def _example(param: Param) -> str:
    if param.type == "list":
        return "'[…]' or =@FILE"
    if param.type == "object":
        return "'{…}' or =@FILE"
    return "VALUE"


def _given(param: Param, name: str, text: str, environ: Mapping[str, str]) -> Any:
    if text.startswith("@") and not text.startswith("@@"):
        if param.secret or kind_of(param) == "string":
            value: Any = read_text(text[1:])
            if param.secret:
                value = _parsed(param, value.rstrip("\r\n"))
        else:
            value = read_file(text[1:], lines=kind_of(param) == "list")
            if isinstance(value, str):
                value = _parsed(param, value.strip())
    elif text.startswith("env:"):
        variable = text[4:]
        if variable not in environ:
            raise _Wrong(f"asks for the variable {variable}, which is not set")
        value = _parsed(param, environ[variable])
    elif param.secret:
        how = f"pass {name}=env:VAR or {name}=@FILE"
        raise _Wrong(f"is secret, and a command line can be read by others: {how}")
    else:
        value = _parsed(param, text.removeprefix("@") if text.startswith("@@") else text)
    return _checked(param, _here(param, value))


def _here(param: Param, value: Any) -> Any:
    return os.path.abspath(value) if param.type == "path" and isinstance(value, str) and value else value


def _checked(param: Param, value: Any) -> Any:
    if value is None and not param.required:
        return None
    if problem := violation(param, value):
        raise _Wrong(_hidden(param, problem, value))
    return value


def _parsed(param: Param, text: str) -> Any:
    kind = kind_of(param)
    if kind in (None, "string", "path"):
        return text
    value: Any
    if kind in ("list", "object"):
        value = _structure(text)
    else:
        value = scalars.resolve(text.strip())
        if kind == "number" and isinstance(value, int) and not isinstance(value, bool):
            return value
    wanted = {"integer": int, "number": float, "boolean": bool, "list": list, "object": dict}[str(kind)]
    if type(value) is not wanted:
        raise _Wrong(_hidden(param, f"must be {TYPES[str(kind)]}, not {short(text)}", text))
    return value


def _structure(text: str) -> Any:
    """JSON, or YAML in flow style."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if not text.lstrip().startswith(("[", "{")):
        return text
    try:
        return parse_yaml(text, "the command line")
    except BadFile as error:
        raise _Wrong(f"is neither JSON nor YAML: {error}") from None


def _hidden(param: Param, problem: str, value: Any) -> str:
    return problem.replace(f", not {short(value)}", "") if param.secret else problem
