"""Handler files read once, and every name that a flow takes from them: handlers, plug-in types."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from tui_workflow.flow import calling, handlers, template
from tui_workflow.flow.access import Unreadable
from tui_workflow.flow.inputs import BUILT_IN
from tui_workflow.flow.nodes import Entry, Scalar
from tui_workflow.flow.nodes import Mapping as MappingNode
from tui_workflow.flow.parse import Parsed
from tui_workflow.flow.plan import HandlerFile
from tui_workflow.flow.problems import Problem, did_you_mean, suggest
from tui_workflow.flow.reader import Reader
from tui_workflow.flow.references import References, of_python
from tui_workflow.flow.segments import is_template
from tui_workflow.flow.steps import ReadStep, per_item

MAX_SOURCE = 5_000_000
"""Bytes of one handler file."""
ENTRY_POINTS = "tui_workflow.tasks"


def handler_files(parsed: Parsed, path: str, given: Mapping[str, bytes] | None) -> tuple[HandlerFile, ...]:
    """The files in which names are looked up, in order; those of `handlers:` that do not exist are reported.

    A module that lies not beside the flow stands for itself as a file of one line, `from MODULE import *`.
    """
    if given is not None:
        return tuple(HandlerFile(name, source) for name, source in given.items())
    folder = os.path.dirname(os.path.abspath(path))
    found: dict[str, HandlerFile] = {}
    for node in parsed.handlers:
        name = node.text
        if name.endswith(".py") or "/" in name:
            _add(found, parsed.read, os.path.join(folder, name), node)
        elif all(part.isidentifier() for part in name.split(".")):
            beside = os.path.join(folder, f"{name}.py")
            if "." not in name and os.path.isfile(beside):
                _add(found, parsed.read, beside, node)
            elif _importable(name.split(".")[0], folder):
                found.setdefault(name, HandlerFile(name, f"from {name} import *\n".encode()))
            else:
                hint = f"if it is a file, write {name}.py" if "." not in name else ""
                parsed.read.error(node, f"no module '{name}' beside the flow or among the installed ones", hint)
        else:
            parsed.read.error(node, f"'{name}' is neither a Python file nor a module")
    for name in (f"{Path(path).stem}.py", "handlers.py"):
        beside = os.path.join(folder, name)
        if os.path.isfile(beside):
            _add(found, parsed.read, beside, None)
    return tuple(found.values())


def _add(found: dict[str, HandlerFile], read: Reader, path: str, node: Scalar | None) -> None:
    path = os.path.normpath(path)
    real = os.path.realpath(path)
    if any(os.path.realpath(each) == real for each in found):
        return
    try:
        if not os.path.isfile(path) and os.path.exists(path):
            raise OSError(0, "it is not a regular file")
        with open(path, "rb") as file:
            source = file.read(MAX_SOURCE + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else str(error)) or "unknown error"
        message = f"handler file '{node.text if node else os.path.basename(path)}' cannot be read: {reason}"
        if node:
            read.error(node, message)
        else:
            read.at("error", 1, 1, message)
        return
    if len(source) > MAX_SOURCE:
        read.problems.append(Problem("error", path, 1, 1, f"a handler file has at most {MAX_SOURCE} bytes"))
        return
    found[path] = HandlerFile(path, source)


def _importable(top: str, folder: str) -> bool:
    if os.path.isdir(os.path.join(folder, top)) or os.path.isfile(os.path.join(folder, f"{top}.py")):
        return True
    try:
        return find_spec(top) is not None
    except (ImportError, ValueError):
        return False


def bind(parsed: Parsed, files: tuple[HandlerFile, ...], folder: str) -> dict[str, References]:
    """Report every handler and type that cannot be found; returns what handlers and template files read, by step."""
    read = parsed.read
    for file in files:
        if error := handlers.names_of(file.source).error:
            _syntax_error(read, file, error)
    found = {}
    for step in parsed.steps:
        if step.step.type == "python":
            handler = _inner(step, "inputs", "handler")
            if handler and isinstance(handler.value, Scalar) and isinstance(handler.value.value, str):
                function = _handler(read, step, handler.value, files)
                _check_async(read, step, function)
                _check_call(read, step, handler.value, function)
                found[step.step.name] = _of_function(function)
        elif step.step.type == "template":
            found[step.step.name] = _template_file(read, step, folder)
        elif step.step.type and step.step.type not in BUILT_IN:
            found[step.step.name] = _of_function(_task(read, step, files))
    return found


def _syntax_error(read: Reader, file: HandlerFile, error: SyntaxError) -> None:
    lines = file.source.decode("utf-8", "replace").splitlines()
    line = error.lineno or 1
    excerpt = lines[line - 1] if 0 < line <= len(lines) else ""
    shown = os.path.relpath(file.path) if os.path.isabs(file.path) else file.path
    shown = file.path if shown.startswith("..") else shown
    problem = Problem("error", shown, line, max(1, error.offset or 1), f"not valid Python: {error.msg}", "", excerpt)
    read.problems.append(problem)


def _inner(step: ReadStep, *names: str) -> Entry | None:
    entry: Entry | None = step.node
    for name in names:
        node = entry.value if entry else None
        entry = node.get(name) if isinstance(node, MappingNode) else None
    return entry


def _handler(read: Reader, step: ReadStep, node: Scalar, files: tuple[HandlerFile, ...]) -> handlers.Function | None:
    name = node.text
    if ":" in name:
        read.warning(node, f"whether '{name}' exists is known only when step '{step.step.name}' starts")
        return None
    found = handlers.find_handler(name, files)
    if found is None:
        if name.isidentifier() and not any(handlers.names_of(file.source).error for file in files):
            hint = suggest(name, handlers.known(files), "defined there")
            where = ", ".join(os.path.basename(file.path) for file in files)
            if not files:
                stem = Path(read.file).stem
                hint = f"define it in handlers.py or {stem}.py beside the flow, or name its file under 'handlers:'"
            read.error(node, f"no handler '{name}'" + (f" in {where}" if files else ": there is no handler file"), hint)
        return None
    if found.doubt:
        where = os.path.basename(found.file.path)
        read.warning(node, f"whether '{name}' exists in {where} is known only when the step starts: {found.doubt}")
    return found.function


def _check_async(read: Reader, step: ReadStep, function: handlers.Function | None) -> None:
    parallel = step.step.parallel
    if not isinstance(function, ast.AsyncFunctionDef) or parallel is None or parallel.executor:
        return
    env = _inner(step, "env")
    if env and step.step.for_each and (where := per_item(env.value)):
        hint = "make it a plain def, or pass the value in inputs"
        read.error(where, f"an env per item cannot be had with the async handler '{function.name}'", hint)


def _check_call(read: Reader, step: ReadStep, node: Scalar, function: handlers.Function | None) -> None:
    """Report a handler that cannot be called with what the step passes."""
    entry = _inner(step, "inputs")
    signature = calling.signature_of(function) if function is not None else None
    if function is None or signature is None or entry is None or not isinstance(entry.value, MappingNode):
        return
    given = [each.key.text for each in entry.value]
    operation = _inner(step, "inputs", "operation")
    if "code" in given or (operation and isinstance(operation.value, Scalar) and operation.value.text != "custom"):
        return
    inputs = [name for name in given if name not in calling.NEVER_PASSED]
    item = _inner(step, "for_each") is not None or "item" in given
    try:
        calling.filled(signature, inputs, item=item)
    except TypeError as error:
        called = f"the handler {calling.written(function)} cannot be called by step '{step.step.name}'"
        read.error(node, f"{called}: {error}", calling.what_is_passed(inputs, item=item))


def _task(read: Reader, step: ReadStep, files: tuple[HandlerFile, ...]) -> handlers.Function | None:
    type_ = step.step.type
    found = handlers.find_task(type_, files)
    if found is not None:
        return found.function
    installed = _installed()
    if type_ in installed:
        return None
    declared = [name for file in files for name in handlers.names_of(file.source).tasks]
    entry = _inner(step, "type") or _inner(step, "task") or step.node
    hint = did_you_mean(type_, [*BUILT_IN, *declared, *installed])
    if not hint:
        hint = f'types: {", ".join([*BUILT_IN, *declared, *installed])}; another one needs @task("{type_}") in a handler file'
    read.error(entry.value, f"unknown type '{type_}' of step '{step.step.name}'", hint)
    return None


def _template_file(read: Reader, step: ReadStep, folder: str) -> References:
    """What the file of a template step reads; everything, when that can only be known later."""
    entry = _inner(step, "inputs", "file")
    if entry is None or not isinstance(entry.value, Scalar):
        return References()
    later = References(dynamic=True)
    if is_template(entry.value.text):
        return later
    try:
        with open(os.path.join(folder, entry.value.text), "rb") as file:
            text = file.read(MAX_SOURCE).decode()
    except FileNotFoundError:
        read.warning(entry.value, f"there is no template file '{entry.value.text}' yet")
        return later
    except (OSError, ValueError) as error:
        read.error(entry.value, f"template file '{entry.value.text}' cannot be read: {error}")
        return later
    try:
        return template.check(text)
    except template.TemplateError as error:
        where = f"line {error.line} of " if isinstance(error, Unreadable) else ""
        read.error(entry.value, f"bad template in {where}'{entry.value.text}': {error.message}", error.hint or "")
        return later


def _installed() -> list[str]:
    from importlib.metadata import entry_points

    return sorted(entry.name for entry in entry_points(group=ENTRY_POINTS))


def _of_function(function: handlers.Function | None) -> References:
    """What a handler reads when it asks for `steps`."""
    if function is None:
        return References()
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return of_python(function) if any(each.arg == "steps" for each in arguments) else References()
