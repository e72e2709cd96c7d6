"""Orders of items that SQLite makes: by key, by time taken and by the end of the latest attempt."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.store.facts import META, listed, started
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended, Outcome
from tui_workflow.store import browse
from tui_workflow.store.journal import Journal
from tui_workflow.store.runfile import RunFile

COUNT = 200


async def test_orders_are_those_of_the_latest_attempts(tmp_path: Path) -> None:
    chance = Random(4)
    path = tmp_path / "run.db"
    took: dict[int, float] = {}
    ends: dict[int, float] = {}
    async with Journal.create(path, META) as journal:
        journal.append([*started(), listed(0, COUNT), ev.ListingFinished(2.5, "work")])
        for attempt in (1, 2, 3):
            again = [number for number in range(COUNT - 20) if attempt == 1 or chance.random() < 0.3]
            outcomes = [
                Outcome(number, attempt, Ended.FAILED, 100.0 * attempt + chance.random(), chance.random(), None)
                for number in again
            ]
            chance.shuffle(outcomes)
            took.update((each.item, each.duration) for each in outcomes)
            ends.update((each.item, each.started + each.duration) for each in outcomes)
            journal.append([ev.ItemsEnded(100.0 * attempt, "work", 1, "d1", 1, tuple(outcomes))])
        await journal.flush()
    with RunFile(path) as file:
        keys = {row.number: row.key for row in browse.item_rows(file, "work", range(COUNT))}
        assert [*browse.sorted_items(file, "work", "key")] == sorted(keys, key=keys.__getitem__)
        assert [*browse.sorted_items(file, "work", "took")] == sorted(took, key=lambda item: -took[item])
        assert [*browse.sorted_items(file, "work", "ended")] == sorted(ends, key=lambda item: -ends[item])
        assert [*browse.sorted_items(file, "work", "key", 10)] == sorted(keys, key=keys.__getitem__)[:10]
        for by, order in (("took", took), ("ended", ends)):
            first = [*browse.sorted_items(file, "work", by, 60)]  # type: ignore[arg-type]
            assert 10 < len(first) <= 60
            assert len(set(first)) == len(first)
            assert first == sorted(first, key=lambda item, order=order: -order[item])  # type: ignore[misc]
            assert first[0] == max(order, key=order.__getitem__)
        assert len(browse.sorted_items(file, "none", "key")) == 0
