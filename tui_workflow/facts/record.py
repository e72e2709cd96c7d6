"""The records in which a flow sees the items of a step, `completed_items` and `failed_items`, when they become items of a later step.

A record says which item it is of, and what became of that. Where the item stands in its list says neither: an item that is
mended in the middle of a list moves all those behind it, and were they other items for it, each would run, and cost, again.
"""

from __future__ import annotations

import json
from typing import Any

_ITEM = frozenset(("index", "key", "item"))
"""What every record has."""
_COMPLETED = _ITEM | {"result", "attempts", "duration"}
_FAILED = _ITEM | {"error", "attempts"}


def identity(value: Any) -> Any:
    """What a default key is made of: of a record the key and value of its item, of a list what each of it is, else the value itself."""
    if isinstance(value, dict):
        return {"key": value["key"], "item": identity(value["item"])} if _is_record(value) else value
    if isinstance(value, list) and any(isinstance(each, dict) and _is_record(each) for each in value):
        return [identity(each) for each in value]
    return value


def same(one: bytes, other: bytes) -> bool:
    """Whether two encoded values are the same item's, and nothing has become of it since, wherever it stands and whatever its key."""
    return one == other or (b'"index":' in one and b'"index":' in other and placeless(one) == placeless(other))


def placeless(value: bytes) -> bytes:
    """An encoded value without what of its records says where an item stands and how it is called: equal where the values are `same`."""
    if b'"index":' not in value:
        return value
    return json.dumps(_unplaced(json.loads(value)), sort_keys=True).encode()


def _is_record(value: dict[Any, Any]) -> bool:
    names = value.keys()
    return names in (_COMPLETED, _FAILED)


def _unplaced(value: Any) -> Any:
    """A value without the places and keys of the records that it consists of."""
    if isinstance(value, list):
        return [_unplaced(each) for each in value]
    if isinstance(value, dict) and _is_record(value):
        return {**value, "index": None, "key": None, "item": _unplaced(value["item"])}
    return value
