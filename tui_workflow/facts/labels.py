"""What to call an item on a screen when its key is only a digest: the item itself, in a few words.

A default key is 16 hex digits, stable but mute. Text and numbers speak for themselves, mappings by a field that names them,
lists by their first elements. An explicit key needs no label.

A field names its mapping when it is called so (`id`, `name`), else when the last word of its name says that it identifies
something (`order_id`, `invoiceNo`, `Customer Name`), else when it is the first and short. A record of another step's item, whose
key is a digest in turn, is called what that item is called. Only the head of a stored value is
read, so a mapping may end in the middle: it is called what its fields up to there call it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

HEAD = 400
"""Bytes of an item that a label is made from; more need not be read."""
_LONGEST = 80
_SHORT = 40
"""Characters up to which a first field names its mapping."""
_DIGEST = re.compile(r"[0-9a-f]{16}(~\d+)?")
_NAMES = ("id", "key", "name", "path", "file", "filename", "url", "title")
_IDENTIFY = frozenset(
    (
        *_NAMES,
        "no",
        "nr",
        "num",
        "number",
        "code",
        "sku",
        "ref",
        "reference",
        "slug",
        "email",
        "mail",
        "uuid",
        "guid",
        "uri",
    )
)
"""Last words of names of fields that tell one thing from another."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_TAGGED = re.compile(r'\{"\$wf":"\w+","v":')
_RECORD = {"index", "key", "item"}
"""What records of `completed_items`, and of a file of failed items, have in any case."""
_scan = json.JSONDecoder().raw_decode


def is_mute(key: str) -> bool:
    """Whether a key is only a digest, so that what the item is called must be read from its value."""
    return _DIGEST.fullmatch(key) is not None


def label(key: str, head: bytes) -> str:
    """A short name for an item from its key and the first `HEAD` bytes of its stored value; the key if that says more."""
    if not is_mute(key):
        return key
    text = head.decode("utf-8", "ignore")
    words = " ".join((_name(text) or _written(text)).split())
    copy = key.partition("~")[2]
    if len(words) > _LONGEST:
        # What tells paths and addresses apart stands at their end.
        words = f"{words[:30]}…{words[31 - _LONGEST :]}"
    return f"{words}{f' ~{copy}' if copy else ''}" if words else key


def in_full(key: str, stored: bytes) -> str:
    """What `label` shows, letter for letter, so that it can be copied; empty for a value that nothing in it names.

    More of the value may be given than `HEAD`.
    """
    return _name(stored.decode("utf-8", "ignore")) if is_mute(key) else key


def _name(text: str) -> str:
    """What names a stored value, whose text may end in the middle; empty if nothing does."""
    try:
        return _name_of(json.loads(text))
    except ValueError:
        return _name_of_cut(text)


def _name_of(value: Any) -> str:
    match value:
        case str():
            return value
        case bool() | int() | float():
            return json.dumps(value)
        case {"$wf": str(), "v": inner}:
            return _name_of(inner)
        case dict():
            return _named(value.items())
    return ""


def _name_of_cut(text: str) -> str:
    if tagged := _TAGGED.match(text):
        return _name_of_cut(text[tagged.end() :])
    if text.startswith('"'):
        return re.sub(r"\\.?$", "", text[1:])
    return _named(_fields(text)) if text.startswith("{") else ""


def _written(text: str) -> str:
    """A list or a mapping as it is written, empty if there is nothing in it."""
    if tagged := _TAGGED.match(text):
        return _written(text[tagged.end() :].removesuffix("}"))
    try:
        value = json.loads(text)
    except ValueError:
        return text if text[:1] in {"[", "{"} else ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) and value else ""


def _named(fields: Iterable[tuple[str, Any]]) -> str:
    """What the fields of a mapping call it, empty if none of them does."""
    given = dict(fields)
    about: Any = given
    while _is_record(about):
        about = about["item"]
    if about is not given and (inner := _name_of(about)):
        return inner
    said = {name: str(value) if _speaks(value) else "" for name, value in given.items()}
    for name in _NAMES:
        if said.get(name):
            return said[name]
    for name, words in said.items():
        if words and (parts := _WORD.findall(name)) and parts[-1].lower() in _IDENTIFY:
            return words
    first = next(iter(said.values()), "")
    return first if len(first) <= _SHORT else ""


def _is_record(value: Any) -> bool:
    """Whether it is a record of an item that has no key of its own."""
    return isinstance(value, dict) and value.keys() >= _RECORD and is_mute(str(value["key"]))


def _speaks(value: Any) -> bool:
    if isinstance(value, str):
        return not value.isspace()
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fields(text: str) -> Iterator[tuple[str, Any]]:
    """The fields of a mapping up to where its text ends; one that may go on behind that is left out."""
    at = 1
    try:
        while text[at] == '"':
            name, at = _scan(text, at)
            value, at = _scan(text, at + 1)
            if text[at] in ",}":
                yield name, value
            at += 1
    except (ValueError, IndexError, RecursionError):
        return
