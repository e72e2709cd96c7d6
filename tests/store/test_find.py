"""The filter of items: what it looks into, and that a text is nothing but a text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.facts import META, started
from tui_workflow import values
from tui_workflow.facts import events as ev
from tui_workflow.facts import logs
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.state import Item
from tui_workflow.store import find as search
from tui_workflow.store.journal import Journal
from tui_workflow.store.runfile import RunFile

ORDERS = [
    {"order_id": f"A{number}", "customer": f'{"Birch" if number % 4 == 0 else "Elm"} & "Sons" {number}', "share": "50%"}
    for number in range(40)
]
STATES = bytearray([Item.FAILED] * 40)


async def written(path: Path, items: list[object], printed: dict[int, str] | None = None) -> Path:
    """A run file with these items, all of which have failed with the same words about themselves."""
    shown = printed or {}
    listing = tuple(ev.ListedItem(n, f"{n:016x}", n, values.encode(item)) for n, item in enumerate(items))
    outcomes = tuple(
        Outcome(
            number,
            1,
            Ended.FAILED,
            10.0,
            0.5,
            None,
            ErrorInfo("ValueError", f'item {number}: "no"\nrate', "00000000", ("ValueError",)).encode(),
            logs.encode([logs.LogLine(0.777, shown[number])]) if number in shown else None,
        )
        for number in range(len(items))
    )
    async with Journal.create(path, META) as journal:
        journal.append(
            [*started(), ev.ItemsListed(2.0, "work", 0, len(items), listing), ev.ListingFinished(2.5, "work")]
        )
        journal.append([ev.ItemsEnded(9.0, "work", 1, "d1", 1, outcomes)])
    return path


@pytest.mark.parametrize("few", [-1, 10**9])
async def test_find_looks_into_the_whole_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr("tui_workflow.store.find._FEW", few)
    path = await written(tmp_path / "run.db", list(ORDERS), {5: "100% of it", 6: "line"})
    with RunFile(path) as file:

        def find(text: str, *, inverse: bool = False, within: range | None = None) -> list[int]:
            return [*search.find(file, "work", text, STATES, (Item.FAILED,), inverse=inverse, within=within)]

        birches = [*range(0, 40, 4)]
        assert find("birch") == birches
        assert find("birch", within=range(8, 21)) == [8, 12, 16, 20]
        assert find("birch", within=range(36, 60)) == [36]
        assert find("birch", inverse=True, within=range(7, 10)) == [7, 9]
        assert find("", within=range(7, 10)) == [7, 8, 9]
        assert find("BIRCH", inverse=True) == [number for number in range(40) if number % 4]
        assert find('birch & "Sons"') == birches, "quotes are found although JSON spells them otherwise"
        assert find('"customer": "Birch') == birches, "as a label has it"
        assert find('"customer":"birch') == birches, "as the item's page has it"
        assert find("A17") == [17]
        assert find("50%") == [*range(40)]
        assert find("5_%") == find("%A1%") == find("B_rch") == []
        assert find("100%") == [5]
        assert find("777") == [], "the times of a log are not what was printed"
        assert find("message") == find("mro") == [], "nor are the names of an error's parts what it says"
        assert find('"no"\nrate') == [*range(40)]
        assert find("item 7:") == [7]
        assert find("x" * 60_000) == []


TEXTS = st.text(st.sampled_from('aB%_\\"\n ,:ü1'), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS | st.dictionaries(TEXTS, TEXTS | st.integers()), min_size=1, max_size=4), TEXTS)
async def test_an_item_is_found_by_any_part_of_what_is_shown_of_it(
    tmp_path: Path, items: list[object], text: str
) -> None:
    path = tmp_path / "run.db"
    path.unlink(missing_ok=True)
    listing = tuple(ev.ListedItem(n, "z" * (n + 1), n, values.encode(item)) for n, item in enumerate(items))
    async with Journal.create(path, META) as journal:
        journal.append([*started(), ev.ItemsListed(2.0, "work", 0, len(items), listing)])
    states, everything = bytearray([Item.PENDING] * len(items)), [*range(len(items))]
    with RunFile(path) as file:
        found = []
        for few in (-1, 10**9):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("tui_workflow.store.find._FEW", few)
                found.append(search.find(file, "work", text, states, (Item.PENDING,)))
                rest = search.find(file, "work", text, states, (Item.PENDING,), inverse=True)
            assert sorted({*found[-1], *rest}) == everything
            assert not text or not {*found[-1]} & {*rest}
    assert found[0] == found[1]
    for number, item in enumerate(items):
        stored = values.encode(item).decode()
        shown = [stored, *([item] if isinstance(item, str) else [])]
        if not text.startswith(" "):  # that may be the half of a comma and its space
            shown.append(json.dumps(item, ensure_ascii=False))
        if any(text.casefold() in part.casefold() for part in shown):
            assert number in found[0]
        elif number in found[0]:  # found by a part of it
            spelt = json.dumps(text.casefold(), ensure_ascii=False)[1:-1]
            narrow = re.sub("([:,]) ", r"\1", text.casefold())
            assert spelt in stored.casefold() or narrow in stored.casefold()
