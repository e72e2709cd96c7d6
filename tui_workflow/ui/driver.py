"""Textual's way to the terminal, with one thing mended: it is taken up again only after it was left.

When a terminal goes away, the kernel sends SIGHUP and then SIGCONT; so does a shell's `kill -CONT`. Textual takes every
SIGCONT for the end of a ctrl+z and starts a second thread that reads keys. The first one is then never told to end, reads a
terminal that is gone without a pause, and keeps the process alive for ever.
"""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """What `WfApp` runs on, unless a test gives it no terminal."""

    _stopped = False

    def _sigtstp_application(self, *args: object) -> None:
        self._stopped = True
        super()._sigtstp_application(*args)

    def _sigcont_application(self, *args: object) -> None:
        if self._stopped:
            self._stopped = False
            super()._sigcont_application(*args)
