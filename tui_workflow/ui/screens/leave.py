"""The leave dialog: drain, stop, or keep looking."""

from __future__ import annotations

from collections.abc import Callable

from tui_workflow.ui.desk import Desk
from tui_workflow.ui.screens.choose import Choosing
from tui_workflow.view import eta, numbers
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Span
from tui_workflow.view.panes.dialog import Box, Choice, choices, fitting
from tui_workflow.view.panes.row import BLANK, Row, Rows, data
from tui_workflow.view.wrapping import wrapped


class LeaveDialog(Choosing):
    """What runs, what waits, and the three ways to go on."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, self._ways(desk, self._running(desk)))

    @classmethod
    def _ways(cls, desk: Desk, running: int) -> list[tuple[Choice, Callable[[Desk], None]]]:
        from tui_workflow.ui.actions import leave

        finish = f"finish the {running}, start no more{cls._soon(desk)}" if running else "start no more"
        again = "it runs" if running == 1 else "they run"
        end = f"end the {running}; {again} again on resume" if running else ""
        return [
            (cls._choice(desk, "leave_drain", finish), leave.drain_then_leave),
            (cls._choice(desk, "leave_stop", end), leave.stop_then_leave),
            (cls._choice(desk, "leave_stay", ""), lambda desk: None),
        ]

    @staticmethod
    def _choice(desk: Desk, name: str, effect: str) -> Choice:
        action = desk.keymap[name]
        return Choice(action.keys[0] if action.keys else "", name, action.word, effect)

    @staticmethod
    def _running(desk: Desk) -> int:
        return sum(len(lane) for lane in desk.lanes().values())

    @staticmethod
    def _soon(desk: Desk) -> str:
        """How long draining would take: the longest that an item in flight usually takes. Nothing is said while one has taken
        longer than that already, or nobody knows how long its like take.
        """
        now = desk.feed.now()
        busy = [(desk.state.steps[name], running) for name, running in desk.lanes().items() if running]
        usual = [eta.in_flight(step, running, now) for step, running in busy]
        if not usual or any(each is None for each in usual):
            return ""
        most = max(each.high for each in usual if each)
        return f"; {eta.words(eta.Eta(most, most))}"

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        state = self.desk.state
        running = self._running(self.desk)
        self.offered = self._ways(self.desk, running)
        waiting = state.waiting - running
        failed = state.failed
        facts = (
            (running, "text", " is running", " are running"),
            (waiting, "text", " has not started", " have not started"),
            (failed, "failed", " failed", " failed"),
        )
        line: list[Span] = []
        for number, role, one, many in facts:
            if number > 0:
                what = "" if line else " item" if number == 1 else " items"
                line += (Span(", " if line else ""), Span(numbers.count(number), role, bold=True))
                line.append(Span(f"{what}{one if number == 1 else many}"))
        line.append(Span("." if line else "Nothing runs, and nothing waits."))
        room = width - 8
        rows: Rows = [Row(part) for part in wrapped(tuple(line), room, words=True)]
        foot: Rows = [BLANK, *choices([choice for choice, _ in self.offered], self.at, room), BLANK]
        foot.append(Row((Span("What is done stays done. To go on:", "dim"),)))
        if self.desk.options.resume:
            foot += [Row(part) for part in wrapped(data(self.desk.options.resume), room, words=True)]
        foot += [BLANK, Row((Span("ctrl+c", "accent", bold=True), Span(" again within 2 s stops now", "dim")))]
        wide = fitting([*rows, *foot], min(65, width - 10), room)
        return Box(f"Leave {state.flow}?", rows, width=wide, foot=foot)
