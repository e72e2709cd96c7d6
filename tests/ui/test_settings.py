"""What a person's `config.yaml` and `WF_TUI_THEME` change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_workflow.ui.settings import Settings, load


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load({}, tmp_path) == Settings()


def test_the_file_holds_and_the_variable_comes_before_it(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("theme: light\nascii: true\nmouse: false\n")
    assert load({}, tmp_path) == Settings("light", ascii=True, mouse=False)
    assert load({"WF_TUI_THEME": "contrast"}, tmp_path) == Settings("contrast", ascii=True, mouse=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour: red", "colour: no such setting"),
        ("theme: 3", "theme: 3 is not the name of a theme"),
        ("ascii: 'yes'", "is not true or false"),
        ("mouse: 0", "mouse: 0 is not true or false"),
        ("- theme", "config.yaml"),
        ("theme: [", "config.yaml"),
    ],
)
def test_a_file_that_cannot_be_used_is_left_out_and_says_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    settings = load({}, tmp_path)
    assert said in settings.problem
    assert (settings.theme, settings.ascii) == ("", False)
    assert load({"WF_TUI_THEME": "light"}, tmp_path).theme == "light"
