"""Questions about many rows, asked page by page: what SQLite takes in one statement has a bound, and a page is soon answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_PAGE = 500


def pages(numbers: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The numbers, as many at a time as one statement asks for."""
    for start in range(0, len(numbers), _PAGE):
        yield numbers[start : start + _PAGE]


def among(page: Sequence[int]) -> tuple[str, Sequence[int]]:
    """A condition that holds for the numbers of a page, and the values of its marks; a range when they are contiguous."""
    if page[-1] - page[0] == len(page) - 1 and (
        isinstance(page, range) or list(page) == list(range(page[0], page[-1] + 1))
    ):
        return "BETWEEN ? AND ?", (page[0], page[-1])
    return f"IN ({','.join('?' * len(page))})", page
