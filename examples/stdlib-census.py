"""Handlers of stdlib-census.yaml."""

import ast
import sys
import sysconfig
import tokenize
from collections import Counter
from pathlib import Path

BRANCHES = (ast.If, ast.For, ast.While, ast.ExceptHandler, ast.With, ast.BoolOp, ast.IfExp, ast.comprehension)


def find_modules():
    """List the library's modules, without what was installed into it."""
    root = Path(sysconfig.get_path("stdlib"))
    paths = (path for path in root.rglob("*.py") if "site-packages" not in path.parts)
    modules = [{"module": path.relative_to(root).as_posix(), "path": str(path)} for path in sorted(paths)]
    print(f"{len(modules)} modules in {root}")
    return {"python": sys.version.split()[0], "root": str(root), "modules": modules}


def parse_module(item):
    """Parse one module and count what is in it. Raises SyntaxError, with the line, for one that is not Python."""
    path = Path(item["path"])
    with tokenize.open(path) as source:  # honours the file's own encoding
        text = source.read()
    tree = ast.parse(text, filename=item["module"])
    nodes = list(ast.walk(tree))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    longest = max(functions, key=_lines, default=None)
    return {
        "lines": text.count("\n"),
        "functions": len(functions),
        "async_functions": sum(isinstance(node, ast.AsyncFunctionDef) for node in functions),
        "classes": sum(isinstance(node, ast.ClassDef) for node in nodes),
        "documented": sum(ast.get_docstring(node) is not None for node in functions),
        "branches": sum(isinstance(node, BRANCHES) for node in nodes),
        "imports": sorted(_imports(nodes)),
        "longest": {"name": longest.name, "line": longest.lineno, "lines": _lines(longest)} if longest else None,
    }


def _lines(function):
    return function.end_lineno - function.lineno + 1


def _imports(nodes):
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def add_up(steps):
    """Totals over all modules, the most imported ones, and the longest functions."""
    totals, imported, longest = Counter(), Counter(), []
    for record in steps["parse"]["completed_items"]:
        found = record["result"]
        for name in ("lines", "functions", "async_functions", "classes", "documented", "branches"):
            totals[name] += found[name]
        imported.update(set(found["imports"]))
        if found["longest"]:
            longest.append(
                (found["longest"]["lines"], f"{record['key']}:{found['longest']['line']}", found["longest"]["name"])
            )
    print(
        f"{totals['lines']} lines, {totals['functions']} functions in {totals['classes']} classes and outside of them"
    )
    return {
        "python": steps["find_modules"]["result"]["python"],
        "modules": len(steps["parse"]["completed_items"]),
        **totals,
        "most_imported": imported.most_common(10),
        "longest_functions": sorted(longest, reverse=True)[:10],
    }
