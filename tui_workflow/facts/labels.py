"""What to call an item on a screen when its key is only a digest: the item itself, in a few words.

A default key is 16 hex digits, stable but mute. Text and numbers speak for themselves, mappings by a field that names them,
lists by their first elements. An explicit key needs no label.
"""

from __future__ import annotations

import json
import re
from typing import Any

HEAD = 400
"""Bytes of an item that a label is made from; more need not be read."""
_LONGEST = 80
_DIGEST = re.compile(r"[0-9a-f]{16}(~\d+)?")
_NAMES = ("id", "key", "name", "path", "file", "filename", "url", "title")
_FIELD = re.compile(rf'"({"|".join(_NAMES)})":("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)')


def label(key: str, head: bytes) -> str:
    """A short name for an item from its key and the first `HEAD` bytes of its stored value; the key if that says more."""
    if _DIGEST.fullmatch(key) is None:
        return key
    text = head.decode("utf-8", "ignore")
    try:
        words = _words(json.loads(text))
    except ValueError:
        words = _of_cut(text)
    words = " ".join(words.split())
    copy = key.partition("~")[2]
    if len(words) > _LONGEST:
        # What tells paths and addresses apart stands at their end.
        words = f"{words[:30]}…{words[31 - _LONGEST :]}"
    return f"{words}{f' ~{copy}' if copy else ''}" if words else key


def _words(value: Any) -> str:
    match value:
        case str():
            return value
        case bool() | int() | float():
            return json.dumps(value)
        case {"$wf": str(), "v": inner}:
            return _words(inner)
        case dict():
            for name in _NAMES:
                if isinstance(value.get(name), str | int | float):
                    return str(value[name])
            return json.dumps(value, ensure_ascii=False) if value else ""
        case list():
            return json.dumps(value, ensure_ascii=False) if value else ""
    return ""


def _of_cut(text: str) -> str:
    """The same from text that ends in the middle."""
    if text.startswith('"'):
        return re.sub(r"\\.?$", "", text[1:])
    if text.startswith("{") and (found := _FIELD.search(text)) is not None:
        return _words(json.loads(found[2]))
    return text if text[:1] in {"[", "{"} else ""
