"""The parts of a worker process that every step uses, made once when it starts."""

from __future__ import annotations

import socket
import sys
from threading import get_ident

from tui_workflow.workers import protocol
from tui_workflow.workers.child.attempt import Attempt
from tui_workflow.workers.child.hygiene import Hygiene
from tui_workflow.workers.child.inbox import Inbox
from tui_workflow.workers.child.itemlog import ItemLog
from tui_workflow.workers.child.loaded import LoadedFiles
from tui_workflow.workers.child.outbox import Outbox
from tui_workflow.workers.child.step import Step
from tui_workflow.workers.child.streams import RawOutput, install
from tui_workflow.workers.child.ticker import Ticker
from tui_workflow.workers.shared import Shared


class Office:
    """Who is running, and where things go."""

    def __init__(self, sock: socket.socket, shared: Shared) -> None:
        self.shared = shared
        self.outbox = Outbox(sock, shared)
        self.inbox = Inbox(sock, self.outbox)
        self.raw = RawOutput()
        self.step: Step | None = None
        self.step_log = ItemLog(0.0)
        self.alone: Attempt | None = None
        """The item that runs, when items run one at a time."""
        self.several = False
        """True when items run side by side in this process."""
        self.find_attempt = _nobody
        """With several items: the one that the calling thread or task belongs to."""
        self.progress_thread = 0
        """The thread that calls `update_progress`, whose output is the step's."""
        self.ticker = Ticker(self)
        self.loaded = LoadedFiles()
        # Who is told of a failure may save what it came from at once: the files it came from must be known by then.
        self.outbox.ahead = self.tell_loaded
        out, err = install(self.current_log)
        self.hygiene = Hygiene(out, err, self.raw)

    def current_log(self) -> ItemLog:
        attempt = self.find_attempt() if self.several else self.alone
        if attempt is None or get_ident() == self.progress_thread:
            return self.step_log
        return attempt.writer()

    def attempt_now(self) -> Attempt | None:
        return self.find_attempt() if self.several else self.alone

    def report(self, done: float, total: float = 0) -> None:
        """What `progress` calls."""
        attempt = self.attempt_now()
        if attempt is not None:
            self.shared.progress(attempt.slot, float(done), float(total))

    def warn(self, text: str) -> None:
        """A line in the step's log."""
        self.step_log.line(text)

    def tell_loaded(self) -> None:
        """Tell the engine of files that have been loaded since it was told last."""
        if files := self.loaded.untold():
            self.outbox.send(protocol.LOADED, protocol.pack_loaded(files))

    def listen_to_logging(self) -> None:
        """Let `logging` speak from INFO upwards, unless the user's code has set it up."""
        logging = sys.modules.get("logging")
        if logging is None or logging.root.handlers or logging.root.level != logging.WARNING:
            return
        logging.root.setLevel(logging.INFO)
        if logging.lastResort is not None:
            logging.lastResort.setLevel(logging.NOTSET)
            logging.lastResort.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))


def _nobody() -> Attempt | None:
    return None
