"""The row below the header that says what needs a decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui_workflow.facts.state import RunState
from tui_workflow.view import numbers
from tui_workflow.view.columns import apart, line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import Hot, Row, Target, data

KeyOf = Callable[[str], str]
"""The key of an action, by its name."""


def row(state: RunState, hidden: int, live: bool, key: KeyOf, width: int, glyphs: Glyphs, margin: int) -> Row | None:
    """The banner that is due, or None. `hidden` is the mark of one that was closed; see `mark`."""
    if mark(state) == hidden:
        return None
    failed = sum(step.failed for step in state.steps.values())
    total = sum(step.total for step in state.steps.values() if step.failed)
    if state.rejected is not None:
        number = len(state.rejected.problems)
        file = state.path.rsplit("/", 1)[-1]
        left = (
            Span(f"{glyphs.failed} ", "failed", bold=True),
            *data(file, "failed", bold=True),
            Span(f" was not taken up: {numbers.plural(number, 'problem')}.", "failed", bold=True),
            Span(f"  r{state.rejected.revision} keeps running."),
        )
        return _banner(
            left, [("definition", "definition"), ("back", "hide")], key, width, glyphs, margin, "failed_tint"
        )
    if state.status == "paused" and state.reason:
        left = (Span("Paused: ", "retrying", bold=True), *data(state.reason))
        return _banner(left, [("pause", "go on")], key, width, glyphs, margin, "notice_tint")
    if state.status in ("failed", "interrupted", "cancelled") and state.reason:
        left = (*data(state.reason, "strong", bold=True),)
        keys = [("retry_all", f"retry {numbers.count(failed)}")] if failed and live else []
        return _banner(left, [*keys, ("leave", "leave")], key, width, glyphs, margin, "failed_tint")
    if state.status == "succeeded" and failed:
        left = (
            Span(f"{numbers.count(failed)} of {numbers.plural(total, 'item')} failed.", "strong", bold=True),
            Span("  on_error: continue tolerated them.", "dim"),
        )
        keys = [("retry_all", f"retry {numbers.count(failed)}")] if live else []
        return _banner(
            left,
            [*keys, ("write", "write them to a file"), ("leave", "leave")],
            key,
            width,
            glyphs,
            margin,
            "notice_tint",
        )
    return None


def mark(state: RunState) -> int:
    """What tells one banner from the next, never 0."""
    return hash((state.status, state.reason, state.rejected)) or 1


def _banner(
    left: Line, keys: Sequence[tuple[str, str]], key: KeyOf, width: int, glyphs: Glyphs, margin: int, fill: str
) -> Row:
    room = width - 2 * margin
    chosen = [(name, key(name), word) for name, word in keys if key(name)]
    while chosen and line_width(left) + sum(len(k) + len(w) + 4 for _, k, w in chosen) > room and len(chosen) > 1:
        chosen.pop(0 if chosen[0][0] not in ("retry_all",) else 1)
    tail: list[Span] = []
    places = []
    for place, (name, letter, word) in enumerate(chosen):
        if place:
            tail.append(Span("   "))
        start = line_width(tail)
        tail += (Span(letter, "accent", bold=True), Span(f" {word}", "dim"))
        places.append((start, line_width(tail), name))
    begin = margin + room - line_width(tail)
    hot = tuple(Hot(begin + start, begin + stop, Target("key", name)) for start, stop, name in places)
    pad = Span(" " * margin)
    return Row((pad, *apart(left, tuple(tail), room, mark=glyphs.ellipsis), pad), fill=fill, hot=hot)
