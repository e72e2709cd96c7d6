"""What is said to somebody who names a command, or a group of failures, as it is not named here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_workflow.cli.root import COMMANDS, ELSEWHERE, run


@pytest.mark.parametrize(("word", "near"), [("init", "new"), ("list", "runs"), ("retyr", "retry")])
def test_a_word_that_is_no_command_names_the_near_one(word: str, near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([word]) == 2
    said = capsys.readouterr().err
    assert f"did you mean 'wf-tui {near}'?" in said
    assert "'wf-tui help'" in said


def test_a_word_like_no_command_names_the_help(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["nightlies"]) == 2
    said = capsys.readouterr().err
    assert "no command and no flow file 'nightlies'. 'wf-tui help'" in " ".join(said.split())


def test_names_of_other_programs_lead_to_commands_that_exist() -> None:
    assert set(ELSEWHERE.values()) <= set(COMMANDS)
    assert not set(ELSEWHERE) & set(COMMANDS)
