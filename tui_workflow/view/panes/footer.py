"""The last row: the keys that act here, and what waits. A sentence about what just happened takes its
place for a while, and more rows where one is too short for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_workflow.view.columns import cut_line, line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.keys import Action
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import Hot, Row, Rows, Target, data
from tui_workflow.view.wrapping import wrapped

MORE = "   "
"""What sets apart from a sentence what else can be done."""
_NEEDED = ("help", "open", "back", "filter")
"""Actions that the others make room for, the last to go first."""


def rows(
    actions: Sequence[Action], words: Mapping[str, str], waits: Line, width: int, glyphs: Glyphs, margin: int
) -> Row:
    """The footer: `actions`, the most useful first, as many as fit; `words` replaces some.

    Help always stands, and nothing else takes the room of the keys without which nobody gets on.
    """
    room = width - 2 * margin - (line_width(waits) + 3 if waits else 0)
    chosen = _fitting(actions, words, room)
    line: list[Span] = [Span(" " * margin)]
    hot = []
    at = margin
    for place, (action, key, word) in enumerate(chosen):
        if place:
            line.append(Span("  "))
            at += 2
        label = (Span(key, "accent", bold=True), Span(f" {word}", "dim"))
        line += label
        hot.append(Hot(at, at := at + line_width(label), Target("key", action.name)))
    space = width - margin - at - line_width(waits)
    line += (Span(" " * max(0, space)), *waits, Span(" " * margin))
    return Row(cut_line(line, width, mark=glyphs.ellipsis), fill="panel", hot=tuple(hot))


def _fitting(actions: Sequence[Action], words: Mapping[str, str], room: int) -> list[tuple[Action, str, str]]:
    shown: list[tuple[Action, str, str]] = []
    pair = {action.name: action for action in actions}
    for action in actions:
        if not action.keys or action.name == "fewer_slots":
            continue
        key = action.keys[0]
        if action.name == "more_slots" and "fewer_slots" in pair and pair["fewer_slots"].keys:
            key = f"{pair['fewer_slots'].keys[0]} {key}"
        shown.append((action, key, words.get(action.name, action.word)))
    by_need = sorted(shown, key=lambda each: _NEEDED.index(each[0].name) if each[0].name in _NEEDED else len(_NEEDED))
    while len(by_need) > 1 and sum(len(key) + len(word) + 3 for _, key, word in by_need) - 2 > room:
        by_need.pop()
    return [each for each in shown if each in by_need]


def notice(text: str, refused: bool, width: int, glyphs: Glyphs, margin: int, most: int) -> Rows:
    """A sentence in the footer's place, in as many rows as it needs, at most `most`.

    What it adds behind three spaces, a key say, is left out rather than cut.
    """
    lead: Line = (Span(" " * margin), Span(f"{glyphs.notice} ", "retrying" if refused else "ok"))
    blank = Span(" " * line_width(lead))
    room = max(1, width - line_width(lead) - margin)
    parts = wrapped(data(text, "strong"), room, words=True, near=room)
    head = text.rpartition(MORE)[0]
    if len(parts) > most and head:
        parts = wrapped(data(head, "strong"), room, words=True, near=room)
    if len(parts) > most:
        rest = tuple(span for part in parts[most - 1 :] for span in part)
        parts = [*parts[: most - 1], cut_line(rest, room, mark=glyphs.ellipsis)]
    return [Row((*(lead if at == 0 else (blank,)), *part), fill="panel") for at, part in enumerate(parts)]
