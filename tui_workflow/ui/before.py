"""A question before there is a run to show: resume the unfinished one, or begin anew."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import App, ComposeResult
from textual.screen import Screen

from tui_workflow.ui.keymap import SAME
from tui_workflow.ui.looks import Looks
from tui_workflow.ui.options import Options
from tui_workflow.ui.widgets.canvas import Canvas
from tui_workflow.view.frame import Frame
from tui_workflow.view.keys import event_name
from tui_workflow.view.line import Span
from tui_workflow.view.panes.dialog import Box, Choice, choices, over, sentence
from tui_workflow.view.panes.row import BLANK, Row


class _Page(Screen[None], inherit_bindings=False):
    def compose(self) -> ComposeResult:
        yield Canvas()


class Before(App[str], inherit_bindings=False):
    """One dialog on an empty page; returns the name of the choice, or nothing when it was closed."""

    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None

    def __init__(self, title: str, words: Sequence[str], offered: Sequence[Choice], options: Options) -> None:
        super().__init__()
        self._title, self._words, self._offered = title, words, offered
        self._at = 0
        self._looks = Looks(
            options.theme, options.environ, ascii_wanted=options.ascii, colours=self.console.color_system
        )

    def get_default_screen(self) -> Screen[None]:
        return _Page()

    def on_canvas_resized(self) -> None:
        self._paint()

    def _paint(self) -> None:
        width, height = self.size
        frame = Frame(width, height, self._looks.glyphs)
        frame.finish(Row((Span(""),)))
        room = min(68, max(20, width - 10))
        rows = [row for words in self._words for row in sentence(words, room, "dim")]
        box = Box(self._title, [*rows, BLANK, *choices(self._offered, self._at)], width=room)
        self.screen.query_one(Canvas).show(over(frame, box), self._looks.styles)

    async def on_event(self, event: events.Event) -> None:
        """Every key is the dialog's."""
        if not isinstance(event, events.Key):
            await super().on_event(event)
            return
        key = SAME.get(event.key, event.key)
        for choice in self._offered:
            if choice.key and (event_name(choice.key) == key or choice.key == event.character):
                self.exit(choice.name)
                return
        match key:
            case "down" | "j" | "tab":
                self._at = (self._at + 1) % len(self._offered)
            case "up" | "k" | "shift+tab":
                self._at = (self._at - 1) % len(self._offered)
            case "enter":
                self.exit(self._offered[self._at].name)
                return
            case "escape" | "q" | "ctrl+c":
                self.exit(None)
                return
        self._paint()


async def ask_before(title: str, words: Sequence[str], offered: Sequence[Choice], options: Options) -> str | None:
    """Ask; the name of the choice, None when it was closed without one."""
    return await Before(title, words, offered, options).run_async()


async def ask_resume(run: str, facts: Sequence[str], options: Options) -> str | None:
    """Whether to take up the unfinished run: `resume`, `new`, or None. `facts` say what it has come to, a sentence each."""
    offered = [
        Choice("r", "resume", "resume it", "what is done stays done"),
        Choice("n", "new", "begin anew", "the unfinished run stays where it is"),
        Choice("esc", "", "neither", ""),
    ]
    return await ask_before(f"Run {run} is unfinished", facts, offered, options) or None
