"""The places of a flow where templates and code stand: their syntax checked, what they refer to noted for the graph."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tui_workflow.flow import template
from tui_workflow.flow.access import Unreadable
from tui_workflow.flow.nodes import Mapping, Node, Scalar, Sequence
from tui_workflow.flow.problems import suggest
from tui_workflow.flow.reader import Reader
from tui_workflow.flow.references import References, of_python, parse_python
from tui_workflow.flow.segments import Unclosed, is_template, split

PER_ITEM = frozenset(("item", "index", "key"))
_STEP_NAMES = frozenset(template.NAMES) - PER_ITEM
_ENV_NAMES = frozenset(("params", "args", "env", "run", "flow"))

SCOPES = {
    "item": frozenset(template.NAMES),
    "step": _STEP_NAMES,
    "flow": _ENV_NAMES,
}
"""Names that a template may use, by where it stands: in an item's text, in a step's, in the flow's own `env`."""


@dataclass(frozen=True, slots=True)
class Use:
    """One text with what it refers to. `code` is true for Python."""

    node: Scalar
    references: References
    code: bool = False

    def offset(self, name: str) -> int:
        """Where in the text the step `name` is referred to, as near as a search can tell."""
        text = self.node.text
        for spelled in (f"steps.{name}", f"steps['{name}']", f'steps["{name}"]'):
            if (at := text.find(spelled)) >= 0:
                return at
        return max(0, text.find(name))


@dataclass(slots=True)
class Uses:
    """The uses of one step, or of the flow itself."""

    read: Reader
    for_each: bool = False
    params: frozenset[str] | None = None
    """The parameters of the flow; None where they are not known."""
    found: list[Use] = field(default_factory=list)

    def value(self, node: Node, scope: str) -> References:
        """Check every template in a value, lists and mappings included."""
        if isinstance(node, Scalar):
            return self.text(node, scope) if isinstance(node.value, str) else References()
        every = References()
        if isinstance(node, Sequence):
            for element in node.items:
                every |= self.value(element, scope)
        elif isinstance(node, Mapping):
            for entry in node:
                every |= self.value(entry.value, scope)
        return every

    def text(self, node: Scalar, scope: str) -> References:
        """Check a text that may hold templates."""
        if not is_template(node.text):
            return References()
        try:
            pieces = split(node.text)
        except Unclosed as error:
            closing = "}}" if "{{" in str(error) else "%}"
            self.read.error(node, f"a template without its end: {error}", f"add '{closing}'", offset=error.start)
            return References()
        first = next((piece.start for piece in pieces if piece.kind != "text"), 0)
        return self._check(node, node.text, scope, first, expression=False)

    def expression(self, node: Scalar, scope: str) -> References:
        """Check a bare expression, or one in `{{ }}`."""
        return self._check(node, node.text, scope, 0, expression=True)

    def piece(self, node: Scalar, inner: str, offset: int, scope: str) -> References:
        """Check an expression that stands at an offset of a text which is no template as a whole, such as a command."""
        return self._check(node, f"{{{{{inner}}}}}", scope, offset, expression=False)

    def _check(self, node: Scalar, text: str, scope: str, offset: int, *, expression: bool) -> References:
        try:
            found = template.check(text, expression=expression)
        except template.TemplateError as error:
            at = offset
            if isinstance(error, Unreadable) and error.line > 1:
                at = _line_offset(node.text, error.line)
            self.read.error(node, f"bad template: {error.message}", error.hint or "", offset=at)
            return References()
        self.found.append(Use(node, found))
        if not found.lenient:
            self._names(node, found, scope, offset)
        return found

    def _names(self, node: Scalar, found: References, scope: str, offset: int) -> None:
        allowed = SCOPES[scope if self.for_each or scope == "flow" else "step"]
        for name in sorted(found.names - allowed):
            at = _find(node.text, name, offset)
            if name in PER_ITEM:
                where = "this text is for the whole step" if self.for_each else "only a step with for_each has items"
                self.read.error(node, f"'{name}' is not known here: {where}", offset=at)
            else:
                hint = suggest(name, sorted(allowed), "known here")
                self.read.error(node, f"unknown name '{name}' in a template", hint, offset=at)

        for name in sorted(found.params - self.params) if self.params is not None else ():
            at = _find(node.text, name, offset)
            self.read.error(
                node, f"there is no parameter '{name}'", suggest(name, sorted(self.params or ()), "params"), offset=at
            )

    def code(self, node: Scalar, what: str) -> bool:
        """Check the syntax of Python text and note what it reads."""
        try:
            tree = parse_python(node.text)
            compile(tree, "<flow>", "exec", dont_inherit=True)
        except SyntaxError as error:
            row = node.text.split("\n")[: (error.lineno or 1) - 1]
            inside = sum(len(line) + 1 for line in row) + max(0, (error.offset or 1) - 1)
            self.read.error(node, f"{what} is not valid Python: {error.msg}", offset=min(inside, len(node.text)))
            return False
        except (ValueError, RecursionError, MemoryError):
            self.read.error(node, f"{what} is not valid Python: nested too deep")
            return False
        found = of_python(tree)
        self.found.append(Use(node, found, code=True))
        for name in sorted(found.params - self.params) if self.params is not None else ():
            hint = suggest(name, sorted(self.params or ()), "params")
            self.read.warning(node, f"there is no parameter '{name}'", hint, offset=_find(node.text, name, 0))
        return True


def _find(text: str, name: str, start: int) -> int:
    """Where a name stands as a word, from `start` on; `start` when it does not."""
    match = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)").search(text, start) or re.compile(
        rf"(?<!\w){re.escape(name)}(?!\w)"
    ).search(text, start)
    return match.start() if match else start


def _line_offset(text: str, line: int) -> int:
    return sum(len(row) + 1 for row in text.split("\n")[: line - 1])
