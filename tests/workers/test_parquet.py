"""Rows of a Parquet file: every value comes back as it is stored, or is an error that names its row and column."""

from __future__ import annotations

import datetime as dt
import math
import os
import sys
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workers.test_listing import listed, refusal, values_of
from tui_workflow import values
from tui_workflow.facts.work import Listing
from tui_workflow.workers.child import parquet
from tui_workflow.workers.child.reading import SourceError
from tui_workflow.workers.pool import Pool

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

BERLIN = ZoneInfo("Europe/Berlin")


def written(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def rows(path: Path, columns: list[str] | None = None) -> list[dict[str, Any]]:
    return list(parquet.rows(str(path), columns))


def told(path: Path, columns: list[str] | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        rows(path, columns)
    return f"{caught.value}. {caught.value.hint}"


async def test_rows_are_items(pool: Pool, tmp_path: Path) -> None:
    written(
        tmp_path / "a.parquet", {"id": [1, 2, 3], "name": ["x", None, "{{ 7*7 }}"], "at": [dt.date(2024, 2, 29)] * 3}
    )
    listing = Listing("parquet", "{{ params.f }}", columns=["name", "id"], key="row-{{ item.id }}")
    found = await listed(pool, tmp_path, listing, params={"f": "a.parquet"})
    assert [(one.key, list(values.decode(one.payload).items())) for one in found] == [
        ("row-1", [("name", "x"), ("id", 1)]),
        ("row-2", [("name", None), ("id", 2)]),
        ("row-3", [("name", "{{ 7*7 }}"), ("id", 3)]),
    ]
    assert await values_of(pool, tmp_path, Listing("parquet", "a.parquet", where="item.id == 2")) == [
        {"id": 2, "name": None, "at": dt.date(2024, 2, 29)}
    ]
    named = Listing("parquet", "a.parquet", columns="{{ params.names }}", limit=1)
    assert await values_of(pool, tmp_path, named, params={"names": ["id"]}) == [{"id": 1}]


@pytest.mark.parametrize(
    ("listing", "text"),
    [
        (Listing("parquet", "gone.parquet"), "gone.parquet does not exist"),
        (Listing("parquet", "a.parquet", columns=["idd"]), "a.parquet has no column 'idd'. did you mean 'id'?"),
        (
            Listing("parquet", "a.parquet", columns="{{ params.three }}"),
            "`columns` needs a list of names, not a number",
        ),
        (Listing("parquet", "{{ params.three }}"), "`parquet` needs a path, not a number (3)"),
    ],
)
async def test_what_is_wrong_reaches_the_engine(pool: Pool, tmp_path: Path, listing: Listing, text: str) -> None:
    written(tmp_path / "a.parquet", {"id": [1]})
    found = await refusal(pool, tmp_path, listing, params={"three": 3})
    assert text in found.message
    assert found.type == "SourceError"


BIG = Decimal("12345678901234567890123456789012345678901234567890.12")
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
STORED: dict[str, tuple[list[Any], Any]] = {
    "int8": ([1, None], "int8"),
    "uint64": ([2**64 - 1, 0], "uint64"),
    "half": ([1.5, None], "float16"),
    "float": ([0.1, math.inf], "float64"),
    "text": (["ä\0b\U0001f600", ""], "string"),
    "large text": (["x" * 100_000, None], "large_string"),
    "bytes": ([b"\0\xff", None], "binary"),
    "fixed bytes": ([b"ab", None], lambda: pa.binary(2)),
    "decimal": ([Decimal("1.10"), None], lambda: pa.decimal128(38, 2)),
    "large decimal": ([BIG, None], lambda: pa.decimal256(60, 2)),
    "date": ([dt.date(1, 1, 1), dt.date(9999, 12, 31)], "date32"),
    "time": ([dt.time(23, 59, 59, 999_999), None], lambda: pa.time64("us")),
    "time to the nanosecond": ([dt.time(1, 2, 3, 4), None], lambda: pa.time64("ns")),
    "timestamp": ([dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999_999)], lambda: pa.timestamp("us")),
    "timestamp to the nanosecond": ([dt.datetime(2024, 1, 2, 3, 4, 5, 6), None], lambda: pa.timestamp("ns")),
    "timestamp to the second": ([dt.datetime(2024, 1, 2, 3, 4, 5), None], lambda: pa.timestamp("s")),
    "UTC": ([dt.datetime(2024, 1, 2, tzinfo=ZoneInfo("UTC")), None], lambda: pa.timestamp("us", "UTC")),
    "zone": (
        [dt.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN), dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN)],
        lambda: pa.timestamp("us", "Europe/Berlin"),
    ),
    "offset": (
        [dt.datetime(2024, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))), None],
        lambda: pa.timestamp("us", "+02:00"),
    ),
    "boolean": ([True, None], "bool"),
    "nothing": ([None, None], "null"),
    "list": ([[1, None, 3], None], lambda: pa.list_(pa.int64())),
    "struct": ([{"a": 1, "b": [{"c": "x"}]}, None], None),
    "map": ([[("k", 1), ("l", None)], None], lambda: pa.map_(pa.string(), pa.int64())),
    "repeated": (["x", "x"], lambda: pa.dictionary(pa.int32(), pa.string())),
    "times in lists": ([[dt.datetime(2024, 1, 2, 3, 4, 5, 6)], []], lambda: pa.list_(pa.timestamp("ns"))),
    "times in maps": (
        [[("k", {"t": dt.datetime(2024, 1, 2, 3)})], None],
        lambda: pa.map_(pa.string(), pa.struct([("t", pa.timestamp("ns"))])),
    ),
}


@pytest.mark.parametrize("kind", STORED)
def test_a_value_comes_back_as_it_is(kind: str, tmp_path: Path) -> None:
    given, named = STORED[kind]
    stored = getattr(pa, f"{named}_" if named == "bool" else named)() if isinstance(named, str) else named and named()
    path = written(tmp_path / "a.parquet", {"v": pa.array(given, stored)})
    found = [row["v"] for row in rows(path)]
    assert found == given
    assert [type(value) for value in found] == [type(value) for value in given]
    again = [values.decode(values.encode(value)) for value in found]
    assert again == given
    assert [(getattr(v, "fold", 0), getattr(v, "tzinfo", None)) for v in again] == [
        (getattr(v, "fold", 0), getattr(v, "tzinfo", None)) for v in given
    ]


def test_a_uuid_comes_back_as_one(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", {"v": pa.array([ID.bytes, None], pa.uuid())})
    assert rows(path) == [{"v": ID}, {"v": None}]


def test_old_timestamps_of_years_to_come_do_not_wrap_around(tmp_path: Path) -> None:
    never = dt.datetime(9999, 12, 31)
    path = written(
        tmp_path / "a.parquet",
        {"v": pa.array([never], pa.timestamp("us"))},
        use_deprecated_int96_timestamps=True,
        store_schema=False,
    )
    assert pq.ParquetFile(path).schema.column(0).physical_type == "INT96"
    assert rows(path) == [{"v": never}]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (lambda: pa.array([1000, 2000, 1001], pa.timestamp("ns")), "would lose data: 1001"),
        (lambda: pa.array([1000, 2000, 1001], pa.time64("ns")), "would lose data: 1001"),
        (lambda: pa.array([[1000], [], [1001]], pa.list_(pa.timestamp("ns"))), "would lose data: 1001"),
        (lambda: pa.array([0, 1, 2**31 - 1], pa.date32()), "days=2147483647"),
        (lambda: pa.array([0, 1, 2**62], pa.timestamp("us")), "date value out of range"),
        (lambda: pa.array(["a", "b", b"\xff"], pa.binary()).view(pa.string()), "'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_a_value_that_fits_no_item_is_named_and_those_before_it_are_items(
    column: Any, words: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.parquet", {"ok": [1, 2, 3], "odd": column()}, store_schema=True)
    reading = parquet.rows(str(path), None)
    assert [next(reading)["ok"], next(reading)["ok"]] == [1, 2]
    with pytest.raises(SourceError) as caught:
        next(reading)
    place, _, reason = str(caught.value).partition(": the value fits no item: ")
    assert place.endswith("a.parquet: row 3, column 'odd'")
    assert words in reason
    assert rows(path, ["ok"]) == [{"ok": 1}, {"ok": 2}, {"ok": 3}]


@pytest.mark.parametrize("nested", [False, True])
def test_durations_are_refused_before_the_first_row(nested: bool, tmp_path: Path) -> None:
    column = pa.array([dt.timedelta(seconds=1)], pa.duration("us"))
    path = written(
        tmp_path / "a.parquet", {"ok": [1], "d": pa.StructArray.from_arrays([column], ["x"]) if nested else column}
    )
    assert "the column 'd' holds durations, which an item cannot. Leave it out with `columns`." in told(path)
    assert rows(path, ["ok"]) == [{"ok": 1}]


def test_columns_are_found_by_their_whole_names(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", {"a": [{"b": 1}], "a.b": [2], "": [3]})
    assert rows(path, ["a.b"]) == [{"a.b": 2}]
    assert rows(path, ["a"]) == [{"a": {"b": 1}}]
    assert rows(path) == [{"a": {"b": 1}, "a.b": 2, "": 3}]
    assert "has no column 'b'" in told(path, ["b"])


def test_two_columns_of_one_name_are_told(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "b", "a"])
    pq.write_table(table, tmp_path / "a.parquet")
    assert "a.parquet has two columns 'a'" in told(tmp_path / "a.parquet")
    assert rows(tmp_path / "a.parquet", ["b"]) == [{"b": 2}]


def test_what_is_no_parquet_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n" * 20)
    (tmp_path / "empty.parquet").touch()
    (tmp_path / "folder.parquet").mkdir()
    for name in ("text", "empty"):
        assert f"{name}.parquet cannot be read as Parquet: " in told(tmp_path / f"{name}.parquet")
    assert "folder.parquet is not a file" in told(tmp_path / "folder.parquet")
    assert "gone.parquet does not exist" in told(tmp_path / "gone.parquet")


def test_a_file_that_was_not_written_to_its_end_is_told(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.parquet", {"a": list(range(10_000))}).read_bytes()
    for size in (3, 4, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "b.parquet").write_bytes(whole[:size])
        assert "It may be damaged, or was not written to its end." in told(tmp_path / "b.parquet")


def test_damage_in_the_data_is_told_with_its_row(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.parquet",
        {"a": [os.urandom(200) for _ in range(20_000)]},
        use_dictionary=False,
        row_group_size=10_000,
        write_page_checksum=True,
    )
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 4] ^= 1
    path.write_bytes(data)
    assert "a.parquet cannot be read as Parquet behind row 1" in told(path)


@pytest.mark.parametrize(
    "name", ["a b#c?d%41*[x].parquet", os.fsdecode(b"\xff.parquet"), "s3:x.parquet", "x\n.parquet"]
)
def test_any_name_of_a_file(name: str, tmp_path: Path) -> None:
    written(tmp_path / "plain", {"a": [1]}).rename(tmp_path / name)
    assert rows(tmp_path / name) == [{"a": 1}]


def test_rows_of_many_groups_come_in_order(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", {"a": list(range(5000))}, row_group_size=777)
    assert [row["a"] for row in rows(path)] == list(range(5000))
    assert rows(written(tmp_path / "b.parquet", {"a": pa.array([], pa.int64())})) == []


def test_large_rows_are_read_a_few_at_a_time(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", {"a": [os.urandom(1 << 20) for _ in range(20)]}, compression="none")
    assert parquet._at_once(pq.ParquetFile(path).metadata) == 3
    assert len(rows(path)) == 20


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.parquet", {"a": [1]})
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert told(path) == (
        "reading Parquet needs pyarrow, which is not installed. Install it: pip install 'tui-workflow[parquet]'"
    )


_ROW = st.fixed_dictionaries(
    {
        "i": st.none() | st.integers(-(1 << 63), (1 << 63) - 1),
        "f": st.none() | st.floats(allow_nan=False),
        "s": st.none() | st.text(st.characters(exclude_categories=["Cs"])),
        "b": st.none() | st.binary(),
        "d": st.none() | st.dates(),
        "t": st.none() | st.datetimes(),
        "n": st.none() | st.decimals(-(10**20), 10**20, places=4),
        "l": st.none() | st.lists(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])))),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(_ROW, min_size=1))
def test_any_rows_come_back(tmp_path: Path, stored: list[dict[str, Any]]) -> None:
    types = {
        "i": pa.int64(), "f": pa.float64(), "s": pa.string(), "b": pa.binary(), "d": pa.date32(),
        "t": pa.timestamp("us"), "n": pa.decimal128(38, 4), "l": pa.list_(pa.list_(pa.string())),
    }  # fmt: skip
    path = written(
        tmp_path / "a.parquet", {name: pa.array([row[name] for row in stored], kind) for name, kind in types.items()}
    )
    found = rows(path)
    assert found == stored
    assert [values.decode(values.encode(row)) for row in found] == stored
