"""What an exception was raised from: the others of its traceback, a row or two each.

The frames of an error are those of the exception that ended the item. What began it is often another, and is told in the
text of the traceback alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_JOINTS = {
    "The above exception was the direct cause of the following exception:": "caused by",
    "During handling of the above exception, another exception occurred:": "handling",
}
_JOINT = re.compile(rf"^({'|'.join(map(re.escape, _JOINTS))})$", re.MULTILINE)
_FRAME = re.compile(r'^  File "(.*)", line (\d+), in (.*)$', re.MULTILINE)
MOST = 3
"""Exceptions that are told; the nearest."""


class Cause(NamedTuple):
    """One exception behind another: `how` it led to that, what it said, and `where` it was raised."""

    how: str
    said: str
    where: str


def causes(traceback: str, own: frozenset[str] = frozenset()) -> list[Cause]:
    """The exceptions behind the last one of a traceback, the nearest first; `own` are files of the user's code."""
    parts = _JOINT.split(traceback)
    found = []
    for place in range(len(parts) - 3, -1, -2):
        text, how = parts[place].rstrip(), _JOINTS[parts[place + 1]]
        frames = list(_FRAME.finditer(text))
        if not frames:
            continue
        at = next((frame for frame in reversed(frames) if frame[1] in own), frames[-1])
        lines = text[frames[-1].end() :].split("\n")[1:]
        said = "\n".join(line for line in lines if not line.startswith("    ")).strip()
        found.append(Cause(how, said, f"{at[1].rsplit('/', 1)[-1]}:{at[2]} in {at[3]}"))
    return found[:MOST]
