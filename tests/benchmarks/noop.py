"""Python items that do nothing, each kept by a commit, against `ProcessPoolExecutor` with one `submit` an item.

Ours is counted from the first fact of the run to its last, so that starting Python counts on neither side.
"""

from __future__ import annotations

from tests.benchmarks.bench import Folder, Row, Sizes, compare, folder, main, side

HANDLER = "def same(item):\n    return item\n"
FLOW = """
name: noop
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {{range: {count}}}
    parallel: {slots}
    on_error: continue
    inputs: {{operation: custom, handler: same}}
"""


def prepare(place: Folder, count: int, slots: int = 2, name: str = "flow.yaml") -> None:
    """Write a flow of `count` items that do nothing."""
    place.write("handlers.py", HANDLER)
    place.write(name, FLOW.format(count=count, slots=slots))


def measure(sizes: Sizes) -> list[Row]:
    n = sizes(10_000, 300)
    with folder() as place:
        prepare(place, n)

        def ours() -> float:
            return place.run("flow.yaml").seconds / n * 1e6

        return [
            compare(
                "no-op items, two slots, against one submit each",
                "µs an item",
                n,
                0.15,
                (ours, lambda: side("one_by_one", n) / n * 1e6),
                sizes.rounds,
            )
        ]


if __name__ == "__main__":
    main(measure)
