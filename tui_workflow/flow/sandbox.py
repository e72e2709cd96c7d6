"""The jinja2 environment of flows: immutable sandbox, strict undefined, plain data, every operation bounded.

Imported late, by `flow.template` alone: jinja2 takes longer to import than most templates take to run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import wraps
from itertools import islice
from types import GeneratorType
from typing import Any, cast

import jinja2
from jinja2 import filters, nodes
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from tui_workflow.flow import access
from tui_workflow.flow.access import (
    MAX_BITS,
    MAX_SIZE,
    TemplateError,
    TooLarge,
    UndefinedName,
    Unreadable,
    check_size,
    check_weight,
)
from tui_workflow.flow.problems import did_you_mean

_REMOVED_FILTERS = ("attr", "safe", "pprint", "urlize", "xmlattr", "striptags", "forceescape")
# fmt: off
_WRITING_FILTERS = (
    "string", "escape", "e", "upper", "lower", "capitalize", "title", "trim", "truncate", "urlencode", "wordcount",
)
# fmt: on
_STATEMENTS = (nodes.For, nodes.If, nodes.Output, nodes.Assign, nodes.AssignBlock, nodes.With, nodes.Scope)
MAX_DEPTH = 100
"""Levels of an expression. Python reads what jinja2 makes of it only up to 200, and trees are walked by functions that call themselves."""
MAX_BLOCKS = 16
"""Loops and conditions inside of each other; Python compiles at most twenty loops."""
_WIDTH = re.compile(r"%[^a-zA-Z%]*?(\*|\d{5,})|%\([\s\S]*\d{5,}")


class _Undefined(jinja2.StrictUndefined):
    """A name that nothing stands for; every use but a test for it raises."""

    def _fail_with_undefined_error(self, *args: Any, **kwargs: Any) -> Any:
        raise self._error()

    def _error(self) -> TemplateError:
        if self._undefined_obj is jinja2.utils.missing:
            return UndefinedName(str(self._undefined_name))
        return access.missing(self._undefined_obj, self._undefined_name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise self._error()

    __str__ = __iter__ = __len__ = __bool__ = __eq__ = __ne__ = _fail_with_undefined_error
    __hash__ = _fail_with_undefined_error
    __contains__ = __getitem__ = __call__ = __lt__ = __le__ = __gt__ = __ge__ = _fail_with_undefined_error
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = __pos__ = _fail_with_undefined_error
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _fail_with_undefined_error
    __pow__ = __rpow__ = __int__ = __float__ = __complex__ = _fail_with_undefined_error


class Sandbox(ImmutableSandboxedEnvironment):
    """Looks up as `flow.access` says, and checks the size of what operators and filters make."""

    intercepted_binops = frozenset(("+", "*", "**", "%", "/", "//", "-"))

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, jinja2.Undefined):
            return obj
        if isinstance(obj, jinja2.runtime.LoopContext) and not attribute.startswith("_"):
            return getattr(obj, attribute)
        try:
            return access.attribute(obj, attribute)
        except TemplateError:
            return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, jinja2.Undefined):
            return obj
        try:
            return access.subscript(obj, argument)
        except TemplateError:
            return self.undefined(obj=obj, name=argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return False

    def is_safe_callable(self, obj: Any) -> bool:
        if isinstance(obj, access.BoundMethod) or obj in self.globals.values():
            return True
        owner = getattr(obj, "__self__", None)
        name = getattr(obj, "__name__", "")
        if owner is None or isinstance(owner, type):
            return False
        if isinstance(owner, jinja2.runtime.LoopContext):
            return name in ("cycle", "changed")
        try:
            return bool(access.attribute(owner, name) == obj) or name in ("get", "items", "keys", "values")
        except TemplateError:
            return name in ("get", "items", "keys", "values") and isinstance(owner, Mapping)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        _check_operands(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def _generate(self, source: nodes.Template, name: Any, filename: Any, defer_init: bool = False) -> str:
        return super()._generate(_Bounding().visit(source), name, filename, defer_init)


class _Bounding(NodeTransformer):
    """Turns `a ~ b`, which the sandbox does not intercept, into a filter that checks the size."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        parts = nodes.List([self.visit(part) for part in node.nodes], lineno=node.lineno)
        return nodes.Filter(parts, "wf_concat", [], [], None, None, lineno=node.lineno)


def _size(value: Any) -> int | None:
    return len(value) if isinstance(value, str | bytes | list | tuple) else None


def _check_operands(operator: str, left: Any, right: Any) -> None:
    if operator == "+":
        sizes = _size(left), _size(right)
        if sizes[0] is not None and sizes[1] is not None:
            check_size(sizes[0] + sizes[1])
    elif operator == "*":
        for value, times in ((left, right), (right, left)):
            if (size := _size(value)) is not None and isinstance(times, int):
                check_size(size * times)
        if isinstance(left, int) and isinstance(right, int):
            _check_bits(left.bit_length() + right.bit_length())
    elif operator == "**":
        if isinstance(left, int) and isinstance(right, int) and right > 0 and abs(left) > 1:
            _check_bits(left.bit_length() * right)
    elif operator == "%" and isinstance(left, str | bytes):
        check_weight(right)
        check_size(len(left) + _format_weight(right) * left.count("%" if isinstance(left, str) else b"%"))  # type: ignore[arg-type]
        _check_format(left if isinstance(left, str) else left.decode("latin-1"))


def _format_weight(arguments: Any) -> int:
    """The characters of the longest text among the arguments of a format; lists are weighed as a whole."""
    parts = (
        arguments.values()
        if isinstance(arguments, dict)
        else arguments
        if isinstance(arguments, tuple)
        else (arguments,)
    )
    return max((len(part) for part in parts if isinstance(part, str | bytes)), default=0)


def _check_bits(bits: int) -> None:
    if bits > MAX_BITS:
        raise TooLarge(f"a template may make numbers of at most {MAX_BITS} bits")


def _check_format(text: str) -> None:
    if _WIDTH.search(text):
        raise TooLarge("a format in a template may have widths of at most four digits, and no '*'")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    check_weight(value)
    return str(value)


def _finalize(value: Any) -> Any:
    """What a mixed text is about to write."""
    if not isinstance(value, str):
        check_weight(value)
    return value


def _weighed(filter_: Callable[..., Any], passes: int) -> Callable[..., Any]:
    """A filter that writes its value as text, behind a check of the size; `passes` are arguments that jinja2 adds."""

    @wraps(filter_)
    def weighed(*args: Any, **kwargs: Any) -> Any:
        check_weight(args[passes])
        return filter_(*args, **kwargs)

    return weighed


def _sum(environment: Any, iterable: Iterable[Any], attribute: str | int | None = None, start: Any = 0) -> Any:
    if not isinstance(start, int | float | Decimal):
        raise TemplateError("the filter 'sum' adds numbers only")
    return filters.sync_do_sum(environment, iterable, attribute, start)


def _concat(parts: Iterable[Any]) -> str:
    texts = [_text(part) for part in parts]
    check_size(sum(map(len, texts)))
    return "".join(texts)


def _join(eval_ctx: Any, value: Iterable[Any], d: Any = "", attribute: str | None = None) -> str:
    between = _text(d)
    texts: list[str] = []
    size = 0
    for part in filters.sync_do_map(eval_ctx, value, attribute=attribute) if attribute is not None else value:
        texts.append(_text(part))
        size += len(texts[-1]) + len(between)
        check_size(size)
    return between.join(texts)


def _replace(value: Any, old: Any, new: Any, count: int | None = None) -> str:
    return cast(str, access.attribute(_text(value), "replace")(_text(old), _text(new), -1 if count is None else count))


def _center(value: Any, width: int = 80) -> str:
    return cast(str, access.attribute(_text(value), "center")(width))


def _format(value: Any, *args: Any, **kwargs: Any) -> str:
    _check_operands("%", _text(value), kwargs or args)
    return _text(value) % (kwargs or args)


def _indent(value: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    text = _text(value)
    check_size(len(text) + (width if isinstance(width, int) else len(width)) * (text.count("\n") + 1))
    return filters.do_indent(text, width, first, blank)


def _batch(value: Iterable[Any], linecount: int, fill_with: Any = None) -> list[list[Any]]:
    check_size(linecount)
    return list(filters.do_batch(value, linecount, fill_with))


def _slice(value: Any, slices: int, fill_with: Any = None) -> list[list[Any]]:
    check_size(slices)
    return list(filters.sync_do_slice(value, slices, fill_with))


def _round(value: float, precision: int = 0, method: Any = "common") -> float:
    check_size(0 if abs(precision) <= 300 else MAX_SIZE + 1)
    return filters.do_round(value, precision, method)


def _wordwrap(environment: Any, text: str, width: int = 79, *args: Any, **kwargs: Any) -> str:
    check_size(len(text) * (1 + len(_text(kwargs.get("wrapstring") or "\n"))))
    return filters.do_wordwrap(environment, text, width, *args, **kwargs)


def _tojson(value: Any, indent: int | None = None) -> str:
    check_size(0 if indent is None or indent <= 16 else MAX_SIZE + 1)
    texts: list[str] = []
    size = 0
    for text in json.JSONEncoder(ensure_ascii=False, indent=indent, default=_listed).iterencode(value):
        size += len(text)
        check_size(size)
        texts.append(text)
    return "".join(texts)


def _listed(value: Any) -> Any:
    if access.is_opaque(value):
        return dict(value) if isinstance(value, Mapping) else list(islice(value, MAX_SIZE))
    raise TypeError(f"a value of type {type(value).__name__} has no JSON form; make it a string first")


def _environment() -> Sandbox:
    sandbox = Sandbox(
        undefined=_Undefined,
        optimized=False,
        keep_trailing_newline=True,
        finalize=_finalize,
        auto_reload=False,
        cache_size=0,
    )
    sandbox.globals = {"range": sandbox.globals["range"], "dict": dict}
    for name in _REMOVED_FILTERS:
        del sandbox.filters[name]
    own: dict[str, Callable[..., Any]] = {
        "wf_concat": _concat,
        "replace": _replace,
        "center": _center,
        "format": _format,
        "indent": _indent,
        "batch": _batch,
        "slice": _slice,
        "round": _round,
        "tojson": _tojson,
        "join": jinja2.pass_eval_context(_join),
        "wordwrap": jinja2.pass_environment(_wordwrap),
        "sum": jinja2.pass_environment(_sum),
    }
    for name in _WRITING_FILTERS:
        original: Any = sandbox.filters[name]
        own[name] = _weighed(original, 1 if hasattr(original, "jinja_pass_arg") else 0)
    sandbox.filters.update(own)
    return sandbox


ENVIRONMENT = _environment()


def parse_expression(text: str) -> nodes.Expr:
    """The tree of a bare expression. Raises `Unreadable`."""
    try:
        parser = Parser(ENVIRONMENT, text, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise Unreadable(f"unexpected '{_token(parser.stream.current)}' after the expression")
    except jinja2.TemplateSyntaxError as error:
        raise Unreadable(_sentence(error), error.lineno) from None
    except RecursionError:
        raise Unreadable("the expression is nested too deep") from None
    _check_depth(tree, "expression")
    return tree


def parse_template(text: str) -> nodes.Template:
    """The tree of a mixed text. Raises `Unreadable`, also for statements that flows do not have."""
    try:
        tree = ENVIRONMENT.parse(text)
    except jinja2.TemplateSyntaxError as error:
        raise Unreadable(_sentence(error), error.lineno) from None
    except RecursionError:
        raise Unreadable("the template is nested too deep") from None
    _check_depth(tree, "template")
    for statement in tree.find_all(nodes.Stmt):
        if not isinstance(statement, _STATEMENTS):
            name = type(statement).__name__.lower()
            raise Unreadable(f"'{{% {name} %}}' is not available in flows", statement.lineno)
        if isinstance(statement, nodes.For) and statement.recursive:
            raise Unreadable("a recursive loop is not available in flows", statement.lineno)
    return tree


def _check_depth(tree: nodes.Node, what: str) -> None:
    """Raises `Unreadable` for a tree that could be parsed but is too deep to be looked through or compiled."""
    left = [(tree, 1, 0)]
    while left:
        node, depth, blocks = left.pop()
        blocks += isinstance(node, nodes.For | nodes.If | nodes.With | nodes.AssignBlock)
        if depth > MAX_DEPTH or blocks > MAX_BLOCKS:
            raise Unreadable(f"the {what} is nested too deep", node.lineno)
        left.extend((child, depth + 1, blocks) for child in node.iter_child_nodes())


def check_names(tree: nodes.Node) -> None:
    """Raises `Unreadable` for a filter or test that does not exist, with the near ones."""
    kinds = (nodes.Filter, nodes.Test)
    for node in [*([tree] if isinstance(tree, kinds) else []), *tree.find_all(kinds)]:
        known: Mapping[str, Any] = ENVIRONMENT.filters if isinstance(node, nodes.Filter) else ENVIRONMENT.tests
        name = cast(str, cast(Any, node).name)
        if name not in known or name == "wf_concat":
            what = "filter" if isinstance(node, nodes.Filter) else "test"
            raise Unreadable(f"there is no {what} '{name}'", node.lineno, did_you_mean(name, known) or None)


def compile_expression(tree: nodes.Expr) -> Callable[[Mapping[str, Any]], Any]:
    """A function from names to the expression's value."""
    body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), tree, lineno=1)]
    template = ENVIRONMENT.from_string(nodes.Template(body, lineno=1))

    def evaluate(names: Mapping[str, Any]) -> Any:
        context = template.new_context(dict(names))
        for _ in template.root_render_func(context):
            pass
        return settle(context.vars["result"])

    return evaluate


def settle(value: Any, depth: int = 4) -> Any:
    """The value without what only jinja2 knows: undefined raises, generators become lists, markup becomes text."""
    if isinstance(value, jinja2.Undefined):
        value._fail_with_undefined_error()
    if isinstance(value, Markup):
        return str.__str__(value)
    if isinstance(value, range):
        return list(value)
    if isinstance(value, GeneratorType):
        made = [settle(element, depth - 1) for element in islice(value, MAX_SIZE + 1)]
        check_size(len(made))
        return made
    if depth:
        for element in value if type(value) in (list, tuple) else value.values() if type(value) is dict else ():
            if isinstance(element, jinja2.Undefined | GeneratorType | Markup):
                return _settled_copy(value, depth)
    return value


def _settled_copy(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return {key: settle(element, depth - 1) for key, element in value.items()}
    return type(value)([settle(element, depth - 1) for element in value])


def compile_text(tree: nodes.Template) -> Callable[[Mapping[str, Any]], str]:
    """A function from names to the rendered text."""
    template = ENVIRONMENT.from_string(tree)

    def render(names: Mapping[str, Any]) -> str:
        pieces: list[str] = []
        size = 0
        for piece in template.root_render_func(template.new_context(dict(names))):
            size += len(piece)
            check_size(size)
            pieces.append(piece)
        return "".join(pieces)

    return render


def _sentence(error: jinja2.TemplateSyntaxError) -> str:
    message = (error.message or "syntax error").rstrip(".")
    return "something is missing at its end" if message.startswith("unexpected 'end of ") else message


def _token(token: Any) -> str:
    return str(token.value)[:40]
