"""A dashboard without a terminal, driven by key presses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from tests.ui.simulate import Simulation
from tui_workflow.text import GROUP
from tui_workflow.ui.app import WfApp, dashboard
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.options import Left, Options
from tui_workflow.ui.widgets.canvas import Canvas


class Screen:
    """What a person does and sees."""

    def __init__(self, app: WfApp, pilot: Pilot[Any], run: Simulation) -> None:
        self.app = app
        self.pilot = pilot
        self.run = run

    @property
    def desk(self) -> Desk:
        return self.app.desk

    async def press(self, *keys: str) -> str:
        """Press keys, wait for what they asked for, and give the screen's text."""
        for key in keys:
            await self.pilot.press(key)
        return await self.settle()

    async def type(self, text: str) -> str:
        names = {" ": "space", "!": "exclamation_mark", "/": "slash", "-": "minus", ":": "colon"}
        return await self.press(*(names.get(letter, letter) for letter in text))

    async def settle(self) -> str:
        for _ in range(200):
            await asyncio.sleep(0)
            if not self.desk.loader.busy:
                self.app.paint()
                await asyncio.sleep(0)
                if not self.desk.loader.busy:
                    break
        return self.text

    @property
    def text(self) -> str:
        return self.app.screen.query_one(Canvas).text.replace(GROUP, " ")

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @property
    def footer(self) -> str:
        return self.lines[-1]

    @property
    def left(self) -> Left | None:
        return self.app.return_value

    async def click(self, text: str, *, twice: bool = False) -> str:
        """Click on the first cell of a text on the screen."""
        for y, line in enumerate(self.lines):
            if text in line:
                await self.pilot.click(Canvas, offset=(line.index(text), y), times=2 if twice else 1)
                return await self.settle()
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text}")


@asynccontextmanager
async def opened(
    run: Simulation | None = None, size: tuple[int, int] = (120, 32), **options: Any
) -> AsyncIterator[Screen]:
    run = run if run is not None else Simulation(total=1000)
    chosen: dict[str, Any] = {"environ": {"LANG": "C.UTF-8"}, "library": run, "resume": "wf-tui nightly.yaml --resume"}
    app = dashboard(run, run, Options(**(chosen | options)))
    async with app.run_test(size=size) as pilot:
        screen = Screen(app, pilot, run)
        await screen.settle()
        yield screen
