"""Textual's way to the terminal, with two things mended: it is taken up again only after it was left, and keys come straight.

When a terminal goes away, the kernel sends SIGHUP and then SIGCONT; so does a shell's `kill -CONT`. Textual takes every
SIGCONT for the end of a ctrl+z and starts a second thread that reads keys. The first one is then never told to end, reads a
terminal that is gone without a pause, and keeps the process alive for ever.

A key goes from Textual's reading thread through a task and a queue to the app: three turns of the event loop. A turn is some
ten milliseconds when items end by the thousand, so here it is given to the app in the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

if TYPE_CHECKING:
    from tui_workflow.ui.app import WfApp


class TerminalDriver(LinuxDriver):
    """What `WfApp` runs on, unless a test gives it no terminal."""

    _stopped = False

    def send_message(self, message: Message) -> None:
        """Called in the thread that reads the terminal."""
        if isinstance(message, (events.Key, events.Paste)):  # a paste too: the key after it must not overtake it
            self._loop.call_soon_threadsafe(cast("WfApp", self._app).typed, message)
        else:
            super().send_message(message)

    def _sigtstp_application(self, *args: object) -> None:
        self._stopped = True
        super()._sigtstp_application(*args)

    def _sigcont_application(self, *args: object) -> None:
        if self._stopped:
            self._stopped = False
            super()._sigcont_application(*args)
