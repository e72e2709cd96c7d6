"""Templates: values keep their types, data is never rendered, nothing escapes and nothing grows."""

from __future__ import annotations

import datetime
import subprocess
import sys
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_workflow.flow import template
from tui_workflow.flow.references import References
from tui_workflow.flow.template import TemplateError, code_references, compile_expression, compile_value, render_tree


class Lazy:
    """What a worker's view of a step looks like to a template."""

    __wf_plain__ = True

    def __init__(self) -> None:
        self.status = "succeeded"
        self.secret_calls = 0

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, int):
            return [1, 2, 3][key]
        return {"result": 5}[key]

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Any:
        return iter([1, 2, 3])


NAMES: dict[str, Any] = {
    "params": {"n": 3, "word": "abc", "list": [1, 2, 3]},
    "item": {"name": "x", "items": 7, "keys": [0], "deep": {"er": [10, {"k": "v"}]}, "1": "one"},
    "steps": {"a": Lazy(), "my-step": {"result": 1}},
    "index": 4,
    "key": "k1",
    "env": {},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("{{ params.n }}", 3),
        ("  {{ params.n }}\n", 3),
        ("{{- params.n -}}", 3),
        ("{{ args.n }}", 3),
        ("{{ args.n + 1 }}", 4),
        ("n={{ params.n }}", "n=3"),
        ("{{ params.n }}{{ params.n }}", "33"),
        ("{{ params.list }}", [1, 2, 3]),
        ("{{ item.items }}", 7),
        ("{{ item.keys[0] }}", 0),
        ("{{ item['1'] }}", "one"),
        ("{{ item.deep.er[1].k }}", "v"),
        ("{{ item.deep.er[-1].k }}", "v"),
        ("{{ params.list[1:] }}", [2, 3]),
        ("{{ params.list|map('string')|join('-') }}", "1-2-3"),
        ("{{ params.list|map('string') }}", ["1", "2", "3"]),
        ("{{ range(3) }}", [0, 1, 2]),
        ("{{ {'a': [params.n]} }}", {"a": [3]}),
        ("{{ params.word|upper }}", "ABC"),
        ("{{ params.word.upper() }}", "ABC"),
        ("{{ params.word|e }}", "abc"),
        ("{{ '<' }}", "<"),
        ("{{ '<'|e }}", "&lt;"),
        ("{{ steps.a.status }}", "succeeded"),
        ("{{ steps['a'].result }}", 5),
        ("{{ steps.a|length }}", 3),
        ("{{ steps.a|sum }}", 6),
        ("{{ steps['my-step'].result }}", 1),
        ("{{ none }}", None),
        ("{{ true }}", True),
        ("{{ '}}' }}", "}}"),
        ("{{ params.missing|default('d') }}", "d"),
        ("{{ missing is defined }}", False),
        ("{% for n in params.list if n > 1 %}{{ n }}{% if not loop.last %},{% endif %}{% endfor %}", "2,3"),
        ("{% set x = params.n * 2 %}{{ x }}!", "6!"),
        ("a{# comment #}b", "ab"),
        ("{{ item|tojson }}".replace("item", "params.list"), "[1, 2, 3]"),
        ("{{ 'ab' ~ params.n }}", "ab3"),
        ("{{ [1, 2.5]|sum }}", 3.5),
        ("{{ [item]|sum(attribute='items') }}", 7),
        ("{{ params.list|string }}", "[1, 2, 3]"),
        ("{{ params.list|join(', ')|title }}", "1, 2, 3"),
        ("{{ 'a b'|urlencode }}", "a%20b"),
        ("{{ 'abc def'|truncate(4, true, '…', 0) }}", "abc…"),
        ("{{ '%(a)s and %(b)s' % {'a': 1, 'b': 'x'} }}", "1 and x"),
        ("v: {{ none }} {{ params.list }}", "v: None [1, 2, 3]"),
        ("{{ '%05d' % params.n }}", "00003"),
        ("{{ '%s-%s'|format(1, 2) }}", "1-2"),
        ("line\n", "line\n"),
        ("{{ params.word }}\nline\n", "abc\nline\n"),
    ],
)
def test_value(text: str, value: object) -> None:
    got = compile_value(text).render(NAMES)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (datetime.date(2024, 2, 1), "{{ item.year }}", 2024),
        (datetime.datetime(2024, 2, 1, 3), "{{ item.isoformat() }}", "2024-02-01T03:00:00"),
        (PurePosixPath("/a/b.txt"), "{{ item.stem }}", "b"),
        (Decimal("1.5"), "{{ item * 2 }}", Decimal("3.0")),
        ("a.b", "{{ item.split('.') }}", ["a", "b"]),
        ("a.b", "{{ item.replace('.', '-') }}", "a-b"),
        ("a", "{{ item.ljust(3, '.') }}", "a.."),
        ({"a": 1}, "{{ item.get('b', 2) }}", 2),
        ({"a": 1}, "{% for k, v in item.items() %}{{ k }}{{ v }}{% endfor %}!", "a1!"),
    ],
)
def test_plain_objects_have_their_fields(value: object, text: str, expected: object) -> None:
    assert compile_value(text).render({"item": value}) == expected


@pytest.mark.parametrize(
    "text", ["{{ 7*7 }}", "{% raw %}", "{{ params.secret }}", "${HOME}", "{#", "1_000", "0x10", "null"]
)
def test_data_is_never_rendered(text: str) -> None:
    assert compile_value("{{ item }}").render({"item": text}) == text
    assert compile_value("<{{ item }}>").render({"item": text}) == f"<{text}>"
    assert render_tree({"a": ["{{ item }}", "{{ item|string }}"]}, {"item": text}) == {"a": [text, text]}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{{ itme }}", "{{ itme }}: 'itme' is not defined", "did you mean 'item'?"),
        ("{{ itme.x }}", "{{ itme.x }}: 'itme' is not defined", "did you mean 'item'?"),
        ("{{ itme + 1 }}", "{{ itme + 1 }}: 'itme' is not defined", "did you mean 'item'?"),
        ("a {{ itme }}", "a {{ itme }}: 'itme' is not defined", "did you mean 'item'?"),
        ("{{ item.nmae }}", "{{ item.nmae }}: the mapping has no 'nmae'", "did you mean 'name'?"),
        ("{{ item.nmae|upper }}", "{{ item.nmae|upper }}: the mapping has no 'nmae'", "did you mean 'name'?"),
        ("{{ item['nmae'] }}", "{{ item['nmae'] }}: the mapping has no 'nmae'", "did you mean 'name'?"),
        ("{{ params.list[7] }}", "{{ params.list[7] }}: no element 7: the list has 3", None),
        ("{{ [item.zz] }}", "{{ [item.zz] }}: the mapping has no 'zz'", "it has: name, items, keys, deep, 1"),
        ("{{ params.n.x }}", "{{ params.n.x }}: the int has no 'x'", None),
        ("{{ none.x }}", "{{ none.x }}: null has no 'x'", None),
        ("{{ 1 / 0 }}", "{{ 1 / 0 }}: division by zero", None),
        ("{{ params.word.upper }}", "{{ params.word.upper }}: the value is a method; call it with ()", None),
        ("{{ steps.a.reslt }}", "{{ steps.a.reslt }}: the Lazy has no 'reslt'", None),
    ],
)
def test_an_error_names_what_is_near(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(TemplateError) as caught:
        compile_value(text).render(NAMES)
    assert (caught.value.message, caught.value.hint) == (message, hint)


ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('format') }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ 'x'.format_map({}) }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ joiner }}",
    "{{ lipsum() }}",
    "{{ namespace(a=1) }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ params.__class__ }}",
    "{{ params.list.append(1) }}",
    "{{ params.pop('n') }}",
    "{{ params.update({'n': 1}) }}",
    "{{ steps.a.__init__ }}",
    "{{ steps.a._x }}",
    "{{ steps.a['__init__'] }}",
    "{{ range.__class__ }}",
    "{{ dict.fromkeys([1]) }}",
    "{{ dict.__subclasses__() }}",
    "{{ (1).to_bytes(10**9, 'big') }}",
    "{{ params.list|map(attribute='__class__')|list }}",
    "{{ [params]|map(attribute='__class__')|first }}",
    "{{ params.list|map('attr', '__class__')|list }}",
    "{{ [''.upper]|first }}",
    "{{ ['{0.__class__}'.format]|first }}",
    "{{ ['{0.__class__}']|map(attribute='format')|first }}",
    "{{ ['{0.__class__}']|map('attr', 'format')|first }}",
    "{{ dict(f='{0.__class__}'.format).f(1) }}",
    "{{ item.deep.get.__self__ }}",
    "{{ item.deep.get.__globals__ }}",
    "{{ caller() }}",
    "{% include '/etc/passwd' %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% extends 'x' %}",
    "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "{% filter attr('x') %}{% endfilter %}",
    "{% block b %}{{ self.b }}{% endblock %}",
    "{% set params.x = 1 %}x",
    "{% for x in [1] %}{{ loop.__init__ }}{% endfor %}",
    "{% for x in [1] %}{{ loop._iterable }}{% endfor %}",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_an_escape_is_refused(text: str) -> None:
    names = {**NAMES, "params": dict(NAMES["params"])}
    with pytest.raises(TemplateError):
        compile_value(text).render(names)
    assert names["params"] == NAMES["params"]


BOMBS = [
    "{{ 'x' * 10**8 }}",
    "{{ 10**8 * 'x' }}",
    "{{ [0] * 10**9 }}",
    "{{ 10**(10**7) }}",
    "{{ 7 ** (10**8) }}",
    "{{ (10**20000) * (10**20000) }}",
    "{{ '%0900000000d' % 1 }}",
    "{{ '%*d' % (900000000, 1) }}",
    "{{ '%0900000000d'|format(1) }}",
    "{{ 'a'.ljust(10**9) }}",
    "{{ 'a'.zfill(10**9) }}",
    "{{ 'a'|center(10**9) }}",
    "{{ 'a\nb'|indent(10**9) }}",
    "{{ ('a'*1000).replace('a', 'b' * 100000) }}",
    "{{ ('a'*1000)|replace('a', 'b' * 100000) }}",
    "{{ (',' * 100000).join('x' * 1000) }}",
    "{{ ('x' * 1000)|join(',' * 100000) }}",
    "{{ '\t'.expandtabs(10**9) }}",
    "{{ [1]|batch(10**9, 0)|list }}",
    "{{ [1]|slice(10**9)|list }}",
    "{{ 1|round(10**8, 'ceil') }}",
    "{{ range(10**9) }}",
    "{{ [1]|tojson(10**9) }}",
    "{{ (['x' * 1000000] * 1000)|string }}",
    "{{ (['x' * 1000000] * 1000)|upper }}",
    "{{ (['x' * 1000000] * 1000)|tojson }}",
    "{{ ('%s' * 1000) % (('x' * 1000000,) * 1000) }}",
    "{{ '%(a)0900000000d' % {'a': 1} }}",
    "{{ ('%(a)s' * 1000) % {'a': 'x' * 1000000} }}",
    "{{ ('%s' * 1000)|format(*(('x' * 1000000,) * 1000)) }}",
    "{{ ([[0] * 1000000] * 1000)|sum(start=[]) }}",
    "a{{ ['x' * 1000000] * 1000 }}",
    "{% set a = 'x' * 1000000 %}{% set b = [a,a,a,a,a,a,a,a] %}{% set c = [b,b,b,b,b,b] %}{{ c }}!",
    "{% set a = 'x' * 1000000 %}" + "{% set a = a ~ a %}" * 20 + "{{ a|length }}!",
    "{% set a = 'x' * 1000000 %}" + "{% set a = a + a %}" * 20 + "{{ a|length }}!",
    "{% set a = [0] * 1000000 %}" + "{% set a = a + a %}" * 20 + "{{ a|length }}!",
    "{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
    "{{ " + "(" * 5000 + ")" * 5000 + " }}",
    "{{ " + "-" * 50000 + "1 }}",
]


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_what_would_grow_is_refused_quickly(text: str) -> None:
    compile_value("{{ 1 + 1 }}").render({})
    began = time.perf_counter()
    with pytest.raises(TemplateError):
        compile_value(text).render({})
    assert time.perf_counter() - began < 2


def deep(levels: int) -> dict[str, str]:
    """What is so many levels deep: trees that jinja2 parses in a loop, and then can neither look through nor compile."""
    return {
        "sum": "{{ 1" + " + 1" * levels + " }}",
        "filters": "{{ 'a'" + "|upper" * levels + " }}",
        "path": "{{ ('a'" + "['b']" * levels + ")|default(1) }}",
        "choice": "{{ " + "1 if 0 else " * levels + "1 }}",
        "text": "a{{ 1" + " + 1" * levels + " }}",
        "lists": "{{ " + "[" * levels + "]" * levels + " }}",
        "loops": "{% for a in [1] %}" * levels + "x" + "{% endfor %}" * levels,
        "conditions": "{% if 1 %}" * levels + "x" + "{% endif %}" * levels,
    }


@pytest.mark.parametrize("levels", [110, 210, 400, 3000])
@pytest.mark.parametrize("name", deep(0))
def test_what_is_too_deep_is_found_by_the_check(name: str, levels: int) -> None:
    text = deep(levels)[name]
    with pytest.raises(TemplateError, match="nested too deep"):
        template.check(text)
    with pytest.raises(TemplateError, match="nested too deep"):
        compile_value(text).render({})


@pytest.mark.parametrize(
    ("name", "levels"), [("sum", 90), ("filters", 90), ("choice", 90), ("lists", 60), ("loops", 16)]
)
def test_what_is_deep_but_not_too_deep_is_a_value(name: str, levels: int) -> None:
    template.check(deep(levels)[name])
    assert compile_value(deep(levels)[name]).render({})


PIECES = st.sampled_from(
    [".name", ".items", "['name']", '["items"]', ".deep", ".er", "[0]", "[1]", ".k", "['k']", ".get", ".zz", "[9]"]
)


@settings(max_examples=300, deadline=None)
@given(root=st.sampled_from(["item", "params", "args", "index", "steps.a", "nope"]), keys=st.lists(PIECES, max_size=4))
def test_the_short_path_agrees_with_jinja2(root: str, keys: list[str]) -> None:
    expression = root + "".join(keys)
    assert template.path_of(expression) is not None
    short = template._follow(*template.path_of(expression) or ("", ()))
    long = template._compile_slow(f"{{{{ {expression} }}}}", expression)

    def outcome(evaluate: Any) -> tuple[str, Any]:
        try:
            value = evaluate(NAMES)
        except TemplateError as error:
            return "error", error.message
        return "value", value

    assert outcome(short) == outcome(long)
    from tui_workflow.flow.references import of_path, of_tree
    from tui_workflow.flow.sandbox import parse_expression

    assert of_path(*template.path_of(expression) or ("", ())) == of_tree(parse_expression(expression))


def test_the_short_path_does_not_import_jinja2() -> None:
    code = (
        "import sys; from tui_workflow.flow.template import *; from tui_workflow.flow import template\n"
        "assert template.check('{{ steps.a.result }}').steps == {'a'}\n"
        "assert compile_value('{{ item[\"a\"].b }}').render({'item': {'a': {'b': 1}}}) == 1\n"
        "assert not {'jinja2', 'yaml', 'pydantic'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


def test_only_the_names_that_are_used_are_looked_up() -> None:
    class Costly(Mapping[str, Any]):
        def __getitem__(self, name: str) -> Any:
            assert name == "item"
            return 2

        def __iter__(self) -> Any:
            raise AssertionError

        def __len__(self) -> int:
            return 2

        def __contains__(self, name: object) -> bool:
            return name in ("item", "steps")

    assert compile_value("{{ item }}").render(Costly()) == 2
    assert compile_value("{{ item * 2 }}").render(Costly()) == 4
    assert compile_value("a{{ item }}").render(Costly()) == "a2"


@pytest.mark.parametrize(
    ("text", "value"),
    [("params.n > 2", True), ("{{ params.n > 3 }}", False), ("true", True), ("params.n", 3), ("not params.n", False)],
)
def test_expression(text: str, value: object) -> None:
    assert compile_expression(text).render(NAMES) is value


def refer(
    *names: str,
    steps: tuple[str, ...] = (),
    params: tuple[str, ...] = (),
    fields: tuple[tuple[str, str], ...] = (),
    dynamic: bool = False,
) -> References:
    return References(frozenset(names), frozenset(steps), frozenset(params), dynamic, fields=frozenset(fields))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ steps.a.result }}", refer("steps", steps=("a",), fields=(("a", "result"),))),
        ("{{ steps['a-b'].result|length }}", refer("steps", steps=("a-b",), fields=(("a-b", "result"),))),
        ("{{ steps.a['total'] ~ steps.a.get('x') }}", refer("steps", steps=("a",), fields=(("a", "total"),))),
        (
            "{{ steps.a.result + steps['b'].result }} {{ params.n }}",
            refer("steps", "params", steps=("a", "b"), params=("n",), fields=(("a", "result"), ("b", "result"))),
        ),
        ("{{ steps[item].result }}", refer("steps", "item", dynamic=True)),
        ("{{ steps }}", refer("steps", dynamic=True)),
        ("{{ steps|length }}", refer("steps", dynamic=True)),
        ("{{ steps.values() }}", refer("steps", dynamic=True)),
        ("{{ steps.a.b ~ steps.keys() }}", refer("steps", steps=("a",), fields=(("a", "b"),), dynamic=True)),
        (
            "{% for item in steps.a.result %}{{ item }}{% endfor %}",
            refer("steps", steps=("a",), fields=(("a", "result"),)),
        ),
        ("{% for x in item %}{{ x }}{% endfor %}", refer("item")),
        ("{{ 'steps.a' }}", refer()),
        ("steps.a", refer()),
    ],
)
def test_references(text: str, found: References) -> None:
    assert compile_value(text).references == found


@pytest.mark.parametrize(
    ("code", "steps", "params", "dynamic"),
    [
        ("x = steps['a']['result']", {"a"}, set(), False),
        ("x = steps.a.result + steps.get('b').result", {"a", "b"}, set(), False),
        ("x = [steps['a'] for _ in params['n']]", {"a"}, {"n"}, False),
        ("x = steps[name]", set(), set(), True),
        ("for s in steps: pass", set(), set(), True),
        ("f(steps)", set(), set(), True),
        ("x = steps.items()", set(), set(), True),
        ("steps = [1]\nx = steps[0]", set(), set(), False),
        ("x = 'steps.a'  # steps['b']", set(), set(), False),
        ("x = f\"{steps['a']}\"", {"a"}, set(), False),
    ],
)
def test_code_references(code: str, steps: set[str], params: set[str], dynamic: bool) -> None:
    found = code_references(code)
    assert (found.steps, found.params, found.dynamic) == (frozenset(steps), frozenset(params), dynamic)
