"""C1 and P1: delays follow the monotonic clock, whatever the clock on the wall does; attempts are exact."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from typing import Any

import pytest

from tests.crash import trace
from tests.crash.rounds import now
from tests.crash.screen import Screen
from tests.end_to_end.bench import COMMAND, Folder, kill, wait_for
from tests.engine.fakes import FakePool, Tube, loop_step, plan_of
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended, Outcome
from tui_workflow.facts.state import RunState, fold
from tui_workflow.flow.model import OnError, Retry
from tui_workflow.view import eta

DAY = 86400.0


class Wall:
    """A clock on the wall that jumps when the first attempt has failed."""

    def __init__(self, jump: float) -> None:
        self.jump, self.offset = jump, 0.0

    def __call__(self) -> float:
        return time.time() + self.offset


@pytest.mark.parametrize("jump", [DAY, -DAY, 0.0])
async def test_a_delay_is_as_long_as_it_says(jump: float) -> None:
    wall = Wall(jump)
    begins: list[float] = []

    def flaky(step: str, value: Any, attempt: int) -> object:
        begins.append(time.monotonic())
        wall.offset = wall.jump
        return ValueError("again") if attempt < 3 else value

    pool = FakePool(flaky, {"work": [1]})
    tube = Tube(plan_of(loop_step("work", retry=Retry(max_attempts=3, delay=0.3))), pool)
    tube.engine._around.now = wall
    state = await tube.run()
    assert state.status == "succeeded"
    gaps = [later - earlier for earlier, later in itertools.pairwise(begins)]
    assert len(gaps) == 2
    assert all(0.3 <= gap < 1.2 for gap in gaps), gaps


@pytest.mark.parametrize(("jump", "least", "most"), [(0.0, 0.6, 2.0), (DAY, 0.0, 0.5)])
async def test_a_delay_goes_on_after_a_resume(jump: float, least: float, most: float) -> None:
    """What was to come at a time on the wall comes then; a clock that has gone on since makes it due."""
    began: list[float] = []

    def flaky(step: str, value: Any, attempt: int) -> object:
        began.append(time.monotonic())
        return ValueError("again") if attempt == 1 else value

    pool = FakePool(flaky, {"work": [1]})
    tube = Tube(plan_of(loop_step("work", retry=Retry(max_attempts=2, delay=1.0))), pool)
    running = asyncio.ensure_future(tube.engine.run())
    while tube.state.steps.get("work") is None or not tube.state.steps["work"].retrying:
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    tube.crash_and_resume()
    tube.engine._around.now = Wall(jump)
    tube.engine._around.now.offset = jump
    state = await tube.run()
    assert state.status == "succeeded"
    assert len(began) == 2, "what failed before the crash counted as an attempt"
    assert least <= began[1] - began[0] <= most + 0.5


@pytest.mark.parametrize(("jump", "late"), [(DAY, []), (-DAY, [0]), (0.0, [0])])
async def test_a_time_out_is_as_long_as_it_says(jump: float, late: list[int]) -> None:
    """Item 0 hangs and item 1 does not; the clock on the wall jumps while both run. A jump is no time that has passed."""
    wall = Wall(jump)
    killed: list[float] = []

    class Hanging(FakePool):
        async def pass_time(self) -> None:
            wall.offset = wall.jump
            await asyncio.sleep(0.4 if self.hangs() else 0.05)

        def hangs(self) -> bool:
            first = bool(late) and not killed
            if first:
                killed.append(time.monotonic())
            return first

    pool = Hanging(lambda step, value, attempt: value, {"work": [0, 1]})
    step = loop_step("work", timeout=0.2, on_error=OnError(action="continue"), batch_size=1)
    tube = Tube(plan_of(step), pool)
    tube.engine._around.now = wall
    state = await tube.run()
    assert sorted(state.steps["work"].failures) == late
    assert state.steps["work"].succeeded == 2 - len(late)


def told(jump: float, after: int, before: int = 60) -> eta.Eta | None:
    """The estimate of a step of 10 items a second, `after` seconds after its clock has jumped, which it did `before` seconds in."""
    state = RunState()
    shape = ev.StepShape("work", "steps", True, (), (), "d")
    begin = 1_800_000_000.0
    fold(state, [ev.RunStarted(begin, "r", "f", "/f", 1, "h"), ev.RevisionTaken(begin, 1, (shape,))])
    fold(state, [ev.StepStarted(begin, "work", 1)])
    count = 10_000
    items = tuple(ev.ListedItem(number, str(number), number, b"0") for number in range(count))
    fold(state, [ev.ItemsListed(begin, "work", 0, count, items), ev.ListingFinished(begin, "work", ())])
    at = begin
    number = 0
    for second in range(before + after):
        at = begin + second + (jump if second >= before else 0.0)
        outcomes = tuple(Outcome(number + n, 1, Ended.OK, at, 0.1) for n in range(10))
        number += 10
        fold(state, [ev.ItemsEnded(at, "work", 1, "d", 1, outcomes)])
    return eta.of_step(state.steps["work"], at + 1)


@pytest.mark.parametrize("after", [1, 2, 3, 5, 9, 15, 30, 60, 200])
@pytest.mark.parametrize("jump", [DAY, -DAY, 3600.0, 0.0])
@pytest.mark.parametrize("before", [1, 4, 12, 25, 60])
def test_an_estimate_is_right_or_unknown(jump: float, after: int, before: int) -> None:
    found = told(jump, after, before)
    left = (10_000 - 10 * (before + after)) / 10
    assert found is None or (left / 3 < found.low <= found.high < left * 3), f"{left:.0f} s are left"
    if jump >= 0 and after >= 60:
        assert found is not None


JUMPING = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {range: 60}
    key: "k{{ item }}"
    parallel: 2
    timeout: 5
    retry: {max_attempts: 2, delay: 1.0}
    inputs: {operation: custom, handler: work}
"""
JUMPER = """
def work(item, key, attempt):
    mark("+", key, attempt)
    time.sleep(0.05)
    if item == 20 and attempt == 1:
        open("jump", "w").close()
        raise ValueError("again")
    mark("-", key, attempt)
"""


@pytest.mark.parametrize("jump", [86400, -86400])
def test_a_run_whose_clock_jumps_goes_on(folder: Folder, jump: int) -> None:
    """The whole program: the delay of a second stays one, nothing times out, and no day is told on the screen."""
    folder.write("handlers.py", trace.PYTHON + JUMPER)
    folder.write("flow.yaml", JUMPING)
    command = (COMMAND[0], "-m", "tests.crash.failpoint", "clock", str(jump))
    with Screen(folder.path, "flow.yaml", command=command) as screen:
        while "SUCCEEDED" not in screen.text:
            screen.see("work")
            left = screen.text.partition("ETA")[2].partition("\n")[0]
            assert not re.search(r"\d (h|d)\b|-\d", left), left
            screen.read(0.05)
            assert screen.code is None
        screen.press("q")
        assert screen.wait() == 0
    marks = [mark for mark in trace.read(folder.path / "effects.log") if mark.key == "k20" and mark.sign == "+"]
    assert [mark.attempt for mark in marks] == [1, 2]
    assert 1.0 <= marks[1].at - marks[0].at < 4
    step = folder.step("work")
    assert (step["succeeded"], step["attempts"]) == (60, 61)


FLAKY = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: [1, 2, 3]
    key: "k{{ item }}"
    parallel: 3
    on_error: continue
    retry: {max_attempts: 4, delay: 0.6, backoff: 2}
    inputs: {operation: custom, handler: work}
"""


@pytest.mark.slow
def test_attempts_and_delays_across_a_kill(folder: Folder) -> None:
    """Failures before a crash count; the crash itself does not; the delays are those of the attempts made."""
    folder.write(
        "handlers.py",
        trace.PYTHON
        + "\ndef work(item, key, attempt):\n    mark('+', key, attempt)\n    mark('-', key, attempt)\n    raise ValueError(item)\n",
    )
    folder.write("flow.yaml", FLAKY)
    process = folder.start("flow.yaml", "--headless")
    log = folder.path / "effects.log"
    wait_for(lambda: trace.count(log) >= 12, "two attempts of each")
    wait_for(lambda: folder.step("work")["retrying"] == 3, "they are committed")
    kill(process)
    killed = now()
    assert killed - trace.read(log)[0].at < 1.7, "the machine is too busy for this test to mean anything"
    folder.run("--resume")
    marks = [mark for mark in trace.read(log) if mark.sign == "+"]
    for key in ("k1", "k2", "k3"):
        mine = [mark for mark in marks if mark.key == key]
        assert [mark.attempt for mark in mine] == [1, 2, 3, 4]
        gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(mine)]
        assert gaps[0] >= 0.6
        assert gaps[1] >= 1.2
        assert gaps[2] >= 2.4
        assert gaps[2] < 4.5
    assert {failed["attempts"] for failed in folder.failed()} == {4}
