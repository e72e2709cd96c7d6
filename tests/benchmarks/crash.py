"""A worker that ends in the middle of a batch: exactly one item is to blame, and none runs twice."""

from __future__ import annotations

from collections import Counter

from tests.benchmarks.bench import Row, Sizes, folder, main

HANDLER = """
import os

LOG = os.open("ran.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

def work(item):
    os.write(LOG, b"%d\\n" % item)
    if item == {fatal}:
        os._exit(3)
"""
FLOW = """
name: crash
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {{range: {count}}}
    parallel: 2
    on_error: continue
    inputs: {{operation: custom, handler: work}}
"""


def measure(sizes: Sizes) -> list[Row]:
    n = sizes(5_000, 400)
    blamed, twice = [], []
    with folder() as place:
        place.write("handlers.py", HANDLER.format(fatal=n // 3))
        place.write("flow.yaml", FLOW.format(count=n))
        for _ in range(sizes.rounds):
            (place.path / "ran.log").unlink(missing_ok=True)
            step = place.run("flow.yaml").shown["steps"][0]
            ran = Counter((place.path / "ran.log").read_text().split())
            assert step["succeeded"] + step["failed"] == len(ran) == n
            blamed.append(step["failed"])
            twice.append(sum(count > 1 for count in ran.values()))
    worst = max(blamed) if min(blamed) else 0
    return [
        Row("items blamed for a crash", worst, 1, worst, 1.0, "items", n),
        Row("items run twice after a crash", max(twice), 0, max(twice), 0.0, "items", n),
    ]


if __name__ == "__main__":
    main(measure)
