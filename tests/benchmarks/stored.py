"""Looking at a stored run of a million items in the dashboard: the failed list, a filter, a jump to the last item."""

from __future__ import annotations

import statistics
import time

from tests.benchmarks.bench import Folder, Row, Sizes, folder, main
from tests.benchmarks.screen import Screen

HANDLER = """
def work(item):
    if item % 50 == 7:
        raise ValueError("the fiftieth")
    return item
"""
FLOW = """
name: stored
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {{range: {count}}}
    key: "row-{{{{ item }}}}"
    parallel: 2
    on_error: continue
    inputs: {{operation: custom, handler: work}}
"""


def looks(place: Folder, n: int, rounds: int) -> dict[str, float]:
    """Milliseconds from a key to its answer, by what it asks for."""
    last = n - n % 50 + 7 if n % 50 > 7 else n - n % 50 - 43
    asked = {"open the failed list": [], "jump to its last item": [], "filter it": []}
    with Screen(place.path, ["open", "latest"]) as screen:
        screen.until(b"the fiftieth")
        screen.read_for(1.0)
        for _ in range(rounds):
            for what, key, answer in (
                ("open the failed list", "\r", b"row-7"),
                ("jump to its last item", "G", b"row-%d" % last),
                ("filter it", "/", b""),
            ):
                if not answer:
                    screen.press("/row-1007")
                    screen.read_for(0.7)
                    answer, key = b"row-10070", "0"
                    answer = b"row-1007"
                    screen.press("\x7f" * 1)
                    screen.read_for(0.7)
                    key = "7"
                began = time.perf_counter()
                screen.press(key)
                asked[what].append(screen.until(answer) - began)
                screen.read_for(0.3)
            for _ in range(3):
                screen.press("\x1b")
                screen.read_for(0.4)
            screen.press("3")
            screen.read_for(0.4)
    return {what: statistics.median(took) * 1e3 for what, took in asked.items()}


def measure(sizes: Sizes) -> list[Row]:
    n = sizes(1_000_000, 5_000)
    with folder() as place:
        place.write("handlers.py", HANDLER)
        place.write("flow.yaml", FLOW.format(count=n))
        place.run("flow.yaml")
        found = looks(place, n, 1 if sizes.quick else 3)
    return [
        Row(f"{what}, {n:,} items", took, 200, took / 200, 1.0, "ms, limit beside it", n)
        for what, took in found.items()
    ]


if __name__ == "__main__":
    main(measure)
