"""What engine and worker say to each other: length-prefixed frames of structs and JSON over a socket pair.

A frame is its body's length (u32), one byte for its kind, and the body. Values travel as the bytes that the run
file holds: a batch's payloads become one JSON array, decoded in one go, and outcomes are fixed records followed by
one blob, so that neither side touches an item more often than it must. Both sides run the same version of this
module, so there is no version in it. Imported by the worker: it stays light.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from struct import Struct

from tui_workflow.facts.filemark import Mark
from tui_workflow.facts.work import ListedPage

HEADER = Struct("<IB")
LARGEST = (1 << 32) - 1
"""Bytes that one frame's body may have."""

# Engine to worker.
PROGRAM, FEED, RECALL, EVALUATE, LIST, CREDIT, UNLIST, PROGRESS, CLOSE = range(1, 10)
# Worker to engine.
READY, REFUSED, OUTCOMES, RECALLED, PRINTED, EVALUATED, LISTED, LIST_END, LIST_REFUSED, LOADED = range(65, 75)

RECORD = Struct("<qIBddiiii")
"""An outcome: item, attempt, status, started, duration, then the lengths of result, error, log and context (-1: none)."""
_ITEM = Struct("<qIq")
_BATCH = Struct("<IiIII")
_COUNT = Struct("<I")
_PRINTED = Struct("<qI")
_LISTED = Struct("<?I")
_PROGRESS = Struct("<qq")

RawOutcome = tuple[int, int, int, float, float, bytes | None, bytes | None, bytes | None, bytes | None]
"""The fields of a `facts.outcome.Outcome`."""


def frame(kind: int, body: bytes = b"") -> bytes:
    return HEADER.pack(len(body), kind) + body


class Splitter:
    """Cuts a stream of bytes into frames."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = bytearray()

    def push(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The frames that are complete once `data` has arrived, as (kind, body)."""
        buffer = self._data
        buffer += data
        start, end, head = 0, len(buffer), HEADER.size
        try:
            while end - start >= head:
                length, kind = HEADER.unpack_from(buffer, start)
                if end - start - head < length:
                    break
                start += head
                body = bytes(buffer[start : start + length])
                start += length
                yield kind, body
        finally:
            if start:
                del buffer[:start]


def pack_batch(
    items: Sequence[tuple[int, str, int, int, bytes]],
    context: Mapping[str, bytes] | None,
    writes_seen: int,
    failures_seen: int,
) -> bytes:
    """A batch of items (number, key, position, attempt, payload).

    `writes_seen` and `failures_seen` say how many outcomes with context writes, and how many failures, the engine had
    received when it sent this: what the worker has done since is newer than what is in here.
    """
    head = b"".join([_ITEM.pack(number, attempt, position) for number, _, position, attempt, _ in items])
    keys = json.dumps([item[1] for item in items], separators=(",", ":")).encode()
    shared = b"" if context is None else pack_values(context)
    return b"".join(
        (
            _BATCH.pack(len(items), -1 if context is None else len(shared), len(keys), writes_seen, failures_seen),
            shared,
            head,
            keys,
            b"[",
            b",".join([item[4] for item in items]),
            b"]",
        )
    )


Batch = tuple[list[tuple[int, int, int]], list[str], bytes, dict[str, bytes] | None, int, int]


def unpack_batch(body: bytes) -> Batch:
    """(number, attempt, position) of each item, the keys, the payloads as one array, context, writes and failures seen."""
    count, shared, keys, writes_seen, failures_seen = _BATCH.unpack_from(body)
    place = _BATCH.size
    context = None
    if shared >= 0:
        context = unpack_values(body[place : place + shared])
        place += shared
    end = place + count * _ITEM.size
    heads = list(_ITEM.iter_unpack(body[place:end]))
    return heads, json.loads(body[end : end + keys]), body[end + keys :], context, writes_seen, failures_seen


def batch_numbers(body: bytes) -> list[int]:
    """The numbers of the items of a batch that nobody has unpacked."""
    count, shared, *_ = _BATCH.unpack_from(body)
    start = _BATCH.size + max(0, shared)
    return [head[0] for head in _ITEM.iter_unpack(body[start : start + count * _ITEM.size])]


def pack_record(outcome: RawOutcome) -> bytes:
    result, error, log, context = outcome[5:]
    return RECORD.pack(
        *outcome[:5],
        -1 if result is None else len(result),
        -1 if error is None else len(error),
        -1 if log is None else len(log),
        -1 if context is None else len(context),
    )


def unpack_outcomes(count: int, data: bytes | memoryview, start: int, blob: int) -> Iterator[RawOutcome]:
    """The outcomes whose records begin at `start` and whose bytes begin at `blob`."""
    place = blob
    end = start + count * RECORD.size
    for item, attempt, status, began, duration, result, error, log, context in RECORD.iter_unpack(data[start:end]):
        if error < 0 and log < 0 and context < 0:
            if result < 0:
                yield item, attempt, status, began, duration, None, None, None, None
            else:
                last = place + result
                yield item, attempt, status, began, duration, bytes(data[place:last]), None, None, None
                place = last
            continue
        parts: list[bytes | None] = []
        for length in (result, error, log, context):
            if length < 0:
                parts.append(None)
            else:
                parts.append(bytes(data[place : place + length]))
                place += length
        yield item, attempt, status, began, duration, parts[0], parts[1], parts[2], parts[3]


def unpack_outcome_frame(body: bytes) -> Iterator[RawOutcome]:
    (count,) = _COUNT.unpack_from(body)
    return unpack_outcomes(count, body, _COUNT.size, _COUNT.size + count * RECORD.size)


def outcome_head(count: int) -> bytes:
    """What precedes the records and the blob in the body of an OUTCOMES frame."""
    return _COUNT.pack(count)


def pack_numbers(numbers: Iterable[int]) -> bytes:
    return b"".join([_PROGRESS.pack(number, 0)[:8] for number in numbers])


def unpack_numbers(body: bytes) -> list[int]:
    return [int.from_bytes(body[i : i + 8], "little", signed=True) for i in range(0, len(body), 8)]


def pack_printed(item: int, attempt: int, lines: bytes) -> bytes:
    return _PRINTED.pack(item, attempt) + lines


def unpack_printed(body: bytes) -> tuple[int, int, bytes]:
    item, attempt = _PRINTED.unpack_from(body)
    return item, attempt, body[_PRINTED.size :]


def pack_progress(processed: int, total: int) -> bytes:
    return _PROGRESS.pack(processed, total)


def unpack_progress(body: bytes) -> tuple[int, int]:
    processed, total = _PROGRESS.unpack(body)
    return processed, total


def pack_values(values: Mapping[str, bytes]) -> bytes:
    """Stored values by name."""
    names = json.dumps(list(values), separators=(",", ":")).encode()
    sizes = b"".join([_COUNT.pack(len(value)) for value in values.values()])
    return b"".join((_COUNT.pack(len(names)), names, sizes, *values.values()))


def unpack_values(body: bytes) -> dict[str, bytes]:
    (size,) = _COUNT.unpack_from(body)
    place = _COUNT.size + size
    names = json.loads(body[_COUNT.size : place])
    sizes = [length for (length,) in _COUNT.iter_unpack(body[place : place + len(names) * _COUNT.size])]
    place += len(names) * _COUNT.size
    values = {}
    for name, length in zip(names, sizes, strict=True):
        values[name] = body[place : place + length]
        place += length
    return values


def pack_loaded(files: Iterable[tuple[str, Mark | None]]) -> bytes:
    """Files that modules of the worker are made of, each as it was when it was read."""
    return json.dumps(list(files), separators=(",", ":")).encode()


def unpack_loaded(body: bytes) -> Iterator[tuple[str, Mark | None]]:
    for path, mark in json.loads(body):
        yield path, None if mark is None else tuple(mark)


def pack_listed(page: ListedPage) -> bytes:
    keys, payloads, explicit, perhaps = page
    names = json.dumps((keys, perhaps), separators=(",", ":")).encode()
    sizes = b"".join([_COUNT.pack(len(payload)) for payload in payloads])
    return b"".join((_LISTED.pack(explicit, len(names)), names, sizes, *payloads))


def unpack_listed(body: bytes) -> ListedPage:
    explicit, size = _LISTED.unpack_from(body)
    place = _LISTED.size + size
    keys, perhaps = json.loads(body[_LISTED.size : place])
    sizes = [length for (length,) in _COUNT.iter_unpack(body[place : place + len(keys) * _COUNT.size])]
    ends = accumulate(sizes, initial=place + len(keys) * _COUNT.size)
    return ListedPage(keys, [body[start:end] for start, end in pairwise(ends)], explicit, perhaps)
