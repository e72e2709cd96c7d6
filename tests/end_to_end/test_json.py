"""What programs read: JSON Lines that the published schema describes, and exit codes."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.end_to_end.bench import COMMAND, Folder, gone_within, wait_for

FLOW = """
params: {moment: 2026-01-31}
steps:
  plain:
    type: python
    inputs:
      code: |
        import datetime, decimal, pathlib
        result = {"at": datetime.date(2026, 1, 31), "price": decimal.Decimal("1.50"), "inf": float("inf"),
                  "raw": b"xy", "pair": (1, 2), "where": pathlib.Path("a/b"), 3: "three"}
  work:
    type: python
    for_each: [1, 2, 3, 4]
    key: "k{{ item }}"
    parallel: 2
    retry: {max_attempts: 2, delay: 0.05}
    on_error: ON_ERROR
    inputs:
      code: |
        if item == 3:
            raise ValueError("three \\x1b[31m")
        result = item
  skipped:
    type: python
    if: "{{ false }}"
    inputs: {code: "result = 1"}
finally:
  tidy:
    type: shell
    inputs: {command: "true"}
"""
BLOCKED = """
steps:
  work:
    type: python
    for_each: [1, 2, 3]
    inputs:
      code: |
        import os, time
        open(f"started{item}", "w").close()
        while not os.path.exists("go"):
            time.sleep(0.01)
        result = item
"""


@pytest.fixture(scope="session")
def validator() -> Any:
    text = subprocess.run(
        [*COMMAND, "schema", "--output"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    schema = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def events(output: str, validator: Any) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in output.splitlines()]
    for event in found:
        validator.validate(event)
    assert found[-1]["event"] == "run_finished"
    return found


@pytest.mark.parametrize(
    ("on_error", "code", "words"), [("fail", 1, ()), ("continue", 0, ()), ("continue", 3, ("--strict",))]
)
def test_every_line_is_in_the_schema(
    folder: Folder, validator: Any, on_error: str, code: int, words: tuple[str, ...]
) -> None:
    folder.write("flow.yaml", FLOW.replace("ON_ERROR", on_error))
    done = folder.wf("flow.yaml", "--json", *words)
    assert done.returncode == code, done.stderr
    found = events(done.stdout, validator)
    kinds = [event["event"] for event in found]
    assert kinds[0] == "run_started"
    assert kinds.count("run_finished") == 1
    assert kinds.count("item_retrying") == kinds.count("item_failed") == 1
    failed = next(event for event in found if event["event"] == "item_failed")
    assert (failed["step"], failed["key"], failed["index"], failed["item"], failed["attempts"]) == (
        "work",
        "k3",
        2,
        3,
        2,
    )
    last = found[-1]
    assert last["status"] == ("failed" if on_error == "fail" else "succeeded")
    for step in last["steps"]:
        assert step["total"] == sum(step[name] for name in ("succeeded", "failed", "skipped", "pending", "running"))
    assert {step["name"]: step["status"] for step in last["steps"]}["tidy"] == "succeeded"
    shown = folder.show()
    validator.validate(shown)
    assert [{k: v for k, v in step.items() if k != "result"} for step in shown["steps"]] == last["steps"]
    plain = shown["steps"][0]["result"]
    assert plain is not None
    for command in (["runs", "--json"], ["failed", "--json"], ["failed", "--group", "--json"]):
        validator.validate(json.loads(folder.ok(*command)))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_end_in_order_and_can_be_resumed(folder: Folder, validator: Any, number: int, code: int) -> None:
    folder.write("flow.yaml", BLOCKED)
    process = folder.start("flow.yaml", "--json")
    wait_for((folder.path / "started1").exists, "an item runs")
    process.send_signal(number)
    if number != signal.SIGHUP:
        (folder.path / "go").touch()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == code
    found = events(output, validator)
    assert found[-1]["status"] == "interrupted"
    gone_within(folder.path)
    (folder.path / "go").touch()
    done = folder.wf("flow.yaml", "--json", "--resume")
    assert done.returncode == 0, done.stderr
    assert events(done.stdout, validator)[0]["event"] == "resumed"
    assert folder.results("work") == [1, 2, 3]


def test_a_second_sigint_does_not_wait(folder: Folder) -> None:
    folder.write("flow.yaml", BLOCKED)
    process = folder.start("flow.yaml", "--headless")
    wait_for((folder.path / "started1").exists, "an item runs")
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    while "drain" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130
    gone_within(folder.path)
    shown = folder.show()
    assert shown["status"] == "interrupted"
    step = shown["steps"][0]
    assert step["status"] == "pending"
    assert shown["started"] <= step["started"] <= shown["finished"]
    assert step["duration"] > 0


def test_an_invalid_flow_is_65_with_every_problem(folder: Folder) -> None:
    folder.write(
        "flow.yaml",
        "steps:\n  a:\n    type: pyton\n  b:\n    type: python\n    inputs: {handler: nowhere}\n    neds: [a]\n"
        "  c:\n    type: python\n    needs: [z]\n    inputs: {code: 'result = 1'}\n",
    )
    done = folder.wf("flow.yaml", "--headless")
    assert done.returncode == 65
    for words in ("pyton", "neds", "nowhere", "'z'", "flow.yaml:3", "python"):
        assert words in done.stderr, f"{words} is missing in {done.stderr}"
    assert "Traceback" not in done.stderr
    assert not (folder.path / ".wf-tui").exists()
    checked = folder.wf("check", "flow.yaml", "--json")
    assert checked.returncode == 65
    problems = json.loads(checked.stdout)["problems"]
    assert len(problems) >= 4
    assert all(problem["line"] > 0 and problem["message"] for problem in problems)


@pytest.mark.parametrize(
    "words",
    [
        ["--no-such-option"],
        ["missing.yaml"],
        ["flow.yaml", "--limit", "x"],
        ["flow.yaml", "nameless"],
        ["flow.yaml", "unknown=1"],
        ["flow.yaml", "--only", "nowhere"],
        ["show", "20260131-140501-k3f9"],
        ["result", "nowhere"],
        ["result"],
        ["retry"],
    ],
)
def test_usage_is_2(folder: Folder, words: list[str]) -> None:
    folder.write("flow.yaml", "steps: {}\n")
    done = folder.wf(*words)
    assert done.returncode == 2, (words, done.returncode, done.stdout, done.stderr)
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_an_empty_flow_succeeds(folder: Folder, validator: Any) -> None:
    folder.write("flow.yaml", "steps: {}\n")
    done = folder.wf("flow.yaml", "--json")
    assert done.returncode == 0
    assert events(done.stdout, validator)[-1]["steps"] == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_directory_that_cannot_be_written_is_73(folder: Folder) -> None:
    folder.write("flow.yaml", "steps: {}\n")
    folder.path.chmod(0o500)
    try:
        done = folder.wf("flow.yaml", "--headless")
    finally:
        folder.path.chmod(0o700)
    assert done.returncode == 73, done.stderr


def test_a_state_path_that_is_a_file_is_73(folder: Folder) -> None:
    folder.write("flow.yaml", "steps: {}\n")
    folder.write("taken", "")
    done = folder.wf("flow.yaml", "--headless", "--state-dir", "taken")
    assert done.returncode == 73, done.stderr
    assert "taken" in done.stderr


def test_a_damaged_run_file_is_65_and_stays_as_it_is(folder: Folder) -> None:
    folder.write("flow.yaml", "steps: {}\n")
    folder.run()
    (file,) = (folder.path / ".wf-tui" / "runs").glob("*.db")
    whole = file.read_bytes()
    file.write_bytes(whole[:1000])
    for words in (["show"], ["flow.yaml", "--headless", "--resume"]):
        done = folder.wf(*words)
        assert done.returncode == 65, (words, done.returncode, done.stderr)
        assert file.name in done.stderr
    assert file.read_bytes() == whole[:1000]


def set_pragma(words: str) -> Callable[[Path], None]:
    def harm(file: Path) -> None:
        with closing(sqlite3.connect(file)) as db:
            db.execute(f"PRAGMA {words}")

    return harm


HARMS: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "zeroed": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "garbage": lambda file: file.write_bytes(b"junk" * 5000),
    "of another program": set_pragma("application_id = 1"),
    "newer": set_pragma("user_version = 99"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_no_run_file_is_neither_gone_on_with_nor_begun_again(folder: Folder, harm: str) -> None:
    folder.write("flow.yaml", "steps:\n  work:\n    type: shell\n    inputs: {command: 'echo ran >> ran; exit 1'}\n")
    folder.run(code=1)
    (file,) = (folder.path / ".wf-tui" / "runs").glob("*.db")
    HARMS[harm](file)
    data = file.read_bytes()
    for words in (["--resume"], []):
        done = folder.wf("flow.yaml", "--headless", *words)
        assert done.returncode == 65, (words, done.returncode, done.stderr)
        assert file.name in done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) <= 3
    assert file.read_bytes() == data
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert (folder.path / "ran").read_text() == "ran\n", "nothing began again"


@pytest.mark.slow
def test_a_damaged_run_among_others_is_not_passed_over(folder: Folder) -> None:
    """It may be the one that is to be gone on with; what lies before it is neither gone on with nor begun again."""
    folder.write("flow.yaml", "steps:\n  work:\n    type: shell\n    inputs: {command: 'echo ran >> ran'}\n")
    folder.run()
    folder.run("--new")
    older, newer = sorted((folder.path / ".wf-tui" / "runs").glob("*.db"))
    whole = newer.read_bytes()
    newer.write_bytes(whole[:3000])
    for words in (["--headless", "--resume"], ["--json", "--resume"], ["--headless"]):
        done = folder.wf("flow.yaml", *words)
        assert done.returncode == 65, (words, done.returncode, done.stderr)
        assert newer.name in done.stderr
        assert "--new" in done.stderr
    assert newer.read_bytes() == whole[:3000]
    assert (folder.path / "ran").read_text() == "ran\n" * 2, "nothing began again"
    folder.ok("show", older.stem)
    folder.run("--new")


def test_a_reader_that_goes_away_stops_nothing(folder: Folder) -> None:
    folder.write("flow.yaml", BLOCKED)
    process = folder.start("flow.yaml", "--json")
    wait_for((folder.path / "started1").exists, "an item runs")
    assert process.stdout is not None
    process.stdout.close()
    (folder.path / "go").touch()
    assert process.wait(30) == 0
    assert process.stderr is not None
    process.stderr.close()
    assert folder.results("work") == [1, 2, 3]
