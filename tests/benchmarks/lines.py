"""`for_each` over a large file: the engine's memory must not grow with the file but by what an item costs anyway."""

from __future__ import annotations

from tests.benchmarks.bench import Row, Sizes, folder, main

HANDLER = "def same(item):\n    return None\n"
FLOW = """
name: lines
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {{file: {file}}}
    parallel: 2
    on_error: continue
    inputs: {{operation: custom, handler: same}}
"""


def measure(sizes: Sizes) -> list[Row]:
    few, many = sizes(100_000, 500), sizes(10_000_000, 5_000)
    memory = {}
    with folder() as place:
        place.write("handlers.py", HANDLER)
        for count in (few, many):
            with open(place.path / f"{count}.txt", "w") as file:
                for start in range(0, count, 1000):
                    file.writelines(f"line {n} of many\n" for n in range(start, min(count, start + 1000)))
            place.write(f"{count}.yaml", FLOW.format(file=f"{count}.txt"))
            memory[count] = place.run(f"{count}.yaml").memory
            place.forget()
    grown = (memory[many] - memory[few]) / (many - few)
    return [Row(f"memory an item of a file of {many:,} lines", grown, 64, grown / 64, 1.0, "B, limit beside it", many)]


if __name__ == "__main__":
    main(measure)
