"""Items from databases and Parquet files, with the whole program: what a crash in the middle of a listing leaves."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing
from importlib.util import find_spec

import pytest

from tests.end_to_end.bench import EFFECT, Folder, gone_within, kill, wait_for

PAUSE = 0.02
AGAIN = 2 + 2 * 2 * 0.05 / PAUSE
"""Items that a kill may cost: those in flight, and what two slots do in one commit window, doubled for a busy machine."""
HANDLERS = (
    EFFECT
    + f"""
def work(item):
    effect(f"{{item['id']}}={{item['name']}}")
    time.sleep({PAUSE})
    return item["id"]
"""
)
MARKS = """
import sqlite3

def work(item):
    db = sqlite3.connect("jobs.db", isolation_level=None, timeout=5)
    db.execute("update jobs set state = 'done' where id = ?", (item["id"],))
    db.close()
"""
THINKING = """
handlers: [handlers.py]
params: {state: new}
steps:
  work:
    type: python
    for_each:
      sql: |
        select id, name from jobs where state = :state
        union all
        select null, null from (
          with recursive c(n) as (values (1) union all select n + 1 from c where n < (select turns from thinks))
          select n from c where n < 0
        )
      database: jobs.db
      args: {state: "{{ params.state }}"}
    key: "{{ item.id }}"
    parallel: 2
    inputs: {operation: custom, handler: work}
"""
"""The query gives the jobs, and then thinks for `turns` turns before it ends."""


def database(folder: Folder, script: str) -> None:
    with closing(sqlite3.connect(folder.path / "jobs.db")) as connection:
        connection.executescript(script)


def prepared(folder: Folder, turns: int) -> None:
    folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", THINKING)
    database(
        folder,
        f"""
        pragma journal_mode = wal;
        create table thinks (turns integer); insert into thinks values ({turns});
        create table jobs (id integer primary key, name text, state text default 'new');
        insert into jobs (id, name) values {", ".join(f"({id}, 'job')" for id in range(10, 50))};
        """,
    )


def test_a_listing_that_was_killed_goes_on_with_what_the_query_gives_now(folder: Folder) -> None:
    prepared(folder, 10**15)
    process = folder.start("flow.yaml", "--headless")
    wait_for(lambda: len(folder.effects()) >= 30, "items run while the query goes on")
    kill(process)
    gone_within(folder.path)
    before = folder.effects()
    database(
        folder,
        """
        update thinks set turns = 1;
        insert into jobs (id, name) values (1, 'early'), (99, 'late');
        delete from jobs where id = 12;
        update jobs set name = 'changed' where id = 11;
        update jobs set state = 'held' where id = 13;
        """,
    )
    folder.run("--resume")
    after = folder.effects()
    new = {"1=early", "99=late", "11=changed"}
    assert set(after) - set(before) >= new
    assert set(after) - set(before) - new <= {f"{id}=job" for id in range(14, 50)}
    assert sum(after[word] - before[word] for word in before) <= AGAIN
    step = folder.step("work")
    assert (step["status"], step["total"], step["succeeded"]) == ("succeeded", 40, 40)
    assert folder.results("work") == [1, 10, 11, *range(14, 50), 99]


def test_a_listing_that_was_listed_to_its_end_is_not_read_again(folder: Folder) -> None:
    prepared(folder, 1)
    process = folder.start("flow.yaml", "--headless")
    wait_for(lambda: len(folder.effects()) >= 10, "items")
    wait_for(lambda: folder.step("work")["total_known"], "the end of the listing")
    kill(process)
    gone_within(folder.path)
    (folder.path / "jobs.db").unlink()
    folder.run("--resume")
    assert folder.results("work") == list(range(10, 50))
    assert set(folder.effects()) == {f"{id}=job" for id in range(10, 50)}


def test_handlers_may_write_to_a_database_in_wal_mode_whose_query_goes_on_and_is_left_at_once(folder: Folder) -> None:
    prepared(folder, 10**15)
    folder.write("handlers.py", MARKS)
    process = folder.start("flow.yaml", "--headless")
    with closing(sqlite3.connect(folder.path / "jobs.db")) as connection:
        marked = "select count(*) >= 30 from jobs where state = 'done'"
        wait_for(lambda: connection.execute(marked).fetchone()[0], "items run while the query goes on")
    began = time.monotonic()
    assert kill(process, signal.SIGINT) == 130
    assert time.monotonic() - began < 10
    gone_within(folder.path)
    assert folder.show()["status"] == "interrupted"
    assert folder.step("work")["failed"] == 0


PARQUET = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {parquet: data.parquet, columns: [name, id]}
    key: "{{ item.id }}"
    parallel: 2
    inputs: {operation: custom, handler: work}
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_of_a_parquet_file(folder: Folder) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    count = 200
    columns = {"id": list(range(count)), "rest": ["x"] * count, "name": ["row"] * count}
    pq.write_table(pa.table(columns), folder.path / "data.parquet", row_group_size=50)
    folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", PARQUET)
    process = folder.start("flow.yaml", "--headless")
    wait_for(lambda: len(folder.effects()) >= 50, "items")
    kill(process)
    gone_within(folder.path)
    assert len(folder.effects()) < count
    folder.run("--resume")
    assert folder.results("work") == list(range(count))
    seen = folder.effects()
    assert set(seen) == {f"{id}=row" for id in range(count)}
    assert sum(seen.values()) - count <= AGAIN


def test_a_source_that_cannot_be_read_fails_its_step_with_words(folder: Folder) -> None:
    database(folder, "create table jobs (id integer primary key);")
    (folder.path / "broken.parquet").write_bytes(b"PAR1 but no more")
    sources = {
        "table": ('{sql: "select * from job", database: jobs.db}', "no such table: job. did you mean 'jobs'?"),
        "file": ('{sql: "select * from jobs", database: gone.db}', "gone.db does not exist"),
    }
    if find_spec("pyarrow") is not None:
        sources["broken"] = ("{parquet: broken.parquet}", "broken.parquet cannot be read as Parquet")
    steps = [
        f"  {name}:\n    type: python\n    needs: []\n    for_each: {source}\n    inputs: {{code: result = 1}}\n"
        for name, (source, _) in sources.items()
    ]
    folder.write("flow.yaml", "steps:\n" + "".join(steps))
    done = folder.run(code=1)
    for name, (_, words) in sources.items():
        step = folder.step(name)
        assert step["status"] == "failed"
        assert words in json.dumps(step["error"], ensure_ascii=False)
        assert words in done.stdout + done.stderr
