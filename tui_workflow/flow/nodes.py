"""The YAML text as a tree whose every node knows its place. Pure data: no values of a flow are read here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tui_workflow.flow.scalars import Plain


@dataclass(slots=True, eq=False)
class Scalar:
    """One scalar; `text` as written (quotes removed), `style` one of `"" ' " | >`."""

    value: Plain
    text: str
    line: int
    column: int
    style: str = ""
    broken: bool = False
    """True when a problem has been reported for it: nothing more needs saying."""


@dataclass(slots=True, eq=False)
class Sequence:
    """A list."""

    items: list[Node]
    line: int
    column: int


@dataclass(slots=True, eq=False)
class Entry:
    """One key of a mapping with its value."""

    key: Scalar
    value: Node


@dataclass(slots=True, eq=False)
class Mapping:
    """A mapping in the order of the text; merged keys come first."""

    entries: list[Entry]
    line: int
    column: int
    broken: bool = False
    """As in `Scalar`."""
    _by_name: dict[str, Entry] | None = field(default=None, repr=False)

    def get(self, name: str) -> Entry | None:
        """The entry whose key reads `name`."""
        if self._by_name is None:
            self._by_name = {entry.key.text: entry for entry in self.entries}
        return self._by_name.get(name)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)


Node = Scalar | Sequence | Mapping


def plain(node: Node) -> object:
    """The value that the node stands for, in Python's own types."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {entry.key.value: plain(entry.value) for entry in node.entries}


def kind(node: Node) -> str:
    """What a message calls a node: `a mapping`, `the string 'x'`, `nothing` …"""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    if node.value is None:
        return "nothing"
    shown = node.text if len(node.text) <= 40 else f"{node.text[:39]}…"
    if isinstance(node.value, bool):
        return shown
    if isinstance(node.value, int | float):
        return f"the number {shown}"
    return f"the string '{shown}'"


def place(node: Scalar, offset: int, lines: list[str]) -> tuple[int, int]:
    """Line and column of character `offset` of a scalar's text, as near as the style allows.

    Exact in literal blocks and in scalars on one line without escapes; else the scalar's first character.
    """
    if node.style == "|":
        row = node.text.count("\n", 0, offset)
        line = node.line + 1 + row
        source = lines[line - 1] if line <= len(lines) else ""
        inside = node.text.split("\n")[row] if row <= node.text.count("\n") else ""
        if inside and source.endswith(inside):
            return line, len(source) - len(inside) + offset - (node.text.rfind("\n", 0, offset) + 1) + 1
        return line, 1
    quote = 1 if node.style in ("'", '"') else 0
    source = lines[node.line - 1] if node.line <= len(lines) else ""
    if source[node.column - 1 + quote :].startswith(node.text):
        return node.line, node.column + quote + offset
    return node.line, node.column
