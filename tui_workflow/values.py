"""The lossless JSON codec of items, results and `context`: what comes back has the type that went in, or it is refused.

Plain JSON values are stored as themselves. Tuple, set, frozenset, bytes, datetime, date, time, Decimal, Path, UUID, an
int beyond 64 bits, inf and nan are stored as `{"$wf": TYPE, "v": …}`; a dict with keys that are not all text, or that has
the key `$wf`, as `{"$wf": "dict", "v": [[key, value], …]}`. Subclasses are refused rather than stored as their base, since
a resumed run would then see another type than the first one. Worker processes import this module: it stays light.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from json import encoder as _json
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

from tui_workflow.errors import ValueProblem

if TYPE_CHECKING:
    from datetime import tzinfo

TAG = "$wf"
MAX_DEPTH = 100
"""Levels of nesting that a value may have."""
MAX_CONTAINERS = 5_000_000
"""Lists, dicts and the like that one value may hold, a shared one counted each time: it is written out each time."""
MAX_BYTES = 256_000_000
"""Bytes that a stored value may take: a row of the run file, which may hold two of them, ends at a thousand million."""

_TAG_BYTES = b'"$wf"'
_BIG = 1 << 63
_SMALL = 24
"""Up to this many elements a loop is faster than looking at all types first."""
_SAFE = frozenset((str, bool, type(None)))
_TEXT_KEYS = {str}
_INTS = {int}
_FLOATS = {float}


def _unknown(value: object) -> object:
    raise TypeError(type(value).__name__)  # pragma: no cover - the walk has refused it before


def _writer(sort_keys: bool) -> Callable[[Any], str]:
    """One JSON writer, built once: `JSONEncoder.encode` builds a new C encoder at every call, four times the cost."""
    make = getattr(_json, "c_make_encoder", None)
    quote = getattr(_json, "c_encode_basestring", None) or _json.encode_basestring
    if make is None:
        return json.JSONEncoder(
            ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=sort_keys, separators=(",", ":")
        ).encode
    write = make(None, _unknown, quote, None, ":", ",", sort_keys, False, False)
    join = "".join
    return lambda value: join(write(value, 0))


_write = _writer(sort_keys=False)
_write_sorted = _writer(sort_keys=True)
_quote: Callable[[str], str] = getattr(_json, "c_encode_basestring", None) or _json.encode_basestring


def encode(value: Any) -> bytes:
    """The value as tagged JSON in UTF-8. Raises `ValueProblem`, which names the type and what to return instead."""
    kind = type(value)
    if kind is int and -_BIG <= value < _BIG:
        return b"%d" % value
    if value is None:
        return b"null"
    if kind is bool:
        return b"true" if value else b"false"
    if kind is str:
        return _bytes(_quote(value), value)
    return _bytes(_write(_lower(value, sort=False)), value)


def within_limit(data: bytes) -> bytes:
    """The bytes as they are. Raises `ValueProblem` when the run file could not hold them."""
    if len(data) > MAX_BYTES:
        raise ValueProblem(
            f"a value of {len(data) / 1e6:,.0f} MB is too large to be stored: at most {MAX_BYTES / 1e6:,.0f} MB are",
            hint="Write it to a file, and return the file's path.",
        )
    return data


def canonical(value: Any) -> bytes:
    """Tagged JSON that is the same for equal values of the same types, whatever the order of keys: what a key is made of."""
    return _bytes(_write_sorted(_lower(value, sort=True)), value)


def decode(data: bytes) -> Any:
    """The inverse of `encode`. Raises `ValueProblem` when the bytes are no stored value."""
    try:
        if _TAG_BYTES in data:
            return _read_tagged(data.decode())
        return _read(data.decode())
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise ValueProblem(
            f"a stored value cannot be read: {error}", hint="The run file may be damaged, or made by a newer version."
        ) from None


def plain(value: Any) -> Any:
    """The value as JSON for other programs, types given up: see `wf-tui help json` for what becomes what."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return value if value.bit_length() < 10_000 else hex(value)
    if kind is float:
        return value if isfinite(value) else repr(value)
    if kind is dict:
        if set(map(type, value)) <= _TEXT_KEYS:
            return {key: plain(item) for key, item in value.items()}
        return [[plain(key), plain(item)] for key, item in value.items()]
    if kind is list or kind is tuple:
        return [plain(item) for item in value]
    if kind is set or kind is frozenset:
        return sorted((plain(item) for item in value), key=_write_sorted)
    if kind is bytes:
        return b64encode(value).decode()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def plain_json(data: bytes) -> str:
    """A stored value as JSON text for other programs, in one line."""
    return _write(plain(decode(data))) if _TAG_BYTES in data else data.decode("utf-8", "replace")


def _bytes(text: str, value: Any) -> bytes:
    try:
        return within_limit(text.encode())
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise ValueProblem(
            f"text holds the lone surrogate U+{ord(character):04X}, which is no character and cannot be stored",
            hint='Return bytes, or text.encode("utf-8", "replace").decode().',
        ) from None


def _lower(value: Any, *, sort: bool) -> Any:
    """The value as what the JSON writer takes; parts that need no tag are the same objects, not copies."""
    kind = type(value)
    if kind is float and isfinite(value):
        return value
    walk = _Walk(sort)
    try:
        return walk.lower(value, 0)
    except ValueProblem as problem:
        if walk.trail:
            problem.message += f" (at value{''.join(reversed(walk.trail))})"[:300]
            problem.args = (problem.message,)
        raise


class _Walk:
    """One pass over a value: checks every type, tags what JSON lacks, and stops at what is endless."""

    __slots__ = ("left", "sort", "trail")

    def __init__(self, sort: bool) -> None:
        self.sort = sort
        self.left = MAX_CONTAINERS
        self.trail: list[str] = []

    def lower(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if kind is int:
            return value if -_BIG <= value < _BIG else {TAG: "int", "v": hex(value)}
        if kind is float:
            return value if isfinite(value) else {TAG: "float", "v": repr(value)}
        if kind is list:
            self._enter(depth)
            return self._list(value, depth)
        if kind is dict:
            self._enter(depth)
            return self._dict(value, depth)
        if kind is tuple:
            self._enter(depth)
            return {TAG: "tuple", "v": self._list(value, depth)}
        if kind is set or kind is frozenset:
            self._enter(depth)
            # Sets have no order of their own; a stable one keeps the stored bytes equal for equal sets.
            return {TAG: kind.__name__, "v": sorted((self.lower(v, depth + 1) for v in value), key=_write_sorted)}
        tagged = _scalar(value)
        if tagged is not None:
            return tagged
        lazy = getattr(kind, "__wf_list__", None)
        if lazy is not None:
            self._enter(depth)
            return self._list(list(lazy(value)), depth)
        raise _refusal(value)

    def _enter(self, depth: int) -> None:
        self.left -= 1
        if depth >= MAX_DEPTH:
            self.trail.clear()
            raise ValueProblem(
                f"a value is nested more than {MAX_DEPTH} levels deep, or contains itself",
                hint="Return a flatter value.",
            )
        if self.left < 0:
            raise ValueProblem(
                f"a value holds more than {MAX_CONTAINERS:,} lists, dicts and tuples",
                hint="Write it to a file and return the file's path.",
            )

    def _list(self, value: list[Any] | tuple[Any, ...], depth: int) -> Any:
        if len(value) > _SMALL:
            kinds = set(map(type, value))
            if (
                kinds <= _SAFE
                or (kinds == _INTS and min(value) >= -_BIG and max(value) < _BIG)
                or (kinds == _FLOATS and all(map(isfinite, value)))
            ):
                return value
        changed: list[Any] | None = None
        place = 0
        try:
            for place, item in enumerate(value):
                kind = type(item)
                if kind is str or (kind is int and -_BIG <= item < _BIG) or item is None or kind is bool:
                    if changed is not None:
                        changed.append(item)
                    continue
                lowered = self.lower(item, depth + 1)
                if changed is not None:
                    changed.append(lowered)
                elif lowered is not item:
                    changed = [*value[:place], lowered]
        except ValueProblem:
            self._note(f"[{place}]", depth)
            raise
        return value if changed is None else changed

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        for key in value:
            if type(key) is not str or key == TAG:
                return self._pairs(value, depth)
        changed: dict[str, Any] | None = None
        key = ""
        try:
            for key, item in value.items():
                kind = type(item)
                if kind is str or (kind is int and -_BIG <= item < _BIG) or item is None or kind is bool:
                    continue
                lowered = self.lower(item, depth + 1)
                if lowered is not item:
                    if changed is None:
                        changed = dict(value)
                    changed[key] = lowered
        except ValueProblem:
            self._note(f"[{key!r:.60}]", depth)
            raise
        return value if changed is None else changed

    def _pairs(self, value: dict[Any, Any], depth: int) -> Any:
        pairs = []
        for key, item in value.items():
            try:
                pairs.append([self.lower(key, depth + 1), self.lower(item, depth + 1)])
            except ValueProblem:
                self._note("[…]", depth)
                raise
        if self.sort:
            pairs.sort(key=lambda pair: _write_sorted(pair[0]))
        return {TAG: "dict", "v": pairs}

    def _note(self, step: str, depth: int) -> None:
        if depth < 8:
            self.trail.append(step)


def _scalar(value: Any) -> Any:
    """A tagged scalar, or None for what is none. Modules are looked up by name, so that none is imported for nothing."""
    kind = type(value)
    if kind is bytes:
        return {TAG: "bytes", "v": b64encode(value).decode()}
    place = kind.__module__.partition(".")[0]
    if place == "datetime":
        return _moment(value)
    if place in ("decimal", "_decimal", "_pydecimal") and kind.__name__ == "Decimal":
        return {TAG: "Decimal", "v": str(value)}
    if place == "uuid" and kind.__name__ == "UUID":
        return {TAG: "UUID", "v": str(value)}
    if place == "pathlib" and kind.__name__ in ("PosixPath", "WindowsPath"):
        text = str(value)
        if text.isascii():
            return {TAG: "Path", "v": text}
        try:
            text.encode()
        except UnicodeEncodeError:  # a name that is no UTF-8: its bytes are the name
            return {TAG: "Path", "v": {TAG: "bytes", "v": b64encode(os.fsencode(value)).decode()}}
        return {TAG: "Path", "v": text}
    return None


def _moment(value: Any) -> Any:
    name = type(value).__name__
    if name == "date":
        return {TAG: "date", "v": value.isoformat()}
    if name not in ("datetime", "time"):
        return None
    zone = _zone(value.tzinfo)
    if zone is None and not value.fold:
        return {TAG: name, "v": value.isoformat()}
    # ISO text has neither the name of a time zone nor which of two equal wall-clock times is meant.
    bare = value.replace(tzinfo=None, fold=0).isoformat() if zone else value.isoformat()
    return {TAG: name, "v": [bare, value.fold, zone]}


def _zone(info: tzinfo | None) -> str | None:
    if info is None or type(info).__module__ == "datetime":
        return None
    key = getattr(info, "key", None)
    if type(info).__name__ == "ZoneInfo" and isinstance(key, str):
        return key
    raise ValueProblem(
        f"a time has a time zone of type {_name(type(info))}, which cannot be stored",
        hint="Use zoneinfo.ZoneInfo or datetime.timezone, or return value.isoformat().",
    )


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


_BASES: tuple[tuple[type, str], ...] = (
    (str, "str(value)"),
    (bool, "bool(value)"),
    (int, "int(value)"),
    (float, "float(value)"),
    (bytes, "bytes(value)"),
    (dict, "dict(value)"),
    (list, "list(value)"),
    (tuple, "tuple(value)"),
    (set, "set(value)"),
    (frozenset, "frozenset(value)"),
    ((bytearray), "bytes(value)"),
    (memoryview, "bytes(value)"),
    (range, "list(value)"),
    (BaseException, "str(value), or raise it"),
    (type, "its name: value.__name__"),
)


def _refusal(value: Any) -> ValueProblem:
    """The error for a value of a type that cannot be stored."""
    return ValueProblem(
        f"a value of type {_name(type(value))} cannot be stored", hint=f"Return {_instead(value)} instead."
    )


def _instead(value: Any) -> str:
    kind = type(value)
    place = kind.__module__.partition(".")[0]
    if place == "numpy":
        return "value.tolist()" if hasattr(kind, "tolist") else "plain Python numbers"
    if place in ("pandas", "polars"):
        return 'value.to_dict("records")' if place == "pandas" else "value.to_dicts()"
    if hasattr(kind, "_asdict"):
        return "value._asdict() or tuple(value)"
    if any(base.__name__ == "Enum" for base in kind.__mro__):
        return "value.value"
    for base, words in _BASES:
        if issubclass(kind, base):
            return words
    if hasattr(kind, "__dataclass_fields__"):
        return "dataclasses.asdict(value)"
    if hasattr(kind, "model_dump"):
        return "value.model_dump()"
    if hasattr(kind, "total_seconds"):
        return "value.total_seconds()"
    if hasattr(kind, "readable") or hasattr(kind, "fileno"):
        return "its content (value.read()) or its path"
    if hasattr(kind, "__await__"):
        return "what it gives when awaited: declare the handler `async def` and await it"
    if hasattr(kind, "__next__") or hasattr(kind, "__iter__"):
        return "list(value)"
    return "text, numbers, true, false, null, lists, dicts, tuples, sets, bytes, dates, Decimal, Path or UUID"


def _untag(record: dict[str, Any]) -> Any:
    if TAG not in record:
        return record
    name, value = record[TAG], record["v"]
    match name:
        case "dict":
            return dict(value)
        case "tuple":
            return tuple(value)
        case "set":
            return set(value)
        case "frozenset":
            return frozenset(value)
        case "bytes":
            return b64decode(value)
        case "int":
            return int(value, 16)
        case "float":
            return float(value)
        case "Decimal":
            from decimal import Decimal

            return Decimal(value)
        case "UUID":
            from uuid import UUID

            return UUID(value)
        case "Path":
            from pathlib import Path

            return Path(os.fsdecode(value))
        case "date" | "datetime" | "time":
            return _read_moment(name, value)
    raise ValueError(f"its type {name!r} is unknown")


def _read_moment(name: str, value: Any) -> Any:
    import datetime

    kind = cast(Any, getattr(datetime, name))
    if isinstance(value, str):
        return kind.fromisoformat(value)
    text, fold, zone = value
    moment = kind.fromisoformat(text).replace(fold=fold)
    if zone is None:
        return moment
    from zoneinfo import ZoneInfo

    return moment.replace(tzinfo=ZoneInfo(zone))


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_read = json.JSONDecoder(parse_constant=_constant).decode
_read_tagged = json.JSONDecoder(object_hook=_untag, parse_constant=_constant).decode
