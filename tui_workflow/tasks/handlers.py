"""Handler files: compiled from the bytes that the revision holds, under their real path, as modules.

The file on disk may have changed meanwhile; what runs, and what a traceback shows, is the revision. The modules are in
`sys.modules`, so that pickle, dataclasses and `typing` find them, and a handler file may import another by name.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from importlib.util import decode_source
from os import path
from types import ModuleType
from typing import Any

_loaded: dict[str, tuple[bytes, ModuleType]] = {}
"""By path: the bytes a module was made of, and the module. A worker that takes its next step runs no file twice."""


def remember(file: str, text: str) -> None:
    """Make tracebacks and `inspect` see `text` as the content of `file`, whatever lies on disk."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)


def load(file: str, source: bytes) -> ModuleType:
    """The module of one handler file. Raises what its code raises, `SyntaxError` included."""
    known = _loaded.get(file)
    if known is not None and known[0] == source:
        return known[1]
    remember(file, decode_source(source))
    code = compile(source, file, "exec", dont_inherit=True)
    name, package = _module_name(file)
    if package:
        __import__(package)
    module = ModuleType(name)
    module.__file__ = file
    module.__package__ = package
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)  # noqa: S102 - a flow is a program
    except BaseException:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise
    _loaded[file] = (source, module)
    return module


def load_all(files: Sequence[tuple[str, bytes]], flow_dir: str) -> dict[str, str]:
    """Import every file; returns their texts by path."""
    for file, source in files:
        load(file, source)
    return {file: decode_source(source) for file, source in files}


def find(name: str, files: Sequence[tuple[str, bytes]]) -> tuple[Any, str] | None:
    """The object called `name` in the first file that has it, and that file's path.

    Files that do not even hold the name as text are imported only when no other has it: `from x import *` may bring it.
    """
    needle = name.encode()
    likely = [entry for entry in files if needle in entry[1]]
    for file, source in (*likely, *(entry for entry in files if entry not in likely)):
        found = load(file, source).__dict__.get(name)
        if found is not None:
            return found, file
    return None


def _module_name(file: str) -> tuple[str, str]:
    """The name a file's module has, and its package: those Python would give it, unless another module has the name."""
    stem = path.basename(file).removesuffix(".py")
    folder = path.dirname(file)
    parts: list[str] = []
    while path.isfile(path.join(folder, "__init__.py")):
        parts.insert(0, path.basename(folder))
        folder = path.dirname(folder)
    if parts and folder in sys.path:
        package = ".".join(parts)
        return f"{package}.{stem}", package
    known = sys.modules.get(stem)
    if stem.isidentifier() and stem not in sys.stdlib_module_names and _is_ours(known, file):
        return stem, ""
    return f"wf_handlers_{stem}", ""


def _is_ours(module: ModuleType | None, file: str) -> bool:
    return module is None or getattr(module, "__file__", None) == file
