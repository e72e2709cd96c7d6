r"""The one place where data becomes text that may be shown: nothing in it can move a cursor, hide, or turn text around.

`visible` writes what has no glyph as Python would (`\x1b`, `\u202e`), and of the marks on one character those beyond `MARKS`,
which some terminals draw over their neighbours and others choke on. Everything that reaches a terminal goes through
it; JSON goes through `visible_json`. Secrets are masked before, in the worker that meets them.
"""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter

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
MARKS = 8
"""Marks that one character may carry: no script needs more, and a cell of the screen holds at most so many and the character."""
_MARKED = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711\u0730-\u074a\u07a6-\u07b0"
    "\u07eb-\u07fd\u0816-\u082d\u0859-\u085b\u0897-\u0dff\u0e31-\u0e4e\u0eb1-\u0ece\u0f18-\u0fc6\u102b-\u109d\u1160-\u11ff"
    "\u135d-\u135f\u1712-\u17dd\u1885\u1886\u18a9\u1920-\u193b\u1a17-\u1aff\u1b00-\u1c37\u1cd0-\u1cff\u1dc0-\u1dff\u20d0-\u20f0\u2cef-\u2cf1"
    "\u2d7f\u2de0-\u2dff\u302a-\u302f\u3099-\u309a\ua66f-\ua6f1\ua802-\uabed\ud7b0-\ud7ff\ufb1e\ufe00-\ufe0f\ufe20-\ufe2f"
    "\U000101fd-\U00011fff\U00013430-\U00013455\U0001611e-\U0001612f\U00016af0-\U0001e94a"
)
"""Where the marks of Unicode lie, with letters between some: what is one, its category says."""
_STACKS = re.compile(f"[{_MARKED}]{{{MARKS + 1},}}")
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
    return _STACKS.sub(_unstacked, (_CONTROL_BUT_NEWLINE if newlines else _CONTROL).sub(_escape, text))


def visible_parts(text: str) -> list[tuple[str, bool]]:
    """`visible(text)` in pieces, True for those that are escapes, so that a screen can tell them from the same letters."""
    if text.isascii() and text.isprintable():
        return [(text, False)] if text else []
    pieces = _PIECES.split(text)
    found: list[tuple[str, bool]] = []
    for place, piece in enumerate(pieces):
        if place % 2 or not _STACKS.search(piece):
            found += [(visible(piece), bool(place % 2))] if piece else []
        else:
            found += _unstacked_parts(piece)
    return found


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


def _unstacked(match: re.Match[str]) -> str:
    return "".join(text for text, _ in _unstacked_parts(match[0]))


def _unstacked_parts(text: str) -> list[tuple[str, bool]]:
    """Text with too many marks in pieces, True for the marks that are written out."""
    from unicodedata import category

    pieces: list[tuple[bool, str]] = []
    held = 0
    for character in text:
        kind = category(character)
        joins = (
            "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff"
        )  # in Hangul, where they are letters
        mark = joins or kind[0] == "M" or kind == "Cf"
        held = held + 1 if mark else 0
        code, over = ord(character), held > MARKS
        escaped = f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        pieces.append((over, escaped if over else character))
    return [("".join(piece for _, piece in group), over) for over, group in groupby(pieces, itemgetter(0))]


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
