"""The first row: which flow, in what state, for how long, and what it will still take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tui_workflow.facts.state import RunState
from tui_workflow.facts.work import Running
from tui_workflow.view import numbers, tolerated
from tui_workflow.view.columns import apart, line_width
from tui_workflow.view.eta import after
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import CHIP, Line, Span
from tui_workflow.view.panes.row import Row, data, gaps

_LOOKS = {
    "running": ("running", "running_tint"),
    "succeeded": ("ok", "ok_tint"),
    "failed": ("failed", "failed_tint"),
    "paused": ("retrying", "notice_tint"),
    "interrupted": ("retrying", "notice_tint"),
    "cancelled": ("retrying", "notice_tint"),
}


def rows(
    state: RunState,
    now: float,
    lanes: Mapping[str, Sequence[Running]],
    eta: str,
    width: int,
    glyphs: Glyphs,
    margin: int,
    *,
    live: bool = True,
) -> Row:
    """The header in `width` columns. The word for the steps to come, slots, the revision, then the word "failed" go when it is narrow.

    Without `live` nobody conducts the run: that is said, for all else looks as if somebody did.
    """
    chip = _chip(state, glyphs)
    elapsed = Span(f" {numbers.stopwatch(state.duration(now))}", "text")
    failed = state.failed if not tolerated.of_run(state) else 0
    room = width - 2 * margin
    for whole, drop in ((True, 0), (False, 0), (False, 1), (False, 2), (False, 3)):
        left = (
            *data(state.flow, "strong", bold=True),
            *((Span(f" r{state.revision}", "dim"),) if drop < 2 and state.revision else ()),
            Span("  "),
            *chip,
            elapsed,
        )
        right = gaps(
            [
                _stored(state, drop) if not live else (),
                _slots(state, lanes) if drop < 1 else (),
                _end(state, eta, drop, whole=whole) if live or drop < 3 else (),
                _failed(failed, drop, glyphs),
            ]
        )
        if line_width(left) + line_width(right) + 3 <= room:
            break
    if line_width(left) + line_width(right) + 2 > room:
        fixed = line_width(chip) + line_width((elapsed,)) + line_width(right) + 4
        head = apart(data(state.flow, "strong", bold=True), (), max(0, min(room - fixed, 40)), mark=glyphs.ellipsis)
        left = (*head, Span("  "), *chip, elapsed) if line_width(head) > 2 else (*chip, elapsed)
        if line_width(left) + line_width(right) + 2 > room:
            left = chip
    pad = Span(" " * margin)
    return Row((pad, *apart(left, right, max(0, room), mark=glyphs.ellipsis), pad), fill="panel")


def _chip(state: RunState, glyphs: Glyphs) -> Line:
    """The state of the run, which is not well when items failed although the flow tolerates it."""
    sign, word = glyphs.of_run(state.status), state.status.upper()
    role, tint = _LOOKS[state.status]
    if state.draining and state.status == "running":
        word = "DRAINING"
    elif failed := tolerated.of_run(state):
        sign, word = glyphs.failed, f"DONE, {numbers.count(failed)} FAILED"
        role, tint = _LOOKS["failed"]
    fill = CHIP + tint
    return (Span(f" {sign} ", role, fill=fill), Span(f"{word} ", role, bold=True, fill=fill))


def _stored(state: RunState, drop: int) -> Line:
    told = Span("stored run, read only" if drop < 3 else "read only", "retrying", bold=True)
    return (told, Span(f"  {state.run}", "dim")) if drop < 1 else (told,)


def _slots(state: RunState, lanes: Mapping[str, Sequence[Running]]) -> Line:
    if state.status not in ("running", "paused"):
        return ()
    slots = sum(step.slots for step in state.steps.values() if step.status == "running")
    busy = sum(len(lane) for lane in lanes.values())
    return (Span(f"{busy}/{slots}", "text", bold=True), Span(" slots busy", "dim")) if slots else ()


def _end(state: RunState, eta: str, drop: int, *, whole: bool) -> Line:
    if state.finished is not None:
        ended = datetime.fromtimestamp(state.finished)
        return (Span("ended ", "dim"), Span(f"{ended:%H:%M:%S}", "text")) if drop < 3 else (Span(f"{ended:%H:%M}"),)
    if not eta:
        return ()
    told = eta not in ("unknown", "paused")
    if not told and drop >= 3:
        return ()  # without the word before it nobody knows what is
    value = Span(eta, "text", bold=told)
    later = after(state) if told else 0
    more = f" + {numbers.plural(later, 'step')}" if whole else f" +{numbers.count(later)}"
    told_after = (Span(more, "dim"),) if later else ()
    return (*((Span("ETA ", "dim"),) if drop < 3 else ()), value, *told_after)


def _failed(failed: int, drop: int, glyphs: Glyphs) -> Line:
    if not failed:
        return ()
    word = " failed" if drop < 3 else ""
    return (Span(f"{glyphs.failed} {numbers.count(failed)}{word}", "failed", bold=True),)
