"""The dashboard as one task in somebody else's event loop.

It paints on a tick, and only if what it shows may have moved; a key paints at once. It never touches the run but by the
commands of the feed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING

from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen

from tui_workflow.ui import clipboard, painter
from tui_workflow.ui.actions import table
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.keymap import load as load_keys
from tui_workflow.ui.looks import Looks
from tui_workflow.ui.measure import ROW, Measure
from tui_workflow.ui.options import Left, Options
from tui_workflow.ui.reloading import Told
from tui_workflow.ui.router import Router
from tui_workflow.ui.terminal import Terminal
from tui_workflow.ui.widgets.canvas import Canvas
from tui_workflow.view.ports import Details, Feed
from tui_workflow.view.sampling import BEAT

if TYPE_CHECKING:
    from textual.timer import Timer

TICK = 0.25
"""Seconds between two looks at the run: numbers change four times a second at most."""
AT_ONCE = 0.1
"""Seconds between two paints for failures, which do not wait for the tick."""
ANSWERS = 0.5
"""Seconds after a key in which what it asked for is painted as soon as it comes."""
IDLE = 60.0
"""Seconds without a key after which one paint a second is enough."""


class Page(Screen[None], inherit_bindings=False):
    """The only screen: the canvas."""

    ALLOW_SELECT = False

    def compose(self) -> ComposeResult:
        yield Canvas()


class WfApp(App[Left], inherit_bindings=False):
    """The dashboard on one run; see `run_dashboard`."""

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    AUTO_FOCUS = None

    def __init__(self, feed: Feed, details: Details, options: Options) -> None:
        no_color = os.environ.get("NO_COLOR")
        super().__init__()
        if no_color is not None:
            os.environ["NO_COLOR"] = no_color  # Textual takes it out; processes of the flow must still find it
        keymap, key_problem = load_keys()
        self.looks = Looks(
            options.theme, options.environ, ascii_wanted=options.ascii, colours=self.console.color_system
        )
        self._options, self._key_table, self._actions = options, keymap, table()
        self._runs: list[Router] = []
        """The runs on the screen, the one in front last."""
        self.show_run(feed, details)
        self._told = Told(self.desk)
        self.broken: BaseException | None = None
        self._first_words = key_problem or self.looks.problem
        self._terminal: Terminal | None = None
        self._measure = Measure()
        self._soon: Timer | None = None
        self._own_context = copy_context()
        self._painted_at = 0.0
        self._pressed_at = time.monotonic()
        self._shown = (-1, -1)
        self._moved_at = 0.0

    @property
    def router(self) -> Router:
        """Where input goes: the run in front."""
        return self._runs[-1]

    @property
    def desk(self) -> Desk:
        """The run in front."""
        return self._runs[-1].desk

    def show_run(self, feed: Feed, details: Details) -> None:
        """Put a run in front of those that are there; `back` on its first page takes it away."""
        desk = Desk(
            feed,
            details,
            self._options,
            self._key_table,
            paint=self.paint_soon,
            arrived=self._arrived,
            leave=self.leave,
        )
        desk.copy_out, desk.show_run, desk.turn_looks = self.copy_out, self.show_run, self.turn_looks
        desk.set_mouse, desk.lend = self.set_mouse, self.lend
        if self._runs:
            desk.up, desk.root = self._close_run, self._first_run
            feed.on_urgent(self._urgent)
        self._runs.append(Router(desk, self._actions))

    def _close_run(self) -> None:
        self._runs.pop().desk.loader.close()
        self.paint_soon()

    def _first_run(self) -> Desk:
        while len(self._runs) > 1:
            self._close_run()
        return self.desk

    def copy_out(self, text: str) -> None:
        """Put a text on the terminal's clipboard, and into tmux's when this runs inside it."""
        self.copy_to_clipboard(text)
        self.desk.spawn("tmux", self._to_tmux(text))

    async def _to_tmux(self, text: str) -> None:
        await clipboard.to_tmux(text, self._options.environ)

    async def lend(self, words: Sequence[str]) -> int:
        """Lend the terminal to a program, an editor say, and take up what was saved in it; returns its exit code.

        Raises `UsageError` when that cannot be done. The run goes on meanwhile; nothing is painted.
        """
        from tui_workflow.ui.lending import lend

        terminal, self._terminal = self._terminal, None  # without one, nothing is painted
        if terminal is not None:
            terminal.release()
        try:
            return await lend(self, words, self._runs[0].desk.feed.reread)
        finally:
            if self.is_running and self.return_value is None:  # else it is being left, and the terminal restored
                self._terminal = Terminal(self._driver)
                self._pressed_at, self._shown = time.monotonic(), (-1, -1)
                self.screen.refresh(layout=True)
                self._tick()

    def set_mouse(self, wanted: bool) -> None:
        """Report the mouse, or leave it to the terminal so that it selects text by itself."""
        name = "_enable_mouse_support" if wanted else "_disable_mouse_support"
        switch = getattr(self._driver, name, None)
        if switch is not None:
            switch()

    def turn_looks(self) -> str:
        """Change the looks; the sentence says to what."""
        return self.looks.turn()

    def get_default_screen(self) -> Screen[None]:
        return Page()

    def on_mount(self) -> None:
        self._own_context = copy_context()
        self._terminal = Terminal(self._driver)
        if self._first_words:
            self.desk.refuse(self._first_words)
        self.desk.feed.on_urgent(self._urgent)
        self.set_interval(TICK, self._tick)

    # painting

    def paint(self) -> None:
        """Put the frame on the screen now; left out while the terminal takes nothing."""
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        if not self.is_running or not self.screen_stack:
            return
        if self._terminal is None or self._terminal.clogged:
            self._shown = (-1, -1)
            return
        if self._terminal.dropped:
            self._terminal.dropped = False
            self.screen.refresh(layout=True)
        self._painted_at = time.monotonic()
        self.desk.sampling.beat(self._painted_at)
        width, height = self.size
        canvas = self.screen.query_one(Canvas)
        canvas.show(painter.frame_of(self.desk, self.looks, width, height), self.looks.styles)
        if not self._measure.asked and height > ROW:
            self.call_after_refresh(self._ask_for_width)

    def _ask_for_width(self) -> None:
        """Ask the terminal how wide it shows the signs, once, behind the first frame; see `measure`."""
        asks = getattr(self._driver, "input_tty", False) and not self.looks.glyphs.ascii
        if self._measure.asked or not asks or self._driver is None or not self.screen_stack:
            return
        self._driver.write(self._measure.question())
        self.screen.query_one(Canvas).refresh(Region(0, ROW, self.size.width, 1))

    def _take_width(self, columns: int | None) -> None:
        if columns is None or columns < 2:
            return
        self.looks.use_ascii()
        self.screen.refresh(layout=True)
        if self.desk.notice is None:
            self.desk.say("This terminal shows some signs two columns wide: they are ASCII from here on")
        self.paint()

    def paint_soon(self) -> None:
        """Paint in this turn of the loop, once, however many ask."""
        self._paint_in(0.001)

    def _paint_in(self, seconds: float) -> None:
        if self._soon is None and self.is_running:
            # Facts come from the engine's task, where Textual does not find its app; a timer made there never fires.
            self._soon = self._own_context.run(self.set_timer, seconds, self.paint)

    def _arrived(self) -> None:
        """An answer of the run file: at once for somebody who just pressed a key, else with the others that come."""
        now = time.monotonic()
        if now - self._pressed_at < ANSWERS:
            self.paint_soon()
        else:
            self._paint_in(max(0.001, AT_ONCE - (now - self._painted_at)))

    def _tick(self) -> None:
        desk = self.desk
        now = time.monotonic()
        desk.hush(old=True)
        self._told.look(self._runs[0].desk)
        first = self._runs[0].desk
        if first.leaving is not None and first.state.finished is not None:
            self.leave(first.leaving)
            return
        if first.retried:
            from tui_workflow.ui.actions.retry import tell_retried

            tell_retried(first)
        if first.canary is not None:
            from tui_workflow.ui.actions.retry import judge

            judge(first)
        desk.keep_up()
        if now - self._pressed_at > IDLE and now - self._painted_at < 1.0:
            return
        shown = (desk.state.version, int(desk.feed.now()))
        if shown != self._shown:
            self._shown, self._moved_at = shown, now
        # Maps and trends follow by a beat: they would stay behind for ever if the last change were the last paint.
        behind = now - self._moved_at <= BEAT + TICK
        if behind or any(step.status == "running" for step in desk.state.steps.values()):
            self.paint()

    def _urgent(self) -> None:
        """A failure, or the end: paint without waiting for the tick, ten times a second at most."""
        if self._soon is None and self.is_running:
            wait = max(0.001, AT_ONCE - (time.monotonic() - self._painted_at))
            self.desk.sampling.beat(time.monotonic(), now=wait <= 0.001)
            self._paint_in(wait)

    # input

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes go to the router before any widget or binding; it alone knows what they mean here."""
        if isinstance(event, events.CursorPosition):
            self._take_width(self._measure.columns(event.x, event.y))
        elif isinstance(event, events.Key):
            spelt, columns = self._measure.spells(event.character)
            if spelt:
                self._take_width(columns)
                return
            self._pressed_at = time.monotonic()
            if event.key == "ctrl+z":
                self.action_suspend_process()
                return
            self.router.press(event.key, event.character if event.is_printable else None)
            self.paint()
        elif isinstance(event, events.Paste):
            self.router.paste(event.text)
            self.paint()
        else:
            await super().on_event(event)

    def on_canvas_clicked(self, message: Canvas.Clicked) -> None:
        self._pressed_at = time.monotonic()
        self.router.click(message.x, message.y, twice=message.twice)
        self.paint()

    def on_canvas_scrolled(self, message: Canvas.Scrolled) -> None:
        self.router.scroll(message.x, message.y, message.rows)
        self.paint()

    def on_canvas_resized(self) -> None:
        self.desk.sampling.beat(time.monotonic(), now=True)
        self.paint()

    # leaving

    def leave(self, left: Left) -> None:
        """Restore the terminal and return from `run_async`."""
        for router in self._runs:
            router.desk.loader.close()
        if self._terminal is not None:
            self._terminal.release()
        self.exit(left)

    def leave_at_once(self, *, terminal_gone: bool = False) -> None:
        """For signals: end, whatever is open. The terminal is restored, or not written to any more if it is gone (SIGHUP)."""
        if self._terminal is not None and (terminal_gone or self._terminal.clogged):
            self._terminal.forsake()
        self.leave(Left("signal"))

    def panic(self, *renderables: object) -> None:
        """The keyboard cannot be read any more: the terminal is gone."""
        self.leave_at_once(terminal_gone=True)

    def _handle_exception(self, error: Exception) -> None:
        """An error of the screen's own ends the screen, not the run; it is raised by `run_dashboard`, never printed."""
        if self.broken is None:
            self.broken = error
            self._exception = error
            self._exception_event.set()
        self._return_code = 70
        self._close_messages_no_wait()


async def run_dashboard(feed: Feed, details: Details, options: Options) -> Left:
    """Show a run until it is left; the terminal is as before when this returns or raises.

    Raises what broke the screen; the run itself is not touched by that.
    """
    app = WfApp(feed, details, options)
    left = await app.run_async()
    if app.broken is not None:
        raise app.broken
    return left or Left("signal")
