"""What the built-in types take under `inputs`. A plug-in's inputs are its own business: only their templates are checked."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable

from tui_workflow.flow import shelltext
from tui_workflow.flow.nodes import Entry, Mapping, Node, Scalar, Sequence, kind
from tui_workflow.flow.problems import suggest
from tui_workflow.flow.reader import Reader
from tui_workflow.flow.references import parse_python
from tui_workflow.flow.segments import is_template
from tui_workflow.flow.uses import Uses

OPERATIONS = ("multiply", "divide", "custom")
ARITHMETIC = {
    "multiply": ("item", "numbers", "factor"),
    "divide": ("item", "dividend", "divisor"),
}
SHELL = ("command", "stdin", "ok_codes")
TEMPLATE = ("template", "file", "output")
BUILT_IN = ("python", "shell", "template")


def check(read: Reader, uses: Uses, type_: str, node: Node, inputs: Mapping, name: str) -> None:
    """Report what is wrong with the inputs of a step; `node` is where to complain when something is missing."""
    readers: dict[str, Callable[[Reader, Uses, Node, Mapping, str], None]] = {
        "python": _python,
        "shell": _shell,
        "template": _template,
    }
    if type_ in readers:
        readers[type_](read, uses, node, inputs, name)
    else:
        uses.value(inputs, "item")


def _python(read: Reader, uses: Uses, node: Node, inputs: Mapping, name: str) -> None:
    code, operation, handler = (inputs.get(key) for key in ("code", "operation", "handler"))
    if code and (operation or handler):
        other = operation or handler
        assert other is not None
        read.error(other, f"step '{name}' has both 'code' and '{other.key.text}'", "keep one of the two")
    if not (code or operation or handler):
        hint = "give inputs one of: code, operation, handler"
        read.error(node, f"step '{name}' says nothing to run", hint)
    for entry in inputs:
        if entry.key.text not in ("code", "operation", "handler"):
            uses.value(entry.value, "item")
    if code and read.text(code.value, "'code'") is not None:
        assert isinstance(code.value, Scalar)
        uses.code(code.value, "'code'")
    chosen = "custom"
    if operation:
        chosen = read.choice(operation.value, "'operation'", OPERATIONS) or ""
    if handler:
        _handler(read, handler)
        if operation and chosen in ARITHMETIC:
            read.error(handler, f"'operation: {chosen}' takes no handler", "write operation: custom")
    elif operation and chosen == "custom":
        read.error(operation, "'operation: custom' needs a handler", "add handler: NAME")
    if operation and chosen in ARITHMETIC:
        _arithmetic(read, uses, operation, inputs, chosen)


def _handler(read: Reader, entry: Entry) -> None:
    text = read.text(entry.value, "'handler'", "give the name of a function")
    if text is None:
        return
    if is_template(text):
        read.error(entry.value, "'handler' cannot be a template: handlers are found before anything runs")
    elif not _is_handler(text):
        module, _, function = text.rpartition(".")
        hint = f"write {module}:{function}" if module and _is_handler(f"{module}:{function}") else ""
        read.error(entry.value, f"'{text}' is not the name of a handler", hint or "write a name, or module:function")


def _is_handler(text: str) -> bool:
    module, colon, function = text.rpartition(":")
    return function.isidentifier() and (not colon or all(part.isidentifier() for part in module.split(".")))


def _arithmetic(read: Reader, uses: Uses, operation: Entry, inputs: Mapping, chosen: str) -> None:
    known = ARITHMETIC[chosen]
    by, (first, second) = known[-1], known[:2]
    for entry in inputs:
        if entry.key.text not in (*known, "operation", "handler", "code"):
            hint = suggest(entry.key.text, known, "it takes")
            read.error(entry, f"'operation: {chosen}' has no input '{entry.key.text}'", hint)
    if not inputs.get(by):
        read.error(operation, f"'operation: {chosen}' needs the input '{by}'", f"add {by}: NUMBER")
    if not (inputs.get(first) or inputs.get(second) or uses.for_each):
        read.error(operation, f"'operation: {chosen}' needs the input '{first}' or '{second}'")


def _only(read: Reader, inputs: Mapping, known: tuple[str, ...], type_: str) -> None:
    for entry in inputs:
        if entry.key.text not in known:
            hint = suggest(entry.key.text, known, "it takes")
            read.error(entry, f"a {type_} step has no input '{entry.key.text}'", hint)


def _shell(read: Reader, uses: Uses, node: Node, inputs: Mapping, name: str) -> None:
    _only(read, inputs, SHELL, "shell")
    command = inputs.get("command")
    if command is None:
        read.error(node, f"step '{name}' has no command", 'add inputs: {command: "…"}')
    elif isinstance(command.value, Sequence):
        if not command.value.items:
            read.error(command.value, "'command' is an empty list")
        for argument in command.value.items:
            if isinstance(argument, Scalar) and argument.value is not None:
                uses.text(argument, "item")
            else:
                read.error(argument, f"an argument of 'command' must be a text, not {kind(argument)}")
    elif read.text(command.value, "'command'", "write a string or a list of arguments") is not None:
        assert isinstance(command.value, Scalar)
        _command(read, uses, command.value)
    if (entry := inputs.get("stdin")) and read.text(entry.value, "'stdin'") is not None:
        uses.value(entry.value, "item")
    if entry := inputs.get("ok_codes"):
        for code in read.elements(entry.value, "'ok_codes'", "exit codes") or ():
            value = read.integer(code, "an exit code in 'ok_codes'")
            if value is not None and value > 255:
                read.error(code, f"an exit code is at most 255, not {value}")


def _command(read: Reader, uses: Uses, node: Scalar) -> None:
    if not node.text.strip():
        read.error(node, "'command' is empty")
        return
    found = shelltext.split(node.text)
    for problem in found.problems:
        read.error(node, problem.message, problem.hint, offset=problem.offset)
    for piece in found.expressions:
        uses.piece(node, piece.text, piece.offset, "item")


def _template(read: Reader, uses: Uses, node: Node, inputs: Mapping, name: str) -> None:
    _only(read, inputs, TEMPLATE, "template")
    given = [entry for key in ("template", "file") if (entry := inputs.get(key))]
    if len(given) != 1:
        what = "has both 'template' and 'file'" if given else "has neither 'template' nor 'file'"
        read.error(given[1] if given else node, f"step '{name}' {what}", "give one of the two")
    output = inputs.get("output")
    if output is None:
        read.error(node, f"step '{name}' has no output", "add output: PATH to its inputs")
    for entry in [*given, *([output] if output else [])]:
        if read.text(entry.value, f"'{entry.key.text}'") is not None:
            uses.value(entry.value, "item")
    if output and isinstance(output.value, Scalar) and isinstance(output.value.value, str):
        path = output.value.value
        if not is_template(path) and (posixpath.isabs(path) or ".." in path.split("/")):
            read.error(output.value, f"'output' must stay below the flow's folder, not '{path}'")
        elif not path.strip("./") or path.endswith("/"):
            read.error(output.value, f"'output' names no file: '{path}'")


def progress(read: Reader, uses: Uses, entry: Entry) -> str | None:
    """The text of `on_progress`: Python that defines `update_progress`."""
    text = read.text(entry.value, "'on_progress'")
    if text is None:
        return None
    assert isinstance(entry.value, Scalar)
    if not uses.code(entry.value, "'on_progress'"):
        return None
    if not any(
        isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef) and made.name == "update_progress"
        for made in parse_python(text).body
    ):
        hint = "write def update_progress(items_processed, total_items): …"
        read.error(entry, "'on_progress' defines no function update_progress", hint)
    return text
