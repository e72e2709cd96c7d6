"""An SQL query read as far as the check needs: that it is one query, that it reads, and which values it asks for.

Tokens are those of SQLite's grammar (https://www.sqlite.org/lang_expr.html, "Literal values" and "Parameters"). What
this lets through may still be wrong; SQLite says so when the items are listed, and lets nothing be written then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

_BEGINNINGS = ("select", "with", "values")
_READING = frozenset(("select", "values"))
_WRITING = frozenset(("insert", "update", "delete"))

_LETTER = r"A-Za-z_\x80-\U0010ffff"
_TOKEN = re.compile(
    rf"""
      (?P<space> [ \t\n\f\r\ufeff]+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<quoted> '[^']*(?:''[^']*)*'(?!') | "[^"]*(?:""[^"]*)*"(?!") | `[^`]*(?:``[^`]*)*`(?!`) | \[[^\]]*\] )
    | (?P<unclosed> ['"`\[] )
    | (?P<named> :(?P<name>[{_LETTER}0-9$]+) )
    | (?P<unnamed> \?[0-9]* | [@$][{_LETTER}0-9$]+ )
    | (?P<word> [{_LETTER}][{_LETTER}0-9$]* )
    | (?P<number> [0-9][{_LETTER}0-9.]* )
    | (?P<open> \( ) | (?P<close> \) ) | (?P<end> ; )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)


class SqlProblem(NamedTuple):
    """What is wrong at `offset` of the text."""

    offset: int
    message: str
    hint: str


@dataclass(slots=True)
class Query:
    """What a query asks for: `names` are its `:name` parameters with the offset of the first use of each."""

    names: dict[str, int] = field(default_factory=dict)
    problems: list[SqlProblem] = field(default_factory=list)


def read(text: str) -> Query:
    """The parameters and the problems of a query."""
    found = Query()
    first, ended, wants_verb, depth = "", False, False, 0
    for token in _TOKEN.finditer(text):
        kind, at = token.lastgroup or "", token.start()
        if kind == "space":
            continue
        if kind == "unclosed":
            return _with(found, at, f"a {token[0]} is not closed", "")
        if kind == "end":
            ended = bool(first)
            continue
        if ended:
            return _with(found, at, "a second statement: one query lists the items", "keep one of them")
        word = token[0].lower() if kind == "word" else ""
        if not first:
            first = token[0].lower()
            if first not in _BEGINNINGS:
                return _with(found, at, f"'{token[0]}' begins no query", "a query begins with select, with or values")
            wants_verb = first == "with"
        elif wants_verb and depth == 0 and word in _READING | _WRITING:
            wants_verb = False
            if word in _WRITING:
                return _with(found, at, f"'{token[0]}' writes: a query that lists items only reads", "")
        depth += (kind == "open") - (kind == "close")
        if kind == "named":
            found.names.setdefault(token["name"], at)
        elif kind == "unnamed":
            name = token[0].lstrip("@$?")
            hint = f"write :{name}" if name and not name.isdigit() else "write a name, such as :id"
            _with(found, at, f"the value '{token[0]}' has no name that 'args' could give it by", hint)
    if not first:
        _with(found, 0, "there is no query in it", "write a select")
    return found


def _with(found: Query, offset: int, message: str, hint: str) -> Query:
    found.problems.append(SqlProblem(offset, message, hint))
    return found
