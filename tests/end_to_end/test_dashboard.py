"""The dashboard in a real pseudo-terminal: see a failure, mend its cause, retry it, and leave."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from tests.end_to_end.bench import Folder, gone_within, kill, wait_for
from tests.end_to_end.terminal import Terminal

HANDLERS = """
import os, time

def work(item):
    if item == "beta" and not os.path.exists("beta.ok"):
        raise ValueError("beta is broken")
    return item.upper()

def gather(steps):
    with open("gathered", "a") as file:
        file.write("x")
    while os.path.exists("hold"):
        time.sleep(0.01)
    return [record["result"] for record in steps["work"]["completed_items"]]
"""
FLOW = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: [alpha, beta, gamma, delta]
    key: "{{ item }}"
    on_error: continue
    inputs: {operation: custom, handler: work}
  gather:
    type: python
    inputs:
      operation: custom
      handler: gather
"""
ALL = ["ALPHA", "BETA", "GAMMA", "DELTA"]
RESTORED = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l", b"\x1b[?1006l")


@pytest.fixture
def broken(folder: Folder) -> Folder:
    folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", FLOW)
    return folder


def left(terminal: Terminal, code: int) -> str:
    """Wait for the end; gives what stays in the terminal."""
    assert terminal.wait() == code
    for sequence in RESTORED:
        assert sequence in terminal.raw, f"{sequence!r} was not written"
    text = terminal.raw.rpartition(b"\x1b[?1049l")[2]
    behind = text.rpartition(b"\x1b[?1006l")[2].decode()
    assert 1 <= len(behind.splitlines()) <= 15
    return behind


def gathered(folder: Folder) -> int:
    file = folder.path / "gathered"
    return len(file.read_text()) if file.exists() else 0


def completed(folder: Folder) -> bool:
    shown = folder.show()
    return bool(shown["status"] == "succeeded" and shown["steps"][0]["succeeded"] == 4)


def test_a_broken_item_is_mended_and_what_reads_it_runs_again(broken: Folder) -> None:
    with Terminal(broken.path, "flow.yaml") as terminal:
        terminal.see("ValueError", "beta is broken", "1 of 4 items failed")
        assert broken.results("gather") == [["ALPHA", "GAMMA", "DELTA"]]
        (broken.path / "beta.ok").touch()
        terminal.press("f")
        began = time.monotonic()
        terminal.press("r")
        terminal.see("✓ work ", "SUCCEEDED", "Failures  none", seconds=3)
        assert time.monotonic() - began < 3
        wait_for(lambda: gathered(broken) == 2, "the reading step runs again", 3)
        terminal.press("1g")
        terminal.see("✓ ✓ ✓ ✓")
        wait_for(lambda: completed(broken), "stored as completed", 10)
        terminal.press("q")
        behind = left(terminal, 0)
    assert "succeeded" in behind
    assert "4 ok" in behind
    assert broken.results("gather") == [ALL]
    work, gather = broken.show()["steps"]
    assert (work["succeeded"], work["failed"], work["attempts"]) == (4, 0, 5), "the other three did not run again"
    assert (gather["status"], gather["attempts"], gathered(broken)) == ("succeeded", 2, 2)
    gone_within(broken.path)


def test_a_retry_while_the_reading_step_runs(broken: Folder) -> None:
    hold = broken.write("hold", "")
    with Terminal(broken.path, "flow.yaml") as terminal:
        terminal.see("beta is broken")
        wait_for(lambda: gathered(broken) == 1, "the later step is running")
        (broken.path / "beta.ok").touch()
        terminal.press("fr")
        terminal.see("✓ work ", "Failures  none", seconds=3)
        assert gathered(broken) == 1, "it still reads what it began with"
        hold.unlink()
        wait_for(lambda: gathered(broken) == 2, "it runs again once it has finished", 3)
        terminal.see("SUCCEEDED")
        terminal.press("q")
        left(terminal, 0)
    assert broken.results("gather") == [ALL]
    assert completed(broken)
    assert gathered(broken) == 2, "once, not more"


def test_a_step_that_must_not_run_again_does_not(broken: Folder) -> None:
    broken.write("flow.yaml", FLOW + "    rerun: false\n")
    with Terminal(broken.path, "flow.yaml") as terminal:
        terminal.see("1 of 4 items failed")
        (broken.path / "beta.ok").touch()
        terminal.press("fr")
        terminal.see("✓ work ", "SUCCEEDED", "Failures  none", seconds=3)
        terminal.press("q")
        left(terminal, 0)
    assert completed(broken)
    assert gathered(broken) == 1
    assert broken.results("gather") == [["ALPHA", "GAMMA", "DELTA"]]


def test_a_failed_run_ends_with_1_and_says_how_to_go_on(broken: Folder) -> None:
    broken.write("flow.yaml", FLOW.replace("    on_error: continue\n", ""))
    with Terminal(broken.path, "flow.yaml") as terminal:
        terminal.see("FAILED", "beta is broken")
        terminal.press("q")
        behind = left(terminal, 1)
    assert "ValueError beta is broken" in behind
    assert "--resume" in behind
    assert "wf-tui retry" in behind


SLOW = """
steps:
  wait:
    type: python
    for_each: [1, 2, 3]
    inputs:
      code: |
        import os, time
        open(f"started{item}", "w").close()
        while not os.path.exists("go"):
            time.sleep(0.01)
        result = item
"""


@pytest.fixture
def running(folder: Folder) -> Any:
    folder.write("flow.yaml", SLOW)
    with Terminal(folder.path, "flow.yaml") as terminal:
        terminal.see("wait", "RUNNING")
        wait_for((folder.path / "started1").exists, "the first item runs")
        yield folder, terminal
    gone_within(folder.path)


def resumes(folder: Folder) -> None:
    (folder.path / "go").touch()
    assert folder.show()["status"] == "interrupted"
    folder.run("--resume")
    assert folder.results("wait") == [1, 2, 3]


def test_q_asks_and_stop_now_is_130(running: tuple[Folder, Terminal]) -> None:
    folder, terminal = running
    terminal.press("q")
    terminal.see("stop now")
    terminal.press("\x1b")
    terminal.lose("stop now")
    terminal.press("q")
    terminal.see("stop now")
    terminal.press("s")
    behind = left(terminal, 130)
    assert "--resume" in behind
    gone_within(folder.path)
    resumes(folder)


def test_ctrl_c_twice_stops_with_130(running: tuple[Folder, Terminal]) -> None:
    folder, terminal = running
    terminal.press("\x03")
    terminal.see("stop now")
    terminal.press("\x03")
    left(terminal, 130)
    gone_within(folder.path)
    resumes(folder)


@pytest.mark.parametrize(("number", "code"), [(1, 129), (15, 143)])
def test_signals_leave_a_run_that_can_be_resumed(running: tuple[Folder, Terminal], number: int, code: int) -> None:
    folder, terminal = running
    os.kill(terminal.pid, number)
    if number == 15:
        terminal.see("DRAINING")
        (folder.path / "go").touch()
    assert terminal.wait() == code
    for sequence in RESTORED:
        assert sequence in terminal.raw
    gone_within(folder.path)
    resumes(folder)


def test_open_only_looks(broken: Folder) -> None:
    broken.run()
    before = gathered(broken)
    with Terminal(broken.path, "open") as terminal:
        terminal.see("beta is broken")
        terminal.press("r")
        terminal.see("wf-tui retry")
        terminal.press("q")
        left(terminal, 0)
    assert gathered(broken) == before
    assert broken.show()["steps"][0]["attempts"] == 4


@pytest.mark.parametrize("mouse", [True, False])
def test_the_mouse_can_be_left_to_the_terminal(broken: Folder, mouse: bool) -> None:
    (broken.path / "config" / "wf-tui").mkdir(parents=True)
    broken.write("config/wf-tui/config.yaml", f"mouse: {str(mouse).lower()}\n")
    with Terminal(broken.path, "flow.yaml", XDG_CONFIG_HOME=str(broken.path / "config")) as terminal:
        terminal.see("DONE, 1 FAILED", "3 Failures")
        terminal.press("z")
        terminal.lose("3 Failures")
        terminal.press("z")
        terminal.see("3 Failures")
        terminal.press("q")
        assert terminal.wait() == 0
    assert (b"\x1b[?1003h" in terminal.raw) == mouse, "without it, zooming back does not take it either"


def test_what_is_left_before_it_is_there_is_no_error(broken: Folder) -> None:
    broken.run()
    for words in (("open",), ("retry", "--open"), ("flow.yaml", "--new")):
        with Terminal(broken.path, *words) as terminal:
            terminal.press("q")
            assert terminal.wait() in {0, 130}, (
                "a key that is there from the start is heard before the run is, or just after"
            )
            assert b"report" not in terminal.raw
            assert all(sequence in terminal.raw for sequence in RESTORED)
    gone_within(broken.path)


def test_an_unfinished_run_is_asked_about(broken: Folder) -> None:
    broken.write("flow.yaml", FLOW.replace("    on_error: continue\n", ""))
    broken.run(code=1)
    (broken.path / "beta.ok").touch()
    with Terminal(broken.path, "flow.yaml") as terminal:
        terminal.see("It failed", "resume it")
        terminal.press("\r")
        terminal.see("SUCCEEDED", "Failures  none")
        terminal.press("q")
        left(terminal, 0)
    assert broken.results("gather") == [ALL]
    assert len(broken.ok("runs").splitlines()) == 2, "a heading and the one run"


def test_a_finished_run_with_failed_items_is_gone_back_to(broken: Folder) -> None:
    broken.run()
    (broken.path / "beta.ok").touch()
    with Terminal(broken.path, "flow.yaml") as terminal:
        terminal.see("1 of 4 items failed", "go back to it", "begin anew")
        terminal.press("\r")
        terminal.see("ValueError", "beta is broken")
        assert gathered(broken) == 1, "nothing ran by itself"
        terminal.press("3r")
        terminal.see("SUCCEEDED", "Failures  none")
        terminal.press("q")
        left(terminal, 0)
    assert broken.results("gather") == [ALL]
    assert len(broken.ok("runs").splitlines()) == 2, "a heading and the one run"


def test_a_finished_run_with_failed_items_can_be_left_alone(broken: Folder) -> None:
    broken.run()
    (broken.path / "beta.ok").touch()
    with Terminal(broken.path, "flow.yaml") as terminal:
        terminal.see("begin anew")
        terminal.press("n")
        terminal.see("SUCCEEDED", "Failures  none")
        terminal.press("q")
        left(terminal, 0)
    assert len(broken.ok("runs").splitlines()) == 3


def test_a_finished_run_with_failed_items_is_asked_about_also_with_other_parameters(broken: Folder) -> None:
    broken.write("flow.yaml", f"params: {{pace: 1}}\n{FLOW}")
    broken.run()
    with Terminal(broken.path, "flow.yaml", "pace=2") as terminal:
        terminal.see("It was started with another pace", "begin anew")
        assert "go back to it" not in terminal.text
        terminal.press("q")
        assert terminal.wait() == 130
    assert len(broken.ok("runs").splitlines()) == 2, "nothing has begun"


@pytest.mark.parametrize("key", ["q", "\x03"])
def test_the_question_can_be_left_and_nothing_has_run(broken: Folder, key: str) -> None:
    broken.write("flow.yaml", FLOW.replace("    on_error: continue\n", ""))
    broken.run(code=1)
    with Terminal(broken.path, "flow.yaml") as terminal:
        terminal.see("resume it")
        terminal.press(key)
        assert terminal.wait() == 130
        assert all(sequence in terminal.raw for sequence in RESTORED)
    assert len(broken.ok("runs").splitlines()) == 2
    gone_within(broken.path)


def test_a_run_that_is_over_but_open_is_not_waited_for(broken: Folder) -> None:
    """Its dashboard holds it until somebody leaves that."""
    broken.write("flow.yaml", FLOW.replace("    on_error: continue\n", ""))
    with Terminal(broken.path, "flow.yaml") as terminal:
        terminal.see("FAILED")
        run = broken.show()["run"]
        refused = broken.wf("flow.yaml", "--headless", "--resume")
        assert refused.returncode == 75
        assert (
            f"the run {run} does not run any more, but its dashboard is still open in process {terminal.pid} on "
            in refused.stderr
        )
        assert "Leave that dashboard first, with q." in refused.stderr
        assert "wait for it" not in refused.stderr
        assert "Retry there, with r or R, or leave that dashboard first" in broken.wf("retry").stderr
        assert "+00:00" not in refused.stderr
        other = broken.wf("flow.yaml", "--headless")
        assert f"The dashboard of the run {run} is still open in process {terminal.pid}" in other.stderr
        assert f"A new run begins. The earlier run {run} has failed with " in other.stderr
        terminal.press("q")
        left(terminal, 1)


def test_the_commands_of_an_older_run_that_is_looked_at_name_it(broken: Folder) -> None:
    """What takes up the latest run would go on with another one than stands on the screen."""
    broken.write("flow.yaml", FLOW.replace("    on_error: continue\n", ""))
    broken.write("handlers.py", "import os, time\ndef work(item): time.sleep(60)\ndef gather(steps): pass\n")
    runs: list[str] = []
    for _ in range(2):
        process = broken.start("flow.yaml", "--headless", "--new")
        wait_for(lambda: len(list(broken.path.glob(".wf-tui/runs/*.db"))) > len(runs), "the run is there")
        wait_for(lambda: broken.step("work")["total"] == 4, "its items are listed")
        runs.append(broken.show()["run"])
        kill(process)
    older, newer = runs
    for run, resume in ((older, f"flow.yaml --resume --run {older}"), (newer, "flow.yaml --resume")):
        with Terminal(broken.path, "open", run, size=(160, 32)) as terminal:
            terminal.see(f"{resume} goes on")
            terminal.press("q")
            assert terminal.wait() == 0
            assert f"{resume}\r\n" in terminal.raw.rpartition(b"\x1b[?1049l")[2].decode()


def test_other_parameters_cannot_be_resumed_with(folder: Folder) -> None:
    folder.write(
        "flow.yaml", "params: {code: 1}\nsteps: {one: {type: shell, inputs: {command: 'exit {{ params.code }}'}}}\n"
    )
    folder.run(code=1)
    with Terminal(folder.path, "flow.yaml", "code=0") as terminal:
        terminal.see("It was started with another code", "begin anew")
        assert "resume it" not in terminal.text
        terminal.press("\r")
        terminal.see("SUCCEEDED")
        terminal.press("q")
        left(terminal, 0)
    assert len(folder.ok("runs").splitlines()) == 3


def test_a_flow_that_is_not_valid_is_told_when_the_screen_has_gone(folder: Folder) -> None:
    folder.write("flow.yaml", "steps: {one: {type: shel}}\n")
    with Terminal(folder.path, "flow.yaml") as terminal:
        assert terminal.wait() == 65
        said = terminal.raw.rpartition(b"\x1b[?1049l")[2].decode()
        assert "flow.yaml:1" in said
        assert "shel" in said


def test_nothing_to_resume_is_told_when_the_screen_has_gone(broken: Folder) -> None:
    (broken.path / "beta.ok").touch()
    broken.run()
    with Terminal(broken.path, "flow.yaml", "--resume") as terminal:
        assert "nothing to resume" in left(terminal, 0)
