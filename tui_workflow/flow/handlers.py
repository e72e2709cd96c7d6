"""Which names a handler file defines, found by reading it: nothing of it is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from tui_workflow.flow.plan import HandlerFile
from tui_workflow.flow.references import parse_python

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Names:
    """The top-level names of a file. `functions` holds those defined by `def` for certain, with their trees.

    `certain` are all names that exist once the file is imported, `possible` those that may (a branch, a `try`).
    `opaque` says why there may be others. `tasks` are the plug-in types by the name that `@task` gives them.
    `error` is set, and all else empty, when the file is not Python.
    """

    functions: dict[str, Function] = field(default_factory=dict)
    certain: frozenset[str] = frozenset()
    possible: frozenset[str] = frozenset()
    tasks: dict[str, Function] = field(default_factory=dict)
    opaque: str = ""
    error: SyntaxError | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Where a handler or a plug-in type is defined. `doubt` says why it is not certain."""

    file: HandlerFile
    function: Function | None = None
    doubt: str = ""


def find_handler(name: str, files: Sequence[HandlerFile]) -> Found | None:
    """The first file that defines the name; failing that, the first that may."""
    doubtful: Found | None = None
    for file in files:
        names = names_of(file.source)
        if name in names.certain:
            return doubtful or Found(file, names.functions.get(name))
        if name in names.possible:
            doubtful = doubtful or Found(file, None, "it is defined in a branch")
        elif names.opaque:
            doubtful = doubtful or Found(file, None, names.opaque)
    return doubtful


def find_task(type_: str, files: Sequence[HandlerFile]) -> Found | None:
    """The first file with a function decorated `@task("type")`."""
    for file in files:
        function = names_of(file.source).tasks.get(type_)
        if function is not None:
            return Found(file, function)
    return None


def known(files: Iterable[HandlerFile]) -> list[str]:
    """The names of all functions that could be handlers."""
    return [name for file in files for name in names_of(file.source).functions if not name.startswith("_")]


@lru_cache(maxsize=64)
def names_of(source: bytes) -> Names:
    """The names that Python source defines."""
    try:
        tree = parse_python(source)
    except SyntaxError as error:
        return Names(error=error)
    reader = _NameReader()
    reader.body(tree.body, certain=True)
    if not reader.opaque and any(_makes_names(node) for node in ast.walk(tree)):
        reader.opaque = "the file makes names while it runs"
    return Names(reader.functions, frozenset(reader.certain), frozenset(reader.possible), reader.tasks, reader.opaque)


def _makes_names(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="globals" | "exec")):
            return True
        case ast.FunctionDef(name="__getattr__"):
            return True
    return False


class _NameReader:
    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}
        self.certain: set[str] = set()
        self.possible: set[str] = set()
        self.tasks: dict[str, Function] = {}
        self.opaque = ""
        self._task_names = {"task"}

    def body(self, statements: Iterable[ast.stmt], *, certain: bool) -> None:
        for statement in statements:
            self._statement(statement, certain)

    def _statement(self, statement: ast.stmt, certain: bool) -> None:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._name(statement.name, certain)
                if certain:
                    self.functions[statement.name] = statement
                for decorator in statement.decorator_list:
                    if (name := self._task_name(decorator)) is not None:
                        self.tasks.setdefault(name, statement)
            case ast.ClassDef():
                self._name(statement.name, certain)
            case ast.Import(names=aliases):
                for alias in aliases:
                    self._name((alias.asname or alias.name).split(".")[0], certain)
            case ast.ImportFrom(names=aliases):
                self._import_from(statement, aliases, certain)
            case ast.Delete(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Name):
                        self.certain.discard(target.id)
                        self.functions.pop(target.id, None)
            case ast.With() | ast.AsyncWith():
                self.body(statement.body, certain=certain)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Expr():
                self._assigned(statement, certain)
            case _:
                self._assigned(statement, False)
                for inner in _bodies(statement):
                    self.body(inner, certain=False)

    def _import_from(self, statement: ast.ImportFrom, aliases: list[ast.alias], certain: bool) -> None:
        for alias in aliases:
            if alias.name == "*":
                self.opaque = f"'from {statement.module or '.'} import *' may bring it"
                self.functions.clear()
                continue
            self._name(alias.asname or alias.name, certain)
            if alias.name == "task" and (statement.module or "").startswith("tui_workflow"):
                self._task_names.add(alias.asname or alias.name)

    def _assigned(self, statement: ast.stmt, certain: bool) -> None:
        parts: list[ast.AST] = [statement]
        while parts:
            node = parts.pop()
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._name(node.id, certain)
            elif node is statement or not isinstance(node, ast.stmt | ast.Lambda | ast.comprehension):
                parts.extend(ast.iter_child_nodes(node))

    def _name(self, name: str, certain: bool) -> None:
        """Note a name that is given here; what it stood for above is no longer sure to be it."""
        (self.certain if certain else self.possible).add(name)
        self.functions.pop(name, None)

    def _task_name(self, decorator: ast.expr) -> str | None:
        match decorator:
            case ast.Call(
                func=ast.Name(id=called) | ast.Attribute(attr=called), args=[ast.Constant(value=str() as name), *_]
            ) if called in self._task_names:
                return name
        return None


def _bodies(statement: ast.stmt) -> list[list[ast.stmt]]:
    found = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    found += [handler.body for handler in getattr(statement, "handlers", [])]
    found += [case.body for case in getattr(statement, "cases", [])]
    return found
