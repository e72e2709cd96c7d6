"""How the interpreter serves a run: when it looks for cycles of objects, and how soon a thread may have its lock.

The event loop shares the lock with the thread that writes the run file and the one that writes to the terminal. A thread that
wants it waits for `HAND_OVER` each time, so a dozen writes of a few bytes take a dozen times that while the loop is busy.
With a millisecond a screen is there 20 ms earlier, and two workers and a screen get a third more items through than with the
five that Python takes by itself; less than that gains nothing.
"""

from __future__ import annotations

import gc
import sys

HAND_OVER = 0.001
"""Seconds that the thread which has the lock may keep it when another wants it."""
CYCLES = (20_000, 20, 20)
"""When cycles are looked for. A page of items is thousands of objects that are no cycle: at the 700 that Python waits for by
itself, looking takes a twentieth of the time in which items are listed, fed, and come back."""


def hurry() -> None:
    """Load and paint without looking for cycles; `settle` follows."""
    sys.setswitchinterval(HAND_OVER)
    gc.disable()


def settle() -> None:
    """Look for cycles among what is made from now on, not among what has been loaded: that would take 50 ms each time."""
    sys.setswitchinterval(HAND_OVER)
    gc.freeze()
    gc.set_threshold(*CYCLES)
    gc.enable()
