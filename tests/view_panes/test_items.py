"""Lists of items: what stands beside their keys, and what makes room for it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tui_workflow.facts.state import Item
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.nav import Items
from tui_workflow.view.panes import items
from tui_workflow.view.ports import ItemRow

SAID = "the volume answered with an error"


def drawn(held: Items, width: int, said: Sequence[str] = (SAID, SAID, SAID)) -> list[str]:
    rows = {
        number: ItemRow(number, number, f"doc-{number}", Item.FAILED, 3, 10.0, 1.0, 1, "ScanError", message)
        for number, message in enumerate(said)
    }
    found = items.rows(range(3), 3, held, 0, rows, {}, width, 9, UNICODE, cursor="here")
    return [plain(row.line) for row in found]


@pytest.mark.parametrize(("width", "heads"), [(76, ("tries",)), (110, ())])
def test_what_says_least_makes_room_for_the_errors_of_a_group(width: int, heads: tuple[str, ...]) -> None:
    found = drawn(Items("read", "ScanError …", group="f"), width)
    assert all(SAID in line for line in found[2:5])
    assert "ScanError" not in found[2], "the title says it"
    assert all(head not in found[1] for head in heads)
    assert "took" in found[1]


def test_the_errors_of_a_group_are_cut_to_what_tells_them_apart() -> None:
    said = [f"could not convert string to float: '{amount}'" for amount in ("4738,54", "2743,30", "4130,78")]
    found = drawn(Items("read", "ValueError could not convert string to float: '…,…'", group="f"), 58, said)
    for line, amount in zip(found[2:5], ("4738,54", "2743,30", "4130,78"), strict=True):
        assert amount in line
        assert "could" not in line


def test_a_group_whose_title_says_all_has_no_column_of_errors() -> None:
    found = drawn(Items("read", f"ScanError {SAID}", group="f"), 110)
    assert "error" not in found[1]
    assert {"tries", "took", "rev"} <= set(found[1].split())


def test_a_list_of_all_items_has_the_same_columns_whatever_has_failed() -> None:
    found = drawn(Items("read", "read"), 76)
    assert "tries" in found[1]
    assert "ScanError" in found[2]
    only = drawn(Items("read", "read", states=(Item.FAILED,)), 76)
    assert "tries" not in only[1]
    assert "ScanError the vol" in only[2]
