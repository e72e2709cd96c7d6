"""YAML text to nodes, refusing on the way what could hurt: bombs, recursion, foreign tags, control characters.

Works on the event stream, so that the first bad event ends it: nothing is built that is not wanted.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import yaml

from tui_workflow.flow import scalars
from tui_workflow.flow.nodes import Entry, Mapping, Node, Scalar, Sequence
from tui_workflow.flow.problems import Problem, short

MAX_BYTES = 1_000_000
"""Size of a flow file; more is data, which belongs into a file of its own."""
MAX_DEPTH = 64
_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
MAX_NODES = 100_000
"""Nodes of a flow with every alias written out."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_HINTS = (
    ("mapping values are not allowed", "put quotes around a text that holds ': '"),
    ("cannot start any token", "indent with spaces, and put quotes around a text that starts with %, @ or `"),
    ("did not find expected key", "check the indentation of this line and the one before"),
    ("could not find expected ':'", "a key needs a colon and a space behind it"),
    ("unexpected end of stream", "a quote or bracket is not closed"),
    ("undefined alias", "a text that starts with * needs quotes"),
)


class Refused(Exception):
    """The text cannot become nodes; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def split_lines(text: str) -> list[str]:
    """The lines of a text as YAML counts them."""
    return _LINE_BREAK.split(text)


def decode(data: bytes, file: str) -> str:
    """The text of a flow file. Raises `Refused` for what is too large, not UTF-8, or holds control characters."""
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1e6:.1f} MB"
        hint = "keep data in files of its own, and read them with for_each: {file: …} or NAME=@FILE"
        raise Refused(Problem("error", file, 1, 1, f"the file has {size}; a flow has at most 1 MB", hint))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = f"byte 0x{data[error.start]:02x} is not UTF-8 text"
        raise Refused(Problem("error", file, line, column, message, "save the file as UTF-8")) from None
    bad = _UNPRINTABLE.search(text)
    if bad:
        lines = split_lines(text[: bad.start()])
        message = f"character U+{ord(bad[0]):04X} cannot stand in YAML"
        hint = 'write it as an escape in double quotes, such as "\\0" or "\\x1b"'
        excerpt = split_lines(text)[len(lines) - 1]
        raise Refused(Problem("error", file, len(lines), len(lines[-1]) + 1, message, hint, excerpt))
    return text


def compose(text: str, file: str, *, max_nodes: int = MAX_NODES) -> tuple[Node | None, list[Problem]]:
    """The root node, None for an empty text, and the problems met. A problem that ends reading leaves the root None."""
    composer = _Composer(text, file, max_nodes)
    try:
        return composer.root(), composer.problems
    except Refused as refused:
        return None, [*composer.problems, refused.problem]
    finally:
        composer.close()


class _Composer:
    def __init__(self, text: str, file: str, max_nodes: int) -> None:
        self.file = file
        self.max_nodes = max_nodes
        self.lines = split_lines(text)
        self.problems: list[Problem] = []
        self._loader = _Loader(text)
        self._count = 0
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        """Finished nodes with the number of nodes in them; None while a node is open."""

    def close(self) -> None:
        self._loader.dispose()

    def root(self) -> Node | None:
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        node = self._node(self._next(), 0)
        self._next()
        extra = self._next()
        if not isinstance(extra, yaml.StreamEndEvent):
            self._refuse(extra.start_mark, "a flow file holds one YAML document, this is a second", "remove the '---'")
        return node

    def _next(self) -> Any:
        try:
            return self._loader.get_event()
        except yaml.MarkedYAMLError as error:
            what = error.problem or "syntax error"
            if "nesting depth" in what:  # libyaml has a limit of its own, which its look ahead may reach first
                self._refuse(error.problem_mark or error.context_mark, _TOO_DEEP)
            context = f" {error.context}" if error.context else ""
            hint = next((advice for words, advice in _HINTS if words in what), "")
            self._refuse(error.problem_mark or error.context_mark, f"not valid YAML: {what}{context}", hint)
        except (yaml.YAMLError, ValueError) as error:
            self._refuse(None, f"not valid YAML: {str(error).splitlines()[0]}")

    def _refuse(self, mark: Any, message: str, hint: str = "") -> NoReturn:
        raise Refused(self._problem(mark, message, hint))

    def _problem(self, mark: Any, message: str, hint: str = "") -> Problem:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        line = min(line, len(self.lines))
        return Problem("error", self.file, line, column, message, hint, self.lines[line - 1])

    def _node(self, event: Any, depth: int) -> Node:
        mark = event.start_mark
        if depth > MAX_DEPTH:
            self._refuse(mark, _TOO_DEEP)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        start = self._count
        self._add(1, mark)
        anchor = event.anchor
        if anchor:
            self._anchors[anchor] = None
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._collection_tag(event, "seq")
            items: list[Node] = []
            while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                items.append(self._node(event, depth + 1))
            node = Sequence(items, mark.line + 1, mark.column + 1)
        else:
            self._collection_tag(event, "map")
            node = self._mapping(mark, depth)
        if anchor:
            self._anchors[anchor] = (node, self._count - start)
        return node

    def _add(self, nodes: int, mark: Any) -> None:
        self._count += nodes
        if self._count > self.max_nodes:
            self._refuse(
                mark, f"more than {self.max_nodes} values, aliases written out", "keep data in files of its own"
            )

    def _alias(self, event: Any) -> Node:
        name = event.anchor
        if name not in self._anchors:
            hint = "a text that starts with * needs quotes"
            self._refuse(event.start_mark, f"alias '*{name}' without an anchor '&{name}' before it", hint)
        known = self._anchors[name]
        if known is None:
            self._refuse(event.start_mark, f"alias '*{name}' stands inside its own anchor")
        self._add(known[1], event.start_mark)
        return known[0]

    def _scalar(self, event: Any) -> Scalar:
        mark = event.start_mark
        style = event.style if event.style in ("'", '"', "|", ">") else ""
        value: scalars.Plain = event.value
        problems = len(self.problems)
        if event.tag is not None:
            kind = scalars.TAGS.get(event.tag)
            try:
                if kind is None:
                    raise ValueError(f"tag '{_tag(event.tag)}' is not allowed: a flow holds plain data only")
                value = scalars.tagged(kind, event.value)
            except ValueError as error:
                self.problems.append(self._problem(mark, str(error), "remove the tag"))
        elif not style:
            value = scalars.resolve(event.value)
        broken = len(self.problems) > problems
        return Scalar(value, event.value, mark.line + 1, mark.column + 1, style, broken)

    def _collection_tag(self, event: Any, kind: str) -> None:
        if event.tag is not None and event.tag != "!" and scalars.TAGS.get(event.tag) != kind:
            message = f"tag '{_tag(event.tag)}' is not allowed: a flow holds plain data only"
            self.problems.append(self._problem(event.start_mark, message, "remove the tag"))

    def _mapping(self, mark: Any, depth: int) -> Mapping:
        own: dict[scalars.Plain, Entry] = {}
        merged: dict[scalars.Plain, Entry] = {}
        broken = False
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            key_mark = event.start_mark
            value_event = self._next()
            value = self._node(value_event, depth + 1)
            if not isinstance(key, Scalar):
                broken = True
                if isinstance(key, Mapping):
                    problem = self._problem(mark, "a template needs quotes here", 'write "{{ … }}"')
                else:
                    problem = self._problem(key_mark, "a key must be a name, not a list")
                self.problems.append(problem)
            elif key.text == "<<" and not key.style:
                self._merge(value, merged, value_event.start_mark)
            elif (first := own.get(key.value)) is not None and type(first.key.value) is type(key.value):
                message = f"duplicate key {short(key.value)}, already on line {first.key.line}"
                self.problems.append(self._problem(key_mark, message, "keep one of the two"))
            else:
                own[key.value] = Entry(key, value)
        entries = [*(entry for key, entry in merged.items() if key not in own), *own.values()]
        return Mapping(entries, mark.line + 1, mark.column + 1, broken)

    def _merge(self, value: Node, merged: dict[scalars.Plain, Entry], mark: Any) -> None:
        for source in value.items if isinstance(value, Sequence) else (value,):
            if not isinstance(source, Mapping):
                self.problems.append(self._problem(mark, "'<<' takes a mapping or a list of mappings"))
                return
            for entry in source.entries:
                merged.setdefault(entry.key.value, entry)


def _tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")[:60]
