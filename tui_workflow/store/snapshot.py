"""A `RunState` as bytes and back, so that opening a run need not fold a million facts. JSON and plain arrays, no pickle.

`take` copies what may change and is all that the event loop has to wait for; `pack` makes the bytes, wherever there is time.

Layout before compression: `wfs1`, the length of the JSON (u32), the JSON, then the arrays that it refers to, one after
another; integers are little-endian. An unknown or damaged snapshot is refused, and the reader folds from the start instead.
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from tui_workflow.facts.events import ReloadRejected
from tui_workflow.facts.state import Group, Pace, Rest, RunState, StepState
from tui_workflow.store import facts_json

_MAGIC = b"wfs1"
_LENGTH = struct.Struct("<I")
_LIMIT = 1 << 32
_MAPS = ["tries", "attempts_of", "failures"]
_ODD_STEP = {"shape", "error", "states", "made_by", "by_revision", "groups", "pace", "retry_at", *_MAPS}
_ODD_RUN = {"rejected", "steps", "removed"}
# Fields that are numbers, text or lists as they stand. A snapshot that lacks one was made by another version.
_PLAIN_STEP = [field.name for field in fields(StepState) if field.name not in _ODD_STEP]
_PLAIN_RUN = [field.name for field in fields(RunState) if field.name not in _ODD_RUN]


_Part = bytes | tuple[str, Iterable[int] | Iterable[float]]
"""An array as its bytes, or as its kind and numbers."""


@dataclass(frozen=True, slots=True)
class Still:
    """A state as it was at one moment: nothing in it changes any more."""

    record: dict[str, Any]
    parts: list[_Part]


def take(state: RunState) -> Still:
    """A copy of the state. Costs microseconds per step, a byte per item and some nanoseconds per failed one."""
    parts: list[_Part] = []
    record: dict[str, Any] = {name: getattr(state, name) for name in _PLAIN_RUN}
    if state.rejected is not None:
        record["rejected"] = [state.rejected.at, facts_json.encode(state.rejected)[1].decode()]
    record["steps"] = [_step_record(step, parts) for step in state.steps.values()]
    record["removed"] = [_step_record(step, parts) for step in state.removed.values()]
    return Still(record, parts)


def pack(still: Still) -> bytes:
    """The bytes of a copy, compressed: states of items repeat, so a megabyte becomes some kilobytes."""
    blobs = [part if isinstance(part, bytes) else _bytes_of(*part) for part in still.parts]
    text = json.dumps({**still.record, "blobs": [len(blob) for blob in blobs]}, separators=(",", ":")).encode()
    return zlib.compress(b"".join((_MAGIC, _LENGTH.pack(len(text)), text, *blobs)), 1)


def load(data: bytes) -> RunState:
    """The state of which `pack` made the bytes. Raises ValueError when they are no snapshot of this version."""
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(data, _LIMIT)
    except zlib.error as error:
        raise ValueError(f"a damaged snapshot: {error}") from None
    if not unpacker.eof:
        raise ValueError("a snapshot that ends too early")
    if data[:4] != _MAGIC:
        raise ValueError("a snapshot of another version")
    try:
        (length,) = _LENGTH.unpack_from(data, 4)
        record = json.loads(data[8 : 8 + length])
        blobs = _Blobs(data, 8 + length, record.pop("blobs"))
        return _read_run(record, blobs)
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError, StopIteration, struct.error) as error:
        raise ValueError(f"a damaged snapshot: {error!r}") from None


class _Blobs:
    """The arrays behind the JSON, taken in the order in which they were put there."""

    def __init__(self, data: bytes, start: int, lengths: list[int]) -> None:
        if start + sum(lengths) != len(data):
            raise ValueError("a snapshot of the wrong length")
        self._data, self._at, self._lengths = data, start, iter(lengths)

    def take(self) -> bytes:
        length = next(self._lengths)
        start, self._at = self._at, self._at + length
        return self._data[start : self._at]

    def ints(self) -> array[int]:
        return _read_array("q", self.take())

    def floats(self) -> array[float]:
        return _read_array("d", self.take())


def _bytes_of(kind: str, numbers: Iterable[Any]) -> bytes:
    packed: array[Any] = array(kind, numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _read_array(kind: str, data: bytes) -> array[Any]:
    packed: array[Any] = array(kind)
    packed.frombytes(data)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed


def _step_record(step: StepState, parts: list[_Part]) -> dict[str, Any]:
    record = {name: getattr(step, name) for name in _PLAIN_STEP}
    record["definitions"], record["rests"] = list(step.definitions), list(step.rests)
    record["shape"] = facts_json.shape_record(step.shape)
    record["error"] = None if step.error is None else step.error.decode("utf-8", "surrogateescape")
    record["by_revision"] = [[*key, count] for key, count in step.by_revision.items()]
    record["groups"] = [_group_record(group) for group in step.groups]
    pace = step.pace
    took = [list(pace.durations.items()), list(pace.seconds.items())]
    record["pace"] = [*took, list(pace.ended.items()), pace.slowest, pace.slowest_item]
    parts += [bytes(step.states), bytes(step.made_by)]
    for name in _MAPS:
        numbers: dict[int, int] = getattr(step, name).copy()
        parts += [("q", numbers), ("q", numbers.values())]
    due = step.retry_at.copy()
    parts += [("q", due), ("d", due.values())]
    return record


def _group_record(group: Group) -> list[Any]:
    return [getattr(group, field.name) for field in fields(group)[:-1]] + [list(group.trend.items())]


def _read_run(record: dict[str, Any], blobs: _Blobs) -> RunState:
    steps = [_read_step(step, blobs) for step in record.pop("steps")]
    removed = [_read_step(step, blobs) for step in record.pop("removed")]
    rejected = record.pop("rejected", None)
    state = RunState()
    for name in _PLAIN_RUN:
        setattr(state, name, record[name])
    state.steps = {step.name: step for step in steps}
    state.removed = {step.name: step for step in removed}
    if rejected is not None:
        fact = facts_json.decode("reload_rejected", rejected[0], rejected[1])
        assert isinstance(fact, ReloadRejected)
        state.rejected = fact
    return state


def _read_step(record: dict[str, Any], blobs: _Blobs) -> StepState:
    step = StepState(facts_json.read_shape(record["shape"]))
    for name in _PLAIN_STEP:
        setattr(step, name, record[name])
    step.rests = [Rest(*rest) for rest in step.rests]
    error = record["error"]
    step.error = None if error is None else error.encode("utf-8", "surrogateescape")
    step.by_revision = Counter({(revision, ended): count for revision, ended, count in record["by_revision"]})
    step.groups = [_read_group(group) for group in record["groups"]]
    durations, seconds, ended, slowest, item = record["pace"]
    took = Counter(dict(durations)), defaultdict(float, seconds)
    step.pace = Pace(*took, Counter(dict(ended)), slowest, item)
    step.states, step.made_by = bytearray(blobs.take()), bytearray(blobs.take())
    for name in _MAPS:
        setattr(step, name, dict(zip(blobs.ints(), blobs.ints(), strict=True)))
    step.retry_at = dict(zip(blobs.ints(), blobs.floats(), strict=True))
    return step


def _read_group(record: list[Any]) -> Group:
    fingerprint, kind, message, where, count, last_at, trend = record
    place = None if where is None else (where[0], where[1])
    return Group(fingerprint, kind, message, place, count, last_at, Counter(dict(trend)))
