"""`for_each`: a template, a literal list, or a source that is read lazily."""

from __future__ import annotations

from typing import Any

from tui_workflow.flow import sqltext
from tui_workflow.flow.model import ItemSource
from tui_workflow.flow.nodes import Entry, Mapping, Node, Scalar, Sequence, kind, plain
from tui_workflow.flow.problems import did_you_mean
from tui_workflow.flow.reader import Reader
from tui_workflow.flow.segments import is_template

KINDS = ("items", "file", "glob", "range", "parquet", "sql")
OPTIONS = ("where", "limit", "chunk")
OWN = {"format": "file", "columns": "parquet", "database": "sql", "args": "sql"}
"""Keys that go with one kind only."""
FORMATS = ("csv", "jsonl", "txt")
JSON_HINT = (
    'a JSON file is one value: read it in a step and write "{{ steps.NAME.result }}", or make it JSON Lines '
    "(jq -c '.[]') and write {file: data.jsonl}"
)
_HINT = 'write a list, a template such as "{{ steps.NAME.result }}", or a source such as {file: data.csv}'


def source(read: Reader, node: Node, what: str) -> ItemSource | None:
    """The items of a step, None when they cannot be read from this node."""
    if isinstance(node, Mapping):
        return _source(read, node, what)
    value = _items(read, node, what)
    return None if value is None else ItemSource(kind="items", value=value)


def _items(read: Reader, node: Node, what: str) -> object | None:
    if isinstance(node, Sequence):
        return plain(node)
    if isinstance(node, Scalar) and isinstance(node.value, str):
        if is_template(node.value):
            return node.value
        read.error(node, f"{what} is {kind(node)}: a string is not a list", _HINT)
        return None
    hint = f"write {{range: {node.text}}}" if isinstance(node, Scalar) and type(node.value) is int else _HINT
    read.error(node, f"{what} must be a list, a template or a source, not {kind(node)}", hint)
    return None


def _source(read: Reader, node: Mapping, what: str) -> ItemSource | None:
    for entry in node:
        if entry.key.text in FORMATS:
            name = entry.key.text
            file = entry.value.text if isinstance(entry.value, Scalar) and entry.value.text else f"data.{name}"
            how = "" if file.endswith(f".{name}") else f", format: {name}"
            read.error(entry, f"{what}: '{name}' is a format, not a source", f"write {{file: {file}{how}}}")
            return None
        if entry.key.text == "json":
            read.error(entry, f"{what}: there is no source 'json'", JSON_HINT)
            return None
    given = read.fields(node, (*KINDS, *OPTIONS, *OWN), what) or {}
    kinds = [name for name in given if name in KINDS]
    if len(kinds) != 1:
        where = given[kinds[1]] if kinds else node
        read.error(
            where, f"{what} needs exactly one of {', '.join(KINDS)}" + (", this is one too many" if kinds else "")
        )
        return None
    name = kinds[0]
    entry = given[name]
    label = f"'{name}' of {what}"
    value: object | None
    if name == "items":
        value = _items(read, entry.value, label)
    elif name == "range":
        value = _count(read, entry, label, 0)
    else:
        value = _text(read, entry, label)
    fields: dict[str, object] = {}
    for option, least in (("limit", 0), ("chunk", 1)):
        if option in given:
            fields[option] = _count(read, given[option], f"'{option}' of {what}", least)
    if "where" in given:
        fields["where"] = _expression(read, given["where"], f"'where' of {what}")
    for own, owner in OWN.items():
        if own in given and owner != name:
            read.error(given[own], f"'{own}' of {what} goes only with '{owner}'")
    if name == "file":
        fields["format"] = _format(read, entry, given.get("format"), what)
    elif name == "parquet" and "columns" in given:
        fields["columns"] = _columns(read, given["columns"], f"'columns' of {what}")
    elif name == "sql":
        fields |= _query(read, entry, given, what)
    if value is None:
        return None
    return ItemSource.model_validate({"kind": name, "value": value, **fields})


def _text(read: Reader, entry: Entry, what: str) -> str | None:
    value = read.text(entry.value, what)
    if value == "":
        read.error(entry.value, f"{what} is empty")
    return value


def _format(read: Reader, file: Entry, entry: Entry | None, what: str) -> str | None:
    if entry is not None:
        return read.choice(entry.value, f"'format' of {what}", FORMATS)
    value = file.value.value if isinstance(file.value, Scalar) else None
    if isinstance(value, str) and not is_template(value):
        suffix = value.rpartition(".")[2].lower() if "." in value else ""
        if suffix == "parquet":
            read.error(file.value, f"'file' of {what} reads no Parquet", f"write {{parquet: {value}}}")
        elif suffix == "json":
            read.error(file.value, f"'file' of {what} reads no JSON", JSON_HINT)
        elif suffix in ("db", "sqlite", "sqlite3"):
            hint = f'write {{sql: "select …", database: {value}}}'
            read.error(file.value, f"'file' of {what} reads no database", hint)
        elif suffix not in FORMATS:
            hint = f"add format: {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
            read.error(file.value, f"'file' of {what}: the suffix of '{value}' does not tell its format", hint)
    return None


def _columns(read: Reader, entry: Entry, what: str) -> tuple[str, ...] | str | None:
    node = entry.value
    if isinstance(node, Scalar) and isinstance(node.value, str) and is_template(node.value):
        return node.value
    elements = read.elements(node, what, "names of columns")
    if elements == []:
        read.error(node, f"{what} is empty", "leave it out for all columns")
    names = [read.text(element, f"a name in {what}") for element in elements or ()]
    found = tuple(name for name in names if name is not None)
    for place, name in enumerate(found):
        if name in found[:place]:
            read.error(node, f"{what} names '{name}' twice")
    return found


def _query(read: Reader, entry: Entry, given: dict[str, Entry], what: str) -> dict[str, object]:
    """What goes with a query: its database, and the values that it asks for by name."""
    fields: dict[str, object] = {}
    if "database" in given:
        fields["database"] = _text(read, given["database"], f"'database' of {what}")
    else:
        read.error(entry, f"'sql' of {what} needs a 'database'", "add database: FILE")
    args: dict[str, Any] = {}
    if "args" in given:
        node = given["args"].value
        if isinstance(node, Mapping):
            for arg in node:
                if isinstance(arg.value, Scalar):
                    args[arg.key.text] = arg.value.value
                else:
                    read.error(
                        arg.value, f"'{arg.key.text}' in 'args' of {what} must be one value, not {kind(arg.value)}"
                    )
        else:
            read.error(node, f"'args' of {what} must be a mapping of names to values, not {kind(node)}")
        fields["args"] = args
    if isinstance(entry.value, Scalar) and isinstance(entry.value.value, str) and entry.value.value:
        _check_query(read, entry.value, given.get("args"), what)
    return fields


def _check_query(read: Reader, node: Scalar, args: Entry | None, what: str) -> None:
    label = f"'sql' of {what}"
    if is_template(node.text):
        at = min(place for mark in ("{{", "{%", "{#") if (place := node.text.find(mark)) >= 0)
        hint = 'write :name there, and args: {name: "{{ … }}"} beside it'
        read.error(node, f"{label} cannot hold a template: its value would be read as SQL", hint, offset=at)
        node.broken = True
        return
    query = sqltext.read(node.text)
    for problem in query.problems:
        read.error(node, f"{label}: {problem.message}", problem.hint, offset=problem.offset)
    entries = list(args.value) if args is not None and isinstance(args.value, Mapping) else []
    names = [entry.key.text for entry in entries]
    missing = [name for name in query.names if name not in names]
    for name, offset in query.names.items():
        if name in missing:
            hint = did_you_mean(name, names) or f"add args: {{{name}: …}}"
            read.error(node, f"{label} asks for :{name}, which 'args' does not give", hint, offset=offset)
    for entry in entries:
        if entry.key.text not in query.names and not query.problems and not missing:
            read.warning(
                entry, f"'{entry.key.text}' in 'args' of {what} has no effect: the query has no :{entry.key.text}"
            )


def _count(read: Reader, entry: Entry, what: str, least: int) -> int | str | None:
    node = entry.value
    if isinstance(node, Scalar) and isinstance(node.value, str) and is_template(node.value):
        return node.value
    return read.integer(node, what, least)


def _expression(read: Reader, entry: Entry, what: str) -> str | None:
    node = entry.value
    if isinstance(node, Scalar) and node.value is not None:
        return node.text
    read.error(node, f"{what} must be an expression, not {kind(node)}")
    return None
