"""Lines in pieces of a width, between words where there are any.

Text that takes one column a character, which is nearly all there is, is cut by places: a page may hold values of 64 KiB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TypeAlias

from tui_workflow.view.cellwidth import clusters, even
from tui_workflow.view.line import Line, Span

BREAK = 24
"""Columns at the end of a row in which a break between words is looked for."""

_Cell: TypeAlias = tuple[str, int, Span]


def wrapped(line: Line, width: int, *, words: bool = False, near: int = BREAK) -> list[Line]:
    """The line in pieces of at most `width` columns; with `words` a piece ends at a space among its last `near`, if there is one.

    At a space that is further from the end than `BREAK` it ends only if the word behind it then is whole.
    """
    if all(even(span.text) for span in line):
        return _by_place(line, max(1, width), near if words else 0)
    cells = [(text, own, span) for span in line for text, own in clusters(span.text)]
    found: list[Line] = []
    start = 0
    while start < len(cells):
        stop, room = start, width
        while stop < len(cells) and cells[stop][1] <= room:
            room -= cells[stop][1]
            stop += 1
        stop = max(stop, start + 1)
        if words and stop < len(cells):
            spaces = [place for place in range(max(start + 1, stop - near), stop) if cells[place][0] == " "]
            if spaces and spaces[-1] < stop - BREAK and not _ends(cells, spaces[-1] + 1, width):
                spaces = []
            stop = spaces[-1] + 1 if spaces else stop
        found.append(joined(span._replace(text=text) for text, _, span in cells[start:stop]))
        start = stop
    return found or [()]


def _ends(cells: Sequence[_Cell], start: int, width: int) -> bool:
    """Whether the word that begins at a place takes no more than `width` columns."""
    for text, own, _ in islice(cells, start, None):
        if text == " ":
            return True
        width -= own
        if width < 0:
            return False
    return True


def _by_place(line: Line, width: int, near: int) -> list[Line]:
    """The same for a line in which each character takes one column; `near` 0 keeps no words."""
    text = "".join(span.text for span in line)
    slices = _slicer(joined(line))
    found: list[Line] = []
    start = 0
    while start < len(text):
        stop = start + width
        if near and stop < len(text):
            space = text.rfind(" ", max(start + 1, stop - near), stop)
            if space > start and (space >= stop - BREAK or _is_whole(text, space + 1, width)):
                stop = space + 1
        found.append(slices(start, stop))
        start = stop
    return found or [()]


def _is_whole(text: str, start: int, width: int) -> bool:
    """Whether the word that begins at a place takes no more than `width` characters."""
    return len(text) - start <= width or text.find(" ", start, start + width + 1) >= 0


def _slicer(line: Line) -> Callable[[int, int], Line]:
    """A function that gives the characters of a line from one place to another, asked for from left to right."""
    at, begin = 0, 0

    def between(start: int, stop: int) -> Line:
        nonlocal at, begin
        found = []
        while at < len(line) and begin < stop:
            span = line[at]
            end = begin + len(span.text)
            found.append(span._replace(text=span.text[max(0, start - begin) : stop - begin]))
            if end > stop:
                break
            at, begin = at + 1, end
        return tuple(found)

    return between


def joined(spans: Iterable[Span]) -> Line:
    """The spans with neighbours of one style made one, and without empty ones."""
    found: list[Span] = []
    texts: list[str] = []
    for span in spans:
        if not span.text:
            continue
        if found and found[-1][1:] == span[1:]:
            texts.append(span.text)
            continue
        if texts:
            found[-1] = found[-1]._replace(text="".join(texts))
        found.append(span)
        texts = [span.text]
    if texts:
        found[-1] = found[-1]._replace(text="".join(texts))
    return tuple(found)
