"""What items see of the run: parameters and `context`, decoded when they are looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from tui_workflow import values
from tui_workflow.errors import WfError


class ContextWrite(WfError):
    """A write to `context` that cannot be kept."""


class Params(dict[str, Any]):
    """The parameters for one item: lists and mappings are decoded at the first look, and are this item's own."""

    def __init__(self, plain: Mapping[str, Any], makers: Mapping[str, Callable[[], Any]]) -> None:
        super().__init__(plain)
        for name in makers:
            super().__setitem__(name, None)
        self._makers = dict(makers)

    def __getitem__(self, name: str) -> Any:
        make = self._makers.pop(name, None)
        if make is not None:
            super().__setitem__(name, make())
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[str]:  # defined so that `dict(params)` and `{**params}` go through `__getitem__`
        return iter(tuple(super().keys()))

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401 - this is that `get`

    def _all(self) -> dict[str, Any]:
        return {name: self[name] for name in self}

    def items(self) -> Any:
        return self._all().items()

    def values(self) -> Any:
        return self._all().values()

    def copy(self) -> dict[str, Any]:
        return self._all()

    def __eq__(self, other: object) -> bool:
        return self._all() == other

    def __repr__(self) -> str:
        return repr(self._all())

    __hash__ = None


class Context(MutableMapping[str, Any]):
    """`context` as one item sees it: stored values, and what the item does to them.

    A change inside a value counts as a write as well, and is found by encoding the value again at the end.
    """

    __wf_plain__ = True
    __slots__ = ("_base", "_forbidden", "_seen")

    def __init__(self, base: Mapping[str, bytes], forbidden: str | None) -> None:
        self._base = base
        self._seen: dict[str, Any] = {}
        self._forbidden = forbidden

    def __getitem__(self, name: str) -> Any:
        if name not in self._seen:
            self._seen[name] = values.decode(self._base[name])
        return self._seen[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if not isinstance(name, str):
            raise ContextWrite(f"a name in `context` is {type(name).__name__}, not text")
        if self._forbidden:
            raise ContextWrite(f"context[{name!r}] {self._forbidden}", hint=_INSTEAD)
        self._seen[name] = value

    def __delitem__(self, name: str) -> None:
        raise ContextWrite(f"context[{name!r}] cannot be removed", hint="Set it to None instead.")

    def __iter__(self) -> Iterator[str]:
        yield from self._base
        yield from (name for name in tuple(self._seen) if name not in self._base)

    def __len__(self) -> int:
        return len(self._base) + sum(1 for name in self._seen if name not in self._base)

    def __contains__(self, name: object) -> bool:
        return name in self._base or name in self._seen

    def __repr__(self) -> str:
        return repr(dict(self))

    def writes(self) -> dict[str, bytes]:
        """What has changed, encoded. Raises `ValueProblem`, and `ContextWrite` where writing is not allowed."""
        changed = {}
        for name, value in self._seen.items():
            stored = values.encode(value)
            if stored != self._base.get(name):
                if self._forbidden:
                    raise ContextWrite(f"context[{name!r}] {self._forbidden}", hint=_INSTEAD)
                changed[name] = stored
        return changed

    @property
    def touched(self) -> bool:
        return bool(self._seen)


_INSTEAD = "Return a value, and fold the results in a later step."
PARALLEL = "was changed in a step with `parallel`, where items run side by side and writes would be lost"


def pack_writes(writes: Mapping[str, bytes]) -> bytes:
    """A JSON object of context writes, as an outcome carries it."""
    members = b",".join(json.dumps(name).encode() + b":" + value for name, value in writes.items())
    return values.within_limit(b"{" + members + b"}")


class ContextBase:
    """The stored context in this worker: the engine's, with the writes of items that succeeded here since it was sent."""

    def __init__(self, stored: Mapping[str, bytes]) -> None:
        self.stored = dict(stored)
        self._writes: list[dict[str, bytes]] = []
        self._dropped = 0

    def commit(self, writes: dict[str, bytes]) -> None:
        self._writes.append(writes)
        self.stored.update(writes)

    def replace(self, stored: dict[str, bytes], writes_seen: int) -> None:
        """Take the engine's context, which holds the first `writes_seen` writes of this worker."""
        newer = self._writes[max(0, writes_seen - self._dropped) :]
        self._dropped += len(self._writes) - len(newer)
        self._writes = newer
        self.stored.clear()
        self.stored.update(stored)
        for writes in newer:
            self.stored.update(writes)
