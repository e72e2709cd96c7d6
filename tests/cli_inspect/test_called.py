"""Items with keys that are digests are called on the command line what the dashboard calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli_inspect.test_inspect import call
from tui_workflow.cli import inspect
from tui_workflow.testing import run_flow

FLOW = """\
steps:
  convert:
    type: python
    for_each: [{invoice_no: INV-2026001, amount: 1}, {invoice_no: "INV\\e[2J", amount: 2}]
    on_error: continue
    inputs:
      code: |
        print("converting", item["amount"])
        raise ValueError("no rate")
  send:
    type: python
    for_each: [{mail: ada}, {mail: joe}]
    key: "{{ item.mail }}"
    on_error: continue
    inputs:
      code: |
        print("sending")
        raise ValueError("no rate")
"""


@pytest.fixture
def run(folder: Path) -> Path:
    (folder / "flow.yaml").write_text(FLOW)
    run_flow(folder / "flow.yaml", state_dir=folder / ".wf-tui")
    return folder


def test_failed_names_items_beside_their_keys(run: Path) -> None:
    head, *rows = [line.split() for line in call(inspect.failed).stdout.splitlines()]
    assert head == ["STEP", "KEY", "ITEM", "ATTEMPTS", "GROUP", "ERROR"]
    record = json.loads(call(inspect.failed, "--json").stdout)
    keys = [item["key"] for item in record["failed"]]
    assert [row[1] for row in rows] == keys
    assert [row[2] for row in rows] == ["INV-2026001", "INV\\x1b[2J", "1", "1"]
    assert not any("label" in item for item in record["failed"])


def test_where_keys_speak_for_themselves_there_is_no_column_of_items(run: Path) -> None:
    head, *rows = [line.split() for line in call(inspect.failed, "--step", "send").stdout.splitlines()]
    assert head == ["STEP", "KEY", "ATTEMPTS", "GROUP", "ERROR"]
    assert [row[1] for row in rows] == ["ada", "joe"]


def test_logs_name_items_and_take_their_keys(run: Path) -> None:
    assert [line.split()[1:] for line in call(inspect.logs).stdout.splitlines()] == [
        ["convert", "INV-2026001", "converting", "1"],
        ["convert", "INV\\x1b[2J", "converting", "2"],
        ["send", "ada", "sending"],
        ["send", "joe", "sending"],
    ]
    key = json.loads(call(inspect.failed, "--jsonl").stdout.splitlines()[0])["key"]
    assert call(inspect.logs, "convert", key).stdout.split()[1:] == ["converting", "1"]


def test_columns_are_told_again_when_a_later_page_has_others(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "_PAGE", 2)
    lines = call(inspect.failed).stdout.splitlines()
    assert [line.split()[:3] for line in (lines[0], lines[3])] == [["STEP", "KEY", "ITEM"], ["STEP", "KEY", "ATTEMPTS"]]
