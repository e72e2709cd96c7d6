"""Small settings files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.flow.plainyaml import UnreadableSettings, read_mapping


def test_a_mapping_is_read_and_nothing_is_a_mapping_without_entries() -> None:
    assert read_mapping("a: 1\nb: [x, y]\n") == {"a": 1, "b": ["x", "y"]}
    assert read_mapping("# nothing\n") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "f.yaml:1:5: not YAML|f.yaml:2:1: not YAML"),
        ("- a", "not a mapping"),
        ("3: a", "not a mapping"),
        ("a: &x 1\nb: *x", "f.yaml:2:4: aliases are not allowed"),
        ("a: !!python/object/apply:os.getcwd []", "not YAML"),
        ("a: " + "x" * 70_000, "more than 64 KiB"),
        ("[" * 20_000, "not YAML"),
    ],
)
def test_anything_else_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(UnreadableSettings, match=says):
        read_mapping(text, "f.yaml")


@given(st.text(max_size=200))
def test_any_text_gives_a_mapping_or_an_error(text: str) -> None:
    try:
        assert isinstance(read_mapping(text), dict)
    except UnreadableSettings:
        pass
