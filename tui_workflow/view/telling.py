"""How the names of the items in sight are shortened so that they can still be told apart, and a value from what it became.

Names of the items of a step often differ in a few digits between a long beginning and a long end that are the same for
all: `data/order-0004.json`. What they share says nothing and goes first: `…order-0004.json`, `…0004.json`, `…0004…`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from tui_workflow.text import visible
from tui_workflow.view.columns import cut, gapped, width

MANY = 200
"""Names up to which those that are cut to the same text are looked at among themselves."""
_LEFT = 3
"""Characters that are kept of a name that is the beginning of another."""


def longest(names: Iterable[str]) -> int:
    """The columns that the longest name takes in the form in which it shows."""
    return max((width(visible(name)) for name in names), default=0)


def told(names: Iterable[str], columns: int, *, mark: str = "…") -> Mapping[str, str]:
    """By name what to write for it in at most `columns`; a name that is not in it is written whole.

    The names are those that stand below each other. They are cut at the same places, so that what is left stands in a
    column; nothing is cut when all of them fit.
    """
    shown = {name: visible(name) for name in names}
    if columns <= 0 or all(width(text) <= columns for text in shown.values()):
        return {}
    cuts = _cut(set(shown.values()), columns, mark)
    return {name: cut(cuts[text], columns, mark=mark) for name, text in shown.items() if cuts[text] != text}


def differing(runs: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """The names of what is not the same in all of these, in their order: what all share tells none from the next."""
    names = dict.fromkeys(name for each in runs for name in each)
    return tuple(name for name in names if len({each.get(name) for each in runs}) > 1)


def one(text: str, columns: int, *, mark: str = "…") -> str:
    """A name that nothing is known to be beside: its ends; of a path the file's own name and the folders that fit."""
    if width(text) <= columns:
        return text
    if "/" in text:
        *folders, kept = text.rstrip("/").split("/")
        while folders and width(f"{folders[-1]}/{kept}") + 2 <= columns:
            kept = f"{folders.pop()}/{kept}"
        if 2 * width(kept) >= columns:  # else the folder that does not fit says more by its ends than by its absence
            text = f"{mark}/{kept}" if width(kept) + 2 <= columns else kept
    return cut(text, columns, keep="ends", mark=mark)


def from_to(old: str, new: str, columns: int, *, mark: str = "…") -> tuple[str, str]:
    """What a value was and what it became, in at most `columns` together: whole, or cut so that what differs is in sight.

    What both begin and end with goes first: of it as much is kept beside the rest as there is room for.
    """
    old, new = visible(old), visible(new)
    if width(old) + width(new) <= columns:
        return old, new
    lead, tail = ends_alike(old, new)
    inner = [text[lead : len(text) - tail] for text in (old, new)]
    start, end = old[:lead], old[len(old) - tail :]
    least = min(_BESIDE, columns // 4, width(start) + width(end))
    beside = max(least, (columns - sum(map(width, inner))) // 2)
    room = _share(columns - 2 * beside, *map(width, inner))
    before, after = _share(beside, width(start), width(end))
    head, foot = cut(start, before, keep="end", mark=mark), cut(end, after, mark=mark)
    was, now = (head + cut(text, own, keep="ends", mark=mark) + foot for text, own in zip(inner, room, strict=True))
    return was, now


_BESIDE = 8
"""Columns beside what differs that are kept even where that itself is too long."""


def _share(columns: int, one: int, other: int) -> tuple[int, int]:
    """The columns for two texts of such widths: what one does not need is for the other."""
    half = columns // 2
    if one <= half:
        return one, columns - one
    return (columns - other, other) if other <= half else (columns - half, half)


def ends_alike(old: str, new: str) -> tuple[int, int]:
    """How many characters both begin and how many both end with; none is in both."""
    lead = alike(old, new)
    return lead, alike(old[lead:][::-1], new[lead:][::-1])


def alike(one: str, other: str) -> int:
    """How many characters both begin with. Texts may be long, and are compared by halves."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _cut(texts: Collection[str], columns: int, mark: str) -> dict[str, str]:
    if len(texts) == 1:
        return {text: one(text, columns, mark=mark) for text in texts}
    lead, tail = _shared(texts)
    found = _without(texts, columns, mark, lead, tail)
    alike: dict[str, list[str]] = {}
    for text, short in found.items():
        alike.setdefault(short, []).append(text)
    for group in alike.values():
        # What all share may be nothing, where a few have much in common that hides what they differ in.
        if 1 < len(group) < len(texts) and len(texts) <= MANY:
            found |= _cut(group, columns, mark)
    return found


def _shared(texts: Collection[str]) -> tuple[int, int]:
    """Characters that all begin and end with; no character of a text is in both."""
    lead = _begin_alike(texts)
    tail = _begin_alike([text[lead:][::-1] for text in texts])
    if any(len(text) == lead + tail for text in texts):
        return max(0, lead - _LEFT), 0  # one is the beginning of another: of that too something must be left
    return lead, tail


def _begin_alike(texts: Collection[str]) -> int:
    """How many characters all begin with: those that the first and the last in order do."""
    return alike(min(texts), max(texts))


def _without(texts: Collection[str], columns: int, mark: str, lead: int, tail: int) -> dict[str, str]:
    """The texts without so much of what they share that they fit, where that can be."""
    some = next(iter(texts))
    starts = [place for place in range(1, lead + 1) if _parts(some, place)]
    # A number is kept whole where there is room for it.
    end = next((len(some) - place for place in range(len(some) - tail, len(some)) if not some[place].isalnum()), 0)
    last = starts[-1] if starts else 0
    for start, stop in (*((start, 0) for start in starts), (last, end), (lead, tail)):
        short = {text: _between(text, start, stop, mark) for text in texts}
        if all(width(each) <= columns for each in short.values()):
            return short
    inner = {text: text[lead : len(text) - tail] for text in texts}
    if lead <= width(mark):
        return {text: one(text, columns, mark=mark) for text in texts}
    room = max(1, columns - width(mark))
    return {text: gapped("", one(part, room, mark=mark), mark) for text, part in inner.items()}


def _parts(text: str, place: int) -> bool:
    """Whether a word begins at this place of a text; a folder begins at its stroke."""
    return text[place : place + 1] == "/" or not text[place - 1].isalnum()


def _between(text: str, start: int, stop: int, mark: str) -> str:
    kept = text[start : len(text) - stop]
    kept = gapped("", kept, mark) if start else kept
    return gapped(kept, "", mark) if stop else kept
