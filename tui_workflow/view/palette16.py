"""Roles where a theme's colours cannot be had: terminals of sixteen colours, and `NO_COLOR`.

Both look deliberate because each role has its own entry; a test holds the tables to the roles of `view.theme`.
"""

from __future__ import annotations

from typing import NamedTuple

from tui_workflow.view.theme import CODE, ROLES


class Look(NamedTuple):
    """`colour` is an ANSI name such as `bright_red`, or "" for the terminal's default."""

    colour: str = ""
    bold: bool = False
    dim: bool = False
    reverse: bool = False
    chip: bool = False
    """As a background, reversed where it is that of a chip (see `line.CHIP`)."""


_PLAIN = Look()
_GREY = Look("bright_black")

SIXTEEN: dict[str, Look] = dict.fromkeys(ROLES, _PLAIN) | {
    "selected": Look(reverse=True),
    "strong": Look(bold=True),
    "dim": _GREY,
    "faint": _GREY,
    "rule": _GREY,
    "track": _GREY,
    "border": _GREY,
    "accent": Look("bright_blue"),
    "ok": Look("green"),
    "ok_soft": Look("green"),
    "failed": Look("bright_red"),
    "failed_soft": Look("red"),
    "running": Look("cyan"),
    "running_soft": Look("cyan"),
    "retrying": Look("yellow"),
    "pending": _GREY,
    "skipped": _GREY,
    "stale": Look("magenta"),
}
"""By role, as a foreground; `selected` and the tints as a background. There are no tints: they stay the default."""

MONO: dict[str, Look] = dict.fromkeys(ROLES, _PLAIN) | {
    "selected": Look(reverse=True),
    "strong": Look(bold=True),
    "accent": Look(bold=True),
    "failed": Look(bold=True),
    "dim": Look(dim=True),
    "faint": Look(dim=True),
    "rule": Look(dim=True),
    "track": Look(dim=True),
    "border": Look(dim=True),
    "pending": Look(dim=True),
    "skipped": Look(dim=True),
    "ok_tint": Look(bold=True, chip=True),
    "failed_tint": Look(bold=True, chip=True),
    "running_tint": Look(bold=True, chip=True),
    "notice_tint": Look(bold=True, chip=True),
}
"""For `NO_COLOR`: default colours plus bold, dim and reverse. Only the selection and chips are reversed."""

for _kind in CODE:
    SIXTEEN[f"code.{_kind}"] = _GREY if _kind == "comment" else _PLAIN
    MONO[f"code.{_kind}"] = Look(dim=True) if _kind == "comment" else _PLAIN
