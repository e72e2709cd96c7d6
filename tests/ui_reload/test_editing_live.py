"""A failure is mended without leaving the dashboard: in a real terminal, with an editor that is a program."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import termios
import time
from pathlib import Path

import pytest

from tests.end_to_end.bench import Folder, gone_within, wait_for
from tests.end_to_end.terminal import Terminal

HANDLERS = """\
import time

def note(item):
    with open("ended", "a") as file:
        file.write(f"{item}\\n")

def work(item):
    time.sleep(0.2)
    note(item)
    if item % 4 == 1:
        raise ValueError(f"item {item} is odd in its way")
    return item
"""
FLOW = """\
steps:
  work:
    type: python
    for_each: {range: 120}
    key: "{{ item }}"
    parallel: 2
    on_error: continue
    inputs: {operation: custom, handler: work}
"""
EDITOR = """\
#!/usr/bin/env python3
import json, os, sys, termios, time
def ended(): return len(open("ended").readlines())
attributes = termios.tcgetattr(0)
before, began = ended(), time.time()
print("THE EDITOR IS HERE", flush=True)
typed = ""
while ended() < before + 15 or not os.path.exists("go"):
    time.sleep(0.05)
    if time.time() - began > 15: break
after = ended()
text = open(sys.argv[-1]).read()
open(sys.argv[-1], "w").write(text.replace("item % 4 == 1", "False"))
json.dump({"words": sys.argv[1:], "ended": after - before, "seconds": time.time() - began,
           "cooked": bool(attributes[3] & termios.ICANON), "front": os.tcgetpgrp(0) == os.getpgrp()}, open("edited", "w"))
"""


@pytest.fixture
def failing(folder: Folder) -> Folder:
    folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", FLOW)
    folder.write("vim", EDITOR).chmod(0o755)
    return folder


def edited(folder: Folder) -> dict[str, object]:
    found = wait_for((folder.path / "edited").exists, "the editor ended")
    assert found
    wait_for(lambda: (folder.path / "edited").stat().st_size, "the editor wrote")
    read: dict[str, object] = json.loads((folder.path / "edited").read_text())
    return read


@pytest.mark.slow
def test_the_loop_of_a_failure_its_cause_a_canary_and_the_rest(failing: Folder) -> None:
    with Terminal(failing.path, "flow.yaml", EDITOR=str(failing.path / "vim")) as terminal:
        terminal.see("ValueError", "handlers.py:11")
        terminal.press("f")
        time.sleep(0.3)
        terminal.press("e")
        terminal.see("THE EDITOR IS HERE")
        (failing.path / "go").touch()
        seen = edited(failing)
        assert seen["words"] == ["+11", str(failing.path / "handlers.py")]
        assert seen["cooked"]
        assert seen["front"]
        assert isinstance(seen["ended"], int)
        assert isinstance(seen["seconds"], float)
        assert 15 <= seen["ended"] <= 12 * seen["seconds"] + 2, "two slots of 0.2 s went on while the editor was open"
        terminal.see("r2 holds for items that start from now")
        terminal.press("C")
        terminal.see("Canary", "ok in", "retry the other")
        terminal.press("\r")
        terminal.see("SUCCEEDED", seconds=40)
        step = failing.step("work")
        assert (step["succeeded"], step["failed"]) == (120, 0)
        terminal.press("q")
        assert terminal.wait() == 0


def test_the_terminal_is_as_large_as_it_has_become_in_the_editor(failing: Folder) -> None:
    with Terminal(failing.path, "flow.yaml", EDITOR=str(failing.path / "vim")) as terminal:
        terminal.see("ValueError")
        terminal.press("e")
        terminal.see("THE EDITOR IS HERE")
        terminal.width, terminal.height = 80, 24
        terminal.cells = [[" "] * 80 for _ in range(24)]
        fcntl.ioctl(terminal._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        (failing.path / "go").touch()
        edited(failing)
        screen = terminal.see("1 Steps", "? help")
        footer = screen.split("\n")[23]
        assert "? help" in footer
        terminal.press("X")
        terminal.see("enter")
        terminal.press("\r")


def test_ctrl_c_and_a_stop_in_the_editor_are_its_own(failing: Folder) -> None:
    failing.write(
        "vim",
        """\
#!/usr/bin/env python3
import os, signal, time
caught = []
signal.signal(signal.SIGINT, lambda *_: caught.append(1))
print("THE EDITOR IS HERE", flush=True)
os.kill(0, signal.SIGTSTP)
print("WOKEN", flush=True)
while not caught: time.sleep(0.01)
open("interrupted", "w").write("x")
""",
    )
    with Terminal(failing.path, "flow.yaml", VISUAL=str(failing.path / "vim")) as terminal:
        terminal.see("ValueError")
        terminal.press("e")
        terminal.see("THE EDITOR IS HERE", "WOKEN")
        terminal.press("\x03")
        wait_for((failing.path / "interrupted").exists, "ctrl+c reached the editor")
        terminal.see("1 Steps", "RUNNING")
        assert "DRAINING" not in terminal.text
        count = len((failing.path / "ended").read_text().splitlines())
        wait_for(lambda: len((failing.path / "ended").read_text().splitlines()) > count, "items go on")
        terminal.kill()


def test_no_editor_is_said_and_nothing_else_happens(failing: Folder) -> None:
    empty = failing.path / "bin"
    empty.mkdir()
    with Terminal(failing.path, "flow.yaml", EDITOR="no-such-editor", VISUAL="") as terminal:
        terminal.see("ValueError")
        terminal.press("e")
        terminal.see("$EDITOR names 'no-such-editor', which is not there")
        terminal.kill()


@pytest.mark.slow
def test_an_editor_that_cannot_be_started_gives_the_terminal_back(failing: Folder) -> None:
    failing.write("vim", "#!/no/such/interpreter\n").chmod(0o755)
    with Terminal(failing.path, "flow.yaml", EDITOR=str(failing.path / "vim")) as terminal:
        terminal.see("ValueError")
        terminal.press("e")
        terminal.see("cannot be started: No such file or directory")
        terminal.press("1")
        terminal.see("1 Steps", "? help")
        terminal.kill()


def test_a_signal_while_the_editor_is_open_ends_both_in_order(failing: Folder) -> None:
    failing.write("vim", "#!/bin/sh\necho THE EDITOR IS HERE; sleep 60\n").chmod(0o755)
    with Terminal(failing.path, "flow.yaml", EDITOR=str(failing.path / "vim")) as terminal:
        terminal.see("ValueError")
        terminal.press("e")
        terminal.see("THE EDITOR IS HERE")
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait() == 143
        assert terminal.raw.count(b"\x1b[?1049h") == terminal.raw.count(b"\x1b[?1049l")
        assert b"\x1b[?25h" in terminal.raw.rpartition(b"\x1b[?25l")[2]
        assert failing.show()["status"] == "interrupted"
        gone_within(failing.path)


def test_a_broken_save_is_shown_at_its_place_until_it_is_mended(failing: Folder) -> None:
    with Terminal(failing.path, "flow.yaml") as terminal:
        terminal.see("ValueError")
        (failing.path / "flow.yaml").write_text(FLOW.replace("parallel: 2", "paralel: 2"))
        terminal.see("flow.yaml not taken up, r1 goes on: unknown key 'paralel' in step", "e edit line 6", seconds=5)
        terminal.press("d")
        terminal.see("not in use", "^^^^^^^", "did you mean parallel?", "line 6, column 5", "save not valid")
        (failing.path / "flow.yaml").write_text(FLOW.replace("parallel: 2", "parallel: 3"))
        terminal.see("r2 holds for items that start from now", "r2 in use", seconds=5)
        assert "not taken up" not in terminal.text
        terminal.kill()


def _replace(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    os.replace(new, path)


def test_structural_edits_wait_for_the_plan(failing: Folder) -> None:
    more = FLOW + "  after:\n    type: python\n    inputs: {code: 'result = 7'}\n"
    with Terminal(failing.path, "flow.yaml") as terminal:
        terminal.see("ValueError")
        _replace(failing.path / "flow.yaml", more)
        terminal.see("1 edit waits   P plan", seconds=5)
        terminal.see("r2: 1 edit waits   P plan", seconds=10)
        terminal.press("P")
        terminal.see(
            "Reload plan", "Waits for enter", "1 edit of the structure", "+ after", "new, after work", "accept the edit"
        )
        terminal.press("\x1b")
        terminal.see("settings that hold now", "r2: 1 edit waits")
        assert "waits for work" not in terminal.text
        terminal.press("P")
        terminal.see("Waits for enter")
        terminal.press("\r")
        terminal.see("1 edit taken up")
        terminal.see("waits for work")
        terminal.kill()
