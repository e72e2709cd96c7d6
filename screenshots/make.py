"""Make the pictures of the README from real runs: `python screenshots/make.py`, about a minute.

Every picture is the dashboard itself on a run of the quickstart example, in a temporary folder; nothing is drawn by hand.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from tui_workflow.flow.load import load
from tui_workflow.session.choose import Wanted, begin
from tui_workflow.session.library import FlowLibrary
from tui_workflow.session.stage import Stage
from tui_workflow.ui.app import WfApp, dashboard
from tui_workflow.ui.options import Left, Options
from tui_workflow.workers.pool import Pool

HERE = Path(__file__).parent
FLOW = "quickstart.yaml"


@asynccontextmanager
async def running(size: tuple[int, int], theme: str = "") -> AsyncIterator[tuple[Stage, WfApp, Pilot[Left], Path]]:
    """A fresh run of the example under a dashboard of some size."""
    with tempfile.TemporaryDirectory() as folder:
        for path in (HERE.parent / "examples").glob("quickstart.*"):
            shutil.copy(path, folder)
        flow = Path(folder) / FLOW
        plan = load(flow)
        assignment, lock = begin(plan, Path(folder) / ".wf-tui", Wanted())
        async with Stage(assignment, Pool(folder), lock, ask=True) as stage:
            playing = asyncio.create_task(stage.play())
            options = Options(
                theme=theme,
                resume=f"wf-tui {FLOW} --resume",
                library=FlowLibrary(assignment.path, lambda: stage.state),
                environ={"LANG": "C.UTF-8", "COLORTERM": "truecolor"},
            )
            app = dashboard(stage.feed, stage.details, options)
            async with app.run_test(size=size) as pilot:
                yield stage, app, pilot, flow
            stage.engine.abort()
            await asyncio.gather(playing, return_exceptions=True)


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something to become true of the run."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  (what is waited for happens in other processes)
            await asyncio.sleep(0.05)


async def settle(pilot: Pilot[Left]) -> None:
    """Let what was asked of the run file arrive on the screen."""
    await pilot.pause(0.8)


def save(app: WfApp, name: str) -> None:
    """Write one picture; what Textual numbers anew each time is numbered the same, so that a picture changes when it does."""
    svg = app.export_screenshot(title=f"wf-tui {FLOW}")
    svg = re.sub(r"terminal-\d+", "terminal-1", svg)
    (HERE / f"{name}.svg").write_text(svg, encoding="utf-8")
    print(f"{name}.svg")


async def run_and_failures() -> None:
    """The run screen at work, and the failures with one item opened."""
    async with running((120, 32)) as (stage, app, pilot, _):
        await until(lambda: (step := stage.state.steps.get("read_documents")) is not None and step.done > 70)
        await pilot.press("1", "g", "j")
        await settle(pilot)
        save(app, "run")
        await until(lambda: stage.state.finished is not None)
        await pilot.press("f", "enter")
        await settle(pilot)
        save(app, "failures")


async def plan_and_light() -> None:
    """An edit that waits to be accepted, and the light theme."""
    async with running((120, 32), "light") as (stage, app, pilot, flow):
        await until(lambda: (step := stage.state.steps.get("read_documents")) is not None and step.done > 30)
        await pilot.press("1", "g", "j")
        await settle(pilot)
        save(app, "light")
    async with running((120, 32)) as (stage, app, pilot, flow):
        await until(lambda: (step := stage.state.steps.get("read_documents")) is not None and step.done > 40)
        text = flow.read_text(encoding="utf-8")
        text = text.replace("max_attempts: 3", "max_attempts: 5", 1)
        text += "\n  archive:\n    type: shell\n    inputs:\n      command: tar -cf documents.tar .\n"
        handler = flow.with_suffix(".py")
        handler.write_text(
            handler.read_text(encoding="utf-8").replace("attempt == 1", "attempt <= 1"), encoding="utf-8"
        )
        flow.write_text(text, encoding="utf-8")
        await until(lambda: stage.feed.reload_plan() is not None)
        await settle(pilot)
        await pilot.press("P")
        await settle(pilot)
        save(app, "plan")


async def small() -> None:
    """A terminal of 80 × 24."""
    async with running((80, 24)) as (stage, app, pilot, _):
        await until(lambda: (step := stage.state.steps.get("read_documents")) is not None and step.done > 60)
        await pilot.press("1", "g", "j")
        await settle(pilot)
        save(app, "small")


async def main() -> None:
    os.environ.pop("NO_COLOR", None)
    os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    await run_and_failures()
    await small()
    await plan_and_light()


if __name__ == "__main__":
    asyncio.run(main())
