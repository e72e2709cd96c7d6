"""Exceptions behind the one that ended an item."""

from __future__ import annotations

import traceback
from dataclasses import replace

import pytest

from tests.ui.simulate import http_error
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import Item
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.panes import item
from tui_workflow.view.panes.chain import causes
from tui_workflow.view.ports import AttemptRow, ItemDetail, ItemRow


def _open() -> None:
    raise OSError("no such volume:\n/srv/archive")


def _read(chain: bool) -> None:
    try:
        _open()
    except OSError as problem:
        if chain:
            raise LookupError("gone") from problem
        raise KeyError("a") from None


def text(*, chain: bool) -> str:
    try:
        try:
            _read(chain)
        except LookupError:
            raise RuntimeError("cannot go on")  # noqa: B904
    except RuntimeError as problem:
        return "".join(traceback.format_exception(problem))
    return ""


def test_the_nearest_comes_first_with_what_it_said_and_where() -> None:
    near, far = causes(text(chain=True))
    assert (near.how, near.said) == ("handling", "LookupError: gone")
    assert (far.how, far.said) == ("caused by", "OSError: no such volume:\n/srv/archive")
    assert far.where.startswith("test_chain.py:")
    assert far.where.endswith(" in _open")
    assert [cause.said for cause in causes(text(chain=False))] == ["KeyError: 'a'"]


def test_the_place_is_in_the_users_own_code_where_there_is_one() -> None:
    at = causes(text(chain=True), frozenset({__file__}))[1]
    assert at.where.endswith(" in _open")
    library = text(chain=True).replace(f'"{__file__}", line 19', '"/usr/lib/x.py", line 19')
    assert [own.where.split(":")[0] for own in causes(library, frozenset({__file__}))] == ["test_chain.py"] * 2


@pytest.mark.parametrize(
    "words", ["", "no traceback", "During handling of the above exception, another exception occurred:"]
)
def test_text_that_is_no_chain_has_none(words: str) -> None:
    assert causes(words) == []


def test_the_page_of_an_item_tells_what_was_behind_its_error() -> None:
    error = replace(http_error(310), traceback=text(chain=True))
    row = ItemRow(0, 0, "doc", Item.FAILED, 1, 10.0, 1.0, 1, error.type, error.message)
    detail = ItemDetail(row, "{}", (AttemptRow(1, Ended.FAILED, 9.0, 1.0, 1, None, error, None, None),))
    rows = item.rows(detail, (), 70, UNICODE, unfolded=False, times=True)
    shown = [plain(row.line).rstrip() for row in rows]
    assert "handling  LookupError gone" in shown
    assert "caused by OSError no such volume:\\n/srv/archive" in shown
    assert any(line.endswith(" in _open") for line in shown)
