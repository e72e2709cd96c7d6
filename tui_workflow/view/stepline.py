"""Where in a flow's text a step begins, or a parameter: found by its looks, so that it works for a text that is not valid, too."""

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


def param_line(text: str, param: str) -> int | None:
    """The line (from 1) on which a parameter is named under `params`, None when it is nowhere."""
    keyed = re.compile(rf"[\s{{,\"']{re.escape(param)}[\"']?\s*:")
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if line[:1].strip() and line[0] != "#":
            inside = re.match(r"params\s*:", line) is not None
        if inside and keyed.search(line):
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


_KEY = r"(?:^[\s-]*|[{,]\s*)"
"""Where a key may stand in a line: at its beginning, or in braces."""
_TYPE = re.compile(rf"{_KEY}(?:type|task)\s*:\s*[\"']?(\w+)")
_WORK = {"shell": ("command",), "python": ("code",), "template": ("template", "file")}
"""By type of a step, the inputs that hold what it does."""


def work_line(text: str, step: str) -> int | None:
    """The line on which a step says what it does: its command, its code, its template; None when that is a handler's."""
    start = step_line(text, step)
    if start is None:
        return None
    first, *lines = text.split("\n")[start - 1 :]
    ends = (at for at, line in enumerate(lines) if _stands(line) and _indent(line) <= _indent(first))
    own = [first.partition(":")[2], *lines[: next(ends, len(lines))]]  # its name may be that of an input
    kind = next((found[1] for line in own if (found := _TYPE.search(line))), "")
    for key in _WORK.get(kind, ()):
        given = re.compile(rf"{_KEY}[\"']?{key}[\"']?\s*:(?:\s|$)")
        at = next((at for at, line in enumerate(own) if given.search(line)), None)
        if at is not None:
            return start + at
    return None


def _stands(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
