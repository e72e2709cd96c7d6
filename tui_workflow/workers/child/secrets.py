"""Secret parameters never leave the worker: their texts become `***` in logs and errors, and are refused in values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tui_workflow.text import MASK


def texts(value: Any) -> Iterator[str]:
    """Every text that would give a secret value away: the strings and numbers in it, and lines of a multi-line one."""
    if isinstance(value, str):
        if value:
            yield value
            yield from (line for line in value.splitlines() if len(line) >= 8)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        text = str(value)
        if len(text) >= 4:
            yield text
    elif isinstance(value, bytes):
        yield from texts(value.decode("utf-8", "replace"))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from texts(key)
            yield from texts(part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from texts(part)
    else:
        yield str(value)


class Secrets:
    """The texts to hide."""

    def __init__(self, values: Iterable[Any]) -> None:
        found = {text for value in values for text in texts(value)}
        escaped = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for text in found for ascii_only in (True, False)}
        shown = {repr(text)[1:-1] for text in found}
        # Longest first: a secret that begins with another one must not leave its rest behind.
        self._texts = sorted(found | escaped | shown, key=len, reverse=True)
        self._bytes = [text.encode("utf-8", "backslashreplace") for text in self._texts]

    def __bool__(self) -> bool:
        return bool(self._texts)

    def mask(self, text: str) -> str:
        for secret in self._texts:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    @property
    def masker(self) -> Callable[[str], str] | None:
        """`mask`, or None when there is nothing to hide."""
        return self.mask if self._texts else None

    def held_by(self, data: bytes) -> bool:
        """True when stored bytes hold a secret."""
        return any(secret in data for secret in self._bytes)
