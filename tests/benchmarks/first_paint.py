"""From typing the command to the first paint, against a Textual app with one line of text; and to the run's own screen."""

from __future__ import annotations

import sys

from tests.benchmarks.bench import Folder, Row, Sizes, compare, folder, main
from tests.benchmarks.noop import prepare
from tests.benchmarks.screen import Screen

BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("painted")

Bare().run()
"""


def bare(place: Folder) -> float:
    with Screen(place.path, ["bare.py"], [sys.executable]) as screen:
        return screen.until(b"painted") - screen.began


def ours(place: Folder, words: bytes) -> float:
    with Screen(place.path, ["flow.yaml", "--new"]) as screen:
        return screen.until(words) - screen.began


def measure(sizes: Sizes) -> list[Row]:
    with folder() as place:
        place.write("bare.py", BARE)
        prepare(place, 100)
        for side in (bare, lambda place: ours(place, b"noop")):
            side(place)  # compiles its modules

        def against_bare(name: str, target: float, words: bytes) -> Row:
            sides = (lambda: ours(place, words) * 1e3, lambda: bare(place) * 1e3)
            return compare(name, "ms", 1, target, sides, sizes.rounds)

        return [
            against_bare("first paint, against a bare Textual app", 1.3, b"reading the flow"),
            against_bare("the run on the screen, against a bare Textual app's first paint", 3.0, b"noop"),
        ]


if __name__ == "__main__":
    main(measure)
