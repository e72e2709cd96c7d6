"""kill -9 at any moment, again and again: nothing is lost, little is repeated, nothing is left running."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from tests.end_to_end.bench import EFFECT, Folder, gone_within, kill, processes_of, wait_for
from tests.end_to_end.terminal import Terminal

WINDOW = 0.05
"""Seconds of a commit window."""
HANDLERS = (
    EFFECT
    + """
def work(item):
    effect(item)
    time.sleep(PAUSE)
    return item * 2
"""
)
FLOW = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {range: COUNT}
    parallel: 4
    inputs: {operation: custom, handler: work}
  total:
    type: python
    inputs:
      code: |
        result = sum(steps.work.result)
"""


def prepared(folder: Folder, count: int, pause: float) -> None:
    folder.write("handlers.py", HANDLERS.replace("PAUSE", str(pause)))
    folder.write("flow.yaml", FLOW.replace("COUNT", str(count)))


def effects_so_far(folder: Folder) -> int:
    log = folder.path / "effects.log"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def wait_for_effects(folder: Folder, number: int, terminal: Terminal | None = None) -> None:
    """Wait for so many effects; a terminal is read meanwhile."""

    def enough() -> bool:
        if terminal is not None:
            terminal._read(0.0)
        return effects_so_far(folder) >= number

    wait_for(enough, "effects")


def judge(folder: Folder, count: int, kills: int, pause: float) -> None:
    seen = folder.effects()
    assert set(seen) == {str(item) for item in range(count)}, "each effect was seen at least once"
    repeated = sum(times - 1 for times in seen.values())
    assert max(seen.values()) <= 1 + kills
    # In flight, and what four slots can do within one commit window, doubled for a machine that is busy.
    assert repeated <= kills * (4 + 2 * 4 * WINDOW / pause), f"{repeated} effects were repeated"
    assert folder.results("total") == [count * (count - 1)]
    assert folder.results("work") == [item * 2 for item in range(count)]
    shown = folder.show()
    assert (shown["status"], shown["steps"][0]["succeeded"]) == ("succeeded", count)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7])
def test_six_kills_of_a_headless_run(folder: Folder, seed: int) -> None:
    count, pause = 1200, 0.005
    prepared(folder, count, pause)
    chance = random.Random(seed)
    words = ["flow.yaml", "--headless"]
    for number in range(6):
        before = effects_so_far(folder)
        process = folder.start(*words)
        more = before + chance.randrange(0, 300 if number < 5 else 100)
        wait_for_effects(folder, min(more, count))
        time.sleep(chance.uniform(0, 0.05))
        kill(process)
        gone_within(folder.path)
        words = ["flow.yaml", "--headless", "--resume"]
    assert folder.show()["status"] == "interrupted"
    folder.run("--resume")
    judge(folder, count, 6, pause)


@pytest.mark.slow
def test_kills_at_any_time_of_the_start(folder: Folder) -> None:
    """Also before the first fact, and while the first worker is being started."""
    prepared(folder, 20, 0.005)
    words = ["flow.yaml", "--headless"]
    chance = random.Random(11)
    for _ in range(6):
        process = folder.start(*words)
        time.sleep(chance.uniform(0.1, 0.9))
        kill(process)
        gone_within(folder.path)
        words = ["flow.yaml", "--headless", "--resume"]
    folder.run("--resume")
    judge(folder, 20, 6, 0.005)


@pytest.mark.slow
def test_kills_of_the_dashboard(folder: Folder) -> None:
    count, pause = 200, 0.02
    prepared(folder, count, pause)
    chance = random.Random(3)
    words = ["flow.yaml"]
    for _ in range(3):
        with Terminal(folder.path, *words) as terminal:
            more = effects_so_far(folder) + chance.randrange(5, 40)
            wait_for_effects(folder, more, terminal)
            terminal.kill()
        gone_within(folder.path)
        assert folder.show()["status"] == "interrupted"
        words = ["flow.yaml", "--resume"]
    with Terminal(folder.path, *words) as terminal:
        terminal.see("SUCCEEDED", seconds=40)
        terminal.press("q")
        assert terminal.wait() == 0
    judge(folder, count, 3, pause)


BUSY = {
    "python": "while True: pass",
    "in C with the GIL": "import re; re.match('(a+)+$', 'a' * 40 + 'b')",
    "shell children": "import subprocess; subprocess.run('sleep 300 & sleep 300', shell=True)",
    "no signal heard": "import signal; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; time.sleep(300)",
}


@pytest.mark.parametrize("busy", BUSY)
@pytest.mark.parametrize("how", ["headless", "dashboard"])
def test_nothing_is_left_two_seconds_after_a_kill(folder: Folder, busy: str, how: str) -> None:
    code = f"        import time\n        open(f'started{{item}}', 'w').close()\n        {BUSY[busy]}\n"
    folder.write(
        "flow.yaml",
        "steps:\n  work:\n    type: python\n    for_each: [1, 2]\n    parallel: 2\n    inputs:\n      code: |\n" + code,
    )

    def all_run() -> bool:
        return all((folder.path / f"started{item}").exists() for item in (1, 2))

    if how == "headless":
        process = folder.start("flow.yaml", "--headless")
        wait_for(all_run, "both items run")
        assert len(processes_of(folder.path)) >= 3
        kill(process)
    else:
        with Terminal(folder.path, "flow.yaml") as terminal:
            terminal.see("RUNNING")
            wait_for(all_run, "both items run")
            assert len(processes_of(folder.path)) >= 3
            terminal.kill()
    gone_within(folder.path)
    assert folder.show()["status"] == "interrupted"


def test_nothing_is_left_of_a_shell_step(folder: Folder) -> None:
    folder.write(
        "flow.yaml",
        "steps:\n  work:\n    type: shell\n    for_each: [1, 2]\n    parallel: 2\n    inputs:\n"
        '      command: "touch started{{ item }}; sleep 300 & sleep 300"\n',
    )
    process = folder.start("flow.yaml", "--headless")
    wait_for(lambda: len(list(Path(folder.path).glob("started*"))) == 2, "both commands run")
    assert len(processes_of(folder.path)) >= 5
    kill(process)
    gone_within(folder.path)


def test_a_killed_worker_costs_one_attempt_of_its_item(folder: Folder) -> None:
    folder.write("handlers.py", EFFECT + "\ndef work(item, attempt):\n    effect(item)\n" + KILLED_ONCE)
    folder.write(
        "flow.yaml",
        "handlers: [handlers.py]\nsteps:\n  work:\n    type: python\n    for_each: [1, 2, 3]\n"
        "    retry: {max_attempts: 2}\n    inputs: {operation: custom, handler: work}\n",
    )
    folder.run()
    assert folder.results("work") == [10, 20, 30]
    assert folder.effects() == {"1": 1, "2": 2, "3": 1}


KILLED_ONCE = f"""
    if item == 2 and attempt == 1:
        os.kill(os.getpid(), {int(signal.SIGKILL)})
    return item * 10
"""
