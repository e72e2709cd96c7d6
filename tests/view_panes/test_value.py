"""A value in rows: spaces behind commas and colons, breaks between fields, and nothing of it lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.values.strategies import values as storable
from tui_workflow import values
from tui_workflow.text import visible
from tui_workflow.view.columns import line_width
from tui_workflow.view.line import plain
from tui_workflow.view.panes import value


def compact(given: object) -> str:
    return json.dumps(given, ensure_ascii=False, separators=(",", ":"))


def shown(text: str, width: int) -> list[str]:
    return [plain(line) for line in value.lines(text, width)]


def test_rows_end_between_fields() -> None:
    text = compact({"id": 58213, "pages": 11, "title": "a, b: c", "amount": "4130,78", "parts": [1, {"x": None}]})
    assert shown(text, 30) == [
        '{"id": 58213, "pages": 11,',
        ' "title": "a, b: c",',
        ' "amount": "4130,78",',
        ' "parts": [1, {"x": null}]}',
    ]
    assert shown(text, 200) == [json.dumps(json.loads(text))]


def test_a_field_that_is_wider_than_a_row_breaks_at_its_spaces() -> None:
    text = compact({"id": 1, "title": "Annual report of the year", "next": True})
    assert shown(text, 20) == ['{"id": 1,', ' "title": "Annual ', " report of the ", ' year",', ' "next": true}']
    assert shown(compact("x" * 25), 20) == ['"' + "x" * 19, 'xxxxxx"']


@pytest.mark.parametrize("text", ["", "null", '"a:b,c"', "12.5", "[]", "{}", '"\\"a, b"'])
def test_what_has_no_fields_is_as_it_was(text: str) -> None:
    assert shown(text, 40) == [text]


def test_data_that_is_odd_or_cut_is_shown_all_the_same() -> None:
    assert shown('{"a":"x\x1b[2J,y … 1.2 MB in all', 60) == ['{"a": "x\\x1b[2J,y … 1.2 MB in all']


@given(storable, st.integers(8, 60), st.integers(0, 400))
def test_nothing_is_lost_and_no_row_is_too_wide(given: object, width: int, end: int) -> None:
    text = values.plain_json(values.encode(given))
    for part in (text, text[:end]):
        rows = value.lines(part, width)
        assert all(line_width(line) <= width for line in rows)
        assert "".join(map(plain, rows)).replace(" ", "") == visible(part).replace(" ", "")
