"""A run killed when half of its items were done: from typing `--resume` to the first item, and what runs again."""

from __future__ import annotations

import os
import signal
import time

from tests.benchmarks.bench import Row, Sizes, folder, main
from tui_workflow.store.runfile import RunFile

HANDLER = """
import os

LOG = os.open("ran.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
PAGE = []

def work(item):
    if not PAGE:
        os.write(LOG, b"x")
        PAGE.append(item)
    if item % 1000 == 0:
        os.write(LOG, b"x")
"""
FLOW = """
name: half
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
    n = sizes(1_000_000, 20_000)
    with folder() as place:
        place.write("handlers.py", HANDLER)
        place.write("flow.yaml", FLOW.format(count=n))
        log = place.path / "ran.log"
        process = place.command("flow.yaml", "--headless", "--new")
        while not log.exists() or log.stat().st_size < n // 2000:
            assert process.poll() is None, "the run was over before it could be killed"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        time.sleep(0.5)
        file = next(place.path.rglob("runs/*.db"))
        with RunFile(file) as run:
            done = run.state().steps["work"].done
        before = log.stat().st_size
        began = time.perf_counter()
        again = place.command("flow.yaml", "--headless", "--resume")
        while log.stat().st_size == before:
            assert again.poll() is None, "it did not resume"
            time.sleep(0.005)
        first = time.perf_counter() - began
        os.kill(again.pid, signal.SIGTERM)
        again.communicate()
    assert done < n
    return [
        Row(f"resume of {n:,} items, {done:,} done, to first item", first, 3, first / 3, 1.0, "s, limit beside it", n)
    ]


if __name__ == "__main__":
    main(measure)
