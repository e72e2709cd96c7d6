"""Shell items that run `true`, against `xargs -P2` (and GNU parallel where it is installed)."""

from __future__ import annotations

import shutil

from tests.benchmarks.bench import Row, Sizes, compare, folder, main, timed

FLOW = """
name: commands
steps:
  work:
    type: shell
    for_each: {{range: {count}}}
    parallel: 2
    on_error: continue
    inputs: {{command: "true"}}
"""


def measure(sizes: Sizes) -> list[Row]:
    n = sizes(2_000, 40)
    rows = []
    with folder() as place:
        place.write("flow.yaml", FLOW.format(count=n))
        others = [("xargs -P2", f"seq {n} | xargs -P2 -n1 true", 1.3)]
        if sizes.peers and shutil.which("parallel"):
            others.append(("GNU parallel", f"seq {n} | parallel -j2 true", 0.5))

        def ours() -> float:
            return place.run("flow.yaml").seconds / n * 1e6

        for name, line, target in others:
            rows.append(
                compare(
                    f"shell items, two slots, against {name}",
                    "µs an item",
                    n,
                    target,
                    (ours, lambda line=line: timed(["sh", "-c", line]) / n * 1e6),  # type: ignore[misc]
                    sizes.rounds,
                )
            )
    return rows


if __name__ == "__main__":
    main(measure)
