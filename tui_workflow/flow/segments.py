"""Where the templates stand in a text: `{{ … }}` and `{% … %}` told from what is around them, without jinja2."""

from __future__ import annotations

from typing import NamedTuple

_OPEN = "([{"
_CLOSE = ")]}"


class Segment(NamedTuple):
    """A piece of text. `kind` is `text`, `expression` or `statement`; `inner` is what stands between the braces."""

    kind: str
    start: int
    end: int
    inner: str


class Unclosed(ValueError):
    """A `{{` or `{%` without its end, at character `start`."""

    def __init__(self, start: int, opening: str) -> None:
        super().__init__(f"'{opening}' is not closed")
        self.start = start


def is_template(text: str) -> bool:
    """True when jinja2 would change the text."""
    return "{{" in text or "{%" in text or ("{#" in text and "#}" in text)


def end_of(text: str, start: int) -> int:
    """The index behind the `}}` or `%}` that closes the opening at `start`. Raises `Unclosed`.

    Quoted strings and balanced brackets inside are skipped, as jinja2's lexer does.
    """
    closing = "}}" if text.startswith("{{", start) else "%}"
    depth = 0
    at = start + 2
    while at < len(text):
        character = text[at]
        if depth == 0 and text.startswith(closing, at):
            return at + 2
        if character in "'\"":
            at = _end_of_string(text, at)
            if at < 0:
                break
            continue
        if character in _OPEN:
            depth += 1
        elif character in _CLOSE:
            depth = max(0, depth - 1)
        at += 1
    raise Unclosed(start, text[start : start + 2])


def _end_of_string(text: str, start: int) -> int:
    at = start + 1
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == text[start]:
            return at + 1
        at += 1
    return -1


def split(text: str) -> list[Segment]:
    """The pieces of a text in order; comments are left in the text. Raises `Unclosed`."""
    found: list[Segment] = []
    at = 0
    while at < len(text):
        places = [place for opening in ("{{", "{%") if (place := text.find(opening, at)) >= 0]
        start = min(places, default=len(text))
        if start > at:
            found.append(Segment("text", at, start, text[at:start]))
        if start == len(text):
            break
        end = end_of(text, start)
        kind = "expression" if text[start + 1] == "{" else "statement"
        found.append(Segment(kind, start, end, text[start + 2 : end - 2]))
        at = end
    return found


def lone_expression(text: str) -> str | None:
    """The expression of a text that is one `{{ … }}` and white space around it, else None. Raises `Unclosed`."""
    stripped = text.strip()
    if not (stripped.startswith("{{") and stripped.endswith("}}")):
        return None
    if end_of(stripped, 0) != len(stripped):
        return None
    inner = stripped[2:-2]
    return inner.removeprefix("-").removeprefix("+").removesuffix("-").strip()
