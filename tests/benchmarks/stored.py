"""Looking at a stored run of a million items in the dashboard: the failed list, a filter, a jump to the last item."""

from __future__ import annotations

import re
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


def title_of(item: int) -> re.Pattern[bytes]:
    """The number of an item as the title of its page has it, whatever groups the digits."""
    return re.compile(rb"item " + rb"[^0-9]{1,4}".join(f"{item:,}".encode().split(b",")))


def looks(place: Folder, n: int, rounds: int) -> dict[str, float]:
    """Milliseconds from a key to its answer, by what it asks for."""
    last = max(item for item in range(n - 50, n) if item % 50 == 7)
    numbered = title_of(last)
    named = re.compile(b"row-%d" % last)
    asked: dict[str, list[float]] = {"open the failed list": [], "filter it": [], "jump to its last item": []}
    with Screen(place.path, ["open", "latest"]) as screen:

        def ask(what: str, key: str, answer: re.Pattern[bytes]) -> None:
            began = time.perf_counter()
            screen.press(key)
            asked[what].append(screen.until(answer) - began)
            screen.read_for(0.3)

        screen.until(b"the fiftieth")
        screen.read_for(1.0)
        for _ in range(rounds):
            ask("open the failed list", "\r", re.compile(rb"row-57\D"))
            screen.press("/row-")
            screen.read_for(1.5)
            ask("filter it", str(last), numbered)
            screen.press("\x1b")
            screen.read_for(1.0)
            screen.press("g")
            screen.read_for(1.0)
            ask("jump to its last item", "G", named)
            screen.press("g")
            screen.read_for(0.5)
            screen.press("\x1b")
            screen.read_for(0.5)
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
