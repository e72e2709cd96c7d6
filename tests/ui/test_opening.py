"""Before there is a run: what is opened is told, a question owns the keys, and leaving leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from tests.ui.simulate import Simulation
from tui_workflow.ui.app import WfApp
from tui_workflow.ui.options import Left, Options
from tui_workflow.ui.widgets.canvas import Canvas
from tui_workflow.view.panes.dialog import Choice

OPTIONS = Options(environ={"LANG": "C.UTF-8"})
OFFERED = (Choice("r", "resume", "resume it"), Choice("n", "new", "begin anew"), Choice("esc", "neither", "neither"))


@asynccontextmanager
async def opening(size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[WfApp, Pilot[Left]]]:
    app = WfApp(OPTIONS, "nightly\x1b[2J", "reading the flow")
    async with app.run_test(size=size) as pilot:
        await asyncio.wait_for(app.painted.wait(), 10)
        yield app, pilot


def text(app: WfApp) -> str:
    return app.screen.query_one(Canvas).text


@pytest.mark.parametrize("size", [(120, 32), (80, 24), (60, 16), (20, 3), (4, 1)])
async def test_it_says_what_is_opened_at_every_size(size: tuple[int, int]) -> None:
    async with opening(size) as (app, _):
        lines = text(app).split("\n")
        assert [len(line) for line in lines] == [size[0]] * size[1]
        if size[0] >= 60:
            assert "nightly\\x1b[2J  reading the flow" in lines[0]
            assert "q leave" in lines[-1]


async def test_nothing_is_being_done_while_a_question_waits() -> None:
    async with opening() as (app, pilot):
        asked = asyncio.ensure_future(app.ask("Go on?", [], OFFERED))
        await pilot.pause()
        assert "resume it" in text(app)
        assert "reading the flow" not in text(app)
        await pilot.press("r")
        assert await asked == "resume"
        assert "reading the flow" in text(app)


@pytest.mark.parametrize("key", ["q", "escape", "ctrl+c"])
async def test_it_can_be_left(key: str) -> None:
    async with opening() as (app, pilot):
        await pilot.press(key)
    assert app.return_value == Left("abandoned")


async def test_a_key_that_comes_too_early_is_told_so() -> None:
    async with opening() as (app, pilot):
        await pilot.press("r")
        assert "nothing else acts before the run is here" in text(app)


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (("enter",), "resume"),
        (("r",), "resume"),
        (("n",), "new"),
        (("down", "enter"), "new"),
        (("k", "enter"), "neither"),
        (("escape",), "neither"),
        (("q",), "neither"),
    ],
)
async def test_a_question_is_answered(keys: tuple[str, ...], answer: str) -> None:
    async with opening() as (app, pilot):
        asking = asyncio.ensure_future(app.ask("Run 7 is unfinished", ["It is failed."], OFFERED))
        await pilot.pause()
        await pilot.press(*keys)
        assert await asyncio.wait_for(asking, 10) == answer


async def test_a_key_that_answers_nothing_names_those_that_do() -> None:
    async with opening() as (app, pilot):
        asking = asyncio.ensure_future(app.ask("Run 7 is unfinished", ["It is failed."], OFFERED))
        await pilot.pause()
        await pilot.press("x")
        assert "x does nothing here: r, n, esc and enter do" in text(app)
        assert not asking.done()
        await pilot.press("ctrl+c")
        asking.cancel()
    assert app.return_value == Left("abandoned")


async def test_an_answer_can_be_clicked_on() -> None:
    async with opening() as (app, pilot):
        asking = asyncio.ensure_future(app.ask("Run 7 is unfinished", ["It is failed."], OFFERED))
        await pilot.pause()
        lines = text(app).split("\n")
        y = next(y for y, line in enumerate(lines) if "begin anew" in line)
        await pilot.click(Canvas, offset=(lines[y].index("begin anew"), y))
        assert await asyncio.wait_for(asking, 10) == "new"


async def test_a_question_takes_the_room_that_its_answers_need() -> None:
    effect = "to see why, and to retry them; what is done stays done, and nothing runs again unless you say so"
    async with opening((120, 32)) as (app, pilot):
        asked = asyncio.create_task(app.ask("Go on?", ["It is over."], [Choice("r", "back", "go back", effect)]))
        await pilot.pause()
        assert effect in text(app)
        await pilot.press("r")
        assert await asked == "back"


async def test_the_run_takes_the_place_of_the_opening() -> None:
    run = Simulation(total=1000)
    async with opening((120, 32)) as (app, pilot):
        app.begin(run, run, Options(environ=OPTIONS.environ, library=run), ["this run was begun with --limit 5"])
        await pilot.pause()
        app.paint()
        assert "reading the flow" not in text(app)
        assert "process-dataset" in text(app).split("\n")[0] or run.state.flow in text(app).split("\n")[0]
        assert "this run was begun with --limit 5" in text(app)


@pytest.mark.parametrize("size", [(120, 32), (80, 24), (60, 16), (40, 10)])
async def test_a_question_shows_its_answers_at_every_size(size: tuple[int, int]) -> None:
    said = [
        "It was stopped while it ran, an hour and 12 minutes after it had been begun by another program.",
        "It " * 90,
    ]
    async with opening(size) as (app, pilot):
        asked = asyncio.ensure_future(app.ask("Run 7 is unfinished", said, OFFERED))
        await pilot.pause()
        await pilot.press("j", "z")
        shown = text(app)
        assert all(choice.verb in shown for choice in OFFERED)
        assert "does nothing here" in shown
        asked.cancel()
