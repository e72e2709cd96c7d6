"""From typing the command to the first paint, against a Textual app with one line of text; and to the run's own screen.

With `--peers` against two programs that are made with Textual too: toolong, a log viewer, and harlequin, an editor for SQL.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.bench import Folder, Row, Sizes, compare, folder, main
from tests.benchmarks.noop import prepare
from tests.benchmarks.peers import installed
from tests.benchmarks.screen import Screen

BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("painted")

Bare().run()
"""

OPENING = b"reading the flow"
PEERS: tuple[tuple[str, str, list[str], bytes], ...] = (
    ("toolong", "tl", ["lines.txt"], b"painted"),
    ("harlequin", "harlequin", [], b"Query"),
)
"""Package, command, words of the command line, and what is on its first screen."""


def bare(place: Folder) -> float:
    with Screen(place.path, ["bare.py"], [sys.executable]) as screen:
        return screen.until(b"painted") - screen.began


def ours(place: Folder, words: bytes) -> float:
    with Screen(place.path, ["flow.yaml", "--new"]) as screen:
        return screen.until(words) - screen.began


def peer(package: str, command: str, words: list[str], painted: bytes) -> Callable[[Folder], float]:
    program = str(Path(installed(package)).parent / command)

    def measured(place: Folder) -> float:
        with Screen(place.path, words, [program]) as screen:
            return screen.until(painted) - screen.began

    return measured


def measure(sizes: Sizes) -> list[Row]:
    with folder() as place:
        place.write("bare.py", BARE)
        prepare(place, 100)
        for side in (bare, lambda place: ours(place, b"noop")):
            side(place)  # compiles its modules

        def row(name: str, target: float, words: bytes, other: Callable[[Folder], float]) -> Row:
            sides = (lambda: ours(place, words) * 1e3, lambda: other(place) * 1e3)
            return compare(name, "ms", 1, target, sides, sizes.rounds)

        rows = [
            row("first paint, against a bare Textual app", 1.3, OPENING, bare),
            row("the run on the screen, against a bare Textual app's first paint", 3.0, b"noop", bare),
        ]
        place.write("lines.txt", "painted\n" * 50)
        if sizes.peers:
            rows += [
                row(f"first paint, against {name}", 1.0, OPENING, peer(name, command, words, painted))
                for name, command, words, painted in PEERS
                if installed(name)
            ]
        return rows


if __name__ == "__main__":
    main(measure)
