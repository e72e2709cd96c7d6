"""Running the stale again: items that are done, and were made by a definition, or of results, that have changed since."""

from __future__ import annotations

from math import ceil

from tui_workflow.facts.commands import TakeUp
from tui_workflow.ui import accepting
from tui_workflow.ui.actions.retry import reruns
from tui_workflow.ui.bulk import wish_for_many
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.screens.question import NO, ask
from tui_workflow.view import numbers

LONG = 20.0
"""Seconds from which on it is worth saying how long it takes."""


def stale_count(desk: Desk) -> int:
    """How many items are stale, in all steps."""
    return sum(step.stale_to_run for step in desk.state.steps.values())


def stale_words(desk: Desk) -> str:
    """How many they are, and about how long they take at the pace they had."""
    seconds = 0.0
    for step in desk.state.steps.values():
        typical = step.pace.percentile(0.5)
        if step.stale_to_run and typical is not None:
            seconds += step.stale_to_run * typical / max(1, step.slots)
    count = numbers.plural(stale_count(desk), "item")
    return f"{count}, {about(seconds)}" if seconds >= LONG else count


def about(seconds: float) -> str:
    """`about 40 s`, `about 12 min`, `about 1 h 10 min`: no more exact than a guess is."""
    if seconds < 60:
        return f"about {ceil(seconds / 10) * 10} s"
    minutes = ceil(seconds / 60)
    if minutes < 60:
        return f"about {minutes} min"
    hours, rest = divmod(ceil(minutes / 10) * 10, 60)
    return f"about {numbers.count(hours)} h {rest} min" if rest else f"about {numbers.count(hours)} h"


def run_stale(desk: Desk) -> None:
    """Ask, with the number and the steps that follow; then accept what waits and run them."""
    count = stale_count(desk)
    if not count:
        desk.refuse("Nothing is stale: all that is done was made by the flow as it is now")
        return
    steps = [step.name for step in desk.state.steps.values() if step.stale_to_run]
    where = steps[0] if len(steps) == 1 else numbers.plural(len(steps), "step")
    taken = accepting.words(accepting.waiting(desk))
    title = f"Run {stale_words(desk)} of {where} again?"
    answers = [
        (
            "enter",
            "run again",
            lambda desk: wish_for_many(desk, "Queuing the stale", TakeUp("stale"), stale_count(desk)),
        ),
        NO,
    ]
    words = ["They are done, and are made again by the flow as it is now.", taken, reruns(desk, steps)]
    ask(desk, title, " ".join(filter(None, words)), answers)
