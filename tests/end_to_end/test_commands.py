"""Every public command, as a person types it."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys

import jsonschema
import pytest
import yaml

from tests.end_to_end.bench import ROOT, Folder, environment, kill, wait_for
from tui_workflow.session.edited import edited_since

FLOW = """
params: {path: ""}
steps:
  load:
    type: python
    inputs:
      code: |
        result = [{"name": name, "n": n} for n, name in enumerate(["a", "b", "c", "d", "e"])]
  work:
    type: python
    for_each: "{{ steps.load.result }}"
    key: "{{ item.name }}"
    on_error: continue
    inputs:
      code: |
        import os
        print("working on", item["name"])
        if item["n"] in (1, 3) and not os.path.exists("mended-" + item["name"]):
            raise ValueError("odd") if item["n"] == 1 else KeyError("three")
        result = item["n"] * 10
  more:
    type: python
    for_each: [1, 2]
    on_error: continue
    inputs:
      code: |
        import os
        if item == 2 and not os.path.exists("mended-more"):
            raise ValueError("odd")
        result = item
  report:
    type: python
    inputs:
      code: |
        result = [record["key"] for record in steps.work.completed_items]
"""
AGAIN = """
params: {path: {type: path}}
steps:
  again:
    type: python
    for_each: {file: failed.jsonl}
    inputs:
      code: |
        result = [item["key"], item["item"]["name"], item["error"]["type"]]
"""


@pytest.fixture
def ran(folder: Folder) -> Folder:
    folder.write("flow.yaml", FLOW)
    folder.run()
    return folder


def test_looking_at_a_run(ran: Folder) -> None:
    run = ran.show()["run"]
    assert re.fullmatch(r"\d{8}-\d{6}-[a-z0-9]{4}", run)
    assert run in ran.ok("runs")
    for name in ([], ["latest"], [run], [run[:-2]], ["flow.yaml"], [f".wf-tui/runs/{run}.db"]):
        shown = ran.ok("show", *name)
        assert "succeeded" in shown
        assert "report" in shown
    assert ran.results("work") == [0, None, 20, None, 40]
    assert json.loads(ran.ok("result", "report")) == ["a", "c", "e"]
    listed = ran.ok("failed")
    assert "ValueError: odd" in listed
    assert "KeyError" in listed
    assert len(ran.ok("failed", "--group").splitlines()) == 4, "a heading and a row for each cause in a step"
    assert "working on c" in ran.ok("logs")
    assert "working on c" in ran.ok("logs", "work", "c")
    assert "working on a" not in ran.ok("logs", "work", "c")


def test_failed_items_are_read_back(ran: Folder) -> None:
    ran.write("failed.jsonl", ran.ok("failed", "--step", "work", "--jsonl"))
    ran.write("again.yaml", AGAIN.replace("params: {path: {type: path}}\n", ""))
    ran.run("again.yaml")
    assert ran.results("again", "again.yaml") == [["b", "b", "ValueError"], ["d", "d", "KeyError"]]


def test_retry_by_key_group_and_step(ran: Folder) -> None:
    for name in ("b", "d", "more"):
        ran.write(f"mended-{name}", "")
    assert "nothing to retry" in ran.wf("retry", "--key", "nobody").stderr
    assert ran.ok("retry", "--step", "work", "--key", "b").endswith("\n\n1 tried again: it succeeded\n")
    assert ran.results("work") == [0, 10, 20, None, 40]
    assert json.loads(ran.ok("result", "report")) == ["a", "b", "c", "e"], "what reads it runs again"
    groups = json.loads(ran.ok("failed", "--group", "--json"))["groups"]
    cause = next(group for group in groups if group["type"] == "KeyError")
    unknown = ran.wf("retry", "--group", "LookupError").stderr
    assert "there is no group 'LookupError'" in unknown
    assert f"{cause['fingerprint']} (KeyError)" in unknown
    ran.ok("retry", "--group", "KeyError")
    assert ran.results("work") == [0, 10, 20, 30, 40]
    assert ran.results("more") == [1, None]
    ran.ok("retry", "--step", "more")
    assert ran.results("more") == [1, 2]
    assert ran.step("work")["attempts"] == 7
    assert ran.step("more")["attempts"] == 3
    assert json.loads(ran.ok("result", "report")) == ["a", "b", "c", "d", "e"]
    done = ran.wf("retry")
    assert (done.returncode, "nothing to retry" in done.stderr) == (2, True)


def test_a_retry_by_the_beginning_of_a_mark(ran: Folder) -> None:
    ran.write("mended-d", "")
    cause = next(
        group for group in json.loads(ran.ok("failed", "--group", "--json"))["groups"] if group["type"] == "KeyError"
    )
    ran.ok("retry", "--group", cause["fingerprint"][:5])
    assert ran.results("work")[3] == 30


def test_retry_that_fails_again_counts_on(ran: Folder) -> None:
    ran.ok("retry", "--key", "b")
    record = next(record for record in ran.failed() if record["key"] == "b")
    assert record["attempts"] == 2


def test_export_is_one_file_that_can_be_read_elsewhere(ran: Folder) -> None:
    ran.ok("export", "latest", "../one.db")
    other = Folder(ran.path.parent / "other")
    assert other.ok("result", "report", "--run", "../one.db") == ran.ok("result", "report")
    assert json.loads(other.ok("show", "../one.db", "--json"))["run"] == ran.show()["run"]
    assert ran.wf("export", "latest", "../one.db").returncode == 2, "nothing is overwritten"


def test_export_of_a_live_run(folder: Folder) -> None:
    folder.write(
        "flow.yaml",
        "steps:\n  work:\n    type: python\n    for_each: [1, 2]\n    inputs:\n      code: |\n        import os, time\n"
        "        open(f'started{item}', 'w').close()\n        while item == 2 and not os.path.exists('go'):\n"
        "            time.sleep(0.01)\n        result = item\n",
    )
    process = folder.start("flow.yaml", "--headless")
    wait_for((folder.path / "started2").exists, "the second item runs")
    wait_for(lambda: folder.step("work")["succeeded"] == 1, "the first is committed")
    folder.ok("export", "latest", "live.db")
    (folder.path / "go").touch()
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert folder.results("work", "live.db") == [1, None]


def test_gc_keeps_the_newest_and_what_can_be_resumed(folder: Folder) -> None:
    folder.write("flow.yaml", "steps: {}\n")
    for _ in range(3):
        folder.run("--new")
    newest = json.loads(folder.ok("runs", "--json"))["runs"][0]["run"]
    assert folder.wf("gc", "--keep", "1").returncode == 0
    assert [run["run"] for run in json.loads(folder.ok("runs", "--json"))["runs"]] == [newest]
    assert {path.suffix for path in (folder.path / ".wf-tui" / "runs").iterdir()} == {".db"}


def test_the_starter_flow_runs(folder: Folder) -> None:
    folder.ok("new", "mine.yaml")
    assert folder.wf("new", "mine.yaml").returncode == 2, "nothing is overwritten"
    assert json.loads(folder.ok("check", "mine.yaml", "--json"))["problems"] == []
    folder.run("mine.yaml")
    assert folder.show("mine.yaml")["status"] == "succeeded"


def test_check_and_plan_execute_nothing(folder: Folder) -> None:
    trap = "open('trapped', 'w').close()\n"
    for name in ("handlers.py", "yaml.py", "json.py", "flow.py"):
        folder.write(name, trap + "def work(item):\n    return item\n")
    folder.write(
        "flow.yaml",
        "handlers: [handlers.py]\nsteps:\n  work:\n    type: python\n    for_each: '{{ range(3) | list }}'\n"
        "    inputs: {operation: custom, handler: work}\n  shell:\n    type: shell\n    inputs: {command: touch trapped}\n",
    )
    folder.ok("check", "flow.yaml")
    planned = folder.ok("plan", "flow.yaml")
    assert "work" in planned
    folder.ok("schema")
    assert not (folder.path / "trapped").exists()
    assert not (folder.path / ".wf-tui").exists()


def test_the_schema_describes_flows(folder: Folder) -> None:
    schema = json.loads(folder.ok("schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(FLOW), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"steps": {"a": {"type": "python", "neds": []}}}, schema)


def test_help_version_and_completion(folder: Folder) -> None:
    overview = folder.ok("-h")
    assert overview == folder.ok("--help")
    for command in ("check", "plan", "runs", "show", "result", "failed", "logs", "retry", "open", "export", "schema"):
        assert re.search(rf"^  {command} ", overview, re.MULTILINE), command
    assert re.fullmatch(r"wf-tui \d+\.\d+\.\d+\n", folder.ok("--version"))
    topics = folder.ok("help")
    for topic in ("flow", "cli", "retry", "values", "promises", "keys"):
        assert topic in topics
        assert len(folder.ok("help", topic)) > 300
    assert folder.wf("help", "nothing").returncode == 2
    assert folder.ok("help", "check") == folder.ok("check", "--help")
    script = folder.ok("completion", "bash")
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert "wf-tui" in script


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["runs"]])
def test_small_commands_load_little(folder: Folder, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tui_workflow", *words],
        cwd=folder.path,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}
    heavy = {"textual", "rich", "pydantic", "yaml", "jinja2", "asyncio", "aiosqlite", "watchfiles"}
    assert "tui_workflow" in loaded
    assert loaded & heavy == set()


def test_the_command_that_goes_on_names_where_the_run_is_kept(folder: Folder) -> None:
    folder.write("flow.yaml", "steps: {a: {type: shell, inputs: {command: 'test -e there'}}}\n")
    folder.run("--state-dir", "my runs", code=1)
    told = folder.run("--state-dir", "my runs", code=1).stderr
    command = next(line for line in told.splitlines() if "To go on with it instead:" in line).split(":  ")[1]
    assert shlex.split(command) == [
        "wf-tui", "flow.yaml", "--headless", "--resume", "--state-dir", str(folder.path / "my runs"),
    ]  # fmt: skip
    folder.write("there", "")
    assert folder.wf(*shlex.split(command)[1:]).returncode == 0


def test_a_retry_that_failed_again_says_so_though_failures_are_tolerated(ran: Folder) -> None:
    again = ran.wf("retry", "--step", "work")
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "2 tried again: all failed again")
    assert ran.wf("retry", "--strict").returncode == 3
    ran.write("mended-b", "")
    assert ran.ok("retry", "--step", "work").endswith("2 tried again: 1 ok, 1 failed again\n")


def test_a_retry_in_a_run_that_was_stopped_says_that_it_goes_on(folder: Folder) -> None:
    folder.write(
        "flow.yaml",
        """
steps:
  work:
    type: python
    for_each: {range: 40}
    on_error: continue
    inputs:
      code: |
        import pathlib, time
        if item == 0 and not pathlib.Path("mended").exists():
            raise ValueError("no")
        if not pathlib.Path("mended").exists():
            time.sleep(0.05)
        result = item
""",
    )
    process = folder.start("flow.yaml", "--headless")
    wait_for(lambda: list(folder.path.rglob("runs/*.db")) and folder.step("work")["succeeded"] >= 2, "some are done")
    kill(process, signal.SIGTERM)
    folder.write("mended", "")
    done = folder.wf("retry")
    assert re.search(r"The run goes on: \d+ items that wait start too", done.stderr), done.stderr
    assert folder.step("work")["succeeded"] == 40


def test_a_plan_tries_again_what_a_step_did_not_tolerate_any_more(folder: Folder) -> None:
    folder.write(
        "flow.yaml",
        """
steps:
  work:
    type: python
    for_each: {range: 6}
    parallel: 1
    on_error: {action: continue, max_failures: 1}
    inputs:
      code: |
        import pathlib
        if item in (0, 1) and not pathlib.Path("mended").exists():
            raise ValueError("no")
""",
    )
    assert folder.wf("flow.yaml", "--headless").returncode == 1
    row = folder.ok("plan", "flow.yaml").splitlines()[-1]
    assert row.split()[:2] == ["work", "go"]
    assert row.endswith("more items failed than it tolerates: they are tried again")
    folder.write("mended", "")
    folder.ok("flow.yaml", "--resume")
    assert folder.step("work")["succeeded"] == 6


def test_a_plan_tries_again_what_failed_in_a_step_that_was_stopped_before_it_could_fail(folder: Folder) -> None:
    flow = """
steps:
  work:
    type: python
    for_each: {range: 6}
    parallel: 1
    on_error: {action: continue, max_failures: MOST}
    inputs:
      code: |
        import pathlib, time
        if item == 1:
            raise ValueError("no")
        while item == 3 and not pathlib.Path("go").exists():
            time.sleep(0.01)
"""
    folder.write("flow.yaml", flow.replace("MOST", "1"))
    process = folder.start("flow.yaml", "--headless")
    wait_for(
        lambda: list(folder.path.rglob("runs/*.db")) and folder.step("work")["succeeded"] == 2, "it waits at item 3"
    )
    kill(process, signal.SIGTERM)
    row = folder.ok("plan", "flow.yaml").splitlines()[-1]
    assert re.fullmatch(r"work +go on +2 +3 +1  it was interrupted", row), row
    folder.write("flow.yaml", flow.replace("MOST", "0"))
    row = folder.ok("plan", "flow.yaml").splitlines()[-1]
    assert re.match(
        r"work +go on +2 +4  .*it was interrupted; more items failed than it tolerates: they are tried again", row
    ), row
    folder.write("go", "")
    folder.wf("flow.yaml", "--resume")
    assert next(record["attempts"] for record in folder.failed()) == 2, "as planned"


def test_what_was_edited_since_a_run_is_told_before_it_is_taken_up(folder: Folder) -> None:
    flow = folder.write(
        "flow.yaml",
        "steps:\n  a: {type: shell, inputs: {command: 'true'}}\n  b: {type: python, inputs: {handler: f}}\n",
    )
    folder.write("handlers.py", "def f():\n    return 1\n")
    folder.run()
    (run,) = folder.path.rglob("runs/*.db")
    assert edited_since(run, str(flow)) == ""
    flow.write_text(flow.read_text() + "# a comment\n")
    assert edited_since(run, str(flow)) == "The flow was edited since; no step changes by it."
    folder.write("handlers.py", "def f():\n    return 2\n")
    assert edited_since(run, str(flow)) == "The flow was edited since: b: its handler."
    flow.write_text(flow.read_text().replace("'true'", "'false'").replace("  b:", "  c:"))
    assert edited_since(run, str(flow)) == "The flow was edited since: a: inputs.command; c is new; b is gone."
    flow.unlink()
    assert edited_since(run, str(flow)) == ""
