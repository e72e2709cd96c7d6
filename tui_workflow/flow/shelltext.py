"""A shell command with templates as a script in which values are variables, so that no value becomes text of the command.

Each template `i` becomes `"${_wfI}"` where it stands unquoted, `${_wfI}` inside double quotes and unquoted
here-documents, also inside `$(…)`. Where the shell would not expand a variable as text (single quotes, backticks, quoted
here-documents, `$((…))`, `${…}`) the template is a problem. The grammar is that of POSIX `sh`, section 2.2 to 2.7.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tui_workflow.flow.segments import Unclosed, end_of

VARIABLE = "_wf{}"
"""The name of the variable that holds the value of template `i`, counted from 1."""

_OPENERS = frozenset(
    ("", "then", "do", "else", "elif", "if", "while", "until", "{", "}", "!", "fi", "done", "esac", "time")
)
_BREAKS = " \t\n;&|<>()"


class ShellProblem(NamedTuple):
    """What cannot be written at `offset` of the command."""

    offset: int
    message: str
    hint: str


class Expression(NamedTuple):
    """One template: the text between its braces, and the offset of `{{` in the command."""

    text: str
    offset: int


@dataclass(slots=True)
class ShellText:
    """A command taken apart. `script` is fit to run only when there are no problems."""

    script: str = ""
    expressions: list[Expression] = field(default_factory=list)
    problems: list[ShellProblem] = field(default_factory=list)


def analyse(command: str) -> tuple[str, list[str], list[tuple[int, str, str]]]:
    """The script, the expressions whose values go into `_wf1`, `_wf2` …, and problems as (offset, message, hint)."""
    found = split(command)
    return (
        found.script,
        [expression.text for expression in found.expressions],
        [(p.offset, p.message, p.hint) for p in found.problems],
    )


def split(command: str) -> ShellText:
    """The command taken apart."""
    scanner = _Scanner(command)
    try:
        scanner.commands(0, None, nested=False)
    except _Stop:
        pass
    except RecursionError:
        scanner.problem(0, "the command is nested too deep", "move it into a script of its own")
    scanner.found.script = "".join(scanner.out)
    return scanner.found


_SINGLE = "inside single quotes", "use double quotes there, or close the quote around it: '…'{{ … }}'…'"
_BACKTICK = "inside backticks", "write $( … ) in place of the backticks"
_QUOTED_HEREDOC = "inside a here-document with a quoted delimiter", "remove the quotes from the delimiter"
_ARITHMETIC = "inside $((…))", "set a variable before: n={{ … }}, and use $((n + 1))"
_BRACES = "inside ${…}", "set a variable before: v={{ … }}, and use ${v}"


class _Stop(Exception):
    """The rest of the command cannot be read."""


class _Heredoc(NamedTuple):
    delimiter: str
    quoted: bool
    strip: bool


_Forbidden = tuple[str, str] | None
"""Why no template may stand here, and what to do; None where one may."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.out: list[str] = []
        self.found = ShellText()

    def problem(self, offset: int, message: str, hint: str) -> None:
        self.found.problems.append(ShellProblem(offset, message, hint))

    def _keep(self, start: int, end: int) -> int:
        self.out.append(self.text[start:end])
        return end

    def _unclosed(self, start: int, what: str) -> _Stop:
        self.problem(start, f"{what} is not closed", "")
        return _Stop()

    def template(self, at: int, form: str, forbidden: _Forbidden) -> int:
        """Replace the template at `at`; returns the place behind it."""
        try:
            end = end_of(self.text, at)
        except Unclosed:
            self.problem(at, "a template without its end", "add '}}'")
            raise _Stop from None
        if forbidden:
            self.problem(
                at, f"a template cannot stand {forbidden[0]}: its value would be read by the shell", forbidden[1]
            )
        before = at - 1
        while before >= 0 and self.text[before] == "\\":
            before -= 1
        if (at - 1 - before) % 2:
            self.problem(at - 1, "a backslash before a template", "remove the backslash: no value is read by the shell")
        self.found.expressions.append(Expression(self.text[at + 2 : end - 2], at))
        self.out.append(form.format(VARIABLE.format(len(self.found.expressions))))
        return end

    def dollar(self, at: int, forbidden: _Forbidden, *, quoted: bool) -> int:
        """What starts with `$`, inside or outside double quotes."""
        text = self.text
        if text.startswith("${{", at):
            self.problem(at, "'$' before a template", "write {{ … }} without the $")
            return self._keep(at, at + 1)
        if text.startswith("$((", at):
            self._keep(at, at + 3)
            return self._arithmetic(at + 3, at, forbidden)
        if text.startswith("$(", at):
            self._keep(at, at + 2)
            end = self.commands(at + 2, forbidden, nested=True)
            if end < 0:
                raise self._unclosed(at, "'$('")
            return end
        if text.startswith("${", at):
            self._keep(at, at + 2)
            return self._braces(at + 2, at, forbidden, quoted=quoted)
        if text.startswith("$'", at) and not quoted and "{{" in text:
            self.problem(at, "$'…' means different things to different shells", "use printf, or plain quotes")
        return self._keep(at, at + (2 if text[at + 1 : at + 2] in ("$", "#", "?", "!") and at + 1 < len(text) else 1))

    def _arithmetic(self, at: int, start: int, forbidden: _Forbidden) -> int:
        depth = 2
        while at < len(self.text):
            character = self.text[at]
            if self.text.startswith("{{", at):
                at = self.template(at, "${{{}}}", forbidden or _ARITHMETIC)
                continue
            if character == "$":
                at = self.dollar(at, forbidden or _ARITHMETIC, quoted=True)
                continue
            if character == "`":
                at = self._backticks(at)
                continue
            depth += {"(": 1, ")": -1}.get(character, 0)
            at = self._keep(at, at + (2 if character == "\\" else 1))
            if depth == 0:
                return at
        raise self._unclosed(start, "'$(('")

    def _braces(self, at: int, start: int, forbidden: _Forbidden, *, quoted: bool) -> int:
        inner = forbidden or _BRACES
        while at < len(self.text):
            character = self.text[at]
            if self.text.startswith("{{", at):
                at = self.template(at, "${{{}}}", inner)
            elif character == "}":
                return self._keep(at, at + 1)
            elif character == "\\":
                at = self._keep(at, at + 2)
            elif character == "'" and not quoted:
                at = self._single(at)
            elif character == '"':
                at = self.double(at, inner)
            elif character == "`":
                at = self._backticks(at)
            elif character == "$":
                at = self.dollar(at, inner, quoted=quoted)
            else:
                at = self._keep(at, at + 1)
        raise self._unclosed(start, "'${'")

    def _single(self, start: int) -> int:
        end = self.text.find("'", start + 1)
        at = self.text.find("{{", start + 1)
        while at >= 0 and (end < 0 or at < end):
            try:
                close = end_of(self.text, at)
            except Unclosed:
                close = at + 2
            self.problem(at, f"a template cannot stand {_SINGLE[0]}: the shell would leave it as it is", _SINGLE[1])
            inner = self.text[at + 2 : close - 2]
            if "'" in inner and end >= 0 and end < close:
                end = self.text.find("'", close)
            at = self.text.find("{{", close)
        if end < 0:
            raise self._unclosed(start, "a single quote")
        return self._keep(start, end + 1)

    def _backticks(self, start: int) -> int:
        at = start + 1
        self._keep(start, at)
        while at < len(self.text):
            if self.text.startswith("{{", at):
                at = self.template(at, "${{{}}}", _BACKTICK)
            elif self.text[at] == "`":
                return self._keep(at, at + 1)
            else:
                at = self._keep(at, at + (2 if self.text[at] == "\\" else 1))
        raise self._unclosed(start, "a backtick")

    def double(self, start: int, forbidden: _Forbidden) -> int:
        """A text in double quotes; returns the place behind its end."""
        at = self._keep(start, start + 1)
        while at < len(self.text):
            character = self.text[at]
            if self.text.startswith("{{", at):
                at = self.template(at, "${{{}}}", forbidden)
            elif character == '"':
                return self._keep(at, at + 1)
            elif character == "\\":
                at = self._backslash(at)
            elif character == "`":
                at = self._backticks(at)
            elif character == "$":
                at = self.dollar(at, forbidden, quoted=True)
            else:
                at = self._keep(at, at + 1)
        raise self._unclosed(start, "a double quote")

    def _backslash(self, at: int) -> int:
        """A backslash with what it quotes; before a template it is left alone, and complained about there."""
        return self._keep(at, at + (1 if self.text.startswith("{{", at + 1) else 2))

    def commands(self, at: int, forbidden: _Forbidden, *, nested: bool) -> int:
        """Commands up to the end, or up to the `)` that closes them when `nested`; -1 if that is missing."""
        words = _Words()
        waiting: list[_Heredoc] = []
        text = self.text
        while at < len(text):
            character = text[at]
            if text.startswith("{{", at):
                at = self.template(at, '"${{{}}}"', forbidden)
                words.add("\0")
            elif character in _BREAKS:
                words.end(before=character)
                if text.startswith("<<", at) and not text.startswith("<<<", at):
                    at = self._heredoc_start(at, waiting)
                    continue
                if character == ")" and words.closes() and nested:
                    return self._keep(at, at + 1)
                if character == "(":
                    if text.startswith("((", at) and words.first:
                        self._keep(at, at + 2)
                        at = self._arithmetic(at + 2, at, forbidden)
                        words.first = False
                        continue
                    words.opens()
                at = self._keep(at, at + 1)
                if character == "\n" and waiting:
                    for heredoc in waiting:
                        at = self._heredoc_body(at, heredoc, forbidden)
                    waiting.clear()
            elif character == "#" and not words.word:
                end = text.find("\n", at)
                at = self._keep(at, len(text) if end < 0 else end)
            elif character == "'":
                at = self._single(at)
                words.add("\0")
            elif character == '"':
                at = self.double(at, forbidden)
                words.add("\0")
            elif character == "`":
                at = self._backticks(at)
                words.add("\0")
            elif character == "$":
                at = self.dollar(at, forbidden, quoted=False)
                words.add("\0")
            elif character == "\\":
                words.add("" if text.startswith("\n", at + 1) else "\0")
                at = self._backslash(at)
            else:
                words.add(character)
                at = self._keep(at, at + 1)
        return -1 if nested else at

    def _heredoc_start(self, at: int, waiting: list[_Heredoc]) -> int:
        start = at
        at += 2
        strip = self.text.startswith("-", at)
        at += strip
        while self.text[at : at + 1] in (" ", "\t"):
            at += 1
        delimiter: list[str] = []
        quoted = False
        quote = ""
        while at < len(self.text) and (quote or self.text[at] not in _BREAKS):
            character = self.text[at]
            if self.text.startswith("{{", at):
                self.problem(at, "a template cannot be the delimiter of a here-document", "use a word such as EOF")
                raise _Stop
            if quote and character == quote:
                quote = ""
            elif not quote and character in "'\"":
                quote, quoted = character, True
            elif character == "\\" and quote != "'":
                quoted = True
                at += 1
                delimiter.append(self.text[at : at + 1])
            else:
                delimiter.append(character)
            at += 1
        waiting.append(_Heredoc("".join(delimiter), quoted, strip))
        return self._keep(start, at)

    def _heredoc_body(self, at: int, heredoc: _Heredoc, forbidden: _Forbidden) -> int:
        inner = forbidden or (_QUOTED_HEREDOC if heredoc.quoted else None)
        text = self.text
        line_start = True
        while at < len(text):
            if line_start:
                end = text.find("\n", at)
                end = len(text) if end < 0 else end
                line = text[at:end]
                if (line.lstrip("\t") if heredoc.strip else line) == heredoc.delimiter:
                    return self._keep(at, min(len(text), end + 1))
            character = text[at]
            line_start = False
            if text.startswith("{{", at):
                at = self.template(at, "${{{}}}", inner)
            elif heredoc.quoted:
                line_start = character == "\n"
                at = self._keep(at, at + 1)
            elif character == "\\":
                at = self._backslash(at)
            elif character == "`":
                at = self._backticks(at)
            elif character == "$":
                at = self.dollar(at, inner, quoted=True)
            else:
                line_start = character == "\n"
                at = self._keep(at, at + 1)
        return at


class _Words:
    """Follows words far enough to tell the `)` of a case pattern from one that closes."""

    def __init__(self) -> None:
        self.word = ""
        self.first = True
        """True where a command may begin."""
        self._case = 0
        """1 behind `case`, 2 behind the word that it looks at."""
        self._stack: list[str] = []

    def add(self, characters: str) -> None:
        self.word += characters

    def end(self, before: str) -> None:
        word, self.word = self.word, ""
        if word:
            if self._case == 1:
                self._case = 2
                self.first = False
            elif self._case == 2 and word == "in":
                self._case = 0
                self._stack.append("case")
                self.first = True
            elif self.first and word == "case" and before in " \t\n":
                self._case = 1
                self.first = False
            elif self.first and word == "esac" and self._stack and self._stack[-1] == "case":
                self._stack.pop()
            else:
                self.first = self.first and word in _OPENERS
        if before in "\n;&|" and self._case == 0:
            self.first = True

    def opens(self) -> None:
        self._stack.append("(")
        self.first = True

    def closes(self) -> bool:
        """True when a `)` here closes what is around these commands."""
        if not self._stack:
            return True
        if self._stack[-1] == "(":
            self._stack.pop()
            self.first = False
        else:
            self.first = True
        return False
