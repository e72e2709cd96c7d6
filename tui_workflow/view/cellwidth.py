"""How many terminal columns text takes: 0 for combining characters, 2 for wide ones, else 1.

The rules are those of the terminal library that paints (Unicode's East Asian width, variation selector 16 makes an
emoji wide, a zero-width joiner swallows the character after it), so that what is measured here is what is painted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from unicodedata import category, east_asian_width

_JOINER = "\u200d"
_EMOJI_FORM = "\ufe0f"
KEPT = 1024
"""Characters of a text above which its measure is not remembered, so that thousands of long ones are not."""
_PREPENDED = frozenset("\u00ad\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Format characters that are visible by themselves."""

# The characters of Unicode's emoji-variation-sequences.txt that are narrow without the selector, as hexadecimal ranges.
_EMOJI_RANGES = """
23 2a 30-39 a9 ae 203c 2049 2122 2139 2194-2199 21a9-21aa 2328 23cf 23ed-23ef 23f1-23f2 23f8-23fa 24c2 25aa-25ab 25b6
25c0 25fb-25fc 2600-2604 260e 2611 2618 261d 2620 2622-2623 2626 262a 262e-262f 2638-263a 2640 2642 265f-2660 2663
2665-2666 2668 267b 267e 2692 2694-2697 2699 269b-269c 26a0 26a7 26b0-26b1 26c8 26cf 26d1 26d3 26e9 26f0-26f1 26f4
26f7-26f9 2702 2708-2709 270c-270d 270f 2712 2714 2716 271d 2721 2733-2734 2744 2747 2763-2764 27a1 2934-2935 2b05-2b07
1f170-1f171 1f17e-1f17f 1f321 1f324-1f32c 1f336 1f37d 1f396-1f397 1f399-1f39b 1f39e-1f39f 1f3cb-1f3ce 1f3d4-1f3df 1f3f3
1f3f5 1f3f7 1f43f 1f441 1f4fd 1f549-1f54a 1f56f-1f570 1f573-1f579 1f587 1f58a-1f58d 1f590 1f5a5 1f5a8 1f5b1-1f5b2 1f5bc
1f5c2-1f5c4 1f5d1-1f5d3 1f5dc-1f5de 1f5e1 1f5e3 1f5e8 1f5ef 1f5f3 1f5fa 1f6cb 1f6cd-1f6cf 1f6e0-1f6e5 1f6e9 1f6f0 1f6f3
"""


@lru_cache(maxsize=1)
def _emoji() -> frozenset[str]:
    found: set[str] = set()
    for part in _EMOJI_RANGES.split():
        first, _, last = part.partition("-")
        found.update(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return frozenset(found)


@lru_cache(maxsize=4096)
def _of_character(character: str) -> int:
    code = ord(character)
    if 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF or code in (0x3164, 0xFFA0):
        return 0  # Hangul vowels and finals join the syllable before them
    kind = category(character)
    if kind in ("Mn", "Me", "Mc", "Cc", "Zl", "Zp") or (kind == "Cf" and character not in _PREPENDED):
        return 0
    return 2 if east_asian_width(character) in ("W", "F") else 1


def clusters(text: str) -> Iterator[tuple[str, int]]:
    """The pieces of text that cannot be cut apart, each with its columns; joined together they are the text."""
    piece, columns, joined = "", 0, False
    for character in text:
        own = 0 if joined else _of_character(character)
        joined = character == _JOINER and bool(piece)
        if character == _EMOJI_FORM:
            if columns == 1 and piece in _emoji():
                columns = 2
        elif own:
            if piece and columns:
                yield piece, columns
                piece = ""
            columns = own
        piece += character
    if piece:
        yield piece, columns


@lru_cache(maxsize=4096)
def _measure(text: str) -> int:
    return sum(columns for _, columns in clusters(text))


def _holds_even(text: str) -> bool:
    characters = set(text)
    return not characters & {_EMOJI_FORM, _JOINER} and all(_of_character(character) == 1 for character in characters)


_is_even = lru_cache(maxsize=4096)(_holds_even)


def even(text: str) -> bool:
    """Each character of a text without control characters takes one column, so that it can be cut anywhere."""
    return text.isascii() or (_is_even(text) if len(text) <= KEPT else _holds_even(text))


def width(text: str) -> int:
    """The columns that a text without control characters takes."""
    if text.isascii():
        return len(text)
    if len(text) <= KEPT:
        return _measure(text)
    return len(text) if _holds_even(text) else sum(columns for _, columns in clusters(text))
