"""`async def` items that do nothing, each kept by a commit, against the rows of as many items in plain SQLite."""

from __future__ import annotations

from tests.benchmarks.bench import Row, Sizes, compare, folder, main, side

HANDLER = "async def same(item):\n    return item\n"
FLOW = """
name: waiting
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {{range: {count}}}
    parallel: {{max_parallel: 100, executor: async}}
    on_error: continue
    inputs: {{operation: custom, handler: same}}
"""


def measure(sizes: Sizes) -> list[Row]:
    n = sizes(100_000, 500)
    with folder() as place:
        place.write("handlers.py", HANDLER)
        place.write("flow.yaml", FLOW.format(count=n))

        def ours() -> float:
            return n / place.run("flow.yaml").seconds

        return [
            compare(
                "async no-op items, against plain SQLite",
                "items a second",
                n,
                0.4,
                (ours, lambda: n / side("rows", n)),
                min(3, sizes.rounds),
                at_least=True,
            )
        ]


if __name__ == "__main__":
    main(measure)
