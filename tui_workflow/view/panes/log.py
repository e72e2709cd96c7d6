"""Pane 4: what the selected step or item prints, and what it printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui_workflow.view import numbers, telling
from tui_workflow.view.columns import beginning, line_width
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import Cursor, Row, Rows, Target, called, data, heading, name
from tui_workflow.view.wrapping import wrapped

COUNTED = 60
"""Columns from which on the title has room for the number of lines."""

KEYS = 60
"""Columns from which on there is room for the keys of lines, a third of them; lines before those in sight count for their
width, so that it does not jitter."""

NAME: Line = (Span("4 ", "dim"), Span("Log", "strong", bold=True))
"""The pane where there is no room for more than its name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log, of a live or of an ended item."""

    at: float
    step: str
    item: int
    key: str
    text: str
    error: bool = False
    """Whether the attempt that printed it failed: its key is red, while what it printed need not be about that."""


@dataclass(frozen=True, slots=True)
class Hits:
    """How many lines hold what is searched for; with `more` there are others that were not looked for.

    The cursor is on line `at` of these, counted from 1 at the oldest; 0 where it is on none, or that is not known.
    """

    count: int
    more: bool = False
    at: int = 0

    @property
    def words(self) -> str:
        """`none`, `1 hit`, `61 115 hits`, `10 000+ hits`, `3 of 37 hits`."""
        if not self.count:
            return "none"
        if self.at and not self.more:
            # What was printed since the search came behind the last that was counted.
            return f"{numbers.count(self.at)} of {numbers.plural(max(self.at, self.count), 'hit')}"
        return f"{numbers.count(self.count)}+ hits" if self.more else numbers.plural(self.count, "hit")


@dataclass(frozen=True, slots=True)
class Options:
    """How the log is read."""

    follow: bool = True
    wrap: bool = False
    times: bool = True


def rows(
    entries: Sequence[Entry],
    at: int | None,
    subject: str,
    options: Options,
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    cursor: Cursor,
    live: bool,
    found: str = "",
    entry: Row | None = None,
    bare: bool = False,
    size: tuple[int, int] | None = None,
) -> Rows:
    """The pane in `height` rows, with line `at` in view (the last when None).

    `found` is underlined in the text; `size` is the number of all its lines and of those left out, which may not be known
    yet; `bare` leaves the title out.
    """
    focused = cursor == "here"
    state = "following" if options.follow and live and at is None else "ended" if not live else "not following"
    tail: Line = (
        Span(state, "strong" if state == "following" else "dim"),
        Span("   "),
        Span("wrap" if options.wrap else "no wrap", "dim"),
    )
    if entries and width >= COUNTED:
        lines, cut = size if size is not None else (len(entries), 0)
        tail = (*tail, Span("   "), Span(numbers.plural(max(lines, len(entries)), "line"), "dim"))
        if cut:
            tail = (*tail, Span(f", {numbers.count(cut)} cut", "retrying"))
    head = name(4, "Log", data(subject, "dim"), focused=focused)
    lead = [] if bare else [heading(head, tail, width, focused=focused, glyphs=glyphs)]
    if entry is not None:
        lead.append(entry)
    room = max(0, height - len(lead))
    last = len(entries) - 1 if at is None else min(at, len(entries) - 1)
    near = {each.key for each in entries[max(0, last - 3 * room) : last + 1]}
    key_width = min(telling.longest(near), max(8, width // 3)) if width >= KEYS else 0
    told = telling.told(near, key_width, mark=glyphs.ellipsis)
    if not entries:
        return [*lead, Row((Span("nothing printed yet" if live else "nothing was printed", "dim", italic=True),))][
            :height
        ]
    body: Rows = []
    place = last if at is None else min(len(entries) - 1, last + room // 2)
    while place >= 0 and len(body) < room:
        mark: Cursor = cursor if at is not None and place == last else ""
        shown = _entry(entries[place], key_width, told, options, width, glyphs, found)
        body = [Row(line, Target("log", place), mark) for line in shown] + body
        place -= 1
    return [*lead, *body[-room:]] if room else lead


def _entry(
    each: Entry, key_width: int, told: Mapping[str, str], options: Options, width: int, glyphs: Glyphs, found: str
) -> list[Line]:
    lead: Line = (Span(numbers.clock(each.at), "dim"), Span("  ")) if options.times else ()
    if key_width:
        key = called(each.key, key_width, "failed" if each.error else "dim", glyphs, told=told)
        lead = (*lead, *key, Span(" " * (key_width - line_width(key) + 2)))
    room = max(8, width - line_width(lead))
    if not options.wrap:
        return [(*lead, *marked(beginning(each.text, room), "text", found))]
    parts = wrapped(marked(each.text, "text", found), room)
    blank = Span(" " * line_width(lead))
    return [(*lead, *part) if place == 0 else (blank, *part) for place, part in enumerate(parts)]


def marked(text: str, role: str, found: str) -> Line:
    """Data with every place that holds `found` underlined, in either case of letters."""
    if not found:
        return data(text, role)
    line: list[Span] = []
    low, want, start = text.lower(), found.lower(), 0
    if len(low) != len(text):
        return data(text, role)
    while (at := low.find(want, start)) >= 0:
        line += (*data(text[start:at], role), *data(text[at : at + len(want)], role, underline=True))
        start = at + len(want)
    return (*line, *data(text[start:], role))
