"""The program with one place in it where it kills itself: `python -m tests.crash.failpoint POINT NUMBER WORD…`.

Nothing of this is in the program: the place is wrapped from outside before the program begins.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from tui_workflow.engine.engine import Engine
from tui_workflow.facts import events as ev
from tui_workflow.store.writer import Entry, Position, Revision, Snapshot, Writer


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _outcomes(group: Sequence[Entry]) -> bool:
    return any(isinstance(entry, ev.ItemsEnded) for entry in group)


def _commit(number: int, before: bool) -> None:
    """Around the n-th commit that holds outcomes."""
    real = Writer.write
    seen = 0

    def write(self: Writer, entries: Sequence[Entry], snapshot: Snapshot | None = None) -> Position:
        nonlocal seen
        seen += _outcomes(entries)
        hit = _outcomes(entries) and seen == number
        if hit and before:
            _end()
        position = real(self, entries, snapshot)
        if hit:
            _end()
        return position

    Writer.write = write  # type: ignore[method-assign]


def _reload(number: int, before: bool) -> None:
    """Around the commit of the revision with this number."""
    real = Writer.write

    def write(self: Writer, entries: Sequence[Entry], snapshot: Snapshot | None = None) -> Position:
        hit = any(isinstance(entry, Revision) and entry.number == number for entry in entries)
        if hit and before:
            _end()
        position = real(self, entries, snapshot)
        if hit:
            _end()
        return position

    Writer.write = write  # type: ignore[method-assign]


def _told(number: int, before: bool) -> None:
    """Around the n-th time that the engine is told of committed outcomes."""
    real = Engine.committed
    seen = 0

    def committed(self: Engine, facts: Sequence[ev.Event]) -> None:
        nonlocal seen
        seen += _outcomes(facts)
        hit = _outcomes(facts) and seen == number
        if hit and before:
            _end()
        real(self, facts)
        if hit:
            _end()

    Engine.committed = committed  # type: ignore[method-assign]


def _widget(number: int) -> None:
    """Not a kill: the one widget raises when it is given its n-th frame."""
    from tui_workflow.ui.widgets.canvas import Canvas

    real = Canvas.show
    seen = 0

    def show(self: Canvas, lines: Any, styles: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen >= number:
            raise RuntimeError("a widget that is broken")
        return real(self, lines, styles)

    Canvas.show = show  # type: ignore[method-assign]


def _clock(seconds: int) -> None:
    """Not a kill: the clock on the wall of this process jumps when there is a file named `jump` in its folder."""
    real = time.time
    time.time = lambda: real() + (seconds if os.path.exists("jump") else 0)


POINTS: dict[str, Callable[[int], None]] = {
    "before-commit": lambda number: _commit(number, True),
    "after-commit": lambda number: _commit(number, False),
    "before-told": lambda number: _told(number, True),
    "after-told": lambda number: _told(number, False),
    "before-reload": lambda number: _reload(number, True),
    "clock": _clock,
    "widget": _widget,
    "after-reload": lambda number: _reload(number, False),
}

if __name__ == "__main__":
    point, number, *words = sys.argv[1:]
    POINTS[point](int(number))
    sys.argv = ["wf-tui", *words]
    from tui_workflow.cli import main

    main()
