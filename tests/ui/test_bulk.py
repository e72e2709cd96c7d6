"""Wishes for many items on the screen: how far they are, stopped by esc, and the same number everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.ui.screen import Screen, opened
from tests.ui.simulate import Simulation
from tui_workflow.facts import commands as cm
from tui_workflow.facts import events as ev
from tui_workflow.ui import bulk
from tui_workflow.view.bar import parts

PORTION = 100


class Slow(Simulation):
    """Carries out wishes in portions, each of which waits for `go_on`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.go_on = asyncio.Semaphore(0)

    async def send(self, command: cm.Command, progress: cm.Progress | None = None) -> cm.Reply:
        assert isinstance(command, cm.RetryItems | cm.SkipItems)
        assert progress is not None
        self.sent.append(command)
        step = self.state.steps[command.step or ""]
        items = command.items if command.items is not None else tuple(sorted(step.failures))
        for start in range(0, len(items), PORTION):
            await self.go_on.acquire()
            if progress.stopped:
                return cm.Reply(f"{start} queued, {len(items) - start} not: stopped", start)
            portion = items[start : start + PORTION]
            self.tell(ev.ItemsQueued(self.clock, step.name, portion, "retry"))
            progress.done += len(portion)
            progress.reached += portion
        return cm.Reply(f"{len(items)} queued", len(items))

    async def write_failed(
        self, step: str | None, items: Sequence[int] | None, progress: cm.Progress, which: str = ""
    ) -> str:
        while not progress.stopped:
            progress.done += 1
            await asyncio.sleep(0.01)
        return f"Nothing was written, stopped at {progress.done} of {progress.total} items"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "SHOWN", 0.02)
    monkeypatch.setattr(bulk, "LOOK", 0.02)


async def until(screen: Screen, *words: str) -> str:
    """The screen once it says all of this."""
    for _ in range(400):
        await asyncio.sleep(0.01)
        screen.app.paint()
        if all(word in screen.text for word in words):
            return screen.text
    raise AssertionError(f"{words} did not come:\n{screen.text}")


def adds_up(run: Simulation) -> None:
    for step in run.state.steps.values():
        assert step.done + step.waiting == step.total
        assert sum(parts(step, 0)) == step.total
        assert sum(group.count for group in step.groups) == step.failed


async def test_a_long_retry_shows_how_far_it_is_and_is_stopped_by_esc() -> None:
    run = Slow(total=100_000)
    number = run.state.steps["process_chunks"].failed
    async with opened(run) as screen:
        assert f"{number} failed" in screen.lines[0]
        text = await screen.press("R")
        assert f"Retry {number} items of process_chunks?" in text
        await screen.pilot.press("enter")
        await until(screen, f"Retrying {number} items of process_chunks", f"0 of {number}", "esc stop")
        run.go_on.release()
        await until(screen, f"100 of {number}", f"{number - 100} failed")
        adds_up(run)
        await screen.pilot.press("escape")
        await until(screen, "stops")
        run.go_on.release()
        await until(screen, f"100 queued, {number - 100} not: stopped")
        assert "Retrying" not in screen.text
        assert run.state.steps["process_chunks"].failed == number - 100
        assert f"{number - 100} failed" in screen.lines[0]
        assert f"{number - 100} in" in screen.text  # the title of the pane of failures
        adds_up(run)
        text = await screen.press("R")
        assert f"Retry {number - 100} items of process_chunks?" in text


async def test_badge_question_and_effect_of_a_retry_name_the_same_number() -> None:
    run = Slow(total=100_000)
    number = run.state.steps["process_chunks"].failed
    async with opened(run) as screen:
        assert f"{number} failed" in screen.lines[0]
        assert f"Retry {number} items" in await screen.press("R")
        for _ in range(10):
            run.go_on.release()
        await screen.pilot.press("enter")
        await until(screen, f"{number} queued")
        assert run.state.steps["process_chunks"].failed == 0
        adds_up(run)


async def test_a_quick_wish_shows_no_dialog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "SHOWN", 30.0)
    run = Slow(total=1000)
    run.go_on.release()
    async with opened(run) as screen:
        await screen.press("R", "enter")
        await until(screen, "3 queued")
        assert not screen.desk.dialogs


async def test_one_wish_for_many_items_at_a_time() -> None:
    run = Slow(total=1000)
    async with opened(run) as screen:
        screen.desk.busy_with = "Skipping 3 items"
        await screen.press("R", "enter")
        assert "Skipping 3 items goes on: one wish for many items at a time" in screen.footer
        assert run.sent == []


@pytest.mark.slow
async def test_writing_is_stopped_by_esc() -> None:
    async with opened(Slow(total=1000)) as screen:
        await screen.pilot.press("W")
        await until(screen, "Writing the failed items", "of 3")
        await screen.pilot.press("escape")
        await until(screen, "Nothing was written, stopped at")
        assert not screen.desk.dialogs


@pytest.mark.slow
async def test_ctrl_c_asks_how_to_leave_while_a_wish_is_under_way() -> None:
    run = Slow(total=1000)
    async with opened(run) as screen:
        await screen.pilot.press("R", "enter")
        await until(screen, "Retrying 3 items")
        await screen.pilot.press("ctrl+c")
        text = await until(screen, "Leave process-dataset?")
        assert "Leave process-dataset?" in text
        await screen.pilot.press("escape", "escape")
        run.go_on.release()
        await until(screen, "0 queued, 3 not: stopped")
