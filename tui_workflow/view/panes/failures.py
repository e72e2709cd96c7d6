"""Pane 3: failures by cause."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tui_workflow.facts.state import Group, StepState
from tui_workflow.text import visible
from tui_workflow.view import numbers
from tui_workflow.view.columns import apart, cut, fill, fill_line, line_width
from tui_workflow.view.columns import width as columns_of
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span, plain
from tui_workflow.view.panes.log import NAME as LOG
from tui_workflow.view.panes.row import Cursor, Row, Rows, Target, data, heading, name, window
from tui_workflow.view.panes.row import short as short_data
from tui_workflow.view.wrapping import wrapped

Sort = Literal["count", "latest", "type"]
SORTS: tuple[Sort, ...] = ("count", "latest", "type")
TREND = 7
"""Columns of the trend, ten seconds each."""
AGE = 6
STEP = 14
NARROW = 60
"""Columns below which a row has no room for when the cause was met last, nor for a share beside a long message."""
TIGHT = 50
"""Columns below which a message that is too long takes the room of the place too."""
PIECE = 26
"""Columns of a cause in the one row of a small terminal below which the others are only counted."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A group of failures of one step."""

    step: str
    group: Group

    @property
    def mark(self) -> str:
        """What tells this row from any other."""
        return f"{self.step}\0{self.group.fingerprint}"


def causes(steps: Sequence[StepState], sort: Sort = "count", text: str = "", inverse: bool = False) -> list[Cause]:
    """The groups that hold a failed item now, sorted, and only those that (do not) hold `text`."""
    found = [Cause(step.name, group) for step in steps for group in step.groups if group.count > 0]
    if text:
        found = [cause for cause in found if (text.lower() in _searched(cause)) != inverse]
    match sort:
        case "count":
            found.sort(key=lambda cause: -cause.group.count)
        case "latest":
            found.sort(key=lambda cause: -cause.group.last_at)
        case "type":
            found.sort(key=lambda cause: (cause.group.type, -cause.group.count))
    return found


def _searched(cause: Cause) -> str:
    group = cause.group
    return f"{group.type} {group.message} {where(group)} {cause.step}".lower()


def where(group: Group) -> str:
    """The place in the user's code, or who was to blame where there is none."""
    if group.where is None:
        return "worker" if group.type in ("WorkerDied", "OutOfMemory") else ""
    file, line = group.where
    return f"{file.rsplit('/', 1)[-1]}:{line}"


def headline(group: Group, room: int, glyphs: Glyphs) -> Line:
    """Type and message in at most `room` columns; a message that is too long keeps its beginning and its end."""
    kind = data(group.type, "strong", bold=True)
    left = room - line_width(kind) - 1
    if not group.message or left < min(4, columns_of(visible(group.message))):
        return kind
    return (*kind, Span(" "), *short_data(group.message, left, "dim", glyphs))


def brief(group: Group, room: int, glyphs: Glyphs) -> str:
    """The same as text, as it shows."""
    return cut(_whole(group), room, keep="ends", mark=glyphs.ellipsis)


@dataclass(frozen=True, slots=True)
class _Columns:
    """What stands beside a message in a row, in columns; 0 for what is left out."""

    width: int
    count: int
    share: int
    step: int
    place: int
    age: int
    trend: int

    @property
    def indent(self) -> int:
        return self.count + 2 + (self.share + 2 if self.share else 0)

    @property
    def room(self) -> int:
        """Columns of the message."""
        beside = sum(own + 2 for own in (self.step, self.place, self.age) if own)
        return max(0, self.width - self.indent - beside - (self.trend + 1 if self.trend else 0))


def _columns(found: Sequence[Cause], width: int, *, aged: bool, trends: bool, steps: bool, free: int) -> _Columns:
    """The columns for these causes. Where a message does not fit, the trend, the path, then what else there is make room.

    Where messages take more rows in any case, and all of them find theirs among the `free` ones, the trend stays.
    """
    digits = max((len(numbers.count(cause.group.count)) for cause in found), default=0)
    places = max((columns_of(visible(where(cause.group))) for cause in found), default=0)
    age = AGE if aged and width >= NARROW else 0
    shape = _Columns(
        width,
        count=max(digits, 4 if width < NARROW else 5),
        share=0 if age else 5 if len(found) == 1 else 4,  # beside an age there is no room for it
        step=min(STEP, max(columns_of(visible(cause.step)) for cause in found)) if steps and width >= NARROW else 0,
        place=min(places, max(8, width // 3)),
        age=age,
        trend=TREND if trends else 0,
    )
    said = [columns_of(_whole(cause.group)) for cause in found]
    narrower: list[dict[str, int]] = [{"trend": 0}, {"place": min(places, max(14, width // 5))}]
    if width < NARROW:
        narrower.append({"share": 0})
    if width < TIGHT:
        narrower.append({"place": 0})
    for change in narrower:
        if max(said, default=0) <= shape.room:
            break
        shape = replace(shape, **change)
    with_trend = replace(shape, trend=TREND)
    fits = trends and with_trend.room >= PIECE and _more_rows(said, with_trend) <= free
    return with_trend if fits and _more_rows(said, shape) > 0 else shape


def _more_rows(said: Sequence[int], shape: _Columns) -> int:
    """How many rows beyond the first messages of so many columns take, so that nothing of them is cut."""
    over = (columns - shape.room for columns in said)
    return sum(-(-more // max(1, shape.width - shape.indent)) for more in over if more > 0)


def _whole(group: Group) -> str:
    return visible(f"{group.type} {group.message}".strip())


def rows(
    found: Sequence[Cause],
    selected: str,
    marked: Collection[str],
    ages: float | None,
    trends: Mapping[str, Line],
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    cursor: Cursor,
    sort: Sort = "count",
    steps: bool = False,
    entry: Row | None = None,
    filtered: int | None = None,
    hint: str = "",
    none: str = "none",
) -> Rows:
    """The pane in at most `height` rows; messages that are too long take a second
    row where rows are free, and a third where many are.

    `ages` is the time against which the last failure's age is counted, None to leave it out; `trends` holds a drawn
    trend by mark. `steps` shows to which step a group belongs; `filtered` is the number of groups without the filter.
    `hint` stands below the groups if there is room, `none` in the title where there are none.
    """
    failed = sum(cause.group.count for cause in found)
    room = max(0, height - (1 if entry is None else 2))
    free = room - len(found)
    shape = _columns(found, width, aged=ages is not None, trends=bool(trends), steps=steps, free=free)
    lead = [_title(found, marked, filtered, shape, glyphs, sort, none, focused=cursor == "here")]
    if entry is not None:
        lead.append(entry)
    most = 2 if free - (2 if hint else 0) > 2 * len(found) else 1
    body: Rows = []
    for cause in found:
        here: Cursor = cursor if cause.mark == selected else ""
        lines = _lines(
            cause, failed, cause.mark in marked, ages, trends.get(cause.mark, ()), shape, glyphs, min(most, free)
        )
        free -= len(lines) - 1
        body += [Row(line, Target("group", cause.mark), here) for line in lines]
    shown = [*lead, *_in_sight(body, room, width)]
    if hint and found and len(shown) + 2 <= height:
        shown += [Row(()), Row((Span(" " * 12), Span(hint, "dim")))]
    return shown


def _title(
    found: Sequence[Cause],
    marked: Collection[str],
    filtered: int | None,
    shape: _Columns,
    glyphs: Glyphs,
    sort: Sort,
    none: str,
    *,
    focused: bool,
) -> Row:
    """The pane's title; at its right end the columns below it are named."""
    groups_now = sum(cause.group.count > 0 for cause in found)
    if groups_now or filtered:
        failed = sum(cause.group.count for cause in found)
        groups = f"{groups_now} of {filtered} groups" if filtered is not None else numbers.plural(groups_now, "group")
        extra: Line = (Span(f"{numbers.count(failed)} in {groups}", "dim"),)
    else:
        extra = (Span(none, "dim"),)
    if marked:
        tail: Line = (Span(f"{len(marked)} marked", "accent"),)
    else:
        direction = glyphs.ascending if sort == "type" else glyphs.descending
        tail = (Span(f"by {sort} {direction}", "dim"),) if found else ()
    if found and shape.age:
        tail = (*tail, Span(f"  {'last':>{shape.age}}", "dim"))
    if found and shape.trend:
        tail = (*tail, Span(f" {'trend':<{shape.trend}}", "dim"))
    return heading(name(3, "Failures", extra, focused=focused), tail, shape.width, focused=focused, glyphs=glyphs)


def _in_sight(body: Rows, room: int, width: int) -> Rows:
    """The rows around the cursor, and how many there are beyond them."""
    at = next((at for at, row in enumerate(body) if row.cursor), 0)
    if len(body) <= room or room < 3:
        return window(body, room, at)
    shown = window(body, room - 1, at)
    above = next(place for place, row in enumerate(body) if row is shown[0])
    below = len(body) - above - len(shown)
    words = [f"{numbers.count(number)} more {side}" for number, side in ((above, "above"), (below, "below")) if number]
    more = ", ".join(words)
    return [*shown, Row((Span(" " * max(0, width - len(more))), Span(more, "dim")))]


def _lines(
    cause: Cause,
    failed: int,
    marked: bool,
    ages: float | None,
    trend: Line,
    shape: _Columns,
    glyphs: Glyphs,
    more: int,
) -> list[Line]:
    """The row of a cause, and at most `more` in which the rest of its message stands."""
    group = cause.group
    number = numbers.count(group.count)
    # One that was retried, and of which nothing has failed again so far.
    role = "failed" if group.count else "dim"
    left: Line = (Span(fill(number, shape.count, align="right"), role, bold=True), Span("  "))
    if marked:
        left = (
            Span(glyphs.mark, "accent"),
            Span(fill(number, shape.count - 1, align="right"), "failed", bold=True),
            Span("  "),
        )
    if shape.share:
        share = numbers.percent(group.count, failed) if group.count else ""
        left = (*left, Span(fill(share, shape.share, align="right"), "dim"), Span("  "))
    tail: Line = ()
    if shape.step:
        tail = (*tail, Span("  "), *fill_line(short_data(cause.step, shape.step, "dim", glyphs), shape.step))
    if shape.place:
        place = short_data(where(group), shape.place, "dim", glyphs, keep="end")
        tail = (*tail, Span("  "), *fill_line(place, shape.place, align="right"))
    if shape.age and ages is not None:
        tail = (*tail, Span("  "), Span(fill(numbers.age(ages - group.last_at), shape.age, align="right"), "dim"))
    if shape.trend:
        tail = (*tail, Span(" "), *fill_line(trend, shape.trend))
    text = (*data(group.type, "strong", bold=True), Span(" "), *data(group.message, "dim"))
    below: list[Line] = []
    if line_width(text) > shape.room and more > 0:
        first, *others = wrapped(text, max(1, shape.room), words=True)
        rest = tuple(span for piece in others for span in piece)
        room = shape.width - shape.indent
        pieces = wrapped(rest, max(1, room), words=True)
        if len(pieces) > more:
            last = "".join(plain(piece) for piece in pieces[more - 1 :])
            pieces = [*pieces[: more - 1], (Span(cut(last, room, keep="ends", mark=glyphs.ellipsis), "dim"),)]
        text, below = first, [(Span(" " * shape.indent), *piece) for piece in pieces]
    elif line_width(text) > shape.room:
        text = headline(group, shape.room, glyphs)
    return [apart((*left, *text), tail, shape.width, gap=0, mark=glyphs.ellipsis), *below]


def line(found: Sequence[Cause], width: int, glyphs: Glyphs, none: str = "none") -> Row:
    """The pane as one row, with the log's title at its end, for small terminals. `none` is said where there are none."""
    lead: Line = (Span("3 ", "dim"), Span("Failures", "strong", bold=True))
    if not found:
        return Row(apart((*lead, Span("  "), Span(none, "dim")), LOG, width, mark=glyphs.ellipsis))
    room = width - line_width(lead) - line_width(LOG) - 3
    return Row(apart((*lead, *_pieces(found, room, glyphs)), LOG, width, mark=glyphs.ellipsis))


def _pieces(found: Sequence[Cause], room: int, glyphs: Glyphs) -> Line:
    """As many causes as can be read in `room` columns, each as much of its message as there is room for."""
    for shown in range(len(found), 0, -1):
        more = f"   {numbers.count(len(found) - shown)} more" if shown < len(found) else ""
        counts = [f"{numbers.count(cause.group.count)} " for cause in found[:shown]]
        spare = room - len(more) - sum(map(len, counts)) - 3 * shown + 1
        wanted = [columns_of(_whole(cause.group)) for cause in found[:shown]]
        if shown > 1 and spare < sum(min(PIECE, own) for own in wanted):
            continue
        parts: list[Span] = []
        for place, (cause, count) in enumerate(zip(found, counts, strict=False)):
            share = spare // (shown - place)
            later = sum(wanted[place + 1 :])
            own = max(0, min(wanted[place], max(share, spare - later)))
            spare -= own
            words = data(brief(cause.group, own, glyphs))
            parts += (Span("   " if place else "  "), Span(count, "failed", bold=True), *words)
        return (*parts, Span(more, "dim"))
    return ()
