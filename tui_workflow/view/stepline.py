"""Where in a flow's text a step begins: found by its looks, so that it works for a text that is not valid, too."""

from __future__ import annotations

import re

_SECTION = re.compile(r"(steps|on_failure|finally)\s*:")


def step_line(text: str, step: str) -> int | None:
    """The line (from 1) on which a step is named, None when it is nowhere."""
    name = re.escape(step)
    keyed = re.compile(rf"\s+(?:([\"']?){name}\1\s*:|-?\s*name:\s*([\"']?){name}\2\s*(?:#|$))")
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if _SECTION.match(line):
            inside = True
        elif line[:1].strip() and line[0] not in "#-":
            inside = False
        if inside and keyed.match(f" {line}"):
            return number
    return None


def block_line(text: str, step: str, key: str, line: int) -> int | None:
    """The line of the text that is line `line` of a block of a step, such as its `code: |`; None if there is no such block."""
    start = step_line(text, step)
    if start is None:
        return None
    lines = text.split("\n")
    opens = re.compile(rf"\s+{re.escape(key)}\s*:\s*[|>][0-9+-]*\s*(#.*)?$")
    depth = _indent(lines[start - 1])
    for number in range(start, len(lines)):
        if lines[number].strip() and _indent(lines[number]) <= depth:
            return None
        if opens.match(lines[number]):
            return min(number + 1 + line, len(lines))
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
