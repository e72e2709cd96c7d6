from __future__ import annotations

import pytest

from tui_workflow.facts.fingerprint import fingerprint, shape


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no row 17 in table 3", "no row 99 in table 12"),
        ("KeyError: 'title'", "KeyError: 'author'"),
        ("429 for https://api.example.org/v2/docs/1?page=7", "429 for https://api.example.org/v2/docs/2?page=1"),
        ("cannot open /data/in/a.csv: gone", "cannot open /tmp/b.csv: gone"),
        ("job 123e4567-e89b-12d3-a456-426614174000 failed", "job 00000000-e89b-12d3-a456-426614174fff failed"),
        ("object at 0x7f3a2b", "object at 0x11ff00"),
        ("invalid syntax (bad_a.py, line 22)", "invalid syntax (worse.py, line 3)"),
        ("doc-17 is broken", "doc-18 is broken"),
    ],
)
def test_what_varies_between_items_does_not_count(one: str, other: str) -> None:
    assert shape(one) == shape(other)
    assert fingerprint("E", one, "/a/x.py", "f") == fingerprint("E", other, "/b/x.py", "f")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("E", "no such row", "x.py", "f"), ("F", "no such row", "x.py", "f")),
        (("E", "no such row", "x.py", "f"), ("E", "no such table", "x.py", "f")),
        (("E", "no such row", "x.py", "f"), ("E", "no such row", "y.py", "f")),
        (("E", "no such row", "x.py", "f"), ("E", "no such row", "x.py", "g")),
    ],
)
def test_different_causes_differ(one: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> None:
    assert fingerprint(*one) != fingerprint(*other)


def test_a_huge_message_is_bounded() -> None:
    assert len(shape("x y " * 1_000_000)) <= 200
    assert len(fingerprint("E", "'" * 100_000)) == 8
