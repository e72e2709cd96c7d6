from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from tests.cli_inspect.conftest import make_run, run_id
from tui_workflow import values
from tui_workflow.cli import inspect
from tui_workflow.cli.output_schema import output_schema
from tui_workflow.errors import DamagedRunFile, StoreIOError, UsageError
from tui_workflow.facts.state import RunState
from tui_workflow.session.library import FlowLibrary
from tui_workflow.store.describe import param_texts
from tui_workflow.store.lock import RunLock
from tui_workflow.store.meta import RunMeta
from tui_workflow.store.runfile import RunFile
from tui_workflow.text import visible
from tui_workflow.view.numbers import stopwatch


def call(command: Any, *arguments: str) -> Result:
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    shown = result.stdout + result.stderr
    assert visible(shown, newlines=True) == shown, "something unseen went to the terminal"
    return result


def document(name: str, command: Any, *arguments: str) -> Any:
    record = json.loads(call(command, *arguments).stdout)
    validate(name, record)
    return record


def validate(name: str, record: Any) -> None:
    schema = output_schema()
    Draft202012Validator({**schema, "oneOf": [{"$ref": f"#/$defs/{name}"}]}).validate(record)
    assert (
        len([part for part in schema["oneOf"] if Draft202012Validator({**schema, "oneOf": [part]}).is_valid(record)])
        == 1
    )


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(output_schema())


async def test_show(folder: Path) -> None:
    await make_run(folder)
    record = document("show", inspect.show, "--json")
    load, work, report = record["steps"]
    assert (record["status"], record["revision"], record["flow"]) == ("failed", 1, "demo")
    assert record["params"] == {"n": 3, "when": [1, 2], "long": {"truncated": True, "bytes": 70_002}, "token": "***"}
    assert record["started"] == "2027-01-15T08:00:00.000Z"
    assert load["result"] == {"\x1b": [1, 2]}
    assert "result" not in work
    assert report["result"] is None
    counts = {
        name: work[name] for name in ("total", "succeeded", "failed", "skipped", "pending", "running", "attempts")
    }
    assert counts == {"total": 10, "succeeded": 7, "failed": 2, "skipped": 1, "pending": 0, "running": 0, "attempts": 9}
    for step in record["steps"]:
        assert step["total"] == sum(step[part] for part in ("succeeded", "failed", "skipped", "pending", "running"))
    assert (report["status"], report["total"], report["pending"]) == ("pending", 1, 1)
    text = call(inspect.show, run_id(0)).stdout
    assert "failed: work failed" in text
    took = stopwatch(work["duration"])
    assert re.fullmatch(r"\d:\d\d", took)
    assert re.search(rf"work +failed +10 +7 +2 +1 +{took}\n", text), text
    assert "\nwork: 1 skipped\n  1  not today\n" in text


async def test_runs(folder: Path) -> None:
    await make_run(folder, 1)
    await make_run(folder, 2, status="succeeded")
    await make_run(folder, 3, status=None)
    (folder / ".wf-tui/runs/20270115-080009-junk.db").write_bytes(b"junk")
    record = document("runs", inspect.runs, "--json")
    assert [(run["run"], run["status"], run["failed"]) for run in record["runs"]] == [
        (run_id(3), "interrupted", 2),
        (run_id(2), "succeeded", 2),
        (run_id(1), "failed", 2),
    ]
    result = call(inspect.runs)
    assert len(result.stdout.splitlines()) == 4
    assert "20270115-080009-junk.db" in result.stderr
    with RunLock(folder / f".wf-tui/runs/{run_id(3)}.db"):
        assert document("runs", inspect.runs, "--json")["runs"][0]["status"] == "running"
        assert document("show", inspect.show, "--json", run_id(3))["status"] == "running"
    assert document("runs", inspect.runs, "--json", "--flow", "other.yaml") == {"schema": 1, "runs": []}


async def test_runs_are_told_apart_by_the_parameters_that_differ(folder: Path) -> None:
    await make_run(folder, 1)
    await make_run(folder, 2, flow="other.yaml", n=9)
    assert "PARAMETERS" not in call(inspect.runs).stdout, "runs of several flows need no parameters to be told apart"
    await make_run(folder, 3, n=4)
    heads, *lines = call(inspect.runs).stdout.splitlines()
    assert heads.endswith("FAILED  PARAMETERS")
    assert [line.split()[-1] for line in lines] == ["n=4", "2", "n=3"]
    rows = await FlowLibrary(
        folder / f".wf-tui/runs/{run_id(1)}.db", lambda: RunState(path=str(folder / "demo.yaml"))
    ).runs()
    assert [(row.params["n"], row.params["token"]) for row in rows] == [("4", "***"), ("3", "***")]


def test_a_parameter_that_cannot_be_read_is_a_question_mark() -> None:
    damaged = RunMeta(
        "r", "f", "/f", {"n": b'{"$wf":"tuple","v":7}', "name": values.encode("a b"), "at": values.encode((1,))}
    )
    assert param_texts(damaged) == {"n": "?", "name": "a b", "at": "[1]"}


async def test_result(folder: Path) -> None:
    await make_run(folder)
    assert json.loads(call(inspect.result, "load").stdout) == {"\x1b": [1, 2]}
    lines = [json.loads(line) for line in call(inspect.result, "work").stdout.splitlines()]
    assert lines == [[n, None] if n not in (3, 5, 7) else None for n in range(10)]
    assert call(inspect.result, "report").stdout == "null\n"
    with pytest.raises(UsageError, match="no step 'wrok'") as caught:
        call(inspect.result, "wrok")
    assert caught.value.hint == "Did you mean 'work'?"
    assert caught.value.exit_code == 2


async def test_failed(folder: Path) -> None:
    await make_run(folder)
    record = document("failed", inspect.failed, "--json")
    assert [item["key"] for item in record["failed"]] == ["key-3", "key-7"]
    assert record["failed"][0]["item"] == 3
    assert record["failed"][0]["attempts"] == 2
    assert record["failed"][0]["error"]["where"] == {"file": "h.py", "line": 4}
    lines = [json.loads(line) for line in call(inspect.failed, "--jsonl").stdout.splitlines()]
    assert lines == record["failed"]
    for line in lines:
        validate("failed_item", line)
    groups = document("failed_groups", inspect.failed, "--group", "--json")["groups"]
    assert [(group["count"], group["type"], group["steps"]) for group in groups] == [(2, "ValueError", ["work"])]
    assert document("failed", inspect.failed, "--json", "--step", "load")["failed"] == []
    text = call(inspect.failed).stdout.splitlines()
    assert text[1].split()[:3] == ["work", "key-3", "2"]
    assert text[1].endswith("ValueError: bad row 3")
    assert "2  " in call(inspect.failed, "--group").stdout
    with pytest.raises(UsageError):
        call(inspect.failed, "--json", "--jsonl")


async def test_logs(folder: Path) -> None:
    await make_run(folder)
    everything = call(inspect.logs).stdout.splitlines()
    assert len(everything) == 6
    assert everything[0].endswith("work  key-1  hello \\u202e 1")
    one = call(inspect.logs, "work", "key-3").stdout.splitlines()
    assert one[1].endswith("#2  \\x1b[31mred")
    with pytest.raises(UsageError, match="no item 'key-99'"):
        call(inspect.logs, "work", "key-99")
    with pytest.raises(UsageError, match="no step"):
        call(inspect.logs, "nope")
    silent = call(inspect.logs, "load")
    assert (silent.stdout, silent.stderr) == ("", "Nothing was printed.\n")


async def test_export_is_one_file_that_stands_for_itself(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = await make_run(folder, status=None)
    target = tmp_path_factory.mktemp("out") / "run with space.sqlite"
    call(inspect.export, run_id(0), str(target))
    assert [found.name for found in target.parent.iterdir()] == [target.name]
    record = document("show", inspect.show, str(target), "--json")
    assert record == document("show", inspect.show, str(path), "--json")
    assert record["status"] == "interrupted"
    with RunFile(target) as file:
        assert file.rows("PRAGMA journal_mode") == [("delete",)]
        assert file.rows("PRAGMA integrity_check") == [("ok",)]
    with pytest.raises(UsageError, match="exists already"):
        call(inspect.export, run_id(0), str(target))
    with pytest.raises(StoreIOError) as caught:
        call(inspect.export, run_id(0), str(tmp_path_factory.mktemp("x") / "missing" / "file"))
    assert caught.value.exit_code == 74


async def test_gc_keeps_what_may_be_resumed(folder: Path) -> None:
    kinds: list[Any] = ["failed", "succeeded", "interrupted", None, "cancelled", "succeeded"]
    paths = [await make_run(folder, number, status=kind) for number, kind in enumerate(kinds)]
    lock = RunLock(paths[1])
    lock.acquire()
    result = call(inspect.gc, "--keep", "1")
    lock.release()
    assert [path.exists() for path in paths] == [False, True, True, True, False, True]
    assert run_id(4) in result.stdout
    assert "Deleted 2 of 6 runs." in result.stderr
    fresh, old, orphan = (paths[0].with_name(name) for name in (".a.db.new", ".b.db.new", "c.lock"))
    for path in (fresh, old, orphan):
        path.touch()
    os.utime(old, (1, 1))
    call(inspect.gc, "--keep", "0")
    assert [path.exists() for path in paths] == [False, False, True, True, False, False]
    assert [path.exists() for path in (fresh, old, orphan)] == [True, False, False]


async def test_gc_among_several_flows_needs_to_know_which(folder: Path) -> None:
    paths = [await make_run(folder, n, flow=f"flow{n}.yaml") for n in range(2)]
    with pytest.raises(UsageError, match=r"flow0.yaml, .*flow1.yaml"):
        call(inspect.gc, "--keep", "0")
    call(inspect.gc, "--keep", "0", "--flow", "flow1.yaml")
    assert [path.exists() for path in paths] == [True, False]


async def test_what_run_may_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await make_run(folder, 1)
    await make_run(folder, 2, flow="other.yaml")
    for words, number in (
        ([], 2),
        (["latest"], 2),
        (["demo.yaml"], 1),
        ([run_id(1)], 1),
        (["20270115-080001"], 1),
        ([str(path)], 1),
        (["--flow", "demo.yaml"], 1),
        (["--state-dir", str(folder / ".wf-tui")], 2),
    ):
        assert document("show", inspect.show, "--json", *words)["run"] == run_id(number)
    (folder / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(folder / "deep" / "er")
    assert document("show", inspect.show, "--json")["run"] == run_id(2)
    with pytest.raises(UsageError, match="beginning of 2 runs"):
        call(inspect.show, "2027")
    with pytest.raises(UsageError, match="no runs were found; looked in"):
        call(inspect.show, "--state-dir", str(folder / "nowhere"))
    (folder / "junk.db").write_bytes(b"junk")
    with pytest.raises(DamagedRunFile) as caught:
        call(inspect.show, str(folder / "junk.db"))
    assert caught.value.exit_code == 65


async def test_a_reader_that_goes_away_is_no_error(folder: Path) -> None:
    await make_run(folder)
    for command in (["result", "work"], ["failed", "--json"], ["show"], ["logs"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tui_workflow", *command], stdout=writer, stderr=subprocess.PIPE, cwd=folder
        )
        os.close(writer)
        assert (done.returncode, done.stderr) == (0, b"")


async def test_a_damaged_value_is_said_to_be_one(folder: Path) -> None:
    path = await make_run(folder)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE error SET body = 'junk'")
        db.execute("UPDATE outcome SET result = X'7B2224776622'")
    db.close()
    for command in (inspect.failed, inspect.show):
        with pytest.raises(DamagedRunFile, match="damaged"):
            call(command)


def test_the_commands_import_nothing_heavy() -> None:
    code = (
        "import sys, tui_workflow.cli.inspect; "
        "print([m for m in ('textual','rich','pydantic','yaml','jinja2','asyncio','sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
