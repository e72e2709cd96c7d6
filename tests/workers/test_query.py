"""Rows of a query over an SQLite file: what they hold, that nothing is written, and what people are told."""

from __future__ import annotations

import hashlib
import math
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workers.test_listing import listed, refusal, values_of
from tui_workflow import values
from tui_workflow.facts.work import Listing
from tui_workflow.workers.child import query
from tui_workflow.workers.child.reading import SourceError
from tui_workflow.workers.pool import Pool

JOBS = """
create table jobs (id integer primary key, name text, size real, body blob);
insert into jobs values (1, 'one', 1.5, x'00ff'), (2, 'two', null, null), (3, '{{ 7*7 }}', 9e999, x'');
create index by_name on jobs (name);
create view small as select id, name from jobs where size < 2;
"""


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    return made(tmp_path / "jobs.db", JOBS)


def made(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


def rows(text: str, path: Path, args: dict[str, Any] | None = None, patience: float = 0.05) -> list[dict[str, Any]]:
    return list(query.rows(text, str(path), query.bound(args or {}), threading.Event(), patience))


def told(text: str, path: Path, args: dict[str, Any] | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        rows(text, path, args)
    return f"{caught.value}. {caught.value.hint}"


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


async def test_rows_are_items(pool: Pool, tmp_path: Path, jobs: Path) -> None:
    listing = Listing("sql", "select * from jobs order by id", database="jobs.db")
    assert await values_of(pool, tmp_path, listing) == [
        {"id": 1, "name": "one", "size": 1.5, "body": b"\0\xff"},
        {"id": 2, "name": "two", "size": None, "body": None},
        {"id": 3, "name": "{{ 7*7 }}", "size": math.inf, "body": b""},
    ]


async def test_values_are_given_by_name(pool: Pool, tmp_path: Path, jobs: Path) -> None:
    listing = Listing(
        "sql",
        "select id from jobs where id >= :least and name <> :name and :none is null",
        database="{{ params.file }}",
        args={"least": "{{ params.least }}", "name": "two", "none": None},
        key="job-{{ item.id }}",
    )
    found = await listed(pool, tmp_path, listing, params={"file": "jobs.db", "least": 2})
    assert [(one.key, values.decode(one.payload)) for one in found] == [("job-3", {"id": 3})]


async def test_where_limit_and_chunk_go_with_a_query(pool: Pool, tmp_path: Path, jobs: Path) -> None:
    text = "with recursive c(n) as (values (1) union all select n + 1 from c) select n from c"
    listing = Listing("sql", text, database="jobs.db", where="item.n % 2 == 0", limit=3, chunk=2)
    assert await values_of(pool, tmp_path, listing) == [[{"n": 2}, {"n": 4}], [{"n": 6}]]


async def test_a_value_never_becomes_text_of_the_query(pool: Pool, tmp_path: Path, jobs: Path) -> None:
    before = digests(tmp_path)
    for value in ("' or 1=1 --", "one'; drop table jobs; --", '") union select 1 --', "{{ 7*7 }}"):
        listing = Listing(
            "sql", "select id, :v as v from jobs where name = :v", database="jobs.db", args={"v": "{{ params.v }}"}
        )
        expected = [{"id": 3, "v": value}] if value == "{{ 7*7 }}" else []
        assert await values_of(pool, tmp_path, listing, params={"v": value}) == expected
    assert digests(tmp_path) == before


async def test_the_text_of_a_query_is_not_rendered(pool: Pool, tmp_path: Path, jobs: Path) -> None:
    listing = Listing("sql", "select '{{ params.x }}' as a from jobs limit 1", database="jobs.db")
    assert await values_of(pool, tmp_path, listing, params={"x": 1}) == [{"a": "{{ params.x }}"}]


@pytest.mark.parametrize(
    ("listing", "text"),
    [
        (Listing("sql", "select * from job", database="jobs.db"), "no such table: job. did you mean 'jobs'?"),
        (Listing("sql", "select * from jobs", database="gone.db"), "gone.db does not exist"),
        (Listing("sql", "select * from jobs", database="{{ params.none }}"), "`database` needs a path, not null"),
        (Listing("sql", "select :a", database="jobs.db", args={"a": "{{ params.rows }}"}), "`args.a` is a list"),
        (Listing("sql", "select :a", database="jobs.db", args={"a": "{{ params.gone }}"}), "gone"),
    ],
)
async def test_what_is_wrong_reaches_the_engine(pool: Pool, tmp_path: Path, jobs: Path, listing: Listing, text: str) -> None:  # fmt: skip
    found = await refusal(pool, tmp_path, listing, params={"none": None, "rows": [1]})
    assert text in found.message
    assert found.type in ("SourceError", "TemplateError")


@pytest.mark.parametrize(
    "text",
    [
        "insert into jobs (name) values ('x')",
        "insert into jobs (name) values ('x') returning id",
        "with t as (select 7 as id) insert into jobs (id) select id from t",
        "update jobs set name = 'x'",
        "delete from jobs where 0",
        "replace into jobs (id) values (1)",
        "drop table jobs",
        "create table other (a)",
        "create temp table other (a)",
        "attach 'other.db' as other",
        "attach ':memory:' as other",
        "detach main",
        "pragma user_version = 5",
        "pragma journal_mode = wal",
        "pragma query_only = off",
        "pragma writable_schema = on",
        "select * from pragma_table_info('jobs')",
        "vacuum",
        "vacuum into 'copy.db'",
        "reindex",
        "analyze",
        "begin exclusive",
        "savepoint a",
        "select load_extension('x')",
    ],
)
def test_nothing_but_reading_is_done(text: str, tmp_path: Path, jobs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a text that the check would not have let through."""
    monkeypatch.chdir(tmp_path)
    before = digests(tmp_path)
    assert told(text, jobs).startswith("the query does more than read its database: ")
    assert digests(tmp_path) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select nope from jobs", "no such column: nope"),
        ("select 1; select 2", "one statement"),
        ("selec 1", "syntax error"),
        ("select id, name as id from jobs", "the query names two columns 'id'. Give one another name with `as`."),
        ("select :a", "binding"),
        ("select sum(9223372036854775807) from jobs", "integer overflow"),
        (
            "select id, cast(x'ff' as text) as t from jobs",
            "UTF-8 column 't' with text '\ufffd'. Read the column as bytes: cast(NAME as blob) as NAME.",
        ),
    ],
)
def test_what_sqlite_refuses_is_told(text: str, words: str, jobs: Path) -> None:
    assert words in told(text, jobs)


def test_the_row_before_a_bad_one_is_named(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", "create table t (a); insert into t values ('x'), ('y'), (cast(x'ff' as text));")
    assert "(behind row 2)" in told("select a from t", path)


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough for the header of one\n" * 5)
    (tmp_path / "empty.db").touch()
    (tmp_path / "folder.db").mkdir()
    assert "text.db is not an SQLite database" in told("select 1 from t", tmp_path / "text.db")
    assert "no such table: t. it has no tables" in told("select 1 from t", tmp_path / "empty.db")
    assert "folder.db is not a file" in told("select 1 from t", tmp_path / "folder.db")
    assert not (tmp_path / "gone.db").exists()
    assert "gone.db does not exist" in told("select 1", tmp_path / "gone.db")
    assert not (tmp_path / "gone.db").exists()


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", "create table t (a);")
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany("insert into t values (?)", (("x" * 500,) for _ in range(2000)))
        connection.commit()
    data = bytearray(path.read_bytes())
    data[50 * 4096 : 70 * 4096] = b"\xa5" * (20 * 4096)
    path.write_bytes(data)
    assert "a.db is damaged or cannot be read: database disk image is malformed (behind row" in told(
        "select a from t", path
    )


def test_a_locked_database_is_told(jobs: Path) -> None:
    with closing(sqlite3.connect(jobs, isolation_level=None)) as other:
        other.execute("begin exclusive")
        assert "is locked by another program, for 0.05 seconds now. Try again" in told("select id from jobs", jobs)
        other.execute("rollback")
    assert len(rows("select id from jobs", jobs)) == 3


def test_a_lock_that_ends_in_time_is_waited_for(jobs: Path) -> None:
    other = sqlite3.connect(jobs, isolation_level=None, check_same_thread=False)
    other.execute("begin exclusive")
    release = threading.Timer(0.2, other.execute, ("rollback",))
    release.start()
    try:
        assert len(rows("select id from jobs", jobs, patience=20)) == 3
    finally:
        release.join()
        other.close()


def test_a_writer_in_wal_mode_neither_waits_nor_is_waited_for(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", "pragma journal_mode = wal; create table t (a); insert into t values (1), (2);")
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer:
        writer.execute("begin immediate")
        writer.execute("insert into t values (3)")
        reading = query.rows("select a from t", str(path), {}, threading.Event())
        assert next(reading) == {"a": 1}
        writer.execute("commit")
        assert list(reading) == [{"a": 2}], "a listing sees the database as it was when it began"
        assert len(rows("select a from t", path)) == 3


def test_a_write_that_was_broken_off_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    code = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for text in ("create table t (a)", "pragma cache_size = 1", "begin"):
    connection.execute(text)
connection.executemany("insert into t values (?)", (("x" * 500,) for _ in range(1000)))
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=30)
    assert "was left in the middle of a write. Open it once with a program that may write" in told(
        "select a from t", path
    )
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("select count(*) from t").fetchone()
    assert rows("select a from t", path) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select * from small", [{"id": 1, "name": "one"}]),
        ("select value from json_each(:list)", [{"value": 1}, {"value": "b"}]),
        ("select t from words where t match :word", [{"t": "hello world"}]),
        ("select id from boxes where low > 1", [{"id": 2}]),
        ("with recursive c(n) as (values (1) union all select n + 1 from c where n < 3) select n from c", [{"n": 1}, {"n": 2}, {"n": 3}]),
        ("select id, row_number() over (order by id desc) as place from jobs order by id limit 1", [{"id": 1, "place": 3}]),
        ("values (1, 'a')", [{"column1": 1, "column2": "a"}]),
    ],
)  # fmt: skip
def test_all_that_reads_may_be_used(text: str, expected: list[Any], jobs: Path) -> None:
    made(
        jobs,
        "create virtual table words using fts5(t); insert into words values ('hello world'), ('other');"
        "create virtual table boxes using rtree(id, low, high); insert into boxes values (1, 0, 1), (2, 2, 3);",
    )
    assert rows(text, jobs, {"list": '[1, "b"]', "word": "hello"}) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1], "a list, which a query cannot be given"),
        ({"a": 1}, "a mapping"),
        (1 << 63, "a number of more than 64 bits"),
        (math.nan, "NaN"),
        ("\ud800", "text with a lone surrogate"),
        (Path("x"), "of type PosixPath"),
    ],
)
def test_values_that_cannot_be_given(value: Any, words: str, jobs: Path) -> None:
    with pytest.raises(SourceError) as caught:
        rows("select :v", jobs, {"v": value})
    assert f"`args.v` is {words}" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["a b#c?d%41.db", "ü'\".db", os.fsdecode(b"\xff.db"), ":memory:", "x\n.db"])
def test_any_name_of_a_file(name: str, tmp_path: Path) -> None:
    made(tmp_path / "plain.db", "create table t (a); insert into t values (1);").rename(tmp_path / name)
    assert rows("select a from t", tmp_path / name) == [{"a": 1}]
    assert [path.name for path in tmp_path.iterdir()] == [name]


_STORED = st.one_of(
    st.none(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.tuples(_STORED, _STORED), min_size=1))
def test_every_value_of_sqlite_comes_back_as_it_is(tmp_path: Path, stored: list[tuple[Any, Any]]) -> None:
    path = tmp_path / "a.db"
    path.unlink(missing_ok=True)
    made(path, "create table t (a, b);")
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany("insert into t values (?, ?)", stored)
        connection.commit()
    found = rows("select a, b from t order by rowid", path)
    assert [(type(row["a"]), row["a"], row["b"]) for row in found] == [(type(a), a, b) for a, b in stored]
    assert [values.decode(values.encode(row)) for row in found] == found
    again = rows("select :a as a, :b as b", path, {"a": stored[0][0], "b": stored[0][1]})
    assert again == [{"a": stored[0][0], "b": stored[0][1]}]


def test_a_query_that_nobody_wants_any_more_ends(jobs: Path) -> None:
    unwanted = threading.Event()
    forever = "with recursive c(n) as (values (1) union all select n + 1 from c) select n from c where n < 0"
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.extend(query.rows(forever, str(jobs), {}, unwanted)))
    thread.start()
    unwanted.set()
    thread.join(20)
    assert not thread.is_alive()
    assert found == []


SLOW = """
with recursive c(n) as (values (1) union all select n + 1 from c)
select name from jobs where id < 3 union all select 'last' from c where n > {turns} limit 3
"""
"""Python's cursor gives a row once it has the next: the second comes with the third."""


async def test_rows_arrive_while_the_query_looks_for_more(pool: Pool, tmp_path: Path, jobs: Path) -> None:
    from tests.workers.bench import Engine, program

    worker = await pool.acquire()
    await worker.program(program(tmp_path, inputs={"code": ""}), Engine())
    pages = worker.list_items(Listing("sql", SLOW.format(turns=10**15), database="jobs.db"))
    first = await anext(aiter(pages))
    assert [values.decode(payload) for payload in first.payloads] == [{"name": "one"}]
    await worker.close()


@pytest.mark.slow
async def test_a_query_may_think_longer_than_other_elements(pool: Pool, tmp_path: Path, jobs: Path) -> None:
    """A source may spend five seconds on one element; a query lives on, and a lock is told as what it is."""
    with closing(sqlite3.connect(jobs, isolation_level=None)) as other:
        other.execute("begin exclusive")
        found = await refusal(pool, tmp_path, Listing("sql", "select id from jobs", database="jobs.db"))
        assert "is locked by another program, for 5 seconds now" in found.message
        other.execute("rollback")
    listing = Listing("sql", SLOW.format(turns=30_000_000), database="jobs.db")
    assert await values_of(pool, tmp_path, listing) == [{"name": "one"}, {"name": "two"}, {"name": "last"}]


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert [thread for thread in threading.enumerate() if thread.name == "wf-source"] == []
