"""How many items a slot is given at once. Pure.

A batch is about 50 ms of work, so that an expensive item is a batch of its own and a million cheap ones cost little each;
near the end it shrinks, so that no slot is left with the rest. The numbers were measured on two cores.
"""

from __future__ import annotations

from dataclasses import dataclass

TARGET_SECONDS = 0.05
OVERFULL_SECONDS = 0.25
"""A slot that holds more work than this, by its own pace, hands back what it has not begun."""
LARGEST = 2048
QUICK_SECONDS = 0.005
"""Items quicker than this are worth a second batch in the worker's hands before the first has ended."""
_WEIGHT = 0.3


@dataclass(slots=True)
class Tempo:
    """What is known of how long an item takes: an average that forgets, in seconds. None before the first item."""

    mean: float | None = None

    def learn(self, seconds: float, items: int) -> None:
        """Take in `items` that took `seconds` of one slot."""
        if items:
            each = seconds / items
            self.mean = each if self.mean is None else self.mean + _WEIGHT * (each - self.mean)


def batch_size(tempo: Tempo, fixed: int | None, ready: int, listing: bool, slots: int) -> int:
    """Items for the next batch of one slot, 1 at the least.

    `fixed` is the flow's `batch_size`, `ready` how many items could start now, `listing` whether more will be listed.
    """
    if fixed is not None:
        return max(1, fixed)
    if tempo.mean is None:
        return 1
    size = min(LARGEST, int(TARGET_SECONDS / max(tempo.mean, 1e-6)))
    if not listing:
        size = min(size, -(-ready // (2 * max(1, slots))))
    return max(1, size)


def overfull(held: int, seconds_each: float) -> bool:
    """True if a slot that holds so many items, and just now took so long for each, keeps from others what takes batches.

    Cheap items say little about those that come after them: a batch of two thousand may turn out to be minutes of work.
    """
    return held > 1 and held * seconds_each > OVERFULL_SECONDS


def prefetch(tempo: Tempo) -> bool:
    """True if a slot should hold a second batch, so that it never waits for the engine."""
    return tempo.mean is not None and tempo.mean < QUICK_SECONDS
