"""Which keys a listing has met, in eight to sixteen bytes a key: a Bloom filter that grows.

It may say "perhaps" for a key that is new, once in some million; then the run file is asked. It never says "new" for a
key that was met. A set would take sixty bytes a key, and asking the run file for every key of a first listing takes
longer than writing it.

Each key falls into two words of 64 bits and sets six bits in both. A look costs one access to memory, since for a new key
the first word nearly always says so; the second makes "perhaps" rare enough that it never matters what asking costs.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable

_FIRST = 1 << 17
_GROWTH = 4
_LARGEST = 1 << 23
_SECOND = 41
"""Where in a hash of 63 bits the place of the second word begins; that of the first begins at 24, below it are the bits."""
_PAIRS = [(1 << a) | (1 << b) for a in range(64) for b in range(a)]
_ONE, _TWO, _THREE = (random.Random(seed).sample(_PAIRS, 256) for seed in (1, 2, 3))  # noqa: S311


class SeenKeys:
    """A Bloom filter in segments, each with room for more keys than the one before it: a word a key."""

    def __init__(self) -> None:
        self._segments: list[tuple[array[int], int]] = []
        self._room = 0
        self._size = _FIRST

    def add(self, key: str) -> bool:
        """Remember a key; True if it may have been met before, False if it certainly was not."""
        return bool(self.add_all((key,)))

    def add_all(self, keys: Iterable[str]) -> list[str]:
        """Remember keys; those that may have been met before, also among themselves, in their order."""
        perhaps: list[str] = []
        segments, one, two, three = self._segments, _ONE, _TWO, _THREE
        for key in keys:
            value = hash(key)
            bits = one[value & 255] | two[value >> 8 & 255] | three[value >> 16 & 255]
            place = value >> 24
            for words, mask in segments:
                if words[place & mask] & bits == bits and words[value >> _SECOND & mask] & bits == bits:
                    perhaps.append(key)
                    break
            else:
                if not self._room:
                    self._grow()
                self._room -= 1
                words, mask = segments[-1]
                words[place & mask] |= bits
                words[value >> _SECOND & mask] |= bits
        return perhaps

    def _grow(self) -> None:
        self._segments.append((array("Q", bytes(8 * self._size)), self._size - 1))
        self._room = self._size
        self._size = min(_LARGEST, self._size * _GROWTH)
