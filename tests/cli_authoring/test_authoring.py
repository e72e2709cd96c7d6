"""`check`, `schema` and `new` as people run them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tui_workflow.flow.load import load

ROOT = Path(__file__).parents[2]


def wf(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.path.insert(0, sys.argv.pop(1)); from tui_workflow.cli import main; main()",
            str(ROOT),
            *words,
        ],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_good_flow_gets_one_line(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text('steps:\n  a: {type: shell, inputs: {command: "true"}}\n')
    done = wf("check", "f.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "f.yaml: no problems, 1 step\n", "")


def test_problems_go_to_stderr_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("steps:\n  a: {type: shel}\n")
    done = wf("check", "f.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr.splitlines() == [
        "f.yaml:2:13: error: unknown type 'shel' of step 'a'",
        "    2 |   a: {type: shel}",
        "      |             ^",
        "      = did you mean 'shell'?",
        "f.yaml: 1 error",
    ]


def test_a_warning_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("steps:\n  a: {type: python, inputs: {handler: 'os:getcwd'}}\n")
    done = wf("check", "f.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "f.yaml: 1 warning"


def test_problems_as_json(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("steps:\n  a: {type: shel}\n")
    done = wf("check", "f.yaml", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (65, "")
    assert json.loads(done.stdout) == {
        "schema": 1,
        "problems": [
            {
                "severity": "error",
                "file": "f.yaml",
                "line": 2,
                "column": 13,
                "message": "unknown type 'shel' of step 'a'",
                "hint": "did you mean 'shell'?",
            }
        ],
    }


def test_a_flow_that_is_not_there_is_a_matter_of_usage(tmp_path: Path) -> None:
    done = wf("check", "gone.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no flow file 'gone.yaml'" in done.stderr


def test_checking_executes_nothing(tmp_path: Path) -> None:
    trap = "open('executed', 'w')\ndef work(item): ...\n"
    for name in ("handlers.py", "yaml.py", "json.py", "jinja2.py", "pydantic.py"):
        (tmp_path / name).write_text(trap)
    (tmp_path / "f.yaml").write_text(
        "handlers: yaml.py\nsteps:\n  a: {type: python, inputs: {handler: work, item: 1}}\n"
        "  b: {type: shell, if: 1|int > 0, inputs: {command: touch executed}}\n"
        "  c: {type: python, inputs: {code: \"open('executed', 'w')\"}}\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            "import sys; sys.path.insert(0, sys.argv.pop(1)); from tui_workflow.cli import main; main()",
            str(ROOT),
            "check",
            "f.yaml",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "executed").exists()


def test_new_writes_a_flow_that_has_no_problems_and_is_never_overwritten(tmp_path: Path) -> None:
    done = wf("new", "mine.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "mine.yaml written. Run it with: wf-tui mine.yaml\n")
    assert [planned.name for planned in load(tmp_path / "mine.yaml").steps] == ["numbers", "square", "total", "report"]
    (tmp_path / "mine.yaml").write_text("kept")
    again = wf("new", "mine.yaml", cwd=tmp_path)
    assert again.returncode == 2
    assert "'mine.yaml' exists already" in again.stderr
    assert (tmp_path / "mine.yaml").read_text() == "kept"


@pytest.mark.parametrize("words", [("schema",), ("schema", "--output")])
def test_schemas_are_schemas(words: tuple[str, ...], tmp_path: Path) -> None:
    done = wf(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    jsonschema.Draft202012Validator.check_schema(json.loads(done.stdout))
