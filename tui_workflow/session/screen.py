"""The dashboard from before there is a run until it is left: it paints first, what it needs is loaded behind it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from tui_workflow.errors import Abandoned
from tui_workflow.session import interpreter
from tui_workflow.session.signals import Signals

if TYPE_CHECKING:
    from tui_workflow.view.panes.dialog import Choice

_T = TypeVar("_T")


class Screen:
    """Use it as `async with Screen(title, doing) as screen`. When the block ends, the terminal is as it was before.

    A signal ends the screen, until the run has something better to do. An error of the screen's own ends it too; it is
    raised at the end of the block, unless the block itself raises.
    """

    def __init__(self, title: str, doing: str) -> None:
        interpreter.hurry()
        from tui_workflow.ui import settings
        from tui_workflow.ui.app import WfApp
        from tui_workflow.ui.options import Options

        own = settings.load(os.environ)
        self._mouse = own.mouse
        options = Options(theme=own.theme, ascii=own.ascii, environ=os.environ, problem=own.problem)
        self.app = WfApp(options, title, doing)
        self.signals = Signals(self.app.leave_at_once, self.app.leave_at_once)

    async def __aenter__(self) -> Screen:
        self.signals.__enter__()
        self.showing = asyncio.ensure_future(self._show())
        painted = asyncio.ensure_future(self.app.painted.wait())
        await asyncio.wait({self.showing, painted}, return_when=asyncio.FIRST_COMPLETED)
        painted.cancel()
        interpreter.settle()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self.end()
        finally:
            self.signals.__exit__()
        if error is None:
            self.showing.result()

    async def end(self) -> None:
        """Take the screen away, if it is still there."""
        if not self.showing.done():
            self.app.leave_at_once()
        await asyncio.wait({self.showing})

    async def meanwhile(self, work: Callable[[], _T]) -> _T:
        """What `work` returns, done in a thread behind the screen. Raises `Abandoned` when the screen is left before."""
        return await self.until(asyncio.ensure_future(asyncio.to_thread(work)))

    async def until(self, answer: asyncio.Future[_T]) -> _T:
        """Wait for something, or for the screen to be left: then `Abandoned` is raised, or what broke the screen."""
        waited: set[asyncio.Future[Any]] = {answer, self.showing}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not self.showing.done():
            return answer.result()
        answer.cancel()
        self.showing.result()
        raise Abandoned(self.signals.exit_code or 130)

    async def ask(self, title: str, words: Sequence[str], offered: Sequence[Choice]) -> str:
        """Ask before anything runs; the name of the choice. Raises `Abandoned` when the screen is left instead."""
        return await self.until(asyncio.ensure_future(self.app.ask(title, words, offered)))

    async def prepare(self) -> None:
        """Load what a run needs on the screen, so that `WfApp.begin` costs nothing."""
        await self.meanwhile(lambda: import_module("tui_workflow.ui.runs"))
        interpreter.settle()

    async def _show(self) -> None:
        await self.app.run_async(mouse=self._mouse)
        if self.app.broken is not None:
            raise self.app.broken
