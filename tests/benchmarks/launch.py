"""From typing the command to the first item at work, without a dashboard.

Against a Python that loads what any such program needs; with `--peers` against yaml-workflow, from start to end of a flow
with one step that does nothing.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.benchmarks.bench import Folder, Row, Sizes, compare, folder, main, timed
from tests.benchmarks.peers import installed

HANDLER = """
def work(item):
    with open("begun", "x"):
        pass
"""
FLOW = """
name: launch
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {range: 1}
    inputs: {operation: custom, handler: work}
"""
NEEDED = "import asyncio, click, jinja2, pydantic, sqlite3, yaml; from pydantic import BaseModel"
PEER = """
name: launch
steps:
  - name: work
    task: echo
    inputs: {message: begun}
"""


def to_first_item(place: Folder) -> float:
    """Seconds from the start of the command until its first item ran."""
    begun = place.path / "begun"
    began = time.time()
    with place.command("flow.yaml", "--headless", "--new") as process:
        process.communicate()
    seconds = begun.stat().st_mtime - began
    begun.unlink()
    return seconds


def measure(sizes: Sizes) -> list[Row]:
    rows = []
    with folder() as place:
        place.write("handlers.py", HANDLER)
        place.write("flow.yaml", FLOW)
        place.write("peer.yaml", PEER)
        others = [("a Python with its libraries", [sys.executable, "-c", NEEDED])]
        if sizes.peers and (python := installed("yaml-workflow")):
            others.append(("yaml-workflow", [str(Path(python).parent / "yaml-workflow"), "run", "peer.yaml"]))
        to_first_item(place)
        for name, words in others:
            rows.append(
                compare(
                    f"launch to first item, against {name}",
                    "ms",
                    1,
                    2.5,
                    (
                        lambda: to_first_item(place) * 1e3,
                        lambda words=words: timed(words, place.path) * 1e3,  # type: ignore[misc]
                    ),
                    2 * sizes.rounds,
                )
            )
    return rows


if __name__ == "__main__":
    main(measure)
