"""Facts as the JSON that `event.body` holds, and back.

`ItemsEnded` is no event here: its outcomes are rows of their own. Items that were listed or moved are rows of `item`; their
events keep the numbers only. Item numbers are stored in runs `[first, count]`, since a retry may queue a million.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from tui_workflow.facts import events as ev

_KINDS: dict[str, type[Any]] = {
    "run_started": ev.RunStarted,
    "run_resumed": ev.RunResumed,
    "revision_taken": ev.RevisionTaken,
    "reload_rejected": ev.ReloadRejected,
    "step_started": ev.StepStarted,
    "slots_changed": ev.SlotsChanged,
    "items_listed": ev.ItemsListed,
    "items_moved": ev.ItemsMoved,
    "listing_finished": ev.ListingFinished,
    "items_queued": ev.ItemsQueued,
    "items_outdated": ev.ItemsOutdated,
    "step_reopened": ev.StepReopened,
    "step_finished": ev.StepFinished,
    "paused": ev.Paused,
    "unpaused": ev.Unpaused,
    "draining": ev.Draining,
    "run_finished": ev.RunFinished,
}
_NAMES = {made: name for name, made in _KINDS.items()}
_FIELDS = {made: tuple(field.name for field in fields(made) if field.name != "at") for made in _NAMES}
SHIFTED = '"shifted":true'
"""In the body of an event after which an item's position is no longer its number."""


def encode(fact: ev.Event) -> tuple[str, bytes]:
    """The kind and the body of a fact that is stored as an event; `at` has a column of its own."""
    kind = type(fact)
    record: dict[str, Any] = {name: getattr(fact, name) for name in _FIELDS[kind]}
    match fact:
        case ev.RevisionTaken():
            record["steps"] = [shape_record(shape) for shape in fact.steps]
        case ev.ItemsListed():
            del record["items"]
            if any(item.position != item.number for item in fact.items):
                record["shifted"] = True
        case ev.ItemsMoved():
            record["items"] = runs(item.number for item in fact.items)
            record["shifted"] = True
        case ev.ListingFinished():
            record["gone"] = runs(fact.gone)
            if fact.gone:
                record["shifted"] = True
        case ev.ItemsQueued():
            record["items"] = runs(fact.items)
        case ev.StepFinished():
            record["error"] = None if fact.error is None else fact.error.decode("utf-8", "surrogateescape")
        case _:
            pass
    return _NAMES[kind], json.dumps(record, separators=(",", ":")).encode()


def decode(kind: str, at: float, body: bytes | str) -> ev.Event:
    """The fact of a stored event. Raises ValueError or KeyError for what is none."""
    record: dict[str, Any] = json.loads(body)
    record.pop("shifted", None)
    match kind:
        case "revision_taken":
            record["steps"] = tuple(read_shape(shape) for shape in record["steps"])
        case "reload_rejected":
            record["problems"] = tuple(record["problems"])
        case "items_moved":
            record["items"] = ()
        case "listing_finished":
            record["gone"] = unrun(record["gone"])
        case "items_queued":
            record["items"] = unrun(record["items"])
        case "step_finished":
            if record["error"] is not None:
                record["error"] = record["error"].encode("utf-8", "surrogateescape")
        case _:
            pass
    if kind not in _KINDS:
        raise ValueError(f"an event of the unknown kind {kind!r}")
    try:
        fact: ev.Event = _KINDS[kind](at=at, **record)
    except TypeError as error:
        raise ValueError(f"an event of kind {kind} has other fields: {error}") from None
    return fact


def shape_record(shape: ev.StepShape) -> dict[str, Any]:
    return {field.name: getattr(shape, field.name) for field in fields(shape)}


def read_shape(record: dict[str, Any]) -> ev.StepShape:
    """The inverse of `shape_record`. Raises ValueError for other fields."""
    reads = record["reads"]
    try:
        return ev.StepShape(
            **{**record, "needs": tuple(record["needs"]), "reads": None if reads is None else tuple(reads)}
        )
    except TypeError as error:
        raise ValueError(f"a step has other fields: {error}") from None


def runs(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers as `[first, count]`, in the order given."""
    found: list[list[int]] = []
    following = None
    for number in numbers:
        if number == following:
            found[-1][1] += 1
        else:
            found.append([number, 1])
        following = number + 1
    return found


def unrun(found: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The inverse of `runs`."""
    return tuple(number for first, count in found for number in range(first, first + count))
