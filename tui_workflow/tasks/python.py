"""Steps of type `python`: `code`, an `operation`, or a handler of the user's."""

from __future__ import annotations

import builtins
import importlib
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

from tui_workflow.errors import InvalidFlow, Source
from tui_workflow.flow.calling import NEVER_PASSED, filled, what_is_passed
from tui_workflow.tasks import handlers, operations
from tui_workflow.tasks.api import TaskContext
from tui_workflow.tasks.inputs import Inputs, compile_input
from tui_workflow.tasks.registry import Prepared, StepText

_OF_TASK = frozenset(("progress", "log", "params", "steps", "step"))
_RESERVED = ("context", "env", "run", "flow", "attempt")
_MAKES_NAMES = frozenset(("globals", "locals", "vars", "eval", "exec", "dir"))


def prepare(step: StepText) -> Prepared:
    """The step, ready to run. Raises what is wrong with its code or its handler."""
    inputs = step.inputs
    if "code" in inputs:
        return _code(step)
    operation = inputs.get("operation", "custom" if "handler" in inputs else None)
    if operation == "custom":
        return _handler(step)
    if operation in ("multiply", "divide"):
        return _operation(step, operations.multiply if operation == "multiply" else operations.divide)
    if operation is None:
        raise InvalidFlow(
            f"step {step.name!r} says nothing to run", hint="Give its `inputs` one of `code`, `operation` or `handler`."
        )
    raise InvalidFlow(
        f"step {step.name!r} has the operation {operation!r}, which does not exist",
        hint=f"Operations: {', '.join(operations.NAMES)}.",
    )


def _operation(step: StepText, operate: Callable[[Mapping[str, Any], Any, bool], Any]) -> Prepared:
    inputs = Inputs(step.inputs, ("operation", "on_progress"))
    has_item = step.for_each or "item" in step.inputs

    def call(names: Mapping[str, Any], task: TaskContext) -> Any:
        values = inputs.render(names)
        item = values["item"] if "item" in values else names.get("item")
        return operate(values, item, has_item)

    return Prepared(call)


def _code(step: StepText) -> Prepared:
    text = step.inputs["code"]
    if not isinstance(text, str):
        raise InvalidFlow(f"`code` of step {step.name!r} is {type(text).__name__}, not text")
    file = f"<code of step {step.name}>"
    handlers.remember(file, text)
    code = compile(text, file, "exec", dont_inherit=True)
    inputs = Inputs(step.inputs, ("code", "on_progress", "operation", "handler"))
    used = _names_in(code)
    if used & _MAKES_NAMES:
        wanted: Callable[[str], bool] = lambda _: True  # noqa: E731
    else:
        wanted = used.__contains__
    # Only what the code can look up is put together: for a million small items the rest would be most of the work.
    makers = [(name, make) for name, make in step.params.items() if wanted(name)]
    loop_names = [name for name in ("item", "index", "key") if step.for_each and wanted(name)]
    reserved = [name for name in _RESERVED if wanted(name)]
    of_task = [name for name in ("params", "steps", "progress", "log") if wanted(name)]
    has_inputs = bool(inputs.names)
    base: dict[str, Any] = {}

    def call(names: Mapping[str, Any], task: TaskContext) -> Any:
        if not base:
            base.update((name, value) for name, value in names["params"].items() if wanted(name))
            base.update(__name__="__wf_code__", __builtins__=builtins)
        space = base.copy()
        for name, make in makers:
            space[name] = make()
        for name in loop_names:
            space[name] = names[name]
        if has_inputs:
            space.update(inputs.render(names))
        for name in reserved:
            space[name] = names[name]
        for name in of_task:
            space[name] = getattr(task, name)
        space.pop("result", None)
        exec(code, space)  # noqa: S102 - a flow is a program
        return space.get("result")

    return Prepared(call, sources={file: text})


def _names_in(code: CodeType) -> set[str]:
    """Every global name that the code, or a function in it, may look up."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names_in(constant)
    return names


def _handler(step: StepText) -> Prepared:
    name = step.inputs.get("handler")
    if not isinstance(name, str) or not name:
        raise InvalidFlow(f"step {step.name!r} has the operation `custom` but no `handler`")
    function, file = _resolve(step, name)
    if not callable(function):
        raise InvalidFlow(f"the handler {name!r} in {file} is {type(function).__name__}, which cannot be called")
    import inspect

    item_given = step.for_each or "item" in step.inputs
    inputs = Inputs(step.inputs, NEVER_PASSED)
    item_input = Inputs({"item": step.inputs["item"]} if "item" in step.inputs else {})
    to_fill = _filled(step, function, name, item_given, inputs.names)
    is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - asks about the method, not whether there is one
    )
    sources = {path: text for path, text in ((p, _text(s)) for p, s in step.handlers) if path == file}
    has_item_input, has_inputs = bool(item_input.names), bool(inputs.names)
    if item_given and not has_inputs and not to_fill:
        render_item = compile_input(step.inputs.get("item")) if has_item_input else _loop_item
        if render_item is not None:
            render = render_item
            return Prepared(lambda names, _: function(render(names)), is_async, needs_task=False, sources=sources)

    def call(names: Mapping[str, Any], task: TaskContext) -> Any:
        arguments = inputs.render(names) if has_inputs else {}
        for parameter in to_fill:
            arguments[parameter] = _fill(parameter, names, task)
        if has_item_input:
            return function(item_input.render(names)["item"], **arguments)
        if item_given:
            return function(names["item"], **arguments)
        return function(**arguments)

    return Prepared(call, is_async, bool(to_fill), sources)


def _loop_item(names: Mapping[str, Any]) -> Any:
    return names["item"]


def _text(source: bytes) -> str:
    from importlib.util import decode_source

    return decode_source(source)


def _fill(parameter: str, names: Mapping[str, Any], task: TaskContext) -> Any:
    return getattr(task, parameter) if parameter in _OF_TASK else names.get(parameter)


def _resolve(step: StepText, name: str) -> tuple[Any, str]:
    """The handler and the file it is from. `module:function` imports; a plain name is looked up in the handler files."""
    module_name, colon, attribute = name.partition(":")
    if colon:
        module = importlib.import_module(module_name)
        found: Any = module
        for part in attribute.split("."):
            found = getattr(found, part)
        return found, str(getattr(module, "__file__", module_name))
    found_in = handlers.find(name, step.handlers)
    if found_in is not None:
        return found_in
    places = ", ".join(path for path, _ in step.handlers) or "no handler file was found"
    near = _near(name, step)
    raise InvalidFlow(
        f"step {step.name!r} names the handler {name!r}, which is not defined (looked in: {places})",
        hint=f"Did you mean {near!r}?" if near else "Define it there, or name it as `module:function`.",
    )


def _near(name: str, step: StepText) -> str | None:
    from difflib import get_close_matches

    known = {
        other
        for path, source in step.handlers
        for other, value in handlers.load(path, source).__dict__.items()
        if callable(value) and not other.startswith("_")
    }
    return next(iter(get_close_matches(name, sorted(known), 1)), None)


def _filled(step: StepText, function: Any, name: str, item_given: bool, inputs: tuple[str, ...]) -> tuple[str, ...]:
    """The parameters to fill in. Raises `InvalidFlow` when the handler cannot be called with what the step gives it."""
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ()
    try:
        return filled(signature, inputs, item=item_given)
    except TypeError as error:
        code = getattr(inspect.unwrap(function), "__code__", None)
        source = Source(code.co_filename, code.co_firstlineno) if code else None
        raise InvalidFlow(
            f"the handler {name}{signature} cannot be called by step {step.name!r}: {error}",
            hint=what_is_passed(inputs, item=item_given),
            source=source,
        ) from None
