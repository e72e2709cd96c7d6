"""Leaving: the dialog, ctrl+c, the end of the run, signals, and errors of the screen's own."""

from __future__ import annotations

import pytest

from tests.ui.screen import opened
from tests.ui.simulate import Simulation
from tui_workflow.facts import commands as cm
from tui_workflow.facts import events as ev
from tui_workflow.ui.app import WfApp
from tui_workflow.ui.options import Left


async def test_q_asks_while_the_run_goes_on() -> None:
    async with opened() as screen:
        text = await screen.press("q")
        assert "Leave process-dataset?" in text
        assert "11 items are running" in text
        assert "wf-tui nightly.yaml --resume" in text
        assert "drain, then leave" in text
        await screen.press("escape")
        assert "Leave process-dataset?" not in screen.text
        assert screen.run.sent == []
        assert screen.left is None


async def test_the_leave_dialog_says_all_of_it_on_a_small_screen() -> None:
    async with opened(
        Simulation(total=100_000), size=(60, 16), resume=f"wf-tui {'/a/long/way' * 6}.yaml --resume"
    ) as screen:
        text = await screen.press("q")
        assert "…" not in "\n".join(line for line in screen.lines if "│" in line)
        for words in (
            "failed.",
            "start no more",
            "they run again on resume",
            ".yaml --resume",
            "ctrl+c again within 2 s",
        ):
            assert words in text


async def test_what_is_zero_is_not_told_when_leaving_a_paused_run() -> None:
    async with opened() as screen:
        await screen.press("p")
        text = await screen.press("q")
        assert "items have not started" in text
        assert not any(words in text for words in ("0 items are", "the 0", "0 failed"))
        assert "start no more" in text


async def test_d_drains_and_leaves_when_the_run_has_ended() -> None:
    async with opened() as screen:
        await screen.press("q", "d")
        assert screen.run.sent == [cm.Drain()]
        assert screen.left is None
        screen.run.tell(ev.RunFinished(screen.run.clock, "interrupted"))
        screen.app._tick()
    assert screen.left == Left("drained")


async def test_s_stops_and_leaves() -> None:
    async with opened() as screen:
        await screen.press("q", "s")
        assert screen.run.sent == [cm.Stop()]
        screen.app._tick()
    assert screen.left == Left("stopped")


async def test_the_cursor_and_enter_choose_too() -> None:
    async with opened() as screen:
        await screen.press("q", "j", "enter")
        assert screen.run.sent == [cm.Stop()]


async def test_ctrl_c_opens_the_dialog_and_again_stops_at_once() -> None:
    async with opened() as screen:
        text = await screen.press("ctrl+c")
        assert "Leave process-dataset?" in text
        assert screen.run.sent == []
        await screen.press("ctrl+c")
        assert screen.run.sent == [cm.Stop()]
    assert screen.left == Left("interrupted")


async def test_ctrl_c_long_after_the_first_one_only_asks() -> None:
    async with opened() as screen:
        await screen.press("ctrl+c", "escape")
        screen.desk.interrupted_at -= 3
        await screen.press("ctrl+c")
        assert screen.run.sent == []
        assert screen.left is None


async def test_ctrl_c_works_in_a_dialog_and_while_typing() -> None:
    async with opened() as screen:
        await screen.press("slash", "a")
        text = await screen.press("ctrl+c")
        assert "Leave process-dataset?" in text


async def test_q_leaves_at_once_when_the_run_has_ended() -> None:
    run = Simulation(total=1000)
    run.succeed()
    async with opened(run) as screen:
        await screen.press("q")
    assert screen.left == Left("looked")


async def test_the_screen_stays_after_the_end() -> None:
    async with opened() as screen:
        screen.run.succeed()
        screen.app._tick()
        text = await screen.settle()
        assert "DONE, " in text
        count = sum(step.total for step in screen.run.state.steps.values() if step.shape.for_each)
        assert f"3 of {count:,} items failed.".replace(",", " ") in text
        assert screen.left is None


async def test_a_signal_leaves_at_once_whatever_is_open() -> None:
    async with opened() as screen:
        await screen.press("q")
        screen.app.leave_at_once()
    assert screen.left == Left("signal")


async def test_an_error_of_the_screen_ends_the_screen_and_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui_workflow.ui import painter

    def broken(*args: object) -> None:
        raise RuntimeError("a pane broke")

    async def press() -> None:
        async with opened() as screen:
            apps.append(screen.app)
            monkeypatch.setattr(painter, "frame_of", broken)
            await screen.pilot.press("j")

    apps: list[WfApp] = []
    with pytest.raises(RuntimeError, match="a pane broke"):
        await press()
    assert isinstance(apps[0].broken, RuntimeError)


async def test_p_says_what_goes_on_with_a_run_that_was_stopped() -> None:
    async with opened() as screen:
        await screen.press("X", "enter", "p")
        assert "wf-tui /home/me/flows/nightly.yaml --resume goes on; R does too, with all that waits" in screen.footer
        await screen.press("x")
        assert "x does nothing here: the run has ended" in screen.footer
