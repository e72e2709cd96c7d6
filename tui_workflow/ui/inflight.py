"""What is known of an item that runs: it is sampled and listened to, for the run file has an attempt when that has ended."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from tui_workflow.view import numbers
from tui_workflow.view.ports import Flight

if TYPE_CHECKING:
    from tui_workflow.ui.desk import Desk


def of_item(desk: Desk, step: str, item: int) -> Flight | None:
    """The attempt of an item that runs now, None if none does. It is the same for a second, but for what it prints."""
    if not desk.feed.live or step not in desk.state.steps:
        return None
    run = next((each for each in desk.feed.running(step) if each.item == item), None)
    if run is None:
        return None
    _, printed = desk.feed.printed(0)
    lines = tuple(line for line in printed if line.item == item and line.step == step and line.at >= run.since)
    attempt = desk.state.steps[step].attempts_of.get(item, 0) + 1
    share = numbers.percent(run.done, run.total) if run.total else ""
    return Flight(attempt, run.since, run.since + floor(desk.feed.now() - run.since), share, lines)
