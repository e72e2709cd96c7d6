"""The first row: which flow, in what state, for how long, and what it will still take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tui_workflow.facts.state import RunState
from tui_workflow.facts.work import Running
from tui_workflow.view import numbers
from tui_workflow.view.columns import apart, line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
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
) -> Row:
    """The header in `width` columns. Slots, then the revision, then the word "failed" go when it is narrow."""
    role, tint = _LOOKS[state.status]
    word = "DRAINING" if state.draining and state.status == "running" else state.status.upper()
    chip = (Span(f" {glyphs.of_run(state.status)} ", role, fill=tint), Span(f"{word} ", role, bold=True, fill=tint))
    elapsed = Span(f" {numbers.stopwatch(state.duration(now))}", "text")
    failed = sum(step.failed for step in state.steps.values())
    room = width - 2 * margin
    for drop in range(4):
        left = (
            *data(state.flow, "strong", bold=True),
            *((Span(f" r{state.revision}", "dim"),) if drop < 2 and state.revision else ()),
            Span("  "),
            *chip,
            elapsed,
        )
        right = gaps([_slots(state, lanes) if drop < 1 else (), _end(state, eta, drop), _failed(failed, drop, glyphs)])
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


def _slots(state: RunState, lanes: Mapping[str, Sequence[Running]]) -> Line:
    if state.status not in ("running", "paused"):
        return ()
    slots = sum(step.slots for step in state.steps.values() if step.status == "running")
    busy = sum(len(lane) for lane in lanes.values())
    return (Span(f"{busy}/{slots}", "text", bold=True), Span(" slots busy", "dim")) if slots else ()


def _end(state: RunState, eta: str, drop: int) -> Line:
    if state.finished is not None:
        ended = datetime.fromtimestamp(state.finished)
        return (Span("ended ", "dim"), Span(f"{ended:%H:%M:%S}", "text")) if drop < 3 else (Span(f"{ended:%H:%M}"),)
    if not eta:
        return ()
    value = Span(eta, "text", bold=eta not in ("unknown", "paused"))
    return (Span("ETA ", "dim"), value) if drop < 3 else (value,)


def _failed(failed: int, drop: int, glyphs: Glyphs) -> Line:
    if not failed:
        return ()
    word = " failed" if drop < 3 else ""
    return (Span(f"{glyphs.failed} {numbers.count(failed)}{word}", "failed", bold=True),)
