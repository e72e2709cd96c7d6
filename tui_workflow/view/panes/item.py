"""One item: its input, every attempt, the traceback with the lines around it, its log, and what can be done next."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_workflow.facts import logs
from tui_workflow.facts.outcome import Ended, ErrorInfo, Frame
from tui_workflow.facts.state import Item
from tui_workflow.text import visible
from tui_workflow.view import numbers
from tui_workflow.view.columns import beginning, cut_line, fill_line, line_width
from tui_workflow.view.columns import width as columns_of
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes import value
from tui_workflow.view.panes.chain import causes
from tui_workflow.view.panes.row import BLANK, Cursor, Row, Rows, Target, called, data, heading, short
from tui_workflow.view.ports import Absent, Flight, ItemDetail
from tui_workflow.view.wrapping import wrapped

LABEL = 10
CRUMB = 8
"""Columns that a page from which the item was opened keeps in its title."""
HEAD = 8
"""Rows of an error's message before the rest is folded, where not everything fits."""
SOURCE = 4
"""Rows of one line of source; what makes a line longer than that is seldom written by hand."""
ATTEMPTS = 12
"""Attempts that are listed; the latest."""
MESSAGE = 16
"""Columns of an attempt's message that must fit beside its type, unless it is shorter."""
LOG_LINES = 200
FAILING = "failed_tint"
"""The fill of the line that failed."""
_ENDS = {
    Ended.OK: ("ok", "ok"),
    Ended.FAILED: ("failed", "failed"),
    Ended.SKIPPED: ("skipped", "skipped"),
    Ended.RETRYING: ("failed", "failed"),
}


def title(
    detail: ItemDetail,
    step: str,
    place: tuple[int, int] | None,
    width: int,
    glyphs: Glyphs,
    *,
    cursor: Cursor,
    crumbs: Sequence[str] = (),
    on_map: int | None = None,
) -> Row:
    """The item's key, where it belongs, and its place in the list that it was opened from.

    `on_map` is its place on the map, which it keeps when a later listing has it elsewhere.
    """
    row, focused = detail.row, cursor == "here"
    arrow = " > " if glyphs.ascii else " › "
    mapped = f" ({numbers.count(on_map)} on the map)" if on_map not in (None, row.position) else ""
    told = f", item {numbers.count(row.position)}{mapped}"
    extra = () if crumbs else (Span("  "), *data(step, "dim"), Span(told, "dim"))
    label, role = row.label or row.key, "accent" if focused else "strong"
    facts = [f"r{row.revision}"] if row.revision is not None else []
    if place is not None:
        facts.append(f"{numbers.count(place[0] + 1)} of {numbers.count(place[1])}")
    room = width - line_width(extra) - len("  ".join(facts)) - 2
    if row.label not in ("", row.key):
        keyed = (Span(", key ", "dim"), *data(row.key, "dim"))
        # A key that is a digest says less than what the item is called, and than where it was opened from.
        if line_width(keyed) + columns_of(visible(label)) + len(crumbs) * (CRUMB + len(arrow)) <= room:
            extra, room = (*extra, *keyed), room - line_width(keyed)
    own_room, room = room, room - columns_of(visible(label))
    lead: list[Span] = []
    for at, crumb in enumerate(crumbs):
        own = max(CRUMB, (room - line_width(lead)) // (len(crumbs) - at) - 3)
        lead += (*short(crumb, own, "dim", glyphs, keep="start"), Span(arrow, "dim"))
    head = (*lead, *called(label, max(CRUMB, own_room - line_width(lead)), role, glyphs, bold=True), *extra)
    return heading(head, (Span("  ".join(facts), "dim"),), width, focused=focused, glyphs=glyphs)


def rows(
    detail: ItemDetail,
    nexts: Sequence[tuple[str, str, str]],
    width: int,
    glyphs: Glyphs,
    *,
    unfolded: bool,
    times: bool,
    wrap: bool = True,
    room: int = 1000,
    runs: str = "",
    flight: Flight | None = None,
) -> Rows:
    """Everything about the item, as many rows as it takes; `nexts` are (key, words, action), `runs` is what its step runs,
    which is told where no traceback does; `flight` is the attempt that runs now.

    When the line that failed would not be among the first `room` rows, the traceback stands before the input.
    """

    def composed(*, brief: bool) -> Rows:
        opened = unfolded and not brief
        return _composed(
            detail,
            nexts,
            width,
            glyphs,
            brief=brief,
            unfolded=opened,
            times=times,
            wrap=wrap,
            room=room,
            runs=runs,
            flight=flight,
        )

    whole = composed(brief=False)
    return whole if unfolded or len(whole) <= room else composed(brief=True)


def _composed(
    detail: ItemDetail,
    nexts: Sequence[tuple[str, str, str]],
    width: int,
    glyphs: Glyphs,
    *,
    brief: bool,
    unfolded: bool,
    times: bool,
    wrap: bool,
    room: int,
    runs: str,
    flight: Flight | None,
) -> Rows:
    """The page; when it is to be `brief`, long messages and lines of source are not whole."""
    last = detail.attempts[-1] if detail.attempts else None
    error = last.error if last is not None else None
    found: Rows = _running(flight, glyphs) if flight is not None else _headline(detail, error, width, glyphs)
    if brief:
        found = _shortened(found)
    source = SOURCE if brief else None
    given = _section("input", [*_value(detail.payload, width - LABEL), *_absent(detail.absent, width - LABEL)])
    if runs and error is not None and not error.frames:
        given += _section("runs", _paragraphs(runs, width - LABEL))
    given += _section("attempts", _attempts(detail, flight, width - LABEL, glyphs))
    if last is not None and last.result is not None:
        given += _section("result", _value(last.result, width - LABEL))
    traced: Rows = []
    if error is not None and detail.row.state != Item.OK:
        traced = _section("traceback", _traceback(error, width - LABEL, glyphs, unfolded=unfolded, source=source))
        at = _failing(traced)
        if at is not None and len(found) + len(given) + at >= room:
            if not unfolded:
                held = _short_traceback(error, width - LABEL, glyphs, room - len(found), source)
                traced = _section("traceback", held)
            given, traced = traced, given
    found += given + traced
    found += _behind(detail, error, width - LABEL)
    if flight is not None:
        said = [(line.at, line.text) for line in flight.lines]
        found += _section("log", _log(said, width - LABEL, times=times, wrap=wrap))
    elif last is not None and last.log:
        said = [(last.started + line.offset, line.text) for line in logs.decode(last.log)]
        found += _section("log", _log(said, width - LABEL, times=times, wrap=wrap))
    return found + _section("next", _nexts(nexts, width - LABEL))


def _behind(detail: ItemDetail, error: ErrorInfo | None, width: int) -> Rows:
    """The exceptions from which that of the item was raised: what they said, and where."""
    if error is None or not error.frames or detail.row.state == Item.OK:
        return []
    found: Rows = []
    for how, said, where in causes(error.traceback, frozenset(frame.file for frame in error.frames if frame.own)):
        kind, colon, message = said.partition(": ")
        line = (*data(kind, "text", bold=True), *data(f" {message}" if colon else ""))
        body = [Row(part) for part in wrapped(line, max(8, width), words=True)[:SOURCE]]
        found += _section(how, [*body, *(Row(part) for part in wrapped(data(where, "dim"), max(8, width)))])
    return found


def _nexts(nexts: Sequence[tuple[str, str, str]], width: int) -> Rows:
    """What can be done, as many side by side as fit."""
    rows_: list[Line] = []
    for key, words, _ in nexts:
        part = (Span(key, "accent", bold=True), Span(f" {words}", "dim"))
        if rows_ and line_width(rows_[-1]) + 3 + line_width(part) <= width:
            rows_[-1] = (*rows_[-1], Span("   "), *part)
        else:
            rows_.append(part)
    return [Row(line) for line in rows_]


def _shortened(head: Rows) -> Rows:
    """A headline of so few rows that it leaves room for what follows; it says how many are missing."""
    over = len(head) - 1 - HEAD
    if over <= 0:
        return head
    more = f"  {numbers.plural(over + 1, 'more row')}, enter unfolds"
    return [*head[: HEAD - 1], Row((Span(more, "dim", italic=True),), Target("line", 0)), BLANK]


def _running(flight: Flight, glyphs: Glyphs) -> Rows:
    words = f"runs since {numbers.clock(flight.since)}, {_age(flight)}"
    if flight.attempt > 1:
        words += f", attempt {flight.attempt}"
    share = (Span("   "), Span(flight.share, "text", bold=True)) if flight.share else ()
    return [Row((Span(f"{glyphs.running} ", "running"), Span(words), *share)), BLANK]


def _age(flight: Flight) -> str:
    return numbers.ticking(max(0.0, flight.now - flight.since))


def _headline(detail: ItemDetail, error: ErrorInfo | None, width: int, glyphs: Glyphs) -> Rows:
    state = Item(detail.row.state)
    if state != Item.OK and error is not None:
        skipped = state == Item.SKIPPED
        head = (*data(error.type, "text" if skipped else "failed", bold=True), Span(" "), *data(error.message))
        lines = wrapped(head, max(8, width - 2), words=True)
        lead = f"{glyphs.failed} " if state == Item.FAILED else f"{glyphs.of_item(state)} "
        role = {Item.FAILED: "failed", Item.SKIPPED: "skipped"}.get(state, "retrying")
        return [Row((Span(lead if n == 0 else "  ", role), *line)) for n, line in enumerate(lines)] + [BLANK]
    words = {
        Item.PENDING: ("waits to run again" if detail.attempts else "has not run yet", "dim"),
        Item.OK: ("done", "ok"),
        Item.FAILED: ("failed", "failed"),
        Item.SKIPPED: ("skipped", "skipped"),
        Item.RETRYING: ("waits for its next attempt", "retrying"),
        Item.GONE: ("no longer listed", "dim"),
    }[state]
    return [Row((Span(f"{glyphs.of_item(state)} ", words[1]), Span(words[0]))), BLANK]


def _section(label: str, body: Rows) -> Rows:
    if not body:
        return []
    found = []
    for place, row in enumerate(body):
        lead = Span(f"{label if place == 0 else '':<{LABEL}}", "dim")
        found.append(row._replace(line=(lead, *row.line)))
    return [*found, BLANK]


def _value(text: str, width: int) -> Rows:
    return [Row(part) for part in value.lines(text, width)]


def _paragraphs(text: str, width: int) -> Rows:
    return [Row(part) for line in text.split("\n") for part in wrapped(data(line), max(8, width), words=True)]


def _absent(absent: Absent | None, width: int) -> Rows:
    """What a null stands for: nobody wrote it, and what went wrong is told elsewhere."""
    if absent is None:
        return []
    line = (
        Span("null stands for ", "dim", italic=True),
        *data(absent.label, "text", italic=True),
        Span(" of ", "dim", italic=True),
        *data(absent.step, "text", italic=True),
        Span(", which was skipped" if absent.state == Item.SKIPPED else ", which failed", "dim", italic=True),
    )
    return [Row(part) for part in wrapped(line, max(8, width), words=True)]


def _attempts(detail: ItemDetail, flight: Flight | None, width: int, glyphs: Glyphs) -> Rows:
    found = []
    skipped = len(detail.attempts) - ATTEMPTS
    if skipped > 0:
        found.append(Row((Span(f"{numbers.plural(skipped, 'earlier attempt')}", "dim", italic=True),)))
    shown = detail.attempts[-ATTEMPTS:]
    for place, each in enumerate(shown):
        glyph, role = _ENDS[Ended(each.status)]
        sign = getattr(glyphs, glyph)
        line: list[Span] = [
            Span(f"{each.attempt or '-':<3}"),
            Span(f"{f'r{each.revision}':<4}", "dim"),
            Span(numbers.clock(each.started), "dim"),
            Span(f"  {numbers.duration(each.duration):>6}  "),
            Span(f"{sign} ", role),
        ]
        tail = ""
        if each.next_at is not None:
            wait = max(0.0, each.next_at - each.started - each.duration)
            words = "waits" if place == len(shown) - 1 and flight is None else "then waited"
            tail = f"  {words} {numbers.ticking(wait)}"
        elif each.status == Ended.FAILED and place == len(shown) - 1 and detail.row.state == Item.FAILED:
            tail = "  no attempt is left" if each.attempt > 1 else ""
        if each.error is not None:
            line += _came_to(each.error, width - line_width(line) - len(tail), glyphs)
        else:
            line.append(Span("skipped" if each.status == Ended.SKIPPED else "done"))
        if line_width(line) + len(tail) <= width:
            line.append(Span(tail, "dim"))
        found.append(Row(tuple(line)))
    if flight is not None:
        lead = f"{flight.attempt:<3}{'':<4}{numbers.clock(flight.since)}  {_age(flight):>6}  "
        found.append(Row((Span(lead), Span(f"{glyphs.running} ", "running"), Span("runs"))))
    return found


def _came_to(error: ErrorInfo, room: int, glyphs: Glyphs) -> Line:
    """An attempt's error in one line; its type alone where too little of its message would be left to be read."""
    kind = data(error.type)
    left = room - line_width(kind) - 1
    if not error.message or left < min(MESSAGE, columns_of(visible(beginning(error.message, MESSAGE)))):
        return kind
    return (*kind, Span(" "), *short(error.message, left, "dim", glyphs))


def _failing(rows: Rows) -> int | None:
    """The place of the line that failed, None if there is none."""
    marked = (at for at, row in enumerate(rows) if any(span.fill == FAILING for span in row.line))
    return next(marked, None)


def _short_traceback(error: ErrorInfo, width: int, glyphs: Glyphs, room: int, source: int | None) -> Rows:
    """The traceback with as many of its outer frames folded as it takes to have the line that failed in the first `room` rows."""
    found: Rows = []
    for folded in range(len(error.frames)):
        found = _traceback(error, width, glyphs, unfolded=False, folded_outer=folded, source=source)
        if (_failing(found) or 0) < room:
            break
    return found


def _traceback(
    error: ErrorInfo, width: int, glyphs: Glyphs, *, unfolded: bool, folded_outer: int = 0, source: int | None = None
) -> Rows:
    """The frames, outermost first; those of libraries are folded, and the first `folded_outer` but for the one that failed.

    A line of source takes at most `source` rows.
    """
    if not error.frames:
        return _paragraphs(error.traceback, width) if error.traceback else []
    innermost = max((place for place, frame in enumerate(error.frames) if frame.own), default=-1)
    found: Rows = []
    folded: list[Frame] = []
    for place, frame in enumerate(error.frames):
        if place < min(folded_outer, innermost) or (not frame.own and not unfolded and innermost >= 0):
            folded.append(frame)
            continue
        if folded:
            found += _fold(folded, width)
            folded = []
        found += _frame(frame, place == innermost, width, glyphs, source)
    if folded:
        found += _fold(folded, width)
    return found


def _fold(frames: Sequence[Frame], width: int) -> Rows:
    packages = ", ".join(dict.fromkeys(_package(frame.file) for frame in frames))
    words = f"{numbers.plural(len(frames), 'frame')} of "
    line = (
        Span(words, "dim", italic=True),
        *data(packages, "dim", italic=True),
        Span(" folded, enter unfolds", "dim", italic=True),
    )
    return [Row(part, Target("line", 0)) for part in wrapped(line, max(8, width), words=True)]


_LIBRARY = re.compile(r"(?:.*[\\/](?:site|dist)-packages|.*[\\/]python\d[\d.]*t?)[\\/]([^\\/]+)")
"""Where packages are, installed ones and Python's own, and the name of one."""


def _package(path: str) -> str:
    """What a file belongs to: its package, or the file itself when it is no part of a library."""
    found = _LIBRARY.match(path)
    name = found[1] if found else path.rsplit("/", 1)[-1]
    return name.removesuffix(".py")


def _frame(frame: Frame, innermost: bool, width: int, glyphs: Glyphs, source: int | None) -> Rows:
    name = f"{frame.file.rsplit('/', 1)[-1]}:{frame.line}"
    place = (*data(name, "text", bold=frame.own), Span(" in ", "dim"), *data(frame.function))
    found = [Row(line) for line in wrapped(place, max(8, width), words=True)]
    shown = frame.lines if innermost else [line for line in frame.lines if line[0] == frame.line]
    digits = max((len(str(number)) for number, _ in shown), default=1)
    for number, text in shown:
        here = innermost and number == frame.line
        sign = Span(glyphs.folded if here else " ", "failed")
        count = Span(f"{number:>{digits}}", "failed" if here else "dim", bold=here)
        gutter = Span(f" {glyphs.gutter} ", "rule")
        parts, is_cut = _source(text, width - digits - 4, glyphs, source)
        for at, part in enumerate(parts):
            lead = (sign, count) if at == 0 else (Span(" " * (digits + 1)),)
            line: Line = (*lead, gutter, *part)
            if here:
                line = tuple(span._replace(fill=FAILING) for span in fill_line(line, width, mark=glyphs.ellipsis))
            found.append(Row(line, Target("line", 0) if is_cut else None))
    return found


def _source(text: str, width: int, glyphs: Glyphs, most: int | None) -> tuple[list[Line], bool]:
    """A line of source in at most `most` pieces of `width`, and whether it is cut.

    The pieces after the first are indented a little more than it is.
    """
    whole = data(text)
    if line_width(whole) <= width:
        return [whole], False
    indent = min(len(text) - len(text.lstrip(" ")) + 4, max(0, width // 3))
    first, *others = wrapped(whole, max(8, width), words=True)
    rest = tuple(span for piece in others for span in piece)
    pieces = wrapped(rest, max(8, width - indent), words=True)
    is_cut = most is not None and len(pieces) >= most
    if most is not None and is_cut:
        tail = tuple(span for piece in pieces[most - 2 :] for span in piece)
        pieces = [*pieces[: most - 2], cut_line(tail, max(8, width - indent), mark=glyphs.ellipsis)]
    return [first, *((Span(" " * indent), *piece) for piece in pieces)], is_cut


def _log(said: Sequence[tuple[float, str]], width: int, *, times: bool, wrap: bool) -> Rows:
    """The latest lines, each with the time at which it was printed."""
    cut = len(said) - LOG_LINES
    found = []
    if cut > 0:
        found.append(Row((Span(f"{numbers.plural(cut, 'earlier line')}, l opens the log", "dim", italic=True),)))
    for at, line in said[-LOG_LINES:]:
        lead: Line = (Span(f"{numbers.clock(at)}  ", "dim"),) if times else ()
        text = data(line, "retrying" if line.startswith(logs.CUT) else "text")
        room = max(8, width - (10 if times else 0))
        for place, part in enumerate(wrapped(text, room) if wrap else [text]):
            found.append(Row((*lead, *part) if place == 0 else (Span(" " * (10 if times else 0)), *part)))
    return found
