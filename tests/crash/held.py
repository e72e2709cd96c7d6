"""A run with two items in flight that go on until they are let go, each with children of its own."""

from __future__ import annotations

from tests.crash import trace
from tests.end_to_end.bench import Folder

COUNT = 6
GO = "go"
"""The file that lets the items go."""
HANDLERS = """
import signal, subprocess

def work(item, key, attempt):
    {first}
    mark("+", key, attempt)
    child = subprocess.Popen({command!r}, shell=True)
    while not os.path.exists("go"):
        time.sleep(0.01)
    child.kill()
    mark("-", key, attempt)
    return item
"""
FLOW = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {range: 6}
    key: "k{{ item }}"
    parallel: 2
    inputs: {operation: custom, handler: work}
"""
DEAF = "for number in (1, 2, 15): signal.signal(number, signal.SIG_IGN)"
CHILDREN = "sleep 100 & sleep 100"


def write(folder: Folder, *, deaf: bool = False) -> None:
    """The flow and its handlers; `deaf` ones hear no signal, and nor do their children."""
    command = f"trap '' TERM HUP INT; {CHILDREN}" if deaf else CHILDREN
    folder.write("handlers.py", trace.PYTHON + HANDLERS.format(first=DEAF if deaf else "pass", command=command))
    folder.write("flow.yaml", FLOW)
