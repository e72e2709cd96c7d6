"""From typing the command to the first paint, against a Textual app with one line of text."""

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


def ours(place: Folder) -> float:
    with Screen(place.path, ["flow.yaml", "--new"]) as screen:
        return screen.until(b"noop") - screen.began


def measure(sizes: Sizes) -> list[Row]:
    with folder() as place:
        place.write("bare.py", BARE)
        prepare(place, 100)
        for side in (bare, ours):
            side(place)  # compiles its modules
        return [
            compare(
                "first paint, against a bare Textual app",
                "ms",
                1,
                1.3,
                (lambda: ours(place) * 1e3, lambda: bare(place) * 1e3),
                sizes.rounds,
            )
        ]


if __name__ == "__main__":
    main(measure)
