"""What cannot be told any more, since its reader or its terminal is gone, does not change how the command ended."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from tests.end_to_end.bench import ROOT, environment

PROGRAM = """
import os, sys
from tui_workflow import cli
from tui_workflow.cli import root

def run(words):
    sys.stdout.write("left over")
    sys.stderr.write("left over")
    sys.stdin.buffer.read()
    return 129

root.run = run
cli.main()
"""


@pytest.mark.parametrize("terminal", [True, False])
def test_what_nobody_reads_does_not_replace_the_exit_code(terminal: bool) -> None:
    reader, writer = pty.openpty() if terminal else os.pipe()
    words = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(
        words, cwd=ROOT, env=environment(PYTHONUNBUFFERED=""), stdin=subprocess.PIPE, stdout=writer, stderr=writer
    ) as ran:
        os.close(writer)
        os.close(reader)
        assert ran.stdin is not None
        ran.stdin.close()
        assert ran.wait(20) == 129


def test_a_full_disk_is_no_reader_that_has_gone() -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM.replace("129", "0")],
            cwd=ROOT,
            env=environment(PYTHONUNBUFFERED=""),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=20,
        )
    assert ended.returncode == 120
    assert b"No space left on device" in ended.stderr
