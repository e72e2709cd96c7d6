"""A run of a million items as a person lives through it: started, watched, killed, resumed, and its failures gone through.

Keys are pressed all the time, and the slowest answer counts: a screen that stalls is one that answers late.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from contextlib import closing

from tests.benchmarks.bench import PATIENCE, Folder, Row, Sizes, environment, folder, main
from tests.benchmarks.dashboard import OVER
from tests.benchmarks.stored import FLOW, HANDLER, title_of
from tests.end_to_end.terminal import Terminal


class Hand:
    """Presses keys and keeps how long their answers took, in seconds."""

    def __init__(self, screen: Terminal) -> None:
        self.screen = screen
        self.took: list[float] = []

    def ask(self, key: str, answer: str, pause: float = 0.1) -> None:
        assert answer not in self.screen.text, f"{answer} stood there before"
        began = time.perf_counter()
        self.screen.press(key)
        self.screen.see(answer)
        self.took.append(time.perf_counter() - began)
        self.screen.rest(pause)

    def watch(self) -> None:
        """Look at the help and away from it."""
        self.ask("?", "Move down")
        self.screen.press("?")
        self.screen.lose("Move down")
        self.screen.rest(0.17)


def watched(place: Folder, n: int) -> list[float]:
    """Seconds of each answer while the run goes on: to half its items, killed there, and from there to the end."""
    took: list[float] = []
    for words, share in (([], 0.5), (["--resume"], 1.0)):
        with Terminal(place.path, "flow.yaml", *words, size=(120, 40), **environment()) as screen:
            hand = Hand(screen)
            screen.see("slots busy")
            end = time.monotonic() + PATIENCE
            while not (place.path / "over").exists() and done(place) < share * n:
                hand.watch()
                assert time.monotonic() < end, f"{n:,} items were not done within {PATIENCE:g} s"
            if share == 1.0:
                screen.rest(2.0)
                triage(hand, n)
            else:
                os.kill(screen.pid, signal.SIGKILL)
            took += hand.took
    return took


def done(place: Folder) -> int:
    """How many items have ended by the run file, looked at from beside."""
    file = next(place.path.rglob("runs/*.db"))
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as reading:
        return int(reading.execute("SELECT coalesce(max(seq), 0) FROM outcome").fetchone()[0])


def triage(hand: Hand, n: int) -> None:
    """To the group of failures, and to its last item, which is shown beside the list."""
    last = max(item for item in range(n - 50, n) if item % 50 == 7)
    hand.screen.press("f")
    hand.screen.rest(0.5)
    hand.ask("\r", "row-57 ", 1.0)
    hand.ask("G", title_of(last), 1.0)


def measure(sizes: Sizes) -> list[Row]:
    n = sizes(1_000_000, 20_000)
    with folder() as place:
        place.write("handlers.py", HANDLER)
        place.write("flow.yaml", (FLOW + OVER).format(count=n))
        took = sorted(watched(place, n))
    longest, usual = took[-1] * 1e3, took[len(took) // 2] * 1e3
    name = f"slowest of {len(took)} answers in a run of {n:,} items, killed and resumed"
    return [Row(name, longest, 100, longest / 100, 1.0, f"ms, limit beside it; half within {usual:.0f}", n)]


if __name__ == "__main__":
    main(measure)
