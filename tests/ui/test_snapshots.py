"""Whole screens as they were, with their colours where these are what is tried.

After a wanted change: `WF_SNAPSHOTS=write pytest tests/ui/test_snapshots.py`, and read the difference.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from tests.ui.screen import Screen, opened
from tests.ui.simulate import NOW, START, Simulation, shape
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended
from tui_workflow.ui.widgets.canvas import Canvas

FOLDER = Path(__file__).parent / "snapshots"
SIZES = [(120, 32), (80, 24), (60, 16)]


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Empty(Simulation):
    """A flow without steps, which has therefore succeeded."""

    def _begin(self) -> None:
        self.tell(
            ev.RunStarted(START, "20260131-031231-k3f9", "nothing-yet", "/home/me/flows/nothing-yet.yaml", 4242, "box"),
            ev.RevisionTaken(START, 1, ()),
            ev.RunFinished(START, "succeeded"),
        )
        self.clock = START


class Long(Simulation):
    """A flow of 500 steps, of which 300 are done, the next runs, and one has failed on the way."""

    def _begin(self) -> None:
        names = [f"load_table_{number:03}" for number in range(500)]
        self.tell(
            ev.RunStarted(START, "20260131-031231-k3f9", "warehouse", "/home/me/flows/warehouse.yaml", 4242, "box"),
            ev.RevisionTaken(
                START, 1, tuple(shape(name, for_each=True, needs=names[:n][-1:]) for n, name in enumerate(names))
            ),
        )
        for number, name in enumerate(names[:301]):
            at = START + number * 14
            self.tell(ev.StepStarted(at, name, 2), ev.ItemsListed(at, name, 0, 40), ev.ListingFinished(at, name))
            done = 40 if number < 300 else 11
            self.end(name, at + 12, [(item, Ended.OK, 1, 0.6, None) for item in range(done)])
            if number < 300:
                self.tell(ev.StepFinished(at + 13, name, "succeeded"))
        self.clock = NOW


def succeeded() -> Simulation:
    run = Simulation(total=20_000)
    run.succeed()
    return run


class Scene(NamedTuple):
    """What is on the screen: the run, the keys that lead there, the options of the dashboard; the terminal, and whether its
    colours count."""

    run: Callable[[], Simulation] = lambda: Simulation(total=20_000)
    keys: tuple[str, ...] = ()
    options: Mapping[str, Any] = MappingProxyType({})
    terminal: str = "truecolor"
    colours: bool = False


SCENES = {
    "running": Scene(),
    "failures": Scene(keys=("f",)),
    "group": Scene(keys=("f", "enter")),
    "item": Scene(keys=("f", "enter", "enter")),
    "step": Scene(keys=("2",)),
    "log": Scene(keys=("4",)),
    "finished": Scene(succeeded),
    "empty": Scene(Empty),
    "500-steps": Scene(Long),
    "light": Scene(options={"theme": "light"}, colours=True),
    "light-item": Scene(keys=("f", "enter", "enter"), options={"theme": "light"}, colours=True),
    "16-colours": Scene(terminal="", colours=True),
    "mono": Scene(options={"environ": {"LANG": "C.UTF-8", "NO_COLOR": "1"}}, colours=True),
    "ascii": Scene(options={"ascii": True}),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCENES)
async def test_the_screen_is_as_it_was(name: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    scene = SCENES[name]
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLORTERM", scene.terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with opened(scene.run(), size, **scene.options) as screen:
        await screen.press(*scene.keys)
        seen = "\n".join(line.rstrip() for line in screen.lines) + "\n"
        if scene.colours:
            seen += "\n" + "\n".join(colours(screen)) + "\n"
    path = FOLDER / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("WF_SNAPSHOTS") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(seen, "utf-8")
    assert seen == path.read_text("utf-8")


def colours(screen: Screen) -> Iterator[str]:
    """How each row is drawn: from which column on, in which style."""
    for y, strip in enumerate(screen.app.screen.query_one(Canvas)._strips, 1):
        at, runs = 0, []
        for style, segments in groupby(strip, key=lambda segment: segment.style):
            runs.append(f"{at} {style}")
            at += sum(segment.cell_length for segment in segments)
        yield f"{y:2}: {', '.join(runs)}"


def test_every_picture_is_of_a_scene() -> None:
    """A scene that is gone leaves no picture behind."""
    wanted = {f"{name}-{width}x{height}.txt" for name in SCENES for width, height in SIZES}
    assert {path.name for path in FOLDER.iterdir()} == wanted
