"""A null in a list of results says whose result it is that is not there."""

from __future__ import annotations

from pathlib import Path

from tests.reload.live import live
from tui_workflow.facts.commands import RetryItems
from tui_workflow.facts.state import Item
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.panes import item
from tui_workflow.view.ports import Absent, ItemDetail

FLOW = """\
steps:
  convert:
    type: python
    for_each: [{no: INV-1}, {no: INV-2}, {no: INV-3}, {no: INV-4}]
    if: item.no != "INV-3"
    on_error: continue
    inputs:
      code: |
        from os.path import exists
        if item["no"] == "INV-2" and not exists("mended"):
            raise ValueError(item)
        result = {"done": item["no"]} if item["no"] != "INV-4" else None
  book:
    type: python
    for_each: "{{ steps.convert.result }}"
    on_error: continue
    inputs:
      code: result = item["done"]
  rest:
    type: python
    for_each: {items: "{{ steps.convert.result }}", where: item is none}
    on_error: continue
    inputs:
      code: result = item["done"]
"""


def drawn(detail: ItemDetail | None, width: int = 70) -> str:
    assert detail is not None
    return "\n".join(plain(row.line) for row in item.rows(detail, (), width, UNICODE, unfolded=False, times=True))


async def test_a_null_names_the_item_that_has_no_result(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(FLOW)
    async with live(tmp_path) as run:
        await run.ended()
        details = run.stage.details
        found = [await details.item("book", number) for number in range(4)]
        assert [each.absent for each in found if each is not None] == [
            None,
            Absent("convert", "INV-2", Item.FAILED),
            Absent("convert", "INV-3", Item.SKIPPED),
            None,
        ], "a result that is null of itself stands for nothing else"
        assert "input     null\n          null stands for INV-2 of convert, which failed\n" in drawn(found[1])
        assert "null stands for INV-3 of convert, which was skipped\n" in drawn(found[2])
        assert "null stands" not in drawn(found[3])
        elsewhere = await details.item("rest", 1)
        assert elsewhere is not None
        assert elsewhere.absent is None, "a list that leaves something out does not say where an item was"
        (tmp_path / "mended").touch()
        await run.send(RetryItems("convert", (1,)))
        await run.until(lambda: run.step("book").succeeded == 2, "book has what convert made now")
        await run.ended()
        for number in range(5):
            now = await details.item("book", number)
            assert now is None or now.absent in (None, Absent("convert", "INV-3", Item.SKIPPED))
