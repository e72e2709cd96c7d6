"""One fingerprint per cause of failure, so that two thousand failures make three rows.

A fingerprint is 8 hex digits of BLAKE2b over the exception's type (of a command with its exit code), the innermost frame of the
user's code (file name, function, and the text of the line; not its number, so that an edit above it does not split a group),
and the message with everything that differs between items taken out: quoted text, numbers, hexadecimal ids, paths and addresses,
and what the item itself holds, when it looks like data (`Elm & Sons`) rather than like a category (`XBT`), which may be the cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from itertools import islice

_READ = 2000
"""Characters of a message that are looked at."""
_FIELDS = 200
"""Values of an item that are looked for in its message."""
_CODE = 15
"""Characters up to which one word may be a category."""

_VARYING = re.compile(
    r"""
    '[^']*' | "[^"]*" | `[^`]*`            # quoted text
    | \b[a-z][a-z0-9+.-]*://\S+            # addresses
    | \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b  # UUIDs
    | (?<![\w.])/[^\s:,;'")]+               # paths
    | (?<![\w.-])\.?[\w-]++(?:\.[\w-]++)*\.[a-z]{1,5}\b(?=[\s:,;)]|$)  # file names
    | \b0x[0-9a-f]+\b | \b(?=\w*\d)[0-9a-f]{6,}\b       # hexadecimal ids
    | (?<![\w-])(?:[a-z]+[-_])*+[a-z]*+[-_]?\d[\w-]*+(?:\.\d[\w-]*+)*  # numbers, alone or in an id: 17, v1.2, web-fra-17
    """,
    re.VERBOSE | re.IGNORECASE,
)


def shape(message: str, item: object = None) -> str:
    """The message with what varies between items replaced by `…`, white space folded, at most 200 characters.

    `item` is what was worked on. Only its text and the texts directly in it count, so that a large one costs no more.
    """
    text = message[:_READ]
    for part in sorted({part for part in _data_of(item) if part in text}, key=len, reverse=True):
        # Where a word of the value is a part of a longer word, it is not the value that is meant.
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "…", text)
    return re.sub(r"\s+", " ", _VARYING.sub("…", text)).strip()[:200]


_TOKEN = re.compile(r"\w+(?:[.\-]\w+)*|\s+|.", re.DOTALL)


def common(one: str, other: str) -> str:
    """What two messages have in common, `…` in place of what differs; taken of many, one after the other, what all have.

    Words in the same place are compared, as long as both have as many; else what they begin and end with is left.
    """
    if one == other or _fits(one, other):
        return one
    left, right = _TOKEN.findall(one), _TOKEN.findall(other)
    if len(left) == len(right):
        found = [own if own == its else "…" for own, its in zip(left, right, strict=True)]
    else:
        short = min(len(left), len(right))
        lead = next((at for at in range(short) if left[at] != right[at]), short)
        tail = next((at for at in range(short - lead) if left[-1 - at] != right[-1 - at]), short - lead)
        found = [*left[:lead], "…", *left[len(left) - tail :]]
    return re.sub(r"…(?:\s*…)+", "…", "".join(found))


def _fits(shared: str, message: str) -> bool:
    """Whether a message has all parts of what others share, in their order: of thousands nearly every one, and that is quick to tell."""
    first, *middle = shared.split("…")
    if not middle or not message.startswith(first):
        return False
    last, at = middle.pop(), len(first)
    for part in middle:
        at = message.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return message.endswith(last) and len(message) - len(last) >= at


def _data_of(item: object) -> Iterable[str]:
    """Texts of an item that are no category: of several words, or of one long word."""
    values: Iterable[object] = (item,)
    if isinstance(item, dict):
        values = tuple(islice(item.values(), _FIELDS))
    elif isinstance(item, list | tuple):
        values = item[:_FIELDS]
    for value in values:
        if type(value) is str and len(value) <= _READ:
            part = value.strip()
            if len(part) > _CODE or " " in part:
                yield part


def fingerprint(
    kind: str, message: str, file: str = "", function: str = "", item: object = None, line: str = ""
) -> str:
    """The fingerprint of a failure; `file`, `function` and `line`, its text, are of the innermost frame of the user's code.

    Two lookups in one function raise the same `KeyError` but for the key, which is data; the line tells them apart.
    `item` is as in `shape`.
    """
    place = f"{file.rsplit('/', 1)[-1]}:{function}:{' '.join(line.split())}"
    return blake2b(
        "\0".join((kind, place, shape(message, item))).encode("utf-8", "backslashreplace"), digest_size=4
    ).hexdigest()
