"""Programs of others, measured with `--peers` only, since they have to be installed: joblib and yaml-workflow."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.bench import Row, Sizes, compare, folder, main, timed, told
from tests.benchmarks.noop import prepare
from tests.benchmarks.peers import installed

JOBLIB = """
import sys, time
from joblib import Parallel, delayed

def same(item):
    return item

began = time.perf_counter()
assert len(Parallel(n_jobs=2)(delayed(same)(item) for item in range(int(sys.argv[1])))) == int(sys.argv[1])
print(time.perf_counter() - began)
"""
STEP = """
  - name: work{number}
    task: echo
    inputs: {{message: "{number}"}}
"""


def measure(sizes: Sizes) -> list[Row]:
    rows: list[Row] = []
    if not sizes.peers:
        return rows
    n, steps = sizes(10_000, 300), sizes(300, 20)
    with folder() as place:
        prepare(place, n)
        place.write("loky.py", JOBLIB)
        place.write("peer.yaml", "name: peer\nsteps:" + "".join(STEP.format(number=k) for k in range(steps)))

        def ours() -> float:
            return place.run("flow.yaml").seconds / n * 1e6

        if python := installed("joblib"):
            rows.append(
                compare(
                    "no-op items, against joblib",
                    "µs an item",
                    n,
                    1.0,
                    (ours, lambda: told([python, "loky.py", str(n)], place.path) / n * 1e6),
                    min(3, sizes.rounds),
                )
            )
        if python := installed("yaml-workflow"):
            command = [str(Path(python).parent / "yaml-workflow"), "run", "peer.yaml"]
            rows.append(
                compare(
                    "no-op items, against steps of yaml-workflow",
                    "µs an item",
                    n,
                    0.01,
                    (ours, lambda: timed(command, place.path) / steps * 1e6),
                    min(3, sizes.rounds),
                )
            )
    return rows


if __name__ == "__main__":
    main(measure)
