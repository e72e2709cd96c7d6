"""A thread beside the items: sends what has ended, and what is being printed, while a long item runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING

from tui_workflow.workers import protocol

if TYPE_CHECKING:
    from tui_workflow.workers.child.attempt import Attempt
    from tui_workflow.workers.child.office import Office

_BEAT = 0.05
"""Seconds between two looks, while anything runs: an ended item is never told later than this."""
_SHORT_BEAT = 0.01
"""The same with several items at once, where slots stand idle until the engine knows."""
_PRINT_EVERY = 0.25
"""Seconds between two reports of output."""
_RAW_CAP = 1 << 20
"""Bytes of raw output that may wait in memory while an item runs."""


class Ticker:
    def __init__(self, office: Office) -> None:
        self._office = office
        self._busy = threading.Event()
        self.running: Mapping[int, Attempt] = {}
        """With several items at once: those that run, by slot."""

    def start(self) -> None:
        threading.Thread(target=self._run, name="wf-ticker", daemon=True).start()

    def busy(self) -> None:
        self._busy.set()

    def idle(self) -> None:
        """Stop looking; what is left in the step's log goes out."""
        self._busy.clear()
        self._office.tell_loaded()
        self.send_step_log()

    def _run(self) -> None:
        office, printed_at = self._office, 0.0
        pause = threading.Event().wait
        while True:
            self._busy.wait()
            pause(_SHORT_BEAT if office.several else _BEAT)
            office.outbox.flush()
            office.tell_loaded()
            if monotonic() - printed_at < _PRINT_EVERY:
                continue
            printed_at = monotonic()
            if office.raw.grown() > _RAW_CAP or (office.several and office.raw.grown()):
                office.raw.drain(office.step_log if office.several else office.current_log())
            alone = office.alone
            for attempt in (alone,) if alone is not None else tuple(self.running.values()):
                log = attempt.log
                if alone is not None:
                    office.shared.log_reset()  # before the lines are taken: one told twice is better than one lost
                if log is not None and (lines := log.fresh_lines()):
                    office.outbox.send(protocol.PRINTED, protocol.pack_printed(attempt.number, attempt.attempt, lines))
            self.send_step_log()

    def send_step_log(self) -> None:
        lines = self._office.step_log.fresh_lines()
        if lines:
            self._office.outbox.send(protocol.PRINTED, protocol.pack_printed(-1, 0, lines))
