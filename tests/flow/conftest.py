"""Flows in a folder of their own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_workflow.flow.load import examine
from tui_workflow.flow.plan import Plan
from tui_workflow.flow.problems import Problem

Examine = Callable[..., tuple[Plan | None, list[Problem]]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def check(folder: Path) -> Examine:
    """Write a flow (and files beside it), and examine it."""

    def run(text: str | bytes, **files: str) -> tuple[Plan | None, list[Problem]]:
        for name, content in files.items():
            (folder / name.replace("_py", ".py")).write_text(textwrap.dedent(content))
        data = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
        (folder / "flow.yaml").write_bytes(data)
        return examine("flow.yaml")

    return run
