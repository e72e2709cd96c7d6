from __future__ import annotations

import datetime as dt
import enum
import json
import math
import os
import subprocess
import sys
from collections import Counter, OrderedDict, namedtuple
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from tests.values.strategies import hashable, values
from tui_workflow.errors import ValueProblem
from tui_workflow.values import MAX_DEPTH, canonical, decode, encode, plain, plain_json


def same(a: Any, b: Any) -> bool:
    """Equal, with the same types all the way down; nan equals nan, and 0.0 is not -0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return repr(a) == repr(b)
    if isinstance(a, Decimal):
        return str(a) == str(b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(
            same(k, m) and same(v, w) for (k, v), (m, w) in zip(a.items(), b.items(), strict=True)
        )
    if isinstance(a, (set, frozenset)):
        return sorted(map(canonical, a)) == sorted(map(canonical, b))
    if isinstance(a, (dt.datetime, dt.time)):
        return a.isoformat() == b.isoformat() and a.fold == b.fold and repr(a.tzinfo) == repr(b.tzinfo)
    return bool(a == b)


@given(values)
def test_what_is_decoded_equals_what_was_encoded_with_its_type(value: Any) -> None:
    assert same(decode(encode(value)), value)
    assert same(decode(canonical(value)), value) or isinstance(value, (dict, list, tuple))
    json.loads(encode(value).decode())


@given(values)
def test_encoding_is_stable(value: Any) -> None:
    assert encode(decode(encode(value))) == encode(value)
    assert canonical(decode(encode(value))) == canonical(value)


@given(values)
def test_plain_values_are_plain_json(value: Any) -> None:
    text = json.dumps(plain(value), allow_nan=False)
    assert json.loads(text) == json.loads(plain_json(encode(value)))
    assert "\n" not in plain_json(encode(value))


@given(hashable)
def test_hashable_values_survive_as_keys(key: Any) -> None:
    assert encode(decode(encode({key: 1}))) == encode({key: 1})


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (1, b"1"),
        (True, b"true"),
        (None, b"null"),
        ("1_000", b'"1_000"'),
        ([1, "a", None, 2.5], b'[1,"a",null,2.5]'),
        ({"b": 1, "a": []}, b'{"b":1,"a":[]}'),
        ((1, 2), b'{"$wf":"tuple","v":[1,2]}'),
        ({3, 1, 2}, b'{"$wf":"set","v":[1,2,3]}'),
        (b"\x00\xff", b'{"$wf":"bytes","v":"AP8="}'),
        (dt.date(2026, 1, 31), b'{"$wf":"date","v":"2026-01-31"}'),
        (dt.datetime(2026, 1, 31, 14, 5, tzinfo=dt.UTC), b'{"$wf":"datetime","v":"2026-01-31T14:05:00+00:00"}'),
        (dt.time(14, 5), b'{"$wf":"time","v":"14:05:00"}'),
        (Decimal("1.10"), b'{"$wf":"Decimal","v":"1.10"}'),
        (Path("a/b"), b'{"$wf":"Path","v":"a/b"}'),
        (
            UUID("12345678-1234-5678-1234-567812345678"),
            b'{"$wf":"UUID","v":"12345678-1234-5678-1234-567812345678"}',
        ),
        (2**64, b'{"$wf":"int","v":"0x10000000000000000"}'),
        (math.inf, b'{"$wf":"float","v":"inf"}'),
        ({"$wf": 1}, b'{"$wf":"dict","v":[["$wf",1]]}'),
        ({1: "a"}, b'{"$wf":"dict","v":[[1,"a"]]}'),
    ],
)
def test_the_stored_form(value: Any, stored: bytes) -> None:
    assert encode(value) == stored
    assert same(decode(stored), value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(2**40_000, id="big"),
        -(2**63) - 1,
        -0.0,
        math.nan,
        dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
        dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),
        dt.datetime(2026, 10, 25, 2, 30, fold=1),
        dt.time(2, 30, tzinfo=BERLIN),
        Path(os.fsdecode(b"caf\xe9")),
        {(1, frozenset({2})): {"$wf": {"$wf": "tuple"}}},
        "{{ 7*7 }}",
        ["$wf"],
    ],
)
def test_odd_values_round_trip(value: Any) -> None:
    assert same(decode(encode(value)), value)
    assert same(decode(encode([value])), [value])


class Text(str):
    pass


class Shade(enum.IntEnum):
    RED = 1


class Numpy(float):
    __module__ = "numpy"

    def tolist(self) -> float:
        return float(self)


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Text("a"), ("Text", "str(value)")),
        (Shade.RED, ("Shade", "value.value")),
        (Point(1, 2), ("Point", "_asdict")),
        (OrderedDict(a=1), ("collections.OrderedDict", "dict(value)")),
        (Counter("a"), ("collections.Counter", "dict(value)")),
        (Numpy(1.5), ("numpy.", "value.tolist()")),
        (bytearray(b"a"), ("bytearray", "bytes(value)")),
        (range(3), ("range", "list(value)")),
        ((n for n in "a"), ("generator", "list(value)")),
        (ValueError("x"), ("ValueError", "raise it")),
        (dt.timedelta(1), ("datetime.timedelta", "total_seconds")),
        (PurePosixPath("a"), ("PurePosixPath", "text, numbers")),
        (1j, ("complex", "text, numbers")),
        (object, ("type", "__name__")),
        (len, ("builtin_function_or_method", "Return")),
    ],
)
def test_other_types_are_refused_with_what_to_return_instead(value: Any, words: tuple[str, str]) -> None:
    for wrapped in (value, [value], (value,), {"a": value}, {1: value}):
        with pytest.raises(ValueProblem) as caught:
            encode(wrapped)
        assert words[0] in str(caught.value)
        assert caught.value.hint is not None
        assert words[1] in caught.value.hint


def test_an_open_file_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "f").open("w") as file, pytest.raises(ValueProblem) as caught:
        encode({"out": [1, file]})
    assert "TextIOWrapper" in str(caught.value)
    assert "['out'][1]" in str(caught.value)
    assert "its path" in str(caught.value.hint)


def test_cycles_and_depth_are_refused() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    wide: dict[str, Any] = {}
    wide.update(a=wide, b=wide)
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    for value in (cycle, wide, deep):
        with pytest.raises(ValueProblem, match="levels deep"):
            encode(value)


@pytest.mark.parametrize(
    "wrap", [lambda v: [v], lambda v: (v,), lambda v: {"k": v}, lambda v: {1: v}, lambda v: {"k": v, "$wf": 1}]
)
def test_a_hundred_levels_are_allowed(wrap: Any) -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = wrap(value)
    assert same(decode(encode(value)), value)
    with pytest.raises(ValueProblem, match="levels deep"):
        encode(wrap(value))


def test_a_value_that_unfolds_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_workflow.values.MAX_CONTAINERS", 10_000)
    value: Any = 1
    for _ in range(60):
        value = [value, value]
    with pytest.raises(ValueProblem, match="holds more than"):
        encode(value)


@pytest.mark.parametrize("value", ["x" * 5000, ["é" * 2500], {"k": b"x" * 4000}])
def test_what_no_row_can_hold_is_refused(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert same(decode(encode(value)), value)
    monkeypatch.setattr("tui_workflow.values.MAX_BYTES", 5000)
    with pytest.raises(ValueProblem, match="too large to be stored") as caught:
        encode(value)
    assert "path" in str(caught.value.hint)


@pytest.mark.parametrize("value", ["\ud800", ["a\udfff"], {"\ud800": 1}, {"a": ("\udc80",)}])
def test_lone_surrogates_are_refused(value: Any) -> None:
    with pytest.raises(ValueProblem, match=r"lone surrogate U\+D"):
        encode(value)
    with pytest.raises(ValueProblem):
        canonical(value)


def test_a_time_zone_that_cannot_be_named_is_refused() -> None:
    class Odd(dt.tzinfo):
        def utcoffset(self, _: dt.datetime | None) -> dt.timedelta:
            return dt.timedelta()

        def tzname(self, _: dt.datetime | None) -> str:
            return "odd"

        def dst(self, _: dt.datetime | None) -> None:
            return None

    with pytest.raises(ValueProblem, match="time zone"):
        encode(dt.datetime(2026, 1, 1, tzinfo=Odd()))


class Lazy:
    def __wf_list__(self) -> Any:
        return iter([1, (2,), "x"])


def test_a_lazy_sequence_is_stored_as_a_list() -> None:
    assert decode(encode(Lazy())) == [1, (2,), "x"]
    assert decode(encode({"all": Lazy()})) == {"all": [1, (2,), "x"]}


def test_canonical_ignores_the_order_of_keys_only() -> None:
    assert canonical({"a": 1, "b": {"d": 1, "c": 2}}) == canonical({"b": {"c": 2, "d": 1}, "a": 1})
    assert canonical({1: 1, (2,): 2}) == canonical({(2,): 2, 1: 1})
    assert canonical([1, 2]) != canonical([2, 1])
    assert canonical(1) != canonical(1.0) != canonical("1")
    assert canonical(True) != canonical(1)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff", b"NaN", b'{"$wf":"pickle","v":"x"}', b'{"$wf":"tuple"}', b'{"$wf":"date","v":"x"}']
)
def test_damaged_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueProblem, match="cannot be read"):
        decode(data)


def test_plain_forms() -> None:
    assert plain(Decimal("1.10")) == "1.10"
    assert plain(math.inf) == "inf"
    assert plain((1, {2})) == [1, [2]]
    assert plain(b"\x00") == "AA=="
    assert plain({1: (2,)}) == [[1, [2]]]
    assert plain({"$wf": 1}) == {"$wf": 1}
    assert plain(dt.date(2026, 1, 31)) == "2026-01-31"
    assert plain(Path("a")) == "a"


def test_the_codec_imports_nothing_heavy() -> None:
    code = "import sys, tui_workflow.values; print([m for m in ('asyncio','decimal','uuid','pathlib','datetime') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=".")
    assert out.stdout.strip() == "[]"
