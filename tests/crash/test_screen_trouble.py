"""U1: a screen that breaks, and a flood of output, do not break the run."""

from __future__ import annotations

import time

import pytest

from tests.crash.check import RESTORED
from tests.crash.screen import Screen
from tests.end_to_end.bench import COMMAND, Folder, gone_within

FLOW = """
steps:
  work:
    type: python
    for_each: {range: 300}
    parallel: 2
    inputs:
      code: |
        import time
        time.sleep(0.02)
        result = item
"""
FLOOD = """
steps:
  work:
    type: shell
    for_each: {range: 4}
    parallel: 2
    inputs: {command: "timeout 4 yes 'a line of output that comes very often' || true"}
"""


def test_a_widget_that_raises(folder: Folder) -> None:
    """70, the terminal as it was, what ended is kept, and a resume goes on."""
    folder.write("flow.yaml", FLOW)
    command = (COMMAND[0], "-m", "tests.crash.failpoint", "widget", "15")
    with Screen(folder.path, "flow.yaml", command=command) as screen:
        assert screen.wait(40) == 70
        assert all(sequence in screen.raw for sequence in RESTORED)
        assert screen.settings() == screen.before
        assert b"internal error: RuntimeError: a widget that is broken" in screen.raw
        assert b"--resume" in screen.raw
    gone_within(folder.path)
    before = folder.show()
    assert before["status"] == "interrupted"
    assert before["steps"][0]["succeeded"] > 0
    folder.run("--resume")
    assert folder.results("work") == list(range(300))
    assert folder.step("work")["attempts"] <= 300 + 4


@pytest.mark.slow
def test_a_flood_of_output_leaves_the_keys_alive(folder: Folder) -> None:
    folder.write("flow.yaml", FLOOD)
    with Screen(folder.path, "flow.yaml") as screen:
        screen.see("RUNNING", "very often")
        slowest = 0.0
        for keys, text in (
            ("?", "Help"),
            ("\x1b", "RUNNING"),
            ("d", "type: shell"),
            ("\x1b", "Log"),
            ("?", "Help"),
        ) * 2:
            begin = time.monotonic()
            screen.press(keys)
            screen.see(text, seconds=5)
            slowest = max(slowest, time.monotonic() - begin)
            screen.read(0.3)  # escape and a letter at once would be another key
        assert slowest < 3
        screen.press("\x1b")
        screen.see("SUCCEEDED", seconds=40)
        screen.press("q")
        assert screen.wait() == 0
    (file,) = (folder.path / ".wf-tui" / "runs").glob("*.db")
    assert file.stat().st_size < 20_000_000, "the log of an item is bounded"
