"""The signs of the screen, in one table with two columns that differ by lookup only, never in width or layout.

Each is one column wide, is in DejaVu Sans Mono and has no emoji form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_workflow.facts.events import RunStatus, StepStatus


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One column of the table. A field with several characters holds one sign for each degree, lowest first."""

    ascii: bool
    ok: str = "✓"
    failed: str = "✗"
    running: str = "●"
    retrying: str = "↻"
    pending: str = "·"
    skipped: str = "⊘"
    cancelled: str = "⊘"
    stale: str = "≈"
    paused: str = "‖"
    mark: str = "◆"
    notice: str = "◆"
    cursor: str = "▌"
    folded: str = "▸"
    unfolded: str = "▾"
    rule: str = "─"
    focus: str = "━"
    descending: str = "▼"
    ascending: str = "▲"
    lane: str = "━"
    lane_half: str = "╸"
    lane_rest: str = "─"
    gutter: str = "│"
    ellipsis: str = "…"
    dash: str = "–"
    arrow: str = "→"
    times: str = "×"
    minus: str = "−"
    corners: str = "╭╮╰╯"
    """Of a dialog: top left, top right, bottom left, bottom right."""
    side: str = "│"
    bar: str = "▄▄▄▄▄▄"
    """Of the progress bar: ok, failed, skipped, running, retrying, pending."""
    map: str = "▁▂▃▅▇▂▃▂"
    """Of the item map: pending, running, ok, some failed, many failed, skipped, stale, retrying."""
    spark: str = "▁▂▃▄▅▆▇"
    busy: str = "◐◓◑◒"

    def of_item(self, state: int) -> str:
        """The sign of a `facts.state.Item`."""
        field = _item_fields().get(state)
        return " " if field is None else str(getattr(self, field))

    def of_step(self, status: StepStatus) -> str:
        return str(getattr(self, _STATUS_FIELDS[status]))

    def of_run(self, status: RunStatus) -> str:
        return str(getattr(self, _STATUS_FIELDS[status]))


@cache
def _item_fields() -> dict[int, str]:
    """By state of an item, the field of its sign; an item that is gone has none. Signs come before there are items."""
    from tui_workflow.facts.state import Item

    return {
        int(Item.PENDING): "pending",
        int(Item.OK): "ok",
        int(Item.FAILED): "failed",
        int(Item.SKIPPED): "skipped",
        int(Item.RETRYING): "retrying",
    }


_STATUS_FIELDS = {
    "pending": "pending",
    "running": "running",
    "succeeded": "ok",
    "failed": "failed",
    "skipped": "skipped",
    "cancelled": "cancelled",
    "paused": "paused",
    "interrupted": "paused",
}

UNICODE = Glyphs(ascii=False)
ASCII = Glyphs(
    ascii=True,
    ok="+",
    failed="x",
    running="o",
    retrying="r",
    pending=".",
    skipped="-",
    cancelled="-",
    stale="~",
    paused="=",
    mark="*",
    notice="*",
    cursor=">",
    folded=">",
    unfolded="v",
    rule="-",
    focus="=",
    descending="v",
    ascending="^",
    lane="=",
    lane_half=".",
    lane_rest=".",
    gutter="|",
    ellipsis="~",
    dash="-",
    arrow=">",
    times="x",
    minus="-",
    corners="++++",
    side="|",
    bar="#x-or.",
    map=".o=xX-~r",
    spark=".:-=+*#",
    busy="|/-\\",
)
COLOURLESS = replace(UNICODE, bar=ASCII.bar, map=ASCII.map, spark=ASCII.spark, focus=ASCII.focus)
"""For `NO_COLOR`: what only colour tells apart takes its ASCII form, the rest keeps Unicode."""

_TYPOGRAPHY = str.maketrans({"\u00a0": " ", "–": "-", "…": "~", "→": ">", "×": "x", "−": "-"})


def plain_typography(text: str) -> str:
    """The text with the screen's own typography (no-break space, dashes, dots, arrows) in ASCII; the width stays."""
    return text.translate(_TYPOGRAPHY)


def speaks_unicode(environ: Mapping[str, str]) -> bool:
    """Whether the locale is UTF-8, by the first of LC_ALL, LC_CTYPE and LANG that is set, as POSIX has it."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := environ.get(name):
            return "utf8" in value.lower().replace("-", "")
    return False


def choose(environ: Mapping[str, str], *, ascii_wanted: bool = False) -> Glyphs:
    """The table for a terminal with this environment; ASCII when wanted, or when the locale is not UTF-8."""
    if ascii_wanted or not speaks_unicode(environ):
        return ASCII
    return COLOURLESS if environ.get("NO_COLOR") else UNICODE
