"""The rows of a Parquet file, some at a time. pyarrow is imported when the first file is opened.

A row group is decoded page by page, so that memory does not grow with it. What comes back is what is stored: a value that
Python would have to cut, such as nanoseconds, is an error that names its row and column.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

from tui_workflow.workers.child.reading import Rows, SourceError, nearest

_ROWS = 1000
"""Rows that are decoded at once, at most."""
_BYTES = 4 * 1024 * 1024
"""About how many bytes are decoded at once."""
_BUFFER = 64 * 1024
"""Bytes of each column that are read at once; without it whole column chunks are."""


def rows(path: str, wanted: Sequence[str] | None) -> Rows:
    """The rows as mappings by column, those `wanted` in their order, or all. Raises `SourceError`."""
    if not os.path.isfile(path):
        missing = "is not a file" if os.path.exists(path) else "does not exist"
        raise SourceError(f"the Parquet file {path} {missing}")
    pa = _pyarrow()
    number = 0
    try:
        with _open(pa, path) as file:
            reader = _Reader(pa, path, _columns(path, file.schema_arrow, wanted))
            size = _at_once(file.metadata)
            for batch in file.iter_batches(size, columns=reader.names, use_threads=False):
                yield from reader.rows(batch, number)
                number += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        behind = f" behind row {number}" if number else ""
        reason = str(error).strip().split("\n")[0]
        raise SourceError(
            f"{path} cannot be read as Parquet{behind}: {reason}",
            hint="It may be damaged, or was not written to its end.",
        ) from None


def _pyarrow() -> Any:
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ModuleNotFoundError:
        raise SourceError(
            "reading Parquet needs pyarrow, which is not installed",
            hint="Install it: pip install 'tui-workflow[parquet]'",
        ) from None
    except ImportError as error:
        raise SourceError(
            f"reading Parquet needs pyarrow, which cannot be imported: {error}",
            hint="Install it again, or raise the step's `memory` if it has such a limit.",
        ) from None


def _open(pa: Any, path: str) -> Any:
    return pa.parquet.ParquetFile(
        pa.OSFile(os.fsencode(path)),
        buffer_size=_BUFFER,
        pre_buffer=False,
        page_checksum_verification=True,
        # The old 96-bit times would wrap around as nanoseconds: years after 2262 stand in many files for "never".
        coerce_int96_timestamp_unit="us",
    )


def _at_once(metadata: Any) -> int:
    """How many rows to decode at once: few when they are large."""
    size = sum(metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups))
    return int(max(1, min(_ROWS, _BYTES * metadata.num_rows // max(1, size))))


def _columns(path: str, schema: Any, wanted: Sequence[str] | None) -> dict[str, Any]:
    """The types of the columns by name, in the order they are wanted."""
    known: list[str] = schema.names
    for place, name in enumerate(known):
        if name in known[:place] and (wanted is None or name in wanted):
            raise SourceError(f"{path} has two columns {name!r}", hint="Leave it out with `columns`.")
    for name in wanted or ():
        if name not in known:
            raise SourceError(f"{path} has no column {name!r}", hint=nearest(name, known, "its columns are"))
    return {name: schema.field(name).type for name in wanted or known}


class _Reader:
    """Turns what is decoded into rows of Python's values."""

    def __init__(self, pa: Any, path: str, columns: dict[str, Any]) -> None:
        self._path = path
        self.names = list(columns)
        self._casts: list[Callable[[Any], Any]] = []
        for name, stored in columns.items():
            wanted = _storable(pa, stored, f"{path}: the column {name!r}")
            self._casts.append(_cast(wanted) if wanted != stored else _as_it_is)
        self._unfit: tuple[type[Exception], ...] = (
            ValueError, ArithmeticError, LookupError, NotImplementedError, pa.ArrowException,
        )  # fmt: skip

    def rows(self, batch: Any, before: int) -> Iterator[dict[str, Any]]:
        """The rows of a batch that has `before` rows in front of it."""
        try:
            yield from self._convert(batch)
        except _Unfit:
            # Rows in front of the one that does not fit are items like any.
            for place in range(batch.num_rows):
                try:
                    # Not a slice, whose lists still hold the elements of other rows, and a cast would look at these.
                    yield from self._convert(batch.take([place]))
                except _Unfit as unfit:
                    where = f"{self._path}: row {before + place + 1}, column {unfit.column!r}"
                    hint = "Leave the column out with `columns`, or write it in another type."
                    raise SourceError(f"{where}: the value fits no item: {unfit.reason}", hint=hint) from None

    def _convert(self, batch: Any) -> list[dict[str, Any]]:
        names, found = self.names, []
        for name, cast in zip(names, self._casts, strict=True):
            try:
                found.append(cast(batch.column(name)).to_pylist())
            except self._unfit as error:
                raise _Unfit(name, str(error).split(". ")[0]) from None
        return [dict(zip(names, row, strict=True)) for row in zip(*found, strict=True)]


class _Unfit(Exception):
    """A value that Python, or an item, has no type for."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(column, reason)
        self.column = column
        self.reason = reason


def _as_it_is(column: Any) -> Any:
    return column


def _cast(wanted: Any) -> Callable[[Any], Any]:
    return lambda column: column.cast(wanted)


def _storable(pa: Any, stored: Any, what: str) -> Any:
    """The type to read a column as: times to the microsecond, which is what Python has. Raises `SourceError`.

    A cast refuses what it would have to cut. Without it pandas, where it is installed, would make values of its own type.
    """
    kinds = pa.types
    if kinds.is_duration(stored) or kinds.is_interval(stored):
        raise SourceError(f"{what} holds durations, which an item cannot", hint="Leave it out with `columns`.")
    if kinds.is_timestamp(stored) and stored.unit == "ns":
        return pa.timestamp("us", stored.tz)
    if kinds.is_time64(stored):
        return pa.time64("us")
    if kinds.is_dictionary(stored):
        wanted = _storable(pa, stored.value_type, what)
        return stored if wanted == stored.value_type else wanted
    if kinds.is_map(stored):
        return pa.map_(_storable(pa, stored.key_type, what), _field(pa, stored.item_field, what))
    if kinds.is_fixed_size_list(stored):
        return pa.list_(_field(pa, stored.value_field, what), stored.list_size)
    if kinds.is_large_list(stored):
        return pa.large_list(_field(pa, stored.value_field, what))
    if kinds.is_list(stored):
        return pa.list_(_field(pa, stored.value_field, what))
    if kinds.is_struct(stored):
        return pa.struct([_field(pa, stored.field(place), what) for place in range(stored.num_fields)])
    return stored


def _field(pa: Any, field: Any, what: str) -> Any:
    return field.with_type(_storable(pa, field.type, what))
