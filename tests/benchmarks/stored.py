"""Looking at a stored run of a million items in the dashboard: the failed list, a filter, a jump to the last item."""

from __future__ import annotations

import statistics
import time

from tests.benchmarks.bench import Folder, Row, Sizes, environment, folder, main, resident
from tests.end_to_end.terminal import Terminal

HANDLER = """
def work(item):
    if item % 50 == 7:
        raise ValueError("the fiftieth")
    return item
"""
FLOW = """
name: stored
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {{range: {count}}}
    key: "row-{{{{ item }}}}"
    parallel: 2
    on_error: continue
    inputs: {{operation: custom, handler: work}}
"""


def seen(number: int) -> str:
    """A number as it stands on the screen; a `Terminal` has plain spaces in it."""
    return f"{number:,}".replace(",", " ")


def title_of(item: int) -> str:
    """The number of an item as the title of its page has it."""
    return f"item {seen(item)}"


def looks(place: Folder, n: int, rounds: int) -> tuple[dict[str, float], int]:
    """Milliseconds from a key to its answer, by what it asks for; and the memory that the dashboard has then, in bytes."""
    last = max(item for item in range(n - 50, n) if item % 50 == 7)
    asked: dict[str, list[float]] = {"open the failed list": [], "filter it": [], "jump to its last item": []}
    # Only cells that changed are written, so an answer is there when it stands on the screen.
    with Terminal(place.path, "open", "latest", size=(120, 40), **environment()) as screen:

        def ask(what: str, key: str, *answer: str) -> None:
            assert not all(text in screen.text for text in answer), f"{answer} stood there before"
            began = time.perf_counter()
            screen.press(key)
            screen.see(*answer)
            asked[what].append(time.perf_counter() - began)
            screen.rest(0.3)

        screen.see("the fiftieth", "1 Steps")
        screen.rest(1.0)
        for _ in range(rounds):
            ask("open the failed list", "\r", "row-57 ")
            screen.press("/row-")
            screen.rest(1.5)
            ask("filter it", str(last), f"  1 of {seen(n // 50)} ", title_of(last))
            screen.press("\x1b")
            screen.rest(1.0)
            screen.press("g")
            screen.rest(1.0)
            ask("jump to its last item", "G", title_of(last))
            screen.press("g")
            screen.rest(0.5)
            while "1 Steps" not in screen.text:
                screen.press("\x1b")
                screen.rest(0.5)
        memory = resident(screen.pid)
    return {what: statistics.median(took) * 1e3 for what, took in asked.items()}, memory


def measure(sizes: Sizes) -> list[Row]:
    n, few, rounds = sizes(1_000_000, 5_000), sizes(100_000, 1_000), sizes(3, 1)
    with folder() as place:
        place.write("handlers.py", HANDLER)
        place.write("flow.yaml", FLOW.format(count=few))
        place.run("flow.yaml")
        _, less = looks(place, few, rounds)
        place.write("flow.yaml", FLOW.format(count=n))
        place.run("flow.yaml")
        found, memory = looks(place, n, rounds)
    rows = [
        Row(f"{what}, {n:,} items", took, 200, took / 200, 1.0, "ms, limit beside it", n)
        for what, took in found.items()
    ]
    grown = max(0.0, (memory - less) / (n - few))
    return [*rows, Row(f"memory of the dashboard an item, {n:,}", grown, 16, grown / 16, 1.0, "B, limit beside it", n)]


if __name__ == "__main__":
    main(measure)
