"""The dashboard as one task in somebody else's event loop.

It is on the screen before there is a run: what the panes need is loaded behind the opening. It paints on a tick, and only
if what it shows may have moved; a key paints at once. It never touches the run but by the commands of the feed.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING

from textual import events
from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.geometry import Region
from textual.screen import Screen

from tui_workflow.ui.driver import TerminalDriver
from tui_workflow.ui.looks import Looks
from tui_workflow.ui.measure import ROW, Measure
from tui_workflow.ui.opening import Opening
from tui_workflow.ui.options import Left, Options
from tui_workflow.ui.terminal import Terminal
from tui_workflow.ui.widgets.canvas import Canvas

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui_workflow.ui.desk import Desk
    from tui_workflow.ui.front import Front
    from tui_workflow.ui.runs import Runs
    from tui_workflow.view.panes.dialog import Choice
    from tui_workflow.view.ports import Details, Feed

TICK = 0.25
"""Seconds between two looks at the run: numbers change four times a second at most."""
AT_ONCE = 0.1
"""Seconds between two paints for failures, which do not wait for the tick."""
ANSWERS = 0.5
"""Seconds after a key in which what it asked for is painted as soon as it comes."""
SOON = 0.01
"""Seconds between two looks at whether the first frame has been drawn."""
IDLE = 60.0
"""Seconds without a key after which one paint a second is enough."""


class Page(Screen[None], inherit_bindings=False):
    """The only screen: the canvas."""

    ALLOW_SELECT = False

    def compose(self) -> ComposeResult:
        yield Canvas()


class WfApp(App[Left], inherit_bindings=False):
    """The screen from the first paint on. `begin` puts a run on it; until then it tells what is being opened."""

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    AUTO_FOCUS = None

    def __init__(self, options: Options, title: str = "", doing: str = "") -> None:
        no_color = os.environ.get("NO_COLOR")
        super().__init__(driver_class=TerminalDriver)
        if no_color is not None:
            os.environ["NO_COLOR"] = no_color  # Textual takes it out; processes of the flow must still find it
        self.looks = Looks(
            options.theme, options.environ, ascii_wanted=options.ascii, colours=self.console.color_system
        )
        self._problem = options.problem or self.looks.problem
        self.painted = asyncio.Event()
        """Set when the first frame has been drawn, which is some time after it was handed over."""
        self.broken: BaseException | None = None
        self._runs: Runs | None = None
        self._opening = Opening(title, doing, paint=self.paint_soon, leave=lambda: self.leave(Left("abandoned")))
        self._front: Front = self._opening
        self._terminal: Terminal | None = None
        self._measure = Measure()
        self._soon: Timer | None = None
        self._own_context = copy_context()
        self._painted_at = 0.0
        self._owed = False
        """A paint was left out because the terminal took nothing."""
        self._pressed_at = time.monotonic()

    @property
    def desk(self) -> Desk:
        """The run in front. There is one from `begin` on."""
        assert self._runs is not None
        return self._runs.desk

    def begin(self, feed: Feed, details: Details, options: Options, notes: Sequence[str] = ()) -> None:
        """Put a run on the screen. `notes` are sentences to tell about how it was opened.

        Loading what it takes is a tenth of a second: import `tui_workflow.ui.runs` in a thread before.
        """
        from tui_workflow.ui.runs import Runs

        self._front = self._runs = Runs(self, feed, details, options)
        if words := self._problem or self._runs.problem:
            self.desk.refuse(words)
        elif notes:
            self.desk.say("   ".join(notes))
        self.paint_soon()

    async def ask(self, title: str, words: Sequence[str], offered: Sequence[Choice]) -> str:
        """Ask before there is a run; the name of the choice."""
        return await self._opening.ask(title, words, offered)

    async def lend(self, words: Sequence[str], afterwards: Callable[[], Awaitable[None]]) -> int:
        """Lend the terminal to a program, an editor say, and do `afterwards` when it ends; returns its exit code.

        Raises `UsageError` when that cannot be done. The run goes on meanwhile; nothing is painted.
        """
        from tui_workflow.ui.lending import lend

        terminal, self._terminal = self._terminal, None  # without one, nothing is painted
        if terminal is not None:
            terminal.release()
        try:
            return await lend(self, words, afterwards)
        finally:
            if self.is_running and self.return_value is None:  # else it is being left, and the terminal restored
                self._terminal = Terminal(self._driver)
                self._pressed_at = time.monotonic()
                self.screen.refresh(layout=True)
                self._front.tick(self._pressed_at)
                self.paint()

    def set_mouse(self, wanted: bool) -> None:
        """Report the mouse, or leave it to the terminal so that it selects text by itself."""
        name = "_enable_mouse_support" if wanted else "_disable_mouse_support"
        switch = getattr(self._driver, name, None)
        if switch is not None:
            switch()

    def get_default_screen(self) -> Screen[None]:
        return Page()

    def on_mount(self) -> None:
        self._own_context = copy_context()
        self._terminal = Terminal(self._driver)
        self.set_interval(TICK, self._tick)

    # painting

    def paint(self) -> None:
        """Put the frame on the screen now; left out while the terminal takes nothing."""
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        if not self.is_running or not self.screen_stack:
            return
        was_owed, self._owed = self._owed, self._terminal is None or self._terminal.clogged
        if self._terminal is None or self._owed:
            if not was_owed:
                self._paint_in(
                    SOON
                )  # what prepared the terminal may be on its way; a tick later is soon enough after that
            return
        if self._terminal.dropped:
            self._terminal.dropped = False
            self.screen.refresh(layout=True)
        self._painted_at = time.monotonic()
        self._front.beat(self._painted_at)
        width, height = self.size
        canvas = self.screen.query_one(Canvas)
        canvas.show(self._front.page(self.looks, width, height), self.looks.styles)
        if not self.painted.is_set():
            self.call_after_refresh(self._see_whether_painted)

    def _see_whether_painted(self) -> None:
        """What comes after the first frame may begin; what was refreshed until now may have been the empty page."""
        if self.painted.is_set() or not self.screen_stack:
            return
        canvas = self.screen.query_one(Canvas)
        if canvas.drawn:
            self.painted.set()
            self._ask_for_width(canvas)
        else:
            self.set_timer(SOON, self._see_whether_painted)

    def _ask_for_width(self, canvas: Canvas) -> None:
        """Ask the terminal how wide it shows the signs, behind the first frame; see `measure`."""
        asks = getattr(self._driver, "input_tty", False) and not self.looks.glyphs.ascii and self.size.height > ROW
        if asks and self._driver is not None:
            self._driver.write(self._measure.question())
            canvas.refresh(Region(0, ROW, self.size.width, 1))

    def _take_width(self, columns: int | None) -> None:
        if columns is None or columns < 2:
            return
        self.looks.use_ascii()
        self.screen.refresh(layout=True)
        self._front.tell("This terminal shows some signs two columns wide: they are ASCII from here on")
        self.paint()

    def paint_soon(self) -> None:
        """Paint in this turn of the loop, once, however many ask."""
        self._paint_in(0.001)

    def _paint_in(self, seconds: float) -> None:
        if self._soon is None and self.is_running:
            # Facts come from the engine's task, where Textual does not find its app; a timer made there never fires.
            self._soon = self._own_context.run(self.set_timer, seconds, self.paint)

    def arrived(self) -> None:
        """An answer of the run file: at once for somebody who just pressed a key, else with the others that come."""
        now = time.monotonic()
        if now - self._pressed_at < ANSWERS:
            self.paint_soon()
        else:
            self._paint_in(max(0.001, AT_ONCE - (now - self._painted_at)))

    def _tick(self) -> None:
        now = time.monotonic()
        moved = self._front.tick(now)
        idle = now - self._pressed_at > IDLE and now - self._painted_at < 1.0
        if (moved and not idle) or self._owed:
            self.paint()

    def urgent(self) -> None:
        """A failure, or the end: paint without waiting for the tick, ten times a second at most."""
        if self._soon is None and self.is_running:
            wait = max(0.001, AT_ONCE - (time.monotonic() - self._painted_at))
            self._front.beat(time.monotonic(), at_once=wait <= 0.001)
            self._paint_in(wait)

    # input

    def typed(self, event: events.Key | events.Paste) -> None:
        """A key, or a pasted text, in the turn of the loop after it was read; behind what prepares the screen, before it stands."""
        if not self.painted.is_set():
            self.post_message(event)
        elif self.is_running and self.return_value is None:
            self._own_context.copy().run(self._act_on, event)

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes go to the router before any widget or binding; it alone knows what they mean here."""
        if isinstance(event, events.CursorPosition):
            self._take_width(self._measure.columns(event.x, event.y))
        elif isinstance(event, (events.Key, events.Paste)):
            self._act_on(event)
        elif isinstance(event, Driver.SignalResume):
            self.screen.refresh(layout=True)  # the terminal was somebody else's: nothing on it is ours
            self.paint()
            await super().on_event(event)
        else:
            await super().on_event(event)

    def _act_on(self, event: events.Key | events.Paste) -> None:
        try:
            if isinstance(event, events.Paste):
                self._front.paste(event.text)
            elif not self._press(event):
                return
            self.paint()
        except Exception as error:
            self._handle_exception(error)

    def _press(self, event: events.Key) -> bool:
        """Act on a key; whether there may be something to paint."""
        spelt, columns = self._measure.spells(event.character)
        if spelt:
            self._take_width(columns)
            return False
        self._pressed_at = time.monotonic()
        if event.key == "ctrl+z":
            self.action_suspend_process()
            return False
        self._front.press(event.key, event.character if event.is_printable else None)
        return True

    def on_canvas_clicked(self, message: Canvas.Clicked) -> None:
        self._pressed_at = time.monotonic()
        self._front.click(message.x, message.y, twice=message.twice)
        self.paint()

    def on_canvas_scrolled(self, message: Canvas.Scrolled) -> None:
        self._front.scroll(message.x, message.y, message.rows)
        self.paint()

    def on_canvas_resized(self) -> None:
        self._front.beat(time.monotonic(), at_once=True)
        self.paint()

    # leaving

    def leave(self, left: Left) -> None:
        """Restore the terminal and return from `run_async`."""
        self._front.close()
        if self._terminal is not None:
            self._terminal.release()
        self.exit(left)

    def leave_at_once(self, *, terminal_gone: bool = False) -> None:
        """For signals: end, whatever is open. The terminal is restored, or not written to any more if it is gone."""
        if self._terminal is not None and (terminal_gone or self._terminal.clogged or self._terminal.gone):
            self._terminal.forsake()
        self.leave(Left("signal"))

    def panic(self, *renderables: object) -> None:
        """The keyboard cannot be read any more: the terminal is gone."""
        self.leave_at_once(terminal_gone=True)

    def _handle_exception(self, error: Exception) -> None:
        """An error of the screen's own ends the screen, not the run; it is kept in `broken`, never printed."""
        if self.broken is None:
            self.broken = error
            self._exception = error
            self._exception_event.set()
        self._return_code = 70
        self._close_messages_no_wait()


def dashboard(feed: Feed, details: Details, options: Options) -> WfApp:
    """The screen with a run on it from the beginning; `run_async` shows it until it is left.

    What broke it is in `WfApp.broken` then; the run itself is not touched by that.
    """
    app = WfApp(options)
    app.begin(feed, details, options)
    return app
