"""The page of the definition: lines of any length, of any kind of line break, and its cursor among them."""

from __future__ import annotations

import pytest

from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.panes import definition
from tui_workflow.view.panes.row import Rows
from tui_workflow.view.ports import Rejected

WIDTH, HEIGHT = 76, 12


def page(text: str, at: int, *, wrap: bool = False, rejected: Rejected | None = None) -> Rows:
    return definition.rows("flow.yaml", text, at, 1, rejected, WIDTH, HEIGHT, UNICODE, wrap=wrap)


def shown(rows: Rows) -> list[int]:
    return [int(row.target.value) for row in rows if row.target is not None]


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("kind", ["{", "{%", '"', "\\", "a.b-", "世", "\u0301", "\U0001f469\u200d"])
def test_no_more_of_a_long_line_is_looked_at_than_can_be_seen(kind: str, wrap: bool) -> None:
    rows = page(f"steps:\n  a: {kind * 200_000}\n", 1, wrap=wrap)
    assert len(rows) <= HEIGHT
    assert sum(len(plain(row.line)) for row in rows) < 40 * WIDTH * HEIGHT
    assert plain(rows[0].line).endswith("line 2 of 2")


@pytest.mark.parametrize("at", [0, 7, 20, 39])
def test_the_line_of_the_cursor_is_in_sight_however_many_rows_lines_take(at: int) -> None:
    text = "".join(f"key{number}: {'many words ' * 60}\n" for number in range(40))
    for wrap in (False, True):
        rows = page(text, at, wrap=wrap)
        assert len(rows) == HEIGHT
        assert at in shown(rows)
        assert any(row.cursor == "here" for row in rows)


def test_a_problem_in_the_last_line_is_told_whole() -> None:
    text = "".join(f"a{number}: 1\n" for number in range(40)) + "wrong: 2\n"
    refused = Rejected("flow.yaml", 41, 1, "a long message " * 12, "a hint", (), text, (41,), 1, 0.0)
    said = "\n".join(plain(row.line) for row in page(text, 40, rejected=refused))
    assert "a hint   line 41, column 1" in said
    assert "wrong: 2" in said


def test_lines_are_counted_as_yaml_counts_them() -> None:
    assert definition.lines_of("a: 1\r\nb: 2\u2028c: 3\x85d: 4\re: 5\n") == ("a: 1", "b: 2", "c: 3", "d: 4", "e: 5")
    assert definition.lines_of("") == ("",)
    assert "\\r" not in "".join(plain(row.line) for row in page("a: 1\r\nb: 2\r\n", 0))
