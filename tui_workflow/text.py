r"""The one place where data becomes text that may be shown: nothing in it can move a cursor, hide, or turn text around.

`visible` writes what has no glyph as Python would (`\x1b`, `\u202e`). Everything that reaches a terminal goes through
it; JSON goes through `visible_json`. Secrets are masked before, in the worker that meets them.
"""

from __future__ import annotations

import re

MASK = "***"
GROUP = "\u00a0"
"""Between groups of three digits: a number never breaks over two rows."""

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


def grouped(number: int) -> str:
    """`61 115`, for sentences and for the screen."""
    return f"{number:,}".replace(",", GROUP)


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 item`, `61 115 items`, for sentences and for the screen."""
    return f"{grouped(number)} {one if number == 1 else many or one + 's'}"


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
