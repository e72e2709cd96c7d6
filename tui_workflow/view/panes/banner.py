"""The row below the header that says what needs a decision."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from tui_workflow.facts.state import RunState
from tui_workflow.text import visible
from tui_workflow.view import broken, numbers, tolerated
from tui_workflow.view.columns import apart, cut, line_width
from tui_workflow.view.glyphs import UNICODE, Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.mended import Mended
from tui_workflow.view.panes.row import Hot, Row, Target, data
from tui_workflow.view.ports import Rejected

KeyOf = Callable[[str], str]
"""The key of an action, by its name."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a banner may be about. `trouble` says why nothing can be recorded, `rejected` is a save that was not taken up."""

    state: RunState
    live: bool
    trouble: str = ""
    rejected: Rejected | None = None
    mended: Mended | None = None
    """Failures in front that an edit may have mended."""
    place: tuple[str, ...] = ()
    """Words that `--resume` needs to take up this run."""

    @property
    def offers_again(self) -> bool:
        """Whether the banner is about what may be mended: what stops the run, or an edit, comes before it."""
        stopped = self.state.status == "interrupted" or (self.state.status == "paused" and bool(self.state.reason))
        return self.mended is not None and self.live and not (self.trouble or self.rejected is not None or stopped)

    @property
    def mark(self) -> int:
        """What tells one banner from the next, never 0."""
        if self.mended is not None and self.offers_again:
            return hash(("mended", self.mended.revision)) or 1
        saved = self.rejected.saved if self.rejected is not None else 0.0
        return hash((self.state.status, self.state.reason, self.trouble, saved)) or 1


def row(due: Due, hidden: int, key: KeyOf, width: int, glyphs: Glyphs, margin: int) -> Row | None:
    """The banner, or None. `hidden` is the mark of one that was closed."""
    due = _open(due, hidden)
    content = _content(due, glyphs) if due.mark != hidden else None
    return _banner(*content, key, width, glyphs, margin) if content is not None else None


def _open(due: Due, hidden: int) -> Due:
    """What is left to be said when somebody has closed the offer to try again."""
    return replace(due, mended=None) if due.offers_again and due.mark == hidden else due


def closes(due: Due, hidden: int = 0) -> bool:
    """Whether the banner offers to be closed: one that says what the run has come to stays."""
    content = _content(_open(due, hidden), UNICODE)
    return content is not None and any(name == "back" for name, _ in content[1])


WHY = 20
"""Columns that are kept for the first problem of a save, though keys go for it."""

NAME = 24
"""Columns of a step's name beside a key."""

Words: TypeAlias = Callable[[int], Line]
"""What is said, in so many columns if it can be said in them: fewer words where there is less room."""

Keys: TypeAlias = list[tuple[str, str]]
"""The name of an action, and its word here."""


def _content(due: Due, glyphs: Glyphs) -> tuple[Words, Keys, str] | None:
    state, rejected = due.state, due.rejected
    failed = state.failed
    again: Keys = _tries_again(state, glyphs.ellipsis) if due.live else []
    if due.trouble:
        return _first((Span("Nothing can be recorded: ", "failed", bold=True), *data(due.trouble))), [], "failed_tint"
    if rejected is not None and due.live:
        head = (
            Span(f"{glyphs.failed} ", "failed", bold=True),
            *data(rejected.path.rsplit("/", 1)[-1], "failed", bold=True),
            Span(" not taken up, ", "failed", bold=True),
            Span(f"r{state.revision} goes on: "),
        )
        more = f", and {rejected.count - 1} more" if rejected.count > 1 else ""
        message = visible(rejected.message)

        def blame(room: int) -> Line:
            why = cut(message, max(WHY, room - line_width(head) - len(more)), mark=glyphs.ellipsis)
            return (*head, *data(why), Span(more))

        keys = [("edit", f"edit line {rejected.line}"), ("definition", "definition"), ("back", "hide")]
        return blame, keys, "failed_tint"
    if state.status == "paused" and state.reason:
        paused = (Span("Paused: ", "retrying", bold=True), *data(state.reason))
        return _first(paused), [("pause", "go on")], "notice_tint"
    if state.status == "interrupted":
        return _interrupted(state, due.place), [("leave", "leave")], "notice_tint"
    if due.mended is not None and due.live:
        words, keys = _again(due.mended)
        return words, keys, "notice_tint"
    if state.status in ("failed", "cancelled") and state.reason:
        return _first(data(state.reason, "strong", bold=True)), [*again, ("leave", "leave")], "failed_tint"
    if state.status == "succeeded" and failed:
        counted = Span(
            f"{numbers.count(failed)} of {numbers.plural(tolerated.items(state), 'item')} failed.", "strong", bold=True
        )
        words = _first((counted, Span("  on_error: continue tolerated them.", "dim")), (counted,))
        return words, [*again, ("write", "write them to a file"), ("leave", "leave")], "notice_tint"
    return None


def _tries_again(state: RunState, mark: str) -> Keys:
    """The key that retries what failed: the items, or the step that failed without any."""
    if state.failed:
        return [("retry_all", f"retry {numbers.count(state.failed)}")]
    steps = broken.of_run(state)
    if not steps:
        return []
    return [("retry_all", f"run {cut(visible(steps[0].name), NAME, mark=mark)} again")]


def _first(*lines: Line) -> Words:
    """The first of these lines that fits, else the last."""
    return lambda room: next((line for line in lines if line_width(line) <= room), lines[-1])


def _again(mended: Mended) -> tuple[Words, Keys]:
    """What may be mended, and the keys that try it; in a list of items esc closes that, not the banner."""
    *others, last = mended.edited
    verb = " were edited" if others else " was edited"
    names: Line = (
        *(span for name in others for span in (*data(name, "strong", bold=True), Span(" and ", "strong", bold=True))),
        *data(last, "strong", bold=True),
        Span(verb, "strong", bold=True),
    )
    full = (*names, Span(".", "strong", bold=True))
    if not mended.count:
        few = (*names, Span(" after these failed.", "dim"))
        many = (*full, Span("  These items failed before that.", "dim"))
        return _first(many, few), [("canary", "try one first")]
    count, kind = numbers.count(mended.count), visible(mended.type)
    many, few = (*full, Span(f"  {kind} is older than that.", "dim")), (*names, Span(f" after {kind}.", "dim"))
    if mended.count == 1:
        return _first(many, few), [("retry", "retry it"), ("back", "hide")]
    return _first(many, few), [("canary", f"try one of {count}"), ("retry", f"retry {count}"), ("back", "hide")]


def _interrupted(state: RunState, place: Sequence[str]) -> Words:
    """Why the run is at rest, and the command that goes on with it: where it is narrow by the flow's name alone, then without
    the reason, since half a command is of no use.
    """
    why = state.reason or f"Interrupted, {numbers.plural(state.waiting, 'item waits', 'items wait')}"
    left = (*data(f"{why[:1].upper()}{why[1:].rstrip('.')}.", "strong", bold=True), Span("  "))
    name = state.path.rsplit("/", 1)[-1]
    long, short = (Span(resume_command(path, place), "text") for path in (state.path, name))
    goes_on = Span(" goes on", "dim")
    return _first((*left, long, goes_on), (*left, short, goes_on), (short, goes_on), (short,))


def resume_command(path: str, place: Sequence[str]) -> str:
    """What takes a run of the flow at `path` up again, in words that can be typed; `place` says which one that is, and where."""
    return visible(shlex.join(["wf-tui", path, "--resume", *place]))


def _banner(words: Words, keys: Keys, fill: str, key: KeyOf, width: int, glyphs: Glyphs, margin: int) -> Row:
    """The row: where it is narrow with fewer words, then with fewer keys."""
    room = width - 2 * margin
    chosen = [(name, key(name), word) for name, word in keys if key(name)]
    while len(chosen) > 1 and line_width(words(0)) + _wanted(chosen) > room:
        chosen.pop()
    left = words(room - _wanted(chosen))
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


def _wanted(chosen: Sequence[tuple[str, str, str]]) -> int:
    """Columns of the keys at the end, and of the space before them."""
    return sum(len(letter) + len(word) + 4 for _, letter, word in chosen) - 1 if chosen else 0
