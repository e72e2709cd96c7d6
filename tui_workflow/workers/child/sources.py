"""Where the items of a `for_each` come from, read lazily: a list, the rows of a file or a query, file names, numbers.

Every source is a generator. While it looks for its next element it may yield `NOTHING_YET`, a sign of life.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tui_workflow.errors import Source
from tui_workflow.facts.work import Listing
from tui_workflow.tasks.inputs import compile_input
from tui_workflow.workers.child.reading import NOTHING_YET, SourceError, read_aside

FORMATS = ("csv", "jsonl", "txt")
_LOOK = 256
"""File names between two signs of life."""


def elements(listing: Listing, names: Mapping[str, Any], flow_dir: str) -> Iterator[Any]:
    """The elements of the source, before `where`, `limit` and `chunk`. Raises `SourceError`, and OSError for files."""
    if listing.kind == "sql":
        return _query(listing, names, flow_dir)
    value = _rendered(listing.value, names)
    if listing.kind == "items":
        return _items(value)
    if listing.kind == "range":
        return _range(value)
    if listing.kind == "glob":
        return _glob(_path(value, "glob"), flow_dir)
    path = os.path.join(flow_dir, _path(value, listing.kind))
    if listing.kind == "parquet":
        return _parquet(path, _rendered(listing.columns, names))
    return _file(path, listing.format or os.path.splitext(path)[1].lstrip(".").lower())


def whole_number(value: Any, names: Mapping[str, Any], what: str, least: int) -> int | None:
    """`limit` or `chunk` as a number; None when it is not given. Raises `SourceError`."""
    value = _rendered(value, names)
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SourceError(f"`{what}` must be a whole number of at least {least}, not {_told(value)}")
    return value


def _rendered(value: Any, names: Mapping[str, Any]) -> Any:
    render = compile_input(value)
    return render(names) if render is not None else value


def _path(value: Any, what: str) -> str:
    if not isinstance(value, str | os.PathLike) or not str(value):
        raise SourceError(f"`{what}` needs a path, not {_told(value)}")
    return str(value)


def _told(value: Any) -> str:
    kinds = {"str": "text", "dict": "a mapping", "NoneType": "null", "list": "a list", "int": "a number"}
    kind = kinds.get(type(value).__name__, f"a {type(value).__name__}")
    return f"{kind} ({value!r:.60})" if isinstance(value, str | int | float) else kind


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple | set | frozenset | range) or hasattr(type(value), "__wf_list__"):
        return iter(value)
    hint = "Write it as a list." if isinstance(value, str) else "Use its keys, values or items."
    raise SourceError(
        f"`for_each` needs a list, and was given {_told(value)}", hint=hint if isinstance(value, str | dict) else None
    )


def _range(value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            pass
    bounds = value if isinstance(value, list | tuple) else [value]
    if not 1 <= len(bounds) <= 3 or any(isinstance(b, bool) or not isinstance(b, int) for b in bounds):
        raise SourceError(f"`range` needs a whole number, or a list of start, stop and step, not {_told(value)}")
    return iter(range(*bounds))


def _glob(pattern: str, flow_dir: str) -> Iterator[Any]:
    """File names that match, sorted; as written, so that relative ones start from the flow's folder."""
    from glob import iglob

    found = []
    for name in iglob(pattern, root_dir=flow_dir, recursive=True):
        if not os.path.isdir(os.path.join(flow_dir, name)):
            found.append(name)
        if len(found) % _LOOK == 0:
            yield NOTHING_YET
    found.sort()
    yield from found


def _query(listing: Listing, names: Mapping[str, Any], flow_dir: str) -> Iterator[Any]:
    from tui_workflow.workers.child import query

    text = str(listing.value)  # never rendered: values reach a query by its parameters alone
    path = os.path.join(flow_dir, _path(_rendered(listing.database, names), "database"))
    args = query.bound(_rendered(listing.args or {}, names))
    return read_aside(lambda unwanted: query.rows(text, path, args, unwanted))


def _parquet(path: str, columns: Any) -> Iterator[Any]:
    from tui_workflow.workers.child import parquet

    wanted = [columns] if isinstance(columns, str) else columns
    if wanted is not None and (
        not isinstance(wanted, list | tuple) or not wanted or any(not isinstance(name, str) for name in wanted)
    ):
        raise SourceError(f"`columns` needs a list of names, not {_told(columns)}")
    return read_aside(lambda unwanted: parquet.rows(path, wanted))


def _file(path: str, kind: str) -> Iterator[Any]:
    if kind not in FORMATS:
        raise SourceError(
            f"{path}: items cannot be read from a file of type {kind!r}",
            hint=f"Name it with `format:`, one of {', '.join(FORMATS)}.",
        )
    reader: Callable[[str], Iterator[Any]] = {"csv": _csv, "jsonl": _jsonl, "txt": _txt}[kind]
    return reader(path)


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """Lines with their number and their end, decoded one by one, so that an error names its line."""
    with open(path, "rb") as file:
        for number, raw in enumerate(file, 1):
            try:
                yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise SourceError(f"the line is not UTF-8: {error.reason}", source=Source(path, number)) from None


def _txt(path: str) -> Iterator[str]:
    for _, line in _lines(path):
        yield line.rstrip("\n").removesuffix("\r")


def _jsonl(path: str) -> Iterator[Any]:
    for number, line in _lines(path):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"the line is not JSON: {error}", source=Source(path, number)) from None


def _csv(path: str) -> Iterator[dict[str, str]]:
    import csv

    csv.field_size_limit(1 << 30)
    reader = csv.reader((line for _, line in _lines(path)), strict=True)
    header: list[str] | None = None
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise SourceError(f"the row cannot be read: {error}", source=Source(path, reader.line_num)) from None
        if row is None:
            return
        if header is None:
            header = row
            twice = {name for name in header if header.count(name) > 1}
            if twice:
                raise SourceError(f"the header names {sorted(twice)[0]!r} twice", source=Source(path, 1))
        elif len(row) == len(header):
            yield dict(zip(header, row, strict=True))
        elif row:
            raise SourceError(
                f"the row has {len(row)} fields, the header has {len(header)}", source=Source(path, reader.line_num)
            )
