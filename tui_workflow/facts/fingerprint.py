"""One fingerprint per cause of failure, so that two thousand failures make three rows.

A fingerprint is 8 hex digits of BLAKE2b over the exception's type, the innermost frame of the user's code (file name
and function, not the line, so that an edit above it does not split a group), and the message with everything
that differs between items taken out: quoted text, numbers, hexadecimal ids, paths and addresses.
"""

from __future__ import annotations

import re
from hashlib import blake2b

_VARYING = re.compile(
    r"""
    '[^']*' | "[^"]*" | `[^`]*`            # quoted text
    | \b[a-z][a-z0-9+.-]*://\S+            # addresses
    | \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b  # UUIDs
    | (?<![\w.])/[^\s:,;'")]+               # paths
    | \b[\w-]+(?:\.[\w-]+)*\.[a-z]{1,5}\b(?=[\s:,;)]|$)  # file names
    | \b0x[0-9a-f]+\b | \b(?=\w*\d)[0-9a-f]{6,}\b       # hexadecimal ids
    | \b[A-Za-z]*[-_]?\d[\w-]*(?:\.\d[\w-]*)*\b         # numbers, alone or in an id such as doc-17 or v1.2
    """,
    re.VERBOSE | re.IGNORECASE,
)


def shape(message: str) -> str:
    """The message with what varies between items replaced by `…`, white space folded, at most 200 characters."""
    return re.sub(r"\s+", " ", _VARYING.sub("…", message[:2000])).strip()[:200]


def fingerprint(kind: str, message: str, file: str = "", function: str = "") -> str:
    """The fingerprint of a failure; `file` and `function` name the innermost frame of the user's code."""
    place = f"{file.rsplit('/', 1)[-1]}:{function}"
    return blake2b(
        "\0".join((kind, place, shape(message))).encode("utf-8", "backslashreplace"), digest_size=4
    ).hexdigest()
