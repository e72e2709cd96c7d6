"""Which editor, and how it takes a line."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tui_workflow.errors import UsageError
from tui_workflow.ui.editor import chosen, command


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("vi", ["vi", "+12", "/f/a.py"]),
        ("vim", ["vim", "+12", "/f/a.py"]),
        ("/usr/bin/nvim -n", ["/usr/bin/nvim", "-n", "+12", "/f/a.py"]),
        ("nano", ["nano", "+12", "/f/a.py"]),
        ("emacs -nw", ["emacs", "-nw", "+12", "/f/a.py"]),
        ("micro", ["micro", "+12", "/f/a.py"]),
        ("kak", ["kak", "+12", "/f/a.py"]),
        ("hx", ["hx", "/f/a.py:12"]),
        ("code", ["code", "-w", "-g", "/f/a.py:12"]),
        ("code --wait", ["code", "--wait", "-g", "/f/a.py:12"]),
        ("subl", ["subl", "-w", "/f/a.py:12"]),
        ("subl --wait", ["subl", "--wait", "/f/a.py:12"]),
        ("my-editor --flag", ["my-editor", "--flag", "/f/a.py"]),
    ],
)
def test_editors_take_a_line_each_in_its_way(words: str, expected: list[str]) -> None:
    assert command(words.split(), "/f/a.py", 12) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("vim", "+call cursor(12,5)"),
        ("nano", "+12,5"),
        ("emacs", "+12:5"),
        ("kak", "+12:5"),
        ("vi", "+12"),
        ("hx", "/f/a.py:12:5"),
    ],
)
def test_some_take_a_column_too(word: str, expected: str) -> None:
    assert command([word], "/f/a.py", 12, 5)[1] == expected


def there(*names: str) -> Mapping[str, str]:
    return {name: f"/bin/{name}" for name in names}


def test_visual_goes_before_editor_and_both_before_what_is_found() -> None:
    assert chosen({"VISUAL": "code -w", "EDITOR": "vi"}, there("code", "vi").get) == ["code", "-w"]
    assert chosen({"VISUAL": " ", "EDITOR": "vi -X"}, there("vi").get) == ["vi", "-X"]
    assert chosen({}, there("nano").get) == ["nano"]
    assert chosen({}, there("nano", "vi").get) == ["vi"]


def test_words_are_split_and_never_read_by_a_shell() -> None:
    words = chosen({"EDITOR": "'/my editor/vim' --cmd 'set nu; $(rm -rf /)'"}, {"/my editor/vim": "x"}.get)
    assert words == ["/my editor/vim", "--cmd", "set nu; $(rm -rf /)"]
    assert command(words, "/f/$(x).py", 3)[-2:] == ["+3", "/f/$(x).py"]


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, "No editor: set $EDITOR"),
        ({"EDITOR": "ed'"}, "$EDITOR cannot be read: No closing quotation"),
        ({"VISUAL": "gone -x", "EDITOR": "vi"}, "$VISUAL names 'gone', which is not there"),
    ],
)
def test_without_an_editor_a_sentence_says_why(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(environ, there().get)
    assert sentence in str(caught.value)
