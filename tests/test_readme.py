"""The README says what is so: its commands set up and test, its keys are the table's, its pictures and files exist."""

from __future__ import annotations

import re
from pathlib import Path

from tui_workflow.cli.root import COMMANDS
from tui_workflow.view.keys import DEFAULT

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_key_of_the_table_stands_in_the_readme_as_the_table_has_it() -> None:
    rows = [line for line in DEFAULT.markdown().splitlines() if line.startswith("| `")]
    assert rows
    assert not [row for row in rows if row not in README]
    told = [line for line in README.splitlines() if line.startswith("| `") and line.endswith("` |")]
    assert sorted(told) == sorted(rows)


def test_files_and_pictures_that_the_readme_names_exist() -> None:
    names = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert names
    assert not [name for name in names if not (ROOT / name).exists()]


def test_commands_that_the_readme_uses_exist() -> None:
    used = set(re.findall(r"wf-tui ([a-z]+)\b(?![./=])", README))
    assert used - {"flow", "examples"} <= set(COMMANDS)


def test_two_lines_do_all_the_set_up() -> None:
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv ")]
    assert len(lines) == 2
    assert "wf-tui examples/" in lines[0]
    assert lines[1].endswith("pytest")
