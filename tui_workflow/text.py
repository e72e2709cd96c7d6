r"""The one place where data becomes text that may be shown: nothing in it can move a cursor, hide, or turn text around.

`visible` writes what has no glyph as Python would (`\x1b`, `\u202e`); `Masker` takes declared secrets out of text
that arrives in pieces. Everything that reaches a terminal goes through `visible`; JSON goes through `visible_json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"

_HIDDEN = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: what terminals obey
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers, Arabic letter mark
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero-width, line and paragraph separators, bidi controls
    "\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"  # fillers, byte order mark, interlinear notes, no characters
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # shorthand and musical format controls
    "\U000e0000-\U000e0fff"  # tags and further variation selectors: text that no one sees
    "\ud800-\udfff"  # lone surrogates
)
_CONTROL = re.compile(f"[{_HIDDEN}]")
_CONTROL_BUT_NEWLINE = re.compile(f"(?!\n)[{_HIDDEN}]")
_PIECES = re.compile(f"([{_HIDDEN}]+)")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, *, newlines: bool = False) -> str:
    r"""The text with every character that has no glyph of its own written as an escape; harmless text is unchanged.

    Line breaks become `\n` unless `newlines` keeps them. Applying it twice changes nothing more.
    """
    if text.isascii() and text.isprintable():
        return text
    return (_CONTROL_BUT_NEWLINE if newlines else _CONTROL).sub(_escape, text)


def visible_parts(text: str) -> list[tuple[str, bool]]:
    """`visible(text)` in pieces, True for those that are escapes, so that a screen can tell them from the same letters."""
    if text.isascii() and text.isprintable():
        return [(text, False)] if text else []
    pieces = _PIECES.split(text)
    return [(visible(piece), bool(place % 2)) for place, piece in enumerate(pieces) if piece]


def visible_json(text: str) -> str:
    r"""JSON text with the same meaning, in which invisible characters are `\u` escapes. JSON itself lets most of them pass."""
    if text.isascii() and "\x7f" not in text:
        return text
    return _CONTROL_BUT_NEWLINE.sub(_json_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    short = _SHORT.get(character)
    if short:
        return short
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


class Masker:
    """Replaces secrets by `***`. For a stream the result does not depend on where the text was cut into pieces.

    At each place the longest secret counts, from left to right. `feed` keeps back the end of the text while it may be
    the beginning of a secret; `flush` gives it out. One masker serves one stream.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(sorted({secret for secret in secrets if secret}, key=lambda s: (-len(s), s)))
        self._pattern = re.compile("|".join(map(re.escape, self._secrets))) if self._secrets else None
        self._firsts = frozenset(secret[0] for secret in self._secrets)
        self._longest = len(self._secrets[0]) if self._secrets else 0
        self._kept = ""

    def mask(self, text: str) -> str:
        """The whole text masked, apart from any stream."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def feed(self, text: str) -> str:
        """What is certain of the stream so far and was not given out before."""
        pattern = self._pattern
        if pattern is None:
            return text
        text, self._kept = self._kept + text, ""
        done: list[str] = []
        start = 0
        while True:
            open_end = self._open_end(text, start)
            match = pattern.search(text, start)
            if match is None or match.start() >= open_end:
                done.append(text[start:open_end])
                self._kept = text[open_end:]
                return "".join(done)
            done.append(text[start : match.start()])
            done.append(MASK)
            start = match.end()

    def flush(self) -> str:
        """The rest of the stream, at its end."""
        rest, self._kept = self._kept, ""
        return self.mask(rest)

    def _open_end(self, text: str, start: int) -> int:
        """The first place from which the text so far is the beginning of a secret that would go on."""
        for place in range(max(start, len(text) - self._longest + 1), len(text)):
            if text[place] in self._firsts:
                tail = text[place:]
                if any(len(secret) > len(tail) and secret.startswith(tail) for secret in self._secrets):
                    return place
        return len(text)
