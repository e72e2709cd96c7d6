"""Which names, steps and parameters a template or a piece of Python code refers to, as far as the text tells."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

STEP_FIELDS = ("name", "status", "result", "error", "started", "duration")
LOOP_FIELDS = (*STEP_FIELDS, "total", "completed_items", "failed_items")
"""What a step has, and what one with `for_each` has, for those that read it."""

_METHODS = frozenset(("keys", "values", "items", "get"))


@dataclass(frozen=True, slots=True)
class References:
    """`names` are the variables used; `steps` and `params` those read by a literal name; `fields` are of steps, with the step.

    `dynamic` is true when the text may read any step: `steps[x]`, `steps` as a whole. `lenient` are names that may be
    undefined because the text asks first (`default`, `is defined`).
    """

    names: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    dynamic: bool = False
    lenient: bool = False
    fields: frozenset[tuple[str, str]] = frozenset()

    def __or__(self, other: References) -> References:
        return References(
            self.names | other.names,
            self.steps | other.steps,
            self.params | other.params,
            self.dynamic or other.dynamic,
            self.lenient or other.lenient,
            self.fields | other.fields,
        )


def of_path(root: str, keys: Sequence[tuple[str | int, bool]]) -> References:
    """The references of a path such as `steps.a.result`; each key comes with True when it was written with a dot."""
    first, dotted = keys[0] if keys else (None, False)
    if not isinstance(first, str) or (dotted and first in _METHODS):
        return References(frozenset((root,)), dynamic=root == "steps")
    named = frozenset((first,))
    steps = named if root == "steps" else frozenset[str]()
    params = named if root in ("params", "args") else frozenset[str]()
    fields = frozenset[tuple[str, str]]()
    if steps and len(keys) > 1:
        field, as_attribute = keys[1]
        if isinstance(field, str) and not (as_attribute and field in _METHODS):
            fields = frozenset(((first, field),))
    return References(frozenset((root,)), steps, params, fields=fields)


def of_tree(tree: Any) -> References:
    """The references of a jinja2 tree."""
    from jinja2 import meta, nodes

    whole = tree if isinstance(tree, nodes.Template) else nodes.Template([nodes.Output([tree])], lineno=1)
    whole.set_environment(_environment())
    names = frozenset(meta.find_undeclared_variables(whole))
    found = References(names)
    claimed: set[int] = set()

    def key_of(node: Any) -> tuple[Any, bool]:
        if isinstance(node, nodes.Getattr):
            return node.attr, True
        return node.arg.value if isinstance(node.arg, nodes.Const) else None, False

    for node in tree_nodes(tree, (nodes.Getattr, nodes.Getitem)):
        owner, keys = node.node, [key_of(node)]
        if isinstance(owner, nodes.Getattr | nodes.Getitem):
            owner, keys = owner.node, [key_of(owner), *keys]
        if not isinstance(owner, nodes.Name):
            continue
        key, dotted = keys[0]
        if isinstance(key, str) and not (dotted and key in _METHODS):
            claimed.add(id(owner))
            if owner.name in names:
                found |= of_path(owner.name, keys)
    every = tree_nodes(tree, nodes.Name)
    dynamic = any(node.name == "steps" and id(node) not in claimed for node in every)
    lenient = any(node.name in ("default", "d") for node in tree_nodes(tree, nodes.Filter)) or any(
        node.name in ("defined", "undefined") for node in tree_nodes(tree, nodes.Test)
    )
    return replace(found, dynamic=found.dynamic or dynamic, lenient=lenient)


def tree_nodes(tree: Any, kinds: Any) -> list[Any]:
    """The node itself and all below it that are of these kinds."""
    return [*([tree] if isinstance(tree, kinds) else []), *tree.find_all(kinds)]


def _environment() -> Any:
    from tui_workflow.flow.sandbox import ENVIRONMENT

    return ENVIRONMENT


@lru_cache(maxsize=512)
def parse_python(source: str | bytes) -> ast.Module:
    """The syntax tree of Python text, which no one may change: it is kept. Raises SyntaxError, also for text that is nested too deep or holds a NUL."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "nested too deep") from None


def code_references(source: str | bytes) -> References:
    """The references of Python code that has the variables `steps` and `params`. Raises SyntaxError."""
    return of_python(parse_python(source))


def of_python(tree: ast.AST) -> References:
    """The references below a node of Python's syntax tree; a variable that the code itself binds is not ours."""
    nodes = list(ast.walk(tree))
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    claimed: set[int] = set()
    found = References()
    for node in nodes:
        owner, key = _literal(node)
        if owner is not None and key is not None and owner.id not in bound:
            claimed.add(id(owner))
            found |= of_path(owner.id, ((key, False),))
        owner, key, field = _literal_field(node)
        if owner is not None and owner.id not in bound:
            found |= of_path(owner.id, ((key, False), (field, isinstance(node, ast.Attribute))))
    for node in nodes:
        if isinstance(node, ast.Name) and node.id == "steps" and "steps" not in bound and id(node) not in claimed:
            found |= References(frozenset(("steps",)), dynamic=True)
    return found


def _literal(node: ast.AST) -> tuple[ast.Name | None, str | None]:
    """`steps['a']`, `steps.a` and `steps.get('a')` as (the name node, 'a')."""
    match node:
        case ast.Subscript(
            value=ast.Name(id="steps" | "params" | "args") as owner, slice=ast.Constant(value=str() as key)
        ):
            return owner, key
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="steps") as owner, attr="get"),
            args=[ast.Constant(value=str() as key), *_],
        ):
            return owner, key
        case ast.Attribute(value=ast.Name(id="steps") as owner, attr=key) if key not in _METHODS:
            return owner, key
    return None, None


def _literal_field(node: ast.AST) -> tuple[ast.Name | None, str, str]:
    """`steps['a'].result` and `steps['a']['result']` as (the name node, 'a', 'result')."""
    match node:
        case ast.Attribute(value=inner, attr=field):
            pass
        case ast.Subscript(value=inner, slice=ast.Constant(value=str() as field)):
            pass
        case _:
            return None, "", ""
    owner, key = _literal(inner)
    return (owner, key, field) if owner is not None and owner.id == "steps" and key is not None else (None, "", "")
