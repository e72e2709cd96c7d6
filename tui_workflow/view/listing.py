"""Which items a list holds, in order. Cheap for a million: a list without conditions is a range, others take four bytes an item
and are made by C loops.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import compress

from tui_workflow.facts.state import Item, StepState
from tui_workflow.view.nav import Items

RUNNING = (-1,)
"""In the place of states: the items that run. No fact says so, they are sampled anew for each frame (`Items.running`)."""

STATES: dict[tuple[int, ...], str] = {
    (): "all",
    RUNNING: "running",
    (Item.SKIPPED,): "skipped",
    (Item.FAILED,): "failed",
    (Item.OK,): "done",
    (Item.PENDING, Item.RETRYING): "waiting",
}
"""The states by which items are listed, in the order in which a key goes through them, and what they are called."""


def next_states(step: StepState, states: tuple[int, ...], running: int) -> tuple[int, ...]:
    """The states to list after `states`: the next ones that any item of the step is in, or all. `running` is how many run."""
    order = list(STATES)
    at = order.index(states) + 1 if states in STATES else 0
    has = {
        "running": running,
        "skipped": step.skipped,
        "failed": step.failed,
        "done": step.succeeded,
        "waiting": step.waiting,
    }
    return next((each for each in order[at:] if has.get(STATES[each])), ())


def holds(step: StepState, items: Items, number: int) -> bool:
    """Whether an item belongs to the list, whatever its filter keeps."""
    return _membership(step, items)(number)


def numbers(step: StepState, items: Items) -> Sequence[int]:
    """The numbers of the items that the list holds now, in its order."""
    if items.found is None:
        found = _members(step, items)
    else:
        belongs = _membership(step, items)
        found = array("I", filter(belongs, items.found))
    return found if items.order is None else _ordered(found, items.order)


def _ordered(found: Sequence[int], order: Sequence[int]) -> Sequence[int]:
    """The numbers as they come in an order, and then those that it lacks."""
    left = bytearray(max(max(found, default=-1), max(order, default=-1)) + 1)
    for number in found:
        left[number] = 1
    ordered = array("I", compress(order, map(left.__getitem__, order)))
    if len(ordered) < len(found):
        for number in ordered:
            left[number] = 0
        ordered.extend(compress(range(len(left)), left))
    return ordered


def _members(step: StepState, items: Items) -> Sequence[int]:
    if items.group is not None:
        place = _place(step, items.group)
        return array("I", sorted(number for number, own in step.failures.items() if own == place))
    span = _span(step, items)
    if items.states == RUNNING:
        return array("I", filter(span.__contains__, items.running))
    if not items.states and not step.gone:
        return span
    wanted = bytearray(256)
    for state in _states(items):
        wanted[state] = 1
    return array("I", compress(span, step.states[span.start : span.stop].translate(bytes(wanted))))


def _membership(step: StepState, items: Items) -> Callable[[int], bool]:
    """Whether a number is in the list, for when few are asked about."""
    if items.group is not None:
        place = _place(step, items.group)
        return lambda number: step.failures.get(number) == place
    if items.states == RUNNING:
        return items.running.__contains__
    span, states = _span(step, items), _states(items)
    return lambda number: number in span and step.states[number] in states


def _place(step: StepState, group: str) -> int:
    return next((place for place, each in enumerate(step.groups) if each.fingerprint == group), -1)


def _span(step: StepState, items: Items) -> range:
    span = items.cell if items.cell is not None else range(len(step.states))
    return range(span.start, min(span.stop, len(step.states)))


def _states(items: Items) -> frozenset[int]:
    return frozenset(items.states or (state for state in Item if state != Item.GONE))


def place_of(found: Sequence[int], number: int | None, *, in_order: bool) -> int | None:
    """Where an item stands in the list, None if it does not."""
    if number is None:
        return None
    if isinstance(found, range):
        return number - found.start if number in found else None
    if in_order:
        place = bisect_left(found, number)
        return place if place < len(found) and found[place] == number else None
    try:
        return found.index(number)
    except ValueError:
        return None
