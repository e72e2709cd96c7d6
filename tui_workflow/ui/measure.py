"""Whether the terminal shows the screen's signs one column wide: it is asked once, when the first frame stands.

Signs such as ● are of ambiguous width: some terminals, set up for East Asian text, give them two columns, and every line
then ends too far right. A terminal is asked by putting one in a corner and having it report the cursor. One that never
answers is left as it is, and nobody waits for it.
"""

from __future__ import annotations

import re
import time

SIGN = "●"
ROW = 1
"""Where the sign is put, counted from 0. Not the first row: what shift+F3 sends looks like a report of a place there."""
PATIENCE = 10.0
"""Seconds in which keys that spell a report that came in pieces are taken for one."""

_REPORT = re.compile(r"\[(\d+);(\d+)R")
_BEGUN = re.compile(r"\[\d*(;\d*)?")


class Measure:
    """The question and its answer."""

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._answered = False
        self._spelt = ""

    def question(self) -> str:
        """What to write. The sign is concealed; the row it is in has to be painted again."""
        self._asked_at = time.monotonic()
        return f"\x1b[{ROW + 1};1H\x1b[8m{SIGN}\x1b[6n\x1b[0m"

    def columns(self, x: int, y: int) -> int | None:
        """How many columns the sign takes by a report of the cursor, counted from 0; None when it is no answer."""
        if self._asked_at is None or self._answered or y != ROW or x < 1:
            return None
        self._answered = True
        return x

    def spells(self, character: str | None) -> tuple[bool, int | None]:
        """Whether a key press is a piece of the answer rather than a key, and the columns if that completes it.

        A report whose pieces come more than a tenth of a second apart is handed on as single keys, the last of which
        would be a command.
        """
        waits = self._asked_at is not None and not self._answered and time.monotonic() - self._asked_at < PATIENCE
        spelt = self._spelt + (character or "")
        self._spelt = ""
        if not waits or not character:
            return False, None
        if (report := _REPORT.fullmatch(spelt)) is not None:
            return True, self.columns(int(report[2]) - 1, int(report[1]) - 1)
        if _BEGUN.fullmatch(spelt) is None:
            return False, None
        self._spelt = spelt
        return True, None
