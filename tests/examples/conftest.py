"""Each example runs as a person would run it: the real command, without arguments, in a copy of the folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Ran:
    """One run of an example that has ended, and the commands that look at it."""

    folder: Path
    state: Path
    code: int
    output: str
    errors: str

    def command(self, *words: str) -> str:
        done = _wf_tui(self.folder, *words, "--state-dir", str(self.state))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def show(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.command("show", "--json"))
        return shown

    def step(self, name: str) -> dict[str, Any]:
        return next(step for step in self.show()["steps"] if step["name"] == name)

    def result(self, name: str) -> Any:
        return json.loads(self.command("result", name))

    def results(self, name: str) -> list[Any]:
        return [json.loads(line) for line in self.command("result", name).splitlines()]

    def failed(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.command("failed", "--jsonl").splitlines()]


def _wf_tui(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "tui_workflow", *words]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=300)


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run an example by name, with parameters; a second call runs in the same copy of the folder."""
    folder = tmp_path / "examples"

    def start(name: str, *words: str) -> Ran:
        if not folder.exists():
            shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("out", ".wf-tui", "__pycache__"))
        state = tmp_path / "state"
        # The current folder is another one: paths in a flow start from the flow's folder.
        done = _wf_tui(tmp_path, str(folder / f"{name}.yaml"), *words, "--headless", "--state-dir", str(state))
        return Ran(folder, state, done.returncode, done.stdout, done.stderr)

    return start
