"""The dashboard in a real pseudo-terminal: restored when left, quiet when it is gone, never in the way of the run."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, os, signal, sys, time
from tests.ui.simulate import Simulation
from tui_workflow.cli import drop_unread
from tui_workflow.ui.app import WfApp, dashboard
from tui_workflow.ui.options import Options

async def main():
    run = Simulation(total=500)
    app = dashboard(run, run, Options(environ=dict(os.environ)))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, lambda: app.leave_at_once(terminal_gone=True))
    loop.add_signal_handler(signal.SIGTERM, app.leave_at_once)
    async def beat():
        while True:
            await asyncio.sleep(0.05)
            run.advance(0.05)
            run.say(run.clock, "process_chunks", 1, "x" * 100 + str(time.monotonic()))
            with open(sys.argv[1], "a") as file:
                file.write(".")
    beating = asyncio.ensure_future(beat())
    left = await app.run_async()
    beating.cancel()
    with open(sys.argv[1] + ".left", "w") as file:
        file.write(left.how if left else "none")
    drop_unread()
    sys.exit(7)

asyncio.run(main())
"""


class Terminal:
    def __init__(self, pid: int, master: int, slave: int, heart: Path) -> None:
        self.pid, self.master, self.slave, self.heart = pid, master, slave, heart
        self.seen = b""

    def read_until(self, text: bytes, seconds: float = 15.0) -> None:
        self.wait(lambda: text in self.seen, seconds, read=True)

    def wait(self, holds: Callable[[], bool], seconds: float = 15.0, *, read: bool = False) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, self.seen[-2000:]
            if read:
                ready, _, _ = select.select([self.master], [], [], 0.05)
                if ready:
                    self.seen += os.read(self.master, 65536)
            else:
                time.sleep(0.02)

    def exit_code(self, seconds: float = 10.0, *, read: bool = True) -> int:
        code: list[int] = []

        def ended() -> bool:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code.append(os.waitstatus_to_exitcode(status))
            return bool(pid)

        self.wait(ended, seconds, read=read)
        return code[0]

    def beats(self) -> int:
        return len(self.heart.read_text()) if self.heart.exists() else 0


@contextmanager
def terminal(tmp_path: Path, text: str = PROGRAM) -> Iterator[Terminal]:
    heart = tmp_path / "heart"
    program = tmp_path / "program.py"
    program.write_text(text)
    root = str(Path(__file__).parents[2])
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 32, 120, 0, 0))
    environ = dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8", PYTHONPATH=root)
    for name in ("TMUX", "LINES", "COLUMNS"):  # of the terminal that the tests are run in
        environ.pop(name, None)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for descriptor in (0, 1, 2):
            os.dup2(slave, descriptor)
        os.closerange(3, 256)
        os.execve(sys.executable, [sys.executable, str(program), str(heart)], environ)
    held = Terminal(pid, master, slave, heart)
    try:
        yield held
    finally:
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        for descriptor in (master, slave):
            try:
                os.close(descriptor)
            except OSError:
                pass


RESTORED = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l", b"\x1b[?1006l")


def test_the_terminal_is_as_before_after_leaving(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        before = termios.tcgetattr(held.slave)
        held.read_until(b"process_chunks")
        assert termios.tcgetattr(held.slave) != before
        os.write(held.master, b"q")
        held.read_until(b"keep looking")
        os.write(held.master, b"s")
        assert held.exit_code() == 7
        assert (tmp_path / "heart.left").read_text() == "stopped"
        for sequence in RESTORED:
            assert sequence in held.seen
        assert termios.tcgetattr(held.slave) == before


def test_a_signal_restores_the_terminal_too(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        before = termios.tcgetattr(held.slave)
        held.read_until(b"process_chunks")
        os.kill(held.pid, signal.SIGTERM)
        assert held.exit_code() == 7
        for sequence in RESTORED:
            assert sequence in held.seen
        assert termios.tcgetattr(held.slave) == before


def test_a_terminal_that_is_gone_ends_the_screen_by_itself(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        held.read_until(b"process_chunks")
        os.close(held.slave)
        os.close(held.master)
        assert held.exit_code(read=False) == 7
        assert (tmp_path / "heart.left").read_text() == "signal"


@pytest.mark.slow
def test_a_terminal_that_does_not_read_does_not_stop_the_run(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        held.read_until(b"process_chunks")
        for _ in range(80):  # each zoom paints the whole screen, and nobody reads
            os.write(held.master, b"z")
            time.sleep(0.05)
        beats = held.beats()
        held.wait(lambda: held.beats() >= beats + 40)
        held.seen = b""
        os.write(held.master, b"d")
        held.read_until(b"max_attempts")


def test_ctrl_z_stops_and_going_on_paints_again(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        held.read_until(b"process_chunks")
        os.write(held.master, b"\x1a")
        stopped: list[int] = []

        def has_stopped() -> bool:
            pid, status = os.waitpid(held.pid, os.WNOHANG | os.WUNTRACED)
            if pid and os.WIFSTOPPED(status):
                stopped.append(pid)
            return bool(stopped)

        held.wait(has_stopped, read=True)
        assert b"\x1b[?1049l" in held.seen
        held.seen = b""
        os.kill(held.pid, signal.SIGCONT)
        held.read_until(b"process_chunks")
        held.read_until(b"filter")  # the footer, which did not change
        assert b"\x1b[?1049h" in held.seen


@pytest.mark.slow
def test_no_escape_of_data_is_in_the_byte_stream(tmp_path: Path) -> None:
    program = PROGRAM.replace("Simulation(total=500)", "Simulation(total=500, hostile=True)")
    with terminal(tmp_path, program) as held:
        held.read_until(b"[b]flow[/b]")
        os.write(held.master, b"3\r")
        held.read_until(b"traceback")
        for bad in (b"\x1b]52", b"\x1b[2J\x1b]", b"\x9b31m", "\u202e".encode(), "\u200b".encode()):
            assert bad not in held.seen


CURSOR_ASKED = b"\x1b[6n"
NARROW = b"they are ASCII from here on"


def answered(held: Terminal, *pieces: bytes) -> None:
    """Be a terminal that shows a frame, is asked where its cursor is, and answers."""
    held.read_until(CURSOR_ASKED)
    frame, _, _ = held.seen.partition(CURSOR_ASKED)
    assert b"process_chunks" in frame  # the first frame did not wait for the question
    assert "●".encode() in frame
    for piece in pieces:
        os.write(held.master, piece)
        time.sleep(0.25 if len(pieces) > 1 else 0.0)


def test_signs_become_ascii_on_a_terminal_that_shows_them_two_columns_wide(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        answered(held, b"\x1b[2;3R")
        held.read_until(NARROW)
        held.seen = b""
        os.write(held.master, b"z")
        held.read_until(b"process_chunks")
        os.write(held.master, b"z")
        held.read_until(b"Failures")
        assert held.seen.decode().isascii()
        assert held.seen.count(CURSOR_ASKED) == 0


def test_signs_stay_on_a_terminal_that_shows_them_one_column_wide(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        answered(held, b"\x1b[2;2R")
        held.seen = b""
        os.write(held.master, b"z")
        held.read_until("●".encode())
        assert NARROW not in held.seen
        assert b"nothing" not in held.seen  # nor was the answer read as keys


def test_a_terminal_that_never_answers_loses_nothing(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        answered(held)
        held.seen = b""
        os.write(held.master, b"q")
        held.read_until(b"keep looking")
        assert NARROW not in held.seen


def test_an_answer_in_pieces_is_no_key_press(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        answered(held, b"\x1b[2", b";3", b"R")
        held.read_until(NARROW)
        assert b"Retry " not in held.seen
        assert b"nothing" not in held.seen


def test_an_answer_after_the_answer_is_no_key_press(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        answered(held, b"\x1b[2;2R")
        held.seen = b""
        os.write(held.master, b"\x1b[2;3R\x1b[1;2Rq")
        held.read_until(b"keep looking")
        assert NARROW not in held.seen
        assert b"Retry " not in held.seen


def test_going_on_without_having_been_stopped_changes_nothing(tmp_path: Path) -> None:
    """The kernel sends SIGCONT with the hang-up; a second reader of keys would keep the process alive for ever."""
    with terminal(tmp_path) as held:
        held.read_until(b"process_chunks")
        for _ in range(3):
            os.kill(held.pid, signal.SIGCONT)
        held.wait(lambda: held.heart.exists() and len(held.heart.read_text()) > 20, read=True)
        os.close(held.slave)
        os.close(held.master)
        assert held.exit_code(read=False) == 7
