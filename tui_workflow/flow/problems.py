"""What is wrong with a flow, where, and what to do: collected as data, all of it in one pass, shown by whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from tui_workflow.errors import InvalidFlow, Source
from tui_workflow.text import plural, visible

Severity = Literal["error", "warning"]

_WIDTH = 100
"""Characters of a source line that an excerpt shows."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. Line and column count from 1, in characters; `excerpt` is the source line as it stands."""

    severity: Severity
    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    excerpt: str = ""


def render(problem: Problem) -> list[str]:
    """The lines a terminal shows: place and message, source line, caret, hint. Data in them is made visible."""
    place = f"{visible(problem.file)}:{problem.line}:{problem.column}"
    lines = [f"{place}: {problem.severity}: {visible(problem.message)}"]
    if problem.excerpt.strip():
        start = max(0, problem.column - _WIDTH * 3 // 4) if len(problem.excerpt) > _WIDTH else 0
        before = visible(problem.excerpt[start : problem.column - 1])
        after = visible(problem.excerpt[max(start, problem.column - 1) : start + _WIDTH])
        gutter = f"{problem.line:>5} | "
        lines.append(f"{gutter}{before}{after}")
        lines.append(f"{'':>5} | {' ' * len(before)}^")
    if problem.hint:
        lines.append(f"{'':>5} = {visible(problem.hint)}")
    return lines


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, in the order of the text, errors before warnings at one place."""
    return sorted(dict.fromkeys(problems), key=lambda p: (p.file, p.line, p.column, p.severity, p.message))


def count(problems: Iterable[Problem]) -> str:
    """How many problems there are, such as `2 errors, 1 warning`."""
    found = [problem.severity for problem in problems]
    parts = [(found.count("error"), "error"), (found.count("warning"), "warning")]
    return ", ".join(plural(number, word) for number, word in parts if number) or "no problems"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` for the nearest known name, or an empty string when none is near."""
    near = get_close_matches(name[:100], list(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else ""


def one_of(known: Iterable[str]) -> str:
    """Names as a hint lists them: `a, b or c`."""
    names = list(known)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}" if names else ""


def suggest(name: str, known: Iterable[str], kind: str = "possible") -> str:
    """The nearest known name as a question, else the list of them."""
    names = list(known)
    if not names:
        return ""
    return did_you_mean(name, names) or f"{kind}: {one_of(names)}"


def short(value: object, limit: int = 40) -> str:
    """A value as a message quotes it: its Python text, cut at `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def invalid(problems: Iterable[Problem]) -> InvalidFlow:
    """The error that carries all problems of a flow, in order; its hint is empty, as each problem has its own."""
    found = tuple(ordered(problems))
    errors = [problem for problem in found if problem.severity == "error"]
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return InvalidFlow(
        f"{first.message}{more}",
        source=Source(first.file, first.line, first.column),
        problems=found,
        lines=tuple(line for problem in found for line in render(problem)),
    )
