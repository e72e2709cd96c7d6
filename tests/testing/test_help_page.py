"""The example of `wf-tui help testing` is run as it stands there, by the test runner that a person would use."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.bench import ROOT
from tui_workflow import testing
from tui_workflow.help import page

FILE = re.compile(r"`([\w.]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)


def test_the_example_passes_as_it_stands(tmp_path: Path) -> None:
    files = dict(FILE.findall(page("testing")))
    assert set(files) == {"flow.yaml", "handlers.py", "test_flow.py"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_flow.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_page_names_what_there_is() -> None:
    text = page("testing")
    assert all(name in text for name in testing.__all__ if not name.endswith("Result"))
    for kind in (testing.FlowResult, testing.StepResult, testing.ItemResult):
        names = [name for name in (*kind.__dataclass_fields__, *vars(kind)) if not name.startswith("_")]
        assert [name for name in names if f"`{name}`" not in text and name not in ("step", "name")] == []
