"""Reading nodes as the values a key takes: what does not fit becomes a problem at its place, and None."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tui_workflow.flow.nodes import Entry, Mapping, Node, Scalar, Sequence, kind, place
from tui_workflow.flow.problems import Problem, Severity, suggest

_GUESSES = 200
"""Problems after which no more near names are looked for: guessing takes longer than reading."""


class Reader:
    """Collects the problems of one file. Every method returns None for a node it has complained about."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.problems: list[Problem] = []

    def error(self, node: Node | Entry, message: str, hint: str = "", *, offset: int | None = None) -> None:
        """Report a problem at a node, or at character `offset` of a scalar's text."""
        self._report("error", node, message, hint, offset)

    def warning(self, node: Node | Entry, message: str, hint: str = "", *, offset: int | None = None) -> None:
        """Report something that may be meant as it is."""
        self._report("warning", node, message, hint, offset)

    def _report(self, severity: Severity, node: Node | Entry, message: str, hint: str, offset: int | None) -> None:
        at = node.key if isinstance(node, Entry) else node
        if isinstance(at, Scalar | Mapping) and at.broken:
            return
        line, column = at.line, at.column
        if offset is not None and isinstance(at, Scalar):
            line, column = place(at, offset, self.lines)
        self.at(severity, line, column, message, hint)

    def at(self, severity: Severity, line: int, column: int, message: str, hint: str = "") -> None:
        """Report a problem at a line and column of the file."""
        excerpt = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        self.problems.append(Problem(severity, self.file, line, column, message, hint, excerpt))

    def fields(self, node: Node, known: Iterable[str], what: str) -> dict[str, Entry] | None:
        """The entries of a mapping by key; keys that are not known are reported."""
        if not isinstance(node, Mapping):
            self.error(node, f"{what} must be a mapping, not {kind(node)}")
            return None
        names = tuple(known)
        found = {}
        for entry in node:
            if entry.key.text in names:
                found[entry.key.text] = entry
            else:
                hint = suggest(entry.key.text, names, "known keys") if len(self.problems) < _GUESSES else ""
                self.error(entry, f"unknown key '{entry.key.text}' in {what}", hint)
        return found

    def text(self, node: Node, what: str, hint: str = "") -> str | None:
        """A string."""
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.value
        self._wrong(node, what, "a string", hint)
        return None

    def label(self, node: Node, what: str) -> str | None:
        """Text that is only shown: numbers and the like stand for how they are written."""
        if isinstance(node, Scalar):
            return node.text
        self._wrong(node, what, "a text")
        return None

    def flag(self, node: Node, what: str) -> bool | None:
        """`true` or `false`."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        hint = ""
        if isinstance(node, Scalar) and node.text.lower() in ("yes", "on", "no", "off"):
            hint = f"write {'true' if node.text.lower() in ('yes', 'on') else 'false'}"
        self._wrong(node, what, "true or false", hint)
        return None

    def integer(self, node: Node, what: str, least: int = 0, most: int | None = None) -> int | None:
        """A whole number not below `least`, nor above `most`."""
        if isinstance(node, Scalar) and type(node.value) is int:
            if node.value < least:
                self.error(node, f"{what} must be at least {least}, not {node.text}")
                return None
            if most is not None and node.value > most:
                self.error(node, f"{what} must be at most {most}, not {node.text}")
                return None
            return node.value
        self._wrong(node, what, "a whole number")
        return None

    def number(self, node: Node, what: str, least: float = 0, *, above: bool = False) -> float | None:
        """A finite number not below `least` (greater than it with `above`)."""
        if isinstance(node, Scalar) and type(node.value) in (int, float):
            value = float(node.text if type(node.value) is float else node.value)  # type: ignore[arg-type]
            if math.isfinite(value) and (value > least if above else value >= least):
                return value
            self.error(node, f"{what} must be {'more than' if above else 'at least'} {least:g}, not {node.text}")
            return None
        self._wrong(node, what, "a number")
        return None

    def choice(self, node: Node, what: str, choices: Iterable[str]) -> str | None:
        """One of a few words."""
        names = tuple(choices)
        if isinstance(node, Scalar) and node.text in names:
            return node.text
        shown = node.text if isinstance(node, Scalar) else ""
        self.error(node, f"{what} cannot be {kind(node)}", suggest(shown, names))
        return None

    def elements(self, node: Node, what: str, of: str) -> list[Node] | None:
        """The elements of a list; a lone scalar counts as a list of one."""
        if isinstance(node, Sequence):
            return node.items
        if isinstance(node, Scalar) and node.value is not None:
            return [node]
        self._wrong(node, what, f"a list of {of}")
        return None

    def _wrong(self, node: Node, what: str, wanted: str, hint: str = "") -> None:
        self.error(node, f"{what} must be {wanted}, not {kind(node)}", hint)


def entry_items(node: Node | None) -> list[Entry]:
    """The entries of a mapping; none for anything else."""
    return list(node.entries) if isinstance(node, Mapping) else []
