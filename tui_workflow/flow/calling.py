"""How a step of type `python` calls its handler: which arguments it is given, and whether it takes them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from inspect import Parameter, Signature

NEVER_PASSED = frozenset(("operation", "handler", "code", "item", "on_progress"))
"""Inputs that are instructions to the step, never arguments of the handler."""
FILLED = ("progress", "context", "params", "steps", "index", "key", "attempt", "run", "step", "log")
"""Parameters that are filled in when a handler declares them and no input has their name."""
_GATHERED = frozenset(("args", "arguments", "kwargs"))
"""Inputs under which people look for a place for all arguments."""


def filled(signature: Signature, inputs: Sequence[str], *, item: bool) -> tuple[str, ...]:
    """The parameters to fill in, when `inputs` are passed by name, and before them the item if there is one.

    Raises TypeError when the handler cannot be called like that.
    """
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    accepted = [parameter.name for parameter in signature.parameters.values() if parameter.kind in by_name]
    if item and accepted:
        first = next(iter(signature.parameters.values()))
        if first.kind is Parameter.POSITIONAL_OR_KEYWORD:
            accepted = accepted[1:]
    found = tuple(name for name in FILLED if name in accepted and name not in inputs)
    signature.bind(*((None,) if item else ()), **dict.fromkeys((*inputs, *found)))
    return found


def what_is_passed(inputs: Sequence[str], *, item: bool) -> str:
    """A hint for one whose handler cannot be called."""
    given = ", ".join((*(("the item",) if item else ()), *inputs)) or "no arguments"
    if set(inputs) & _GATHERED:
        given += " (arguments stand beside `handler`, each by its own name)"
    return f"the step passes {given}; filled in when declared: {', '.join(FILLED)}"


def signature_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Signature | None:
    """The signature of a function that is not run; None if a decorator may give it another."""
    if function.decorator_list:
        return None
    arguments = function.args
    some = object()  # that there is a default counts, not which
    plain = [*arguments.posonlyargs, *arguments.args]
    without = len(plain) - len(arguments.defaults)
    parameters = [
        Parameter(
            each.arg,
            Parameter.POSITIONAL_ONLY if place < len(arguments.posonlyargs) else Parameter.POSITIONAL_OR_KEYWORD,
            default=some if place >= without else Parameter.empty,
        )
        for place, each in enumerate(plain)
    ]
    if arguments.vararg:
        parameters.append(Parameter(arguments.vararg.arg, Parameter.VAR_POSITIONAL))
    parameters += [
        Parameter(each.arg, Parameter.KEYWORD_ONLY, default=Parameter.empty if default is None else some)
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg:
        parameters.append(Parameter(arguments.kwarg.arg, Parameter.VAR_KEYWORD))
    return Signature(parameters)


def written(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """A function's name with its parameters as they stand in its file."""
    return f"{function.name}({ast.unparse(function.args)})"
