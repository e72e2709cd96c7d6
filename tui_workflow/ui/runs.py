"""The front once there is a run: it, and the earlier ones that were opened from it, the last one in sight."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from tui_workflow.ui import clipboard, painter
from tui_workflow.ui.actions import table
from tui_workflow.ui.actions.open import go_on
from tui_workflow.ui.actions.walk import settle
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.front import Page
from tui_workflow.ui.keymap import load as load_keys
from tui_workflow.ui.looks import Looks
from tui_workflow.ui.options import Options
from tui_workflow.ui.reloading import Told
from tui_workflow.ui.router import Router
from tui_workflow.view.ports import Details, Feed
from tui_workflow.view.sampling import BEAT

if TYPE_CHECKING:
    from tui_workflow.ui.app import WfApp

SLACK = 0.05
"""Seconds that a tick may come early."""
SETTLED = 0.25
"""Seconds that maps and trends are painted for after their last beat."""


class Runs:
    """A stack of runs; input goes to the one in sight, what was begun in the first one goes on behind it."""

    def __init__(self, app: WfApp, feed: Feed, details: Details, options: Options) -> None:
        self._app = app
        self._options = options
        self._keymap, self.problem = load_keys()
        self._actions = table()
        self._runs: list[Router] = []
        """The runs on the screen, the one in front last."""
        self.show(feed, details)
        self._told = Told(self.desk)
        self._shown = (-1, -1)
        self._moved_at = 0.0
        self._told_at = 0.0
        """When a tick last said that there is something to paint."""

    @property
    def router(self) -> Router:
        """Where input goes."""
        return self._runs[-1]

    @property
    def desk(self) -> Desk:
        """The run in front."""
        return self._runs[-1].desk

    def show(self, feed: Feed, details: Details) -> None:
        """Put a run in front of those that are there; `back` on its first page takes it away."""
        app = self._app
        desk = Desk(
            feed,
            details,
            self._options,
            self._keymap,
            paint=app.paint_soon,
            arrived=app.arrived,
            leave=app.leave,
        )
        desk.copy_out, desk.show_run, desk.turn_looks = self._copy_out, self.show, app.looks.turn
        desk.set_mouse, desk.lend = app.set_mouse, self._lend
        if self._runs:
            desk.up, desk.root = self._close_run, self._first_run
        feed.on_urgent(app.urgent)
        self._runs.append(Router(desk, self._actions))

    def _close_run(self) -> None:
        self._runs.pop().desk.loader.close()
        self._app.paint_soon()

    def _first_run(self) -> Desk:
        while len(self._runs) > 1:
            self._close_run()
        return self.desk

    def _copy_out(self, text: str) -> None:
        """Put a text on the terminal's clipboard, and into tmux's when this runs inside it."""
        self._app.copy_to_clipboard(text)
        self.desk.spawn("tmux", self._to_tmux(text))

    async def _to_tmux(self, text: str) -> None:
        await clipboard.to_tmux(text, self._options.environ)

    def _lend(self, words: Sequence[str]) -> Coroutine[Any, Any, int]:
        return self._app.lend(words, self._runs[0].desk.feed.reread)

    # the front

    def page(self, looks: Looks, width: int, height: int) -> Page:
        """The run in front."""
        return painter.frame_of(self.desk, looks, width, height)

    def beat(self, now: float, *, at_once: bool = False) -> None:
        """Take a sample of the run in front."""
        self.desk.sampling.beat(now, now=at_once)

    def tick(self, now: float) -> bool:
        """Say what has come of what was asked for, and leave if that waited for the end."""
        desk, first = self.desk, self._runs[0].desk
        desk.hush(old=True)
        self._told.look(first)
        if first.leaving is not None and first.state.finished is not None:
            self._app.leave(first.leaving)
            return False
        if first.retried:
            from tui_workflow.ui.actions.retry import tell_retried

            tell_retried(first)
        if first.canary is not None:
            from tui_workflow.ui.actions.retry import judge

            judge(first)
        desk.keep_up()
        if desk.nav.place == "main" and not desk.dialogs:
            settle(desk)  # the selected group may be gone: all its items were retried
        elif desk.nav.place == "items":
            go_on(desk)
        version, second = desk.state.version, int(desk.feed.now())
        moved, ticked = version != self._shown[0], second != self._shown[1]
        if moved:
            self._moved_at = now
        # Maps and trends follow by a beat: they would stay behind for ever if the last change were the last paint.
        behind = now - self._moved_at <= BEAT + SETTLED
        alive = ticked or behind or any(step.status == "running" for step in desk.state.steps.values())
        if not moved and not (alive and now - self._told_at > BEAT - SLACK):
            return False  # clocks alone wait for a paint with more in it
        self._shown, self._told_at = (version, second), now
        return True

    def press(self, key: str, character: str | None) -> None:
        """Act on a key in the run in front."""
        self.router.press(key, character)

    def paste(self, text: str) -> None:
        """Take in a pasted text."""
        self.router.paste(text)

    def click(self, x: int, y: int, *, twice: bool) -> None:
        """Act on a click."""
        self.router.click(x, y, twice=twice)

    def scroll(self, x: int, y: int, rows: int) -> None:
        """Act on the wheel."""
        self.router.scroll(x, y, rows)

    def tell(self, words: str) -> None:
        """Put a sentence on the screen, unless one is there that somebody has just asked for."""
        if self.desk.notice is None:
            self.desk.say(words)

    def close(self) -> None:
        """Stop reading for the screen."""
        for router in self._runs:
            router.desk.loader.close()
