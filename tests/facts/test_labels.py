from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow import values
from tui_workflow.facts.labels import HEAD, label

DIGEST = "0123456789abcdef"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("doc-17", "anything", "doc-17"),
        (DIGEST, "in/a.json", "in/a.json"),
        (f"{DIGEST}~2", "in/a.json", "in/a.json ~2"),
        (DIGEST, 17, "17"),
        (DIGEST, True, "true"),
        (DIGEST, {"rows": [1], "name": "perth"}, "perth"),
        (DIGEST, {"id": 58213, "name": "x"}, "58213"),
        (DIGEST, {"a": 1}, '{"a": 1}'),
        (DIGEST, [1, 2, 3], "[1, 2, 3]"),
        (DIGEST, None, DIGEST),
        (DIGEST, [], DIGEST),
        (DIGEST, "", DIGEST),
        (DIGEST, (1, 2), "[1, 2]"),
        (DIGEST, "two\nlines", "two lines"),
    ],
)
def test_a_label_says_what_the_item_is(key: str, value: object, expected: str) -> None:
    assert label(key, values.encode(value)[:HEAD]) == expected


def test_a_value_that_is_cut_still_gives_a_label() -> None:
    assert label(DIGEST, values.encode("x" * 1000)[:HEAD]) == "x" * 30 + "…" + "x" * 49
    assert label(DIGEST, values.encode({"id": "doc-1", "body": "y" * 1000})[:HEAD]) == "doc-1"
    assert label(DIGEST, values.encode(list(range(500)))[:HEAD]).startswith("[0,1,2,3")


@given(st.text(max_size=30), st.binary(max_size=60))
def test_any_bytes_give_a_short_label(key: str, head: bytes) -> None:
    assert label(key, head) == key or len(label(DIGEST, head)) <= 120
