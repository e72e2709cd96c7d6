"""Whether what is stored holds a text, in either case of letters: as conditions of SQL, since most rows never reach Python.

The text is data, never a pattern. Values and errors are stored as JSON, in which quotes and line breaks are spelt out, so a text
is looked for as it was typed and as JSON spells it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from tui_workflow.facts import logs
from tui_workflow.store.runfile import RunFile

_LONGEST = 1000
"""Characters that are given to SQLite's LIKE, which takes 50,000 bytes at most."""
_FRAME = '{"type":"","message":"'
"""What the beginning of every encoded error holds, whatever it is about."""
_SAYING = 'substr(CAST(body AS TEXT), 1, instr(CAST(body AS TEXT), \'","fingerprint":"\'))'
"""The beginning of an encoded error: its type and message. What follows are lines of the source, which say nothing of an item.

A quote within the message is spelt with a backslash, so what ends the message is found nowhere in it.
"""
Condition = tuple[str, tuple[str, ...]]
"""A condition of SQL, and the values of its marks."""


class Held:
    """Conditions for one text on the columns of one run file. Case is that of `str.casefold`, of ASCII texts that of ASCII."""

    def __init__(self, file: RunFile, text: str) -> None:
        self.text = needle = text.casefold()
        spelt = json.dumps(needle, ensure_ascii=False)[1:-1]
        # Labels have a space after the commas of JSON, stored values have none.
        narrow = re.sub(r"([:,]) ", r"\1", needle)
        self._in_json = tuple(dict.fromkeys((needle, spelt, narrow)))
        file.add_function("wf_holds", 1, lambda data: _holds(data, (needle,)))
        file.add_function("wf_json_holds", 1, lambda data: _holds(data, self._in_json))
        file.add_function("wf_says", 1, self._says)
        file.add_function("wf_printed", 1, self._printed)

    def key(self) -> Condition:
        """For the column `key`."""
        return self._like("key", (self.text,), "wf_holds(key)")

    def value(self) -> Condition:
        """For the column `payload`."""
        return self._like("CAST(payload AS TEXT)", self._in_json, "wf_json_holds(payload)")

    def error(self) -> Condition:
        """For the `body` of an error: its type and message, not the names of its parts nor the source that it shows."""
        test, pattern = self._like(_SAYING, self._in_json, f"wf_json_holds({_SAYING})")
        framed = any(form in _FRAME for form in self._in_json)
        return (f"{test} AND wf_says(body)" if framed else test), pattern

    def log(self) -> Condition:
        """For the `body` of a log: what was printed, not when."""
        test, pattern = self._like("CAST(body AS TEXT)", (self.text,), "wf_holds(body)")
        stamped = re.search(r"[\d\t\n]", self.text) is not None
        return (f"{test} AND wf_printed(body)" if stamped else test), pattern

    def _like(self, column: str, forms: Sequence[str], otherwise: str) -> Condition:
        """SQLite's LIKE folds the case of ASCII and is faster than a function; other text takes the function."""
        if not self.text.isascii() or len(self.text) > _LONGEST:
            return otherwise, ()
        tests = " OR ".join([f"{column} LIKE ? ESCAPE '\\'"] * len(forms))
        return f"({tests})", tuple(f"%{_literal(form)}%" for form in forms)

    def _says(self, data: bytes) -> bool:
        error = json.loads(data)
        return any(self.text in error[part].casefold() for part in ("type", "message"))

    def _printed(self, data: bytes) -> bool:
        return any(self.text in line.text.casefold() for line in logs.decode(bytes(data)))


def _holds(data: Any, forms: Sequence[str]) -> bool:
    if isinstance(data, bytes):
        data = data.decode("utf-8", "replace")
    if not isinstance(data, str):
        return False
    folded = data.casefold()
    return any(form in folded for form in forms)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
