"""Queries and Parquet files as sources: what the check says of them, and what their texts refer to."""

from __future__ import annotations

import sys
import textwrap

import jsonschema
import pytest

from tui_workflow.flow.diff import diff
from tui_workflow.flow.foreach import JSON_HINT
from tui_workflow.flow.load import examine
from tui_workflow.flow.plan import Plan
from tui_workflow.flow.schema import json_schema

from .conftest import Examine

STEP = "steps:\n  a:\n    type: python\n    inputs: {code: result = 1}\n    for_each:\n"


def flow(source: str, before: str = "") -> str:
    """A flow with one step, whose source stands from line 6 on (after `before`), column 7."""
    return before + STEP + textwrap.indent(textwrap.dedent(source).strip("\n"), "      ") + "\n"


def plan_of(text: str, check: Examine) -> Plan:
    plan, problems = check(text)
    assert problems == []
    assert plan is not None
    return plan


@pytest.mark.parametrize(
    ("source", "line", "column", "message", "hint"),
    [
        ("sql: select 1", 6, 7, "'sql' of … needs a 'database'", "add database: FILE"),
        ("sql: ''\ndatabase: a.db", 6, 12, "'sql' of … is empty", ""),
        ("sql: 5\ndatabase: a.db", 6, 12, "'sql' of … must be a string, not the number 5", ""),
        ("sql: select 1\ndatabase: ''", 7, 17, "'database' of … is empty", ""),
        ("sql: select 1\ndatabase: [a]", 7, 17, "'database' of … must be a string, not a list", ""),
        (
            "sql: drop table a\ndatabase: a.db",
            6, 12, "'sql' of …: 'drop' begins no query", "a query begins with select, with or values",
        ),
        (
            "sql: |\n  select a\n  from b; delete from b\ndatabase: a.db",
            8, 17, "'sql' of …: a second statement: one query lists the items", "keep one of them",
        ),
        (
            "sql: |\n  select a from b\n  where a = '{{ params.p }}'\ndatabase: a.db",
            8, 20, "'sql' of … cannot hold a template: its value would be read as SQL",
            'write :name there, and args: {name: "{{ … }}"} beside it',
        ),
        (
            "sql: select a from {{ params.nobody }}\ndatabase: a.db",
            6, 26, "'sql' of … cannot hold a template: its value would be read as SQL",
            'write :name there, and args: {name: "{{ … }}"} beside it',
        ),
        (
            "sql: select :p, :other\ndatabase: a.db\nargs: {p: 1, othre: 2}",
            6, 23, "'sql' of … asks for :other, which 'args' does not give", "did you mean 'othre'?",
        ),
        (
            "sql: select :p\ndatabase: a.db",
            6, 19, "'sql' of … asks for :p, which 'args' does not give", "add args: {p: …}",
        ),
        (
            "sql: select ?\ndatabase: a.db",
            6, 19, "'sql' of …: the value '?' has no name that 'args' could give it by",
            "write a name, such as :id",
        ),
        (
            "sql: select 1\ndatabase: a.db\nargs: {p: 1}",
            8, 14, "'p' in 'args' of … has no effect: the query has no :p", "",
        ),
        (
            "sql: select :p\ndatabase: a.db\nargs: {p: [1, 2]}",
            8, 17, "'p' in 'args' of … must be one value, not a list", "",
        ),
        (
            "sql: select 1\ndatabase: a.db\nargs: [1]",
            8, 13, "'args' of … must be a mapping of names to values, not a list", "",
        ),
        (
            'sql: select :p\ndatabase: a.db\nargs: {p: "{{ item }}"}',
            8, 21, "'item' is not known here: this text is for the whole step", "",
        ),
        (
            'sql: select :p\ndatabase: a.db\nargs: {p: "{{ params.q }}"}',
            8, 28, "there is no parameter 'q'", "params: p",
        ),
        ("file: a.csv\ndatabase: a.db", 7, 7, "'database' of … goes only with 'sql'", ""),
        ("range: 3\nargs: {a: 1}", 7, 7, "'args' of … goes only with 'sql'", ""),
        ("sql: select 1\ndatabase: a.db\ncolumns: [a]", 8, 7, "'columns' of … goes only with 'parquet'", ""),
        ("file: a.csv\ncolumns: [a]", 7, 7, "'columns' of … goes only with 'parquet'", ""),
        ("parquet: a.parquet\nformat: csv", 7, 7, "'format' of … goes only with 'file'", ""),
        ("parquet: ''", 6, 16, "'parquet' of … is empty", ""),
        ("parquet: a.parquet\ncolumns: []", 7, 16, "'columns' of … is empty", "leave it out for all columns"),
        ("parquet: a.parquet\ncolumns: [a, b, a]", 7, 16, "'columns' of … names 'a' twice", ""),
        (
            "parquet: a.parquet\ncolumns: [a, 1]",
            7, 20, "a name in 'columns' of … must be a string, not the number 1", "",
        ),
        (
            "file: a.parquet",
            6, 13, "'file' of … reads no Parquet", "write {parquet: a.parquet}",
        ),
        ("file: rows.json", 6, 13, "'file' of … reads no JSON", JSON_HINT),
        ("json: rows.json", 6, 7, "…: there is no source 'json'", JSON_HINT),
        (
            "file: jobs.SQLite", 6, 13, "'file' of … reads no database", 'write {sql: "select …", database: jobs.SQLite}',
        ),
    ],
)  # fmt: skip
def test_what_is_wrong(source: str, line: int, column: int, message: str, hint: str, check: Examine) -> None:
    if "parquet:" in source:
        pytest.importorskip("pyarrow")
    _, problems = check(flow(source, "params: {p: 1}\n"))
    found = [(problem.line - 1, problem.column, problem.message, problem.hint) for problem in problems]
    assert found == [(line, column, message.replace("…", "'for_each' of step 'a'"), hint)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("parquet: a.parquet", {}),
        ("parquet: a.parquet\ncolumns: [a, b]\nlimit: 2", {"columns": ("a", "b"), "limit": 2}),
        ("parquet: a.parquet\ncolumns: a", {"columns": ("a",)}),
        ('parquet: a.parquet\ncolumns: "{{ params.p }}"', {"columns": "{{ params.p }}"}),
    ],
)
def test_a_parquet_file(written: str, expected: dict[str, object], check: Examine) -> None:
    pytest.importorskip("pyarrow")
    source = plan_of(flow(written, "params: {p: 1}\n"), check)["a"].step.for_each
    assert source is not None
    assert source.model_dump(exclude_none=True) == {"kind": "parquet", "value": "a.parquet", **expected}


def test_a_query_waits_for_the_step_that_its_values_name(check: Examine) -> None:
    first = "  first: {type: python, needs: [], inputs: {code: result = 1}}\n"
    source = 'sql: select :p\ndatabase: a.db\nargs: {p: "{{ steps.first.result }}"}'
    text = flow(source).replace("steps:\n", "steps:\n" + first, 1).replace("  a:\n", "  a:\n    needs: []\n")
    assert plan_of(text, check)["a"].needs == ("first",)


def test_an_edit_of_a_query_is_a_structural_change(check: Examine) -> None:
    before = plan_of(flow("sql: select 1 as a\ndatabase: a.db"), check)
    after = plan_of(flow("sql: select 2 as a\ndatabase: a.db"), check)
    (change,) = diff(before, after).steps[0].changes
    assert (change.key, change.kind) == ("for_each", "structural")
    assert change.new == '{"sql": "select 2 as a", "database": "a.db"}'


@pytest.mark.parametrize(
    ("source", "valid"),
    [
        ({"sql": "select 1", "database": "a.db"}, True),
        ({"sql": "select :a", "database": "a.db", "args": {"a": None, "b": "{{ params.x }}"}, "limit": 3}, True),
        ({"sql": "select 1"}, False),
        ({"database": "a.db"}, False),
        ({"sql": "select :a", "database": "a.db", "args": {"a": [1]}}, False),
        ({"sql": "select 1", "database": "a.db", "columns": ["a"]}, False),
        ({"parquet": "a.parquet"}, True),
        ({"parquet": "a.parquet", "columns": ["a"], "chunk": 2, "where": "item.a"}, True),
        ({"parquet": "a.parquet", "columns": []}, False),
        ({"parquet": "a.parquet", "format": "csv"}, False),
    ],
)
def test_the_schema_says_the_same(source: object, valid: bool) -> None:
    step = {"type": "python", "inputs": {"code": "result = 1"}, "for_each": source}
    assert jsonschema.Draft202012Validator(json_schema()).is_valid({"steps": {"a": step}}) is valid


def test_the_check_names_the_extra_that_is_missing(check: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    text = flow("parquet: a.parquet")
    plan, problems = check(text)
    assert plan is None
    (problem,) = problems
    assert problem.message == "'parquet' of 'for_each' of step 'a' needs pyarrow, which is not installed"
    assert problem.hint == "pip install 'tui-workflow[parquet]'"
    assert (problem.line, problem.column) == (6, 7)
    # Sources that need nothing are not asked about it, and a run that was made elsewhere can be looked at.
    assert check(flow("file: a.csv"))[1] == []
    assert examine("flow.yaml", text.encode(), {})[1] == []


def test_the_check_imports_no_package_for_it(check: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    check(flow("parquet: a.parquet"))
    assert "pyarrow" not in sys.modules
