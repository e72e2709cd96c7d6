"""`steps` as templates, code and handlers see it. Counts cost nothing; results are read when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

from tui_workflow import values
from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.work import StepSummary
from tui_workflow.flow.references import LOOP_FIELDS, STEP_FIELDS
from tui_workflow.store.stepdata import Row, StepData, Which


class LazyList(Sequence[Any]):
    """A list that lies in the run file. Read in pages; equal to, shown as, and stored as the list it stands for.

    Once an element has been asked for by its place, pages are remembered, so that a loop over places costs one read each.
    """

    __wf_plain__ = True
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, data: StepData, step: str, which: Which, length: int, make: Callable[[StepData, Row], Any]
    ) -> None:
        self._data = data
        self._step = step
        self._which = which
        self._length = length
        self._make = make
        self._held: list[Any] | None = None

    def __len__(self) -> int:
        return self._length if self._held is None else len(self._held)

    def __iter__(self) -> Iterator[Any]:
        if self._held is not None:
            yield from self._held
            return
        for page in self._data.pages(self._step, self._which):
            for row in page:
                yield self._make(self._data, row)

    def __wf_list__(self) -> Iterator[Any]:
        return iter(self)

    def _hold(self) -> list[Any]:
        if self._held is None:
            self._held = list(self)
        return self._held

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if place == 0 and self._held is None:
            for first in self:
                return first
        return self._hold()[place]

    def __contains__(self, value: object) -> bool:
        return any(one is value or one == value for one in self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, list | LazyList):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=False))

    def __add__(self, other: Any) -> list[Any]:
        return list(self) + list(other)

    def __radd__(self, other: Any) -> list[Any]:
        return list(other) + list(self)

    def __repr__(self) -> str:
        return repr(list(self))


def _result(_: StepData, row: Row) -> Any:
    return None if row.result is None else values.decode(row.result)


def _completed(_: StepData, row: Row) -> dict[str, Any]:
    return {
        "index": row.position,
        "key": row.key,
        "item": values.decode(row.payload),
        "result": None if row.result is None else values.decode(row.result),
        "attempts": row.attempt,
        "duration": row.duration,
    }


def _failed(step: str, save_error: bool) -> Callable[[StepData, Row], Any]:
    def make(data: StepData, row: Row) -> dict[str, Any]:
        return {
            "index": row.position,
            "key": row.key,
            "item": values.decode(row.payload),
            "error": _error(data.error(row.error), data.log(step, row.number) if save_error else None, save_error),
            "attempts": row.attempt,
        }

    return make


def _error(body: bytes | None, log: bytes | None, save_error: bool) -> dict[str, Any]:
    info = ErrorInfo.decode(body) if body else ErrorInfo("Error", "", "00000000")
    record: dict[str, Any] = {"type": info.type, "message": info.message}
    if save_error:
        record["traceback"] = info.traceback
        record["log"] = log.decode("utf-8", "replace") if log else ""
    return record


class StepView:
    """One step, by attribute or subscript."""

    __wf_plain__ = True
    __slots__ = ("_cache", "_data", "_summary")

    def __init__(self, summary: StepSummary, data: StepData) -> None:
        self._summary = summary
        self._data = data
        self._cache: dict[str, Any] = {}

    @property
    def name(self) -> str:
        return self._summary.name

    @property
    def status(self) -> str:
        return self._summary.status

    @property
    def started(self) -> float | None:
        """Unix time."""
        return self._summary.started

    @property
    def duration(self) -> float | None:
        """Seconds."""
        return self._summary.duration

    @property
    def error(self) -> dict[str, Any] | None:
        body = self._summary.error
        return _error(body, None, self._summary.save_error) if body else None

    @property
    def result(self) -> Any:
        return self._kept("result", self._read_result)

    def _read_result(self) -> Any:
        summary = self._summary
        if summary.for_each:
            if summary.status in ("skipped", "pending") and not summary.total:
                return None if summary.status == "skipped" else []
            return LazyList(self._data, summary.name, "all", summary.total, _result)
        stored = self._data.result(summary.name) if summary.status in ("succeeded", "running") else None
        return None if stored is None else values.decode(stored)

    def _kept(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._cache:
            self._cache[name] = make()
        return self._cache[name]

    def _list(self, which: Which, length: int, make: Callable[[StepData, Row], Any]) -> Any:
        return self._kept(
            which, lambda: LazyList(self._data, self._summary.name, which, length, make) if length else []
        )

    def _fields(self) -> tuple[str, ...]:
        return LOOP_FIELDS if self._summary.for_each else STEP_FIELDS

    def __getattr__(self, name: str) -> Any:
        summary = self._summary
        if summary.for_each:
            if name == "total":
                return summary.total
            if name == "completed_items":
                return self._list("completed", summary.succeeded, _completed)
            if name == "failed_items":
                return self._list("failed", summary.failed, _failed(summary.name, summary.save_error))
        raise AttributeError(f"step {summary.name!r} has no {name!r}; it has: {', '.join(self._fields())}")

    def __getitem__(self, name: str) -> Any:
        if name not in self._fields():
            raise KeyError(f"step {self._summary.name!r} has no {name!r}; it has: {', '.join(self._fields())}")
        return getattr(self, name)

    def __contains__(self, name: object) -> bool:
        return name in self._fields()

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401 - this is that `get`

    def keys(self) -> tuple[str, ...]:
        return self._fields()

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields())

    def __repr__(self) -> str:
        return f"<step {self._summary.name}: {self._summary.status}>"


class Steps(Mapping[str, StepView]):
    """`steps`: the steps before this one, by name."""

    __wf_plain__ = True

    def __init__(self, summaries: Sequence[StepSummary], data: StepData) -> None:
        self._summaries = {summary.name: summary for summary in summaries}
        self._data = data
        self._views: dict[str, StepView] = {}

    def __getitem__(self, name: str) -> StepView:
        view = self._views.get(name)
        if view is None:
            view = self._views[name] = StepView(self._summaries[name], self._data)
        return view

    def __getattr__(self, name: str) -> StepView:
        if name.startswith("_") or name not in self._summaries:
            raise AttributeError(f"there is no step {name!r} before this one")
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._summaries)

    def __len__(self) -> int:
        return len(self._summaries)

    def __repr__(self) -> str:
        return f"<steps: {', '.join(self._summaries) or 'none'}>"
