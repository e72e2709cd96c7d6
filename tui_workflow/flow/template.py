"""Templates: their syntax for the engine's process, their values for workers. jinja2 is imported when first needed.

A template is text that stands in a flow; data is never rendered. A lone `{{ expr }}` keeps the value's type, mixed text
gives a string. Plain paths such as `{{ item.name }}` take a path of their own, which agrees with jinja2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from tui_workflow.flow import access, references
from tui_workflow.flow.access import TemplateError, TooLarge
from tui_workflow.flow.problems import suggest
from tui_workflow.flow.references import References, code_references
from tui_workflow.flow.segments import Unclosed, is_template, lone_expression

__all__ = [
    "References",
    "Template",
    "TemplateError",
    "TooLarge",
    "check",
    "code_references",
    "compile_expression",
    "compile_value",
    "is_template",
    "render_tree",
]

NAMES = ("params", "args", "steps", "env", "context", "item", "index", "key", "attempt", "run", "flow")
"""The names that templates know; `args` stands for `params`."""

_PATH = re.compile(
    r"""\s*([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*|\[(?:'[^'\\\n]+'|"[^"\\\n]+"|0|[1-9]\d{0,8})\])*)\s*\Z""", re.ASCII
)
_KEY = re.compile(r"\.(\w+)|\[(?:'([^']*)'|\"([^\"]*)\"|(\d+))\]", re.ASCII)
Path: TypeAlias = tuple[tuple[str | int, bool], ...]
"""Keys of a plain path, each with True when it was written with a dot."""
_WORDS = frozenset(["true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if", "else"])


class Template:
    """One template, compiled when first rendered. `references` says what it reads."""

    __slots__ = ("_evaluate", "expression", "text")

    def __init__(self, text: str, expression: str | None) -> None:
        self.text = text
        self.expression = expression
        """The bare expression when the value keeps its type, None for mixed text."""
        self._evaluate: Callable[[Mapping[str, Any]], Any] | None = None

    @property
    def references(self) -> References:
        return _references(self.text, self.expression)

    def render(self, names: Mapping[str, Any]) -> Any:
        """The value with these names. Raises `TemplateError` for all that can go wrong in it.

        Only the names that the template uses are looked up, so that costly ones may be computed by the mapping.
        """
        try:
            if self._evaluate is None:
                self._evaluate = _compile(self.text, self.expression)
            return self._evaluate(names)
        except TemplateError as error:
            raise _explained(error, self.text, names) from None
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise TemplateError(f"{_quoted(self.text)}: {error or type(error).__name__}") from error
        except Exception as error:
            if type(error).__module__.startswith("jinja2"):
                raise TemplateError(f"{_quoted(self.text)}: {error}") from None
            raise


@lru_cache(maxsize=1024)
def compile_value(text: str) -> Template:
    """The template of a value in the flow; rendering a text without templates gives that text."""
    try:
        return Template(text, lone_expression(text))
    except Unclosed:
        return Template(text, None)


@lru_cache(maxsize=1024)
def compile_expression(text: str) -> Template:
    """The template of an `if` or `where`: a bare expression, or one in `{{ }}`."""
    if is_template(text):
        return compile_value(text)
    return Template(text, text.strip())


def render_tree(value: Any, names: Mapping[str, Any]) -> Any:
    """A literal of the flow with every template in its strings rendered; keys are never templates."""
    if isinstance(value, str):
        return compile_value(value).render(names) if is_template(value) else value
    if isinstance(value, list | tuple):
        return [render_tree(element, names) for element in value]
    if isinstance(value, dict):
        return {key: render_tree(element, names) for key, element in value.items()}
    return value


def check(text: str, *, expression: bool = False) -> References:
    """What the text refers to. Raises `TemplateError` (with `line` for a syntax error) when it is no template."""
    template = compile_expression(text) if expression else compile_value(text)
    return template.references


def path_of(expression: str) -> tuple[str, Path] | None:
    """Root and keys of an expression that is a plain path, else None."""
    match = _PATH.match(expression)
    if not match or match[1] in _WORDS:
        return None
    keys: list[tuple[str | int, bool]] = []
    for dotted, single, double, number in _KEY.findall(match[2]):
        if dotted:
            keys.append((dotted, True))
        else:
            keys.append((int(number) if number else single or double, False))
    return match[1], tuple(keys)


@lru_cache(maxsize=1024)
def _references(text: str, expression: str | None) -> References:
    if expression is None and not is_template(text):
        return References()
    if expression is not None and (path := path_of(expression)):
        return references.of_path(*path)
    from tui_workflow.flow import sandbox

    tree = sandbox.parse_template(text) if expression is None else sandbox.parse_expression(expression)
    sandbox.check_names(tree)
    return references.of_tree(tree)


def _compile(text: str, expression: str | None) -> Callable[[Mapping[str, Any]], Any]:
    if expression is None and not is_template(text):
        return lambda _: text
    if expression is not None and (path := path_of(expression)):
        return _follow(*path)
    return _compile_slow(text, expression)


def _follow(root: str, keys: Path) -> Callable[[Mapping[str, Any]], Any]:
    def evaluate(names: Mapping[str, Any]) -> Any:
        value = _name(names, root)
        for key, dotted in keys:
            value = access.attribute(value, str(key)) if dotted else access.subscript(value, key)
        return _settled(value)

    return evaluate


def _compile_slow(text: str, expression: str | None) -> Callable[[Mapping[str, Any]], Any]:
    from tui_workflow.flow import sandbox

    if expression is None:
        tree: Any = sandbox.parse_template(text)
        run: Callable[[Mapping[str, Any]], Any] = sandbox.compile_text(tree)
    else:
        tree = sandbox.parse_expression(expression)
        run = sandbox.compile_expression(tree)
    wanted = tuple(sorted(references.of_tree(tree).names))

    def evaluate(names: Mapping[str, Any]) -> Any:
        given = {}
        for name in wanted:
            if name in names:
                given[name] = names[name]
            elif name == "args" and "params" in names:
                given[name] = names["params"]
        return _settled(run(given))

    return evaluate


def _name(names: Mapping[str, Any], name: str) -> Any:
    if name in names:
        return names[name]
    if name == "args" and "params" in names:
        return names["params"]
    raise access.UndefinedName(name)


def _settled(value: Any) -> Any:
    """What a lone expression stands for once it leaves the template: a list for what is made on the way, never a method."""
    if callable(value) and not access.is_opaque(value):
        raise TemplateError("the value is a method; call it with ()")
    return value


def _explained(error: TemplateError, text: str, names: Mapping[str, Any]) -> TemplateError:
    hint = error.hint
    if isinstance(error, access.UndefinedName):
        hint = suggest(error.name, names, "known here") or None
    told = type(error)(error.name) if isinstance(error, access.UndefinedName) else TemplateError(error.message)
    told.message = f"{_quoted(text)}: {error.message}"
    told.args = (told.message,)
    told.hint = hint
    return told


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"
