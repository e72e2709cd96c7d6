"""What the dashboard costs: throughput beside a run without one, the answer to keys at full load, and a slow run's idling."""

from __future__ import annotations

import statistics
import time

from tests.benchmarks.bench import Folder, Row, Sizes, compare, cpu_seconds, folder, main
from tests.benchmarks.screen import Screen
from tui_workflow.store.runfile import RunFile

HANDLER = """
import time

def work(item, params):
    if params["wait"]:
        time.sleep(params["wait"])
    return item

def quick(item):
    return item
"""
FLOW = """
name: busy
handlers: [handlers.py]
params:
  wait: {{type: number, default: {wait}}}
steps:
  work:
    type: python
    for_each: {{range: {count}}}
    parallel: {slots}
    on_error: continue
    inputs: {{operation: custom, handler: {handler}}}
"""

OVER = """
  over:
    type: python
    depends_on: [work]
    inputs:
      code: |
        open("over", "x").close()
"""
"""A last step that makes a file, so that the end can be seen from beside."""


def prepare(place: Folder, count: int, wait: float = 0.0, slots: int = 2) -> None:
    """A flow of `count` items that take `wait` seconds; it makes a file when they are done."""
    place.write("handlers.py", HANDLER)
    place.write(
        "flow.yaml", (FLOW + OVER).format(count=count, wait=wait, slots=slots, handler="work" if wait else "quick")
    )


def worked(place: Folder) -> float:
    """Seconds that the step with the items took in the only run there is; forgets the run."""
    (place.path / "over").unlink()
    file = next(place.path.rglob("runs/*.db"))
    with RunFile(file) as run:
        step = run.state().steps["work"]
    seconds = step.duration() or 0.0
    assert step.done == step.total
    place.forget()
    return seconds


def headless(place: Folder) -> float:
    with place.command("flow.yaml", "--headless", "--new") as process:
        process.communicate()
    return worked(place)


def on_screen(place: Folder) -> float:
    with Screen(place.path, ["flow.yaml", "--new"]) as screen:
        screen.read_until(place.path / "over")
        screen.read_for(0.1)
    return worked(place)


def throughput(sizes: Sizes, name: str, n: int, wait: float, target: float) -> Row:
    with folder() as place:
        prepare(place, n, wait)

        def speed(seconds: float) -> float:
            return n / seconds

        return compare(
            f"throughput with the dashboard, {name}",
            "items a second",
            n,
            target,
            (lambda: speed(on_screen(place)), lambda: speed(headless(place))),
            min(3, sizes.rounds),
            at_least=True,
        )


def keys(sizes: Sizes) -> Row:
    """From pressing the key for help, or the one that closes it, to its paint, while the engine is at full load."""
    n, presses = sizes(4_000_000, 30_000), sizes(60, 4)
    took = []
    with folder() as place:
        prepare(place, n)
        with Screen(place.path, ["flow.yaml", "--new"]) as screen:
            screen.until(b"busy")
            screen.read_for(1.5 if not sizes.quick else 0.5)
            for turn in range(presses):
                # An uneven pause, so that presses fall anywhere between two ticks.
                screen.read_for(0.05 + 0.037 * (turn % 7))
                began = time.perf_counter()
                screen.press("?")
                took.append(screen.until(b"Move down") - began)
                screen.read_for(0.06)
                screen.press("?")
            loaded = not (place.path / "over").exists()
            if not sizes.quick:
                assert loaded, "the run was over before the last key"
    p95 = statistics.quantiles(took, n=20)[-1] * 1e3 if len(took) > 1 else took[0] * 1e3
    return Row("key to paint at full load, p95", p95, 50, p95 / 50, 1.0, "ms, limit beside it", presses)


def idling(sizes: Sizes) -> Row:
    """The share of a core that the program takes while one item a second ends."""
    seconds = sizes(12, 2)
    with folder() as place:
        prepare(place, 3 * seconds + 20, 1.0, slots=1)
        with Screen(place.path, ["flow.yaml", "--new"]) as screen:
            screen.until(b"busy")
            screen.read_for(3.0 if not sizes.quick else 1.0)
            before = cpu_seconds(screen.pid)
            screen.read_for(seconds)
            share = (cpu_seconds(screen.pid) - before) / seconds * 100
    return Row(
        "dashboard while one item a second ends", share, 3, share / 3, 1.0, "% of a core, limit beside it", seconds
    )


def measure(sizes: Sizes) -> list[Row]:
    return [
        throughput(sizes, "no-op items", sizes(200_000, 1_000), 0.0, 0.85),
        throughput(sizes, "10,000 items a second", sizes(60_000, 600), 0.00012, 0.98),
        keys(sizes),
        idling(sizes),
    ]


if __name__ == "__main__":
    main(measure)
