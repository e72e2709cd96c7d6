"""`for_each`: a template, a literal list, or a source that is read lazily."""

from __future__ import annotations

from tui_workflow.flow.model import ItemSource
from tui_workflow.flow.nodes import Entry, Mapping, Node, Scalar, Sequence, kind, plain
from tui_workflow.flow.reader import Reader
from tui_workflow.flow.segments import is_template

KINDS = ("items", "file", "glob", "range")
OPTIONS = ("where", "limit", "chunk", "format")
FORMATS = ("csv", "jsonl", "txt")
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
    given = read.fields(node, KINDS + OPTIONS, what) or {}
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
        value = read.text(entry.value, label)
        if value == "":
            read.error(entry.value, f"{label} is empty")
    fields: dict[str, object] = {}
    for option, least in (("limit", 0), ("chunk", 1)):
        if option in given:
            fields[option] = _count(read, given[option], f"'{option}' of {what}", least)
    if "where" in given:
        fields["where"] = _expression(read, given["where"], f"'where' of {what}")
    if "format" in given:
        fields["format"] = read.choice(given["format"].value, f"'format' of {what}", FORMATS)
        if name != "file":
            read.error(given["format"], f"'format' of {what} goes only with 'file'")
    elif name == "file" and isinstance(value, str) and not is_template(value):
        suffix = value.rpartition(".")[2].lower() if "." in value else ""
        if suffix not in FORMATS:
            hint = f"add format: {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
            read.error(entry.value, f"{label}: the suffix of '{value}' does not tell its format", hint)
    if value is None:
        return None
    return ItemSource.model_validate({"kind": name, "value": value, **fields})


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
