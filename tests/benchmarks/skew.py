"""Eighty items of 50 ms among tens of thousands that do nothing, four slots: a worker must hand back what it has not begun."""

from __future__ import annotations

from tests.benchmarks.bench import Row, Sizes, compare, folder, main

HANDLER = """
import time

def work(item):
    if {first} <= item < {first} + {slow}:
        time.sleep(0.05)
"""
FLOW = """
name: skew
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {{range: {count}}}
    parallel: 4
    on_error: continue
    inputs: {{operation: custom, handler: work}}
"""


def measure(sizes: Sizes) -> list[Row]:
    n, slow = sizes(40_000, 400), sizes(80, 8)
    with folder() as place:
        place.write("handlers.py", HANDLER.format(first=n // 2, slow=slow))
        place.write("flow.yaml", FLOW.format(count=n))

        def ours() -> float:
            return place.run("flow.yaml").seconds

        ideal = slow * 0.05 / 4
        name = f"{slow} items of 50 ms among {n:,} no-ops, against the sleep alone"
        return [compare(name, "s", n, 1.5, (ours, lambda: ideal), min(3, sizes.rounds))]


if __name__ == "__main__":
    main(measure)
