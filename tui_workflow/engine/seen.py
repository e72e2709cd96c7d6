"""Which keys a listing has met, in four bytes a key: a Bloom filter that grows.

It may say "perhaps" for a key that is new, once in ten thousand; then the run file is asked. It never says "new" for a key that
was met. A set would take sixty bytes a key, and asking the run file for every key of a first listing takes longer than
writing it.
"""

from __future__ import annotations

_BITS_PER_KEY = 32
_FIRST = 1 << 14
_LARGEST = 1 << 22


class SeenKeys:
    """A Bloom filter in segments, each made for twice as many keys as the one before it."""

    def __init__(self) -> None:
        self._segments: list[tuple[bytearray, int]] = []
        self._room = 0
        self._size = _FIRST

    def add(self, key: str) -> bool:
        """Remember a key; True if it may have been met before, False if it certainly was not."""
        value = hash(key) & 0xFFFFFFFFFFFFFFFF
        first, second = value & 0xFFFFFFFF, (value >> 32) | 1
        third, fourth = first + second, first + 2 * second
        for bits, mask in self._segments:
            a, b, c, d = first & mask, third & mask, fourth & mask, (fourth + second) & mask
            if (
                bits[a >> 3] & (1 << (a & 7))
                and bits[b >> 3] & (1 << (b & 7))
                and bits[c >> 3] & (1 << (c & 7))
                and bits[d >> 3] & (1 << (d & 7))
            ):
                return True
        if not self._room:
            self._segments.append((bytearray(self._size * _BITS_PER_KEY // 8), self._size * _BITS_PER_KEY - 1))
            self._room = self._size
            self._size = min(_LARGEST, self._size * 2)
        self._room -= 1
        bits, mask = self._segments[-1]
        for place in (first & mask, third & mask, fourth & mask, (fourth + second) & mask):
            bits[place >> 3] |= 1 << (place & 7)
        return False
