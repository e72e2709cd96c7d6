from __future__ import annotations

import json
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.text import visible, visible_json, visible_parts
from tui_workflow.view.cellwidth import _of_character, width

NASTY = "\x00\x07\x1b\x7f\x80\x9b\x9f\u00ad\u061c\u200b\u200d\u200e\u2028\u2029\u202e\u2066\ufeff\ud800\U000e0041"
any_text = st.text(st.characters() | st.sampled_from(NASTY + "\n\r\tab\\"))


@given(any_text)
def test_visible_is_idempotent_and_leaves_no_control(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs")]
    assert not set(shown) & set(NASTY)
    assert visible(text, newlines=True).replace("\n", "\\n") == shown


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters="\u115f\u1160\u3164\uffa0")))
def test_harmless_text_is_unchanged(text: str) -> None:
    assert visible(text) == text
    assert all(not escaped for _, escaped in visible_parts(text))


@given(any_text)
def test_parts_add_up(text: str) -> None:
    parts = visible_parts(text)
    assert "".join(piece for piece, _ in parts) == visible(text)
    assert all(a[1] != b[1] for a, b in pairwise(parts))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("", ""),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x1b]52;c;AA\x07", "\\x1b]52;c;AA\\x07"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202egpj", "\\u202egpj"),
        ("\U000e0041", "\\U000e0041"),
        ("\x9b2J", "\\x9b2J"),
        ("naïve 日本 ✓ ❤\ufe0f", "naïve 日本 ✓ ❤\ufe0f"),
        ("[red]x[/red]", "[red]x[/red]"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_parts_tell_an_escape_from_its_letters() -> None:
    assert visible_parts("\\x1b \x1b\x1b!") == [("\\x1b ", False), ("\\x1b\\x1b", True), ("!", False)]


@given(st.text())
def test_json_keeps_its_meaning(text: str) -> None:
    raw = json.dumps({"k": text}, ensure_ascii=False)
    shown = visible_json(raw)
    assert json.loads(shown) == {"k": text}
    assert visible(shown) == shown


def test_marks_beyond_a_bound_are_written_out() -> None:
    assert visible("e" + "\u0301" * 8) == "e" + "\u0301" * 8
    assert visible("e" + "\u0301" * 10 + "x\u0301") == "e" + "\u0301" * 8 + "\\u0301\\u0301x\u0301"
    assert visible("a\U0001e8d0" * 20) == "a\U0001e8d0" * 20
    assert visible_parts("e" + "\u0301" * 9 + "\n") == [("e" + "\u0301" * 8, False), ("\\u0301", True), ("\\n", True)]
    hindi = "क्षत्रिय श्री " * 20
    assert visible(hindi) == hindi


def test_no_character_that_takes_no_column_can_be_piled_up() -> None:
    """Whatever the version of Unicode has: the blocks in which marks are looked for hold them all."""
    free = [c for c in map(chr, range(0x110000)) if _of_character(c) == 0 and visible(c) == c]
    assert len(free) > 2000
    for mark in free:
        piled = visible("x" + mark * 12)
        assert sum(width(own) == 0 for own in piled) <= 8, f"{ord(mark):x}"
        assert visible(piled) == piled


@given(st.text("e\u0301\u0302\u1160\x1b\u0e31 表", max_size=60))
def test_pieces_are_the_text_also_with_marks(text: str) -> None:
    assert "".join(piece for piece, _ in visible_parts(text)) == visible(text)
    assert visible(visible(text)) == visible(text)
