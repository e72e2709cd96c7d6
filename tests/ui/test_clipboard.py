"""Copying out of a real terminal: into tmux's buffer inside a real tmux, and as OSC 52 without one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ui.simulate import Simulation
from tests.ui.test_terminal import PROGRAM, terminal


def the_error() -> str:
    """What `y` copies in the pane of failures."""
    group = Simulation(total=500).state.steps["process_chunks"].groups[0]
    return f"{group.type}: {group.message}"


class Tmux:
    """A tmux server of the test's own."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def ask(self, *words: str) -> str:
        command = ["tmux", "-S", str(self._socket), "-f", "/dev/null", *words]
        return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=20).stdout

    def wait(self, holds: Callable[[str], bool], *words: str) -> str:
        end = time.monotonic() + 20
        while not holds(found := self.ask(*words)):
            assert time.monotonic() < end, found
            time.sleep(0.05)
        return found


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")}
    return kept | {"LC_ALL": "C.UTF-8", "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture
def tmux() -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    with tempfile.TemporaryDirectory(prefix="wf-") as folder:  # a socket's path must be short
        held = Tmux(Path(folder, "tmux"))
        try:
            yield held
        finally:
            held.ask("kill-server")


def test_y_puts_the_text_into_the_buffer_of_tmux(tmux: Tmux, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    tmux.ask("new-session", "-d", "-x", "120", "-y", "32", sys.executable, str(program), str(tmp_path / "heart"))
    tmux.wait(lambda screen: "process_chunks" in screen, "capture-pane", "-p")
    tmux.ask("send-keys", "3", "y")
    tmux.wait(lambda screen: "Copied the error" in screen, "capture-pane", "-p")
    assert tmux.wait(bool, "show-buffer") == the_error()


def test_y_writes_osc_52_without_tmux(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        held.read_until(b"process_chunks")
        os.write(held.master, b"3y")
        held.read_until(b"\x1b]52;c;" + b64encode(the_error().encode()) + b"\a")
