"""How far a wish for many items has come, and the key that stops it."""

from __future__ import annotations

from tui_workflow.facts.commands import Progress
from tui_workflow.ui.desk import Desk
from tui_workflow.view import numbers
from tui_workflow.view.bar import progress_bar
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Span
from tui_workflow.view.panes.dialog import Box, keys
from tui_workflow.view.panes.row import BLANK, Row, Target


class Working:
    """A bar that fills. `esc` stops the wish; what is done by then stays done."""

    def __init__(self, desk: Desk, title: str, progress: Progress, kept: str) -> None:
        self.desk = desk
        self.title, self.progress, self.kept = title, progress, kept

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        room = min(65, max(20, width - 10))
        done, total = self.progress.done, max(self.progress.done, self.progress.total)
        words = f"{numbers.count(done)} of {numbers.count(total)}"
        share = numbers.percent(done, total, known=done < total)
        stop = keys([("esc", f"stop, {self.kept}", "esc")], room)
        if self.progress.stopped:
            stop = [Row((Span("stops", "retrying"),))]
        filled = progress_bar((done, 0, 0, 0, 0, total - done), room, glyphs)
        return Box(self.title, [Row(filled), Row((Span(words), Span(f"   {share}", "dim"))), BLANK, *stop], width=room)

    def press(self, key: str, character: str | None) -> None:
        if key == "escape":
            self.progress.stopped = True

    def click(self, target: Target) -> None:
        if target.value == "esc":
            self.progress.stopped = True
