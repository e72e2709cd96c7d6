"""What an item costs when there are a million of them: time, memory of the engine, room in the run file."""

from __future__ import annotations

import statistics

from tests.benchmarks.bench import Row, Sizes, folder, main
from tests.benchmarks.noop import prepare


def measure(sizes: Sizes) -> list[Row]:
    few, some, many = sizes(20_000, 500), sizes(100_000, 1_000), sizes(1_000_000, 5_000)
    middle = sizes(200_000, 2_000)
    with folder() as place:
        for count in (few, some, middle, many):
            prepare(place, count, name=f"flow-{count}.yaml")
        base = place.run(f"flow-{few}.yaml").memory
        two = place.run(f"flow-{middle}.yaml")
        place.forget()
        costs = []
        for _ in range(1 if sizes.quick else 2):
            small = place.run(f"flow-{some}.yaml")
            large = place.run(f"flow-{many}.yaml")
            costs.append((large.seconds / many * 1e6, small.seconds / some * 1e6))
            size = large.bytes / many
            place.forget()
    ours, other = (statistics.median(side) for side in zip(*costs, strict=True))
    ratio = statistics.median(a / b for a, b in costs)
    return [
        Row(f"cost of an item, {many:,} against {some:,}", ours, other, ratio, 1.1, "µs an item", many),
        *(
            Row(f"memory of the engine an item, {n:,}", grown, 64, grown / 64, 1.0, "B, limit beside it", n)
            for n, grown in (
                (middle, (two.memory - base) / (middle - few)),
                (many, (large.memory - base) / (many - few)),
            )
        ),
        Row("run file an item", size, 120, size / 120, 1.0, "B, limit beside it", many),
    ]


if __name__ == "__main__":
    main(measure)
