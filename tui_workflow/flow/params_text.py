"""The `params` section of a flow."""

from __future__ import annotations

import re
from typing import Any, get_args

from tui_workflow.flow.constraints import TYPES, fits, violation
from tui_workflow.flow.model import Param, ParamType
from tui_workflow.flow.nodes import Entry, Mapping, Node, Scalar, Sequence, kind, plain
from tui_workflow.flow.problems import short, suggest
from tui_workflow.flow.reader import Reader, entry_items
from tui_workflow.flow.steps import NAME

KEYS = ("type", "description", "default", "required", "enum", "min", "max", "pattern", "secret")
ALIASES = {"float": "number", "dict": "object"}


def read_params(read: Reader, node: Node) -> dict[str, Param]:
    """The parameters by name, in the order of the file."""
    if not isinstance(node, Mapping):
        if not (isinstance(node, Scalar) and node.value is None):
            read.error(node, f"'params' must be a mapping, not {kind(node)}", "write NAME: {type: …}, or NAME: DEFAULT")
        return {}
    found = {}
    for entry in entry_items(node):
        name = entry.key.text
        if not NAME.match(name):
            read.error(entry, f"'{name}' is not a name for a parameter", "use letters, digits, '_' and '-'")
            continue
        if isinstance(entry.value, Mapping):
            param = _long(read, entry.value, name)
        else:
            param = Param(default=plain(entry.value), required=False)
        if param is not None:
            found[name] = param
    return found


def _long(read: Reader, node: Mapping, name: str) -> Param | None:
    what = f"parameter '{name}'"
    if node.entries and not any(entry.key.text in KEYS for entry in node):
        hint = f"as a default, a mapping is written {name}: {{default: {{…}}}}"
        read.error(node, f"{what} is a mapping with none of the keys that describe a parameter", hint)
        return None
    given = read.fields(node, KEYS, what) or {}
    fields: dict[str, Any] = {}
    if entry := given.get("type"):
        fields["type"] = _type(read, entry, what)
    if entry := given.get("description"):
        fields["description"] = read.label(entry.value, f"'description' of {what}")
    for flag in ("required", "secret"):
        if flag in given:
            fields[flag] = read.flag(given[flag].value, f"'{flag}' of {what}")
    for bound in ("min", "max"):
        if bound in given:
            fields[bound] = read.number(given[bound].value, f"'{bound}' of {what}", float("-inf"))
    if entry := given.get("pattern"):
        fields["pattern"] = _pattern(read, entry, what)
    if entry := given.get("enum"):
        if isinstance(entry.value, Sequence) and entry.value.items:
            fields["enum"] = tuple(plain(element) for element in entry.value.items)
        else:
            read.error(entry.value, f"'enum' of {what} must be a list of values, not {kind(entry.value)}")
    if entry := given.get("default"):
        fields["default"] = plain(entry.value)
        if fields.get("required"):
            read.error(given["required"], f"{what} is required and has a default", "keep one of the two")
        fields["required"] = False
    elif fields.get("required") is None:
        fields["required"] = True
    param = Param.model_validate({key: value for key, value in fields.items() if value is not None})
    _check(read, given, param, what)
    return param


def _type(read: Reader, entry: Entry, what: str) -> str | None:
    node = entry.value
    if isinstance(node, Scalar) and node.text in ALIASES:
        return ALIASES[node.text]
    names = (*get_args(ParamType), *ALIASES)
    if isinstance(node, Scalar) and node.text in names:
        return node.text
    synonym = {"str": "string", "int": "integer", "bool": "boolean", "array": "list", "map": "object", "file": "path"}
    text = node.text if isinstance(node, Scalar) else ""
    hint = f"did you mean '{synonym[text]}'?" if text in synonym else suggest(text, names)
    read.error(node, f"'type' of {what} cannot be {kind(node)}", hint)
    return None


def _pattern(read: Reader, entry: Entry, what: str) -> str | None:
    text = read.text(entry.value, f"'pattern' of {what}")
    if text is None:
        return None
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        read.error(entry.value, f"'pattern' of {what} is not a regular expression: {error}")
        return None
    return text


def _check(read: Reader, given: dict[str, Entry], param: Param, what: str) -> None:
    kind_ = param.type
    if param.min is not None and param.max is not None and param.min > param.max:
        read.error(given["max"], f"'max' of {what} is below its 'min'")
    if kind_ is not None:
        for bound in ("min", "max"):
            if bound in given and kind_ not in ("integer", "number"):
                read.error(given[bound], f"'{bound}' of {what} goes only with numbers, not with {kind_}")
        if "pattern" in given and kind_ not in ("string", "path"):
            read.error(given["pattern"], f"'pattern' of {what} goes only with strings, not with {kind_}")
    if "enum" in given and kind_ is not None and isinstance(given["enum"].value, Sequence):
        for element in given["enum"].value.items:
            if not fits(plain(element), kind_):
                read.error(element, f"{short(plain(element))} in 'enum' of {what} is not {TYPES[kind_]}")
    if param.secret and param.default is not None:
        read.error(given["default"], f"{what} is secret and has a default: it would be stored", "remove the default")
    if "default" in given and param.default is not None:
        wrong = violation(param, param.default)
        if wrong:
            read.error(given["default"].value, f"the default of {what} {wrong}")
