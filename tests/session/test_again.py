"""A command that is shown finds the run it is about."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli_inspect.conftest import make_run
from tui_workflow.facts.state import RunState
from tui_workflow.session.again import options_for, resume_options, retry_command


def run(folder: Path) -> RunState:
    return RunState(run="20260131-031231-k3f9", path=str(folder / "flow.yaml"))


def test_beside_the_flow_nothing_more_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WF_TUI_STATE_DIR", raising=False)
    file = tmp_path / ".wf-tui" / "runs" / "20260131-031231-k3f9.db"
    assert options_for(file, tmp_path / "flow.yaml") == ()
    assert retry_command(file, run(tmp_path), "--open") == "wf-tui retry --run 20260131-031231-k3f9 --open"


def test_elsewhere_the_place_is_named_and_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WF_TUI_STATE_DIR", raising=False)
    home = tmp_path / "my state; rm"
    file = home / "runs" / "20260131-031231-k3f9.db"
    words = shlex.split(retry_command(file, run(tmp_path), "--open"))
    assert words == ["wf-tui", "retry", "--run", "20260131-031231-k3f9", "--state-dir", str(home), "--open"]
    monkeypatch.setenv("WF_TUI_STATE_DIR", str(home))
    assert options_for(file, tmp_path / "flow.yaml") == ()


async def test_a_resume_names_the_run_unless_it_is_the_latest_of_its_flow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WF_TUI_STATE_DIR", raising=False)
    first, flow = await make_run(tmp_path, 1), tmp_path / "demo.yaml"
    assert resume_options(first, flow) == ()
    await make_run(tmp_path, 2, flow="other.yaml")
    assert resume_options(first, flow) == (), "a run of another flow is no later run of this one"
    latest = await make_run(tmp_path, 3)
    assert resume_options(latest, flow) == ()
    assert resume_options(first, flow) == ("--run", first.stem)
    latest.write_bytes(b"damaged")
    assert resume_options(first, flow) == ("--run", first.stem)
