"""A query is read as SQLite reads it: the same values are asked for, and what is no reading query has a problem."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.flow.sqltext import read


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("select 1", {}),
        ("  -- a comment\nSELECT :a, :b, :a", {"a": 22, "b": 26}),
        ("with t as (select :x as y) select y from t", {"x": 18}),
        ("with delete_me as (select 1) select * from delete_me", {}),
        ("with recursive c(n) as (values(1) union all select n + 1 from c where n < :n) select n from c", {"n": 74}),
        ("values (:a), (2);", {"a": 8}),
        ("select 1 ; -- the end\n /* of it", {}),
        ("/* :no */ select ':no', \":no\", `:no`, [:no], 'it''s :no' -- :no", {}),
        ("select a->>'x', 1.5e3, x'ff', \"a;b\", 'c;d' from t where a$b = :größe", {"größe": 62}),
        ("select replace(a, 'x', 'y'), \"insert\" from [update]", {}),
        ("\ufeffselect :a", {"a": 8}),
    ],
)
def test_what_a_query_asks_for(text: str, names: dict[str, int]) -> None:
    found = read(text)
    assert found.problems == []
    assert found.names == names


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("", 0, "there is no query"),
        (" ; -- nothing", 0, "there is no query"),
        ("insert into t values (1)", 0, "'insert' begins no query"),
        ("/* sly */ DROP table t", 10, "'DROP' begins no query"),
        ("pragma user_version = 3", 0, "'pragma' begins no query"),
        ("attach 'x.db' as x", 0, "'attach' begins no query"),
        ("explain select 1", 0, "'explain' begins no query"),
        ("vacuum into 'x.db'", 0, "'vacuum' begins no query"),
        ("(select 1)", 0, "'(' begins no query"),
        (":a", 0, "':a' begins no query"),
        ("with t as (select 1) insert into x select * from t", 21, "'insert' writes"),
        ("with t as (select 1), u as (select 2) Update x set a = 1", 38, "'Update' writes"),
        ("with t(a) as (values (1)) delete from x", 26, "'delete' writes"),
        ("select 1; select 2", 10, "a second statement"),
        ("select 1;\n-- why\ndrop table t", 17, "a second statement"),
        ("select 'it''s", 7, "a ' is not closed"),
        ('select "a', 7, 'a " is not closed'),
        ("select [a", 7, "a [ is not closed"),
        ("select * from t where a = ?", 26, "the value '?' has no name"),
        ("select ?12", 7, "the value '?12' has no name"),
        ("select @a", 7, "the value '@a' has no name"),
        ("select $a", 7, "the value '$a' has no name"),
    ],
)
def test_what_is_no_query_that_reads(text: str, offset: int, words: str) -> None:
    problem = read(text).problems[0]
    assert problem.offset == offset
    assert words in problem.message


def test_a_named_value_of_another_kind_is_told_how_to_be_written() -> None:
    assert read("select @state").problems[0].hint == "write :state"
    assert read("select ?").problems[0].hint == "write a name, such as :id"


_PIECES = st.sampled_from(
    [":a", ":b", ":c1", ":ü", "':a'", "'it''s :b'", "1.5", "x'61'", "-1", "(:a)", "/* :b */ 2", "3 -- :c1\n", "null", "(select :b)"]
)  # fmt: skip


@given(st.lists(st.tuples(_PIECES, st.sampled_from(['"a b"', "[:a]", "`:b`", '"x"":a"', "plain"])), min_size=1))
def test_names_are_those_that_sqlite_asks_for(columns: list[tuple[str, str]]) -> None:
    """SQLite refuses a value that is missing, so that no name may be missed; and each name found is one it takes."""
    text = "select " + ", ".join(f"{value} as {name}" for value, name in columns)
    found = read(text)
    assert found.problems == []
    connection = sqlite3.connect(":memory:")
    try:
        values = {name: f"value of {name}" for name in found.names}
        row = connection.execute(text, values).fetchone()
        for name in found.names:
            assert values[name] in row
            with pytest.raises(sqlite3.ProgrammingError):
                connection.execute(text, {other: 1 for other in values if other != name})
    finally:
        connection.close()


@given(st.text(alphabet=st.sampled_from("select withinsert;:?@'\"`[]()-/*\n aü0")))
def test_any_text_is_read(text: str) -> None:
    found = read(text)
    assert all(0 <= problem.offset <= len(text) for problem in found.problems)
    assert all(text[offset] == ":" for offset in found.names.values())
