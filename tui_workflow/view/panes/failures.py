"""Pane 3: failures by cause."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tui_workflow.facts.state import Group, StepState
from tui_workflow.text import visible
from tui_workflow.view import numbers
from tui_workflow.view.columns import apart, cut, fill, fill_line, line_width
from tui_workflow.view.columns import width as columns_of
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.row import Cursor, Row, Rows, Target, data, heading, name, window
from tui_workflow.view.panes.row import short as short_data

Sort = Literal["count", "latest", "type"]
SORTS: tuple[Sort, ...] = ("count", "latest", "type")
TREND = 7
"""Columns of the trend, ten seconds each."""


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


def short(group: Group) -> Line:
    """Type and message in one line."""
    return (*data(group.type, "strong", bold=True), Span(" "), *data(group.message, "dim"))


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
) -> Rows:
    """The pane in at most `height` rows.

    `ages` is the time against which the last failure's age is counted, None to leave it out; `trends` holds a drawn
    trend by mark. `steps` shows to which step a group belongs; `filtered` is the number of groups without the filter.
    `hint` stands below the groups if there is room.
    """
    failed = sum(cause.group.count for cause in found)
    focused = cursor == "here"
    if found or filtered:
        groups = f"{len(found)} of {filtered} groups" if filtered is not None else numbers.plural(len(found), "group")
        extra: Line = (Span(f"{numbers.count(failed)} in {groups}", "dim"),)
    else:
        extra = (Span("none", "dim"),)
    if marked:
        tail: Line = (Span(f"{len(marked)} marked", "accent"),)
    else:
        direction = glyphs.ascending if sort == "type" else glyphs.descending
        tail = (Span(f"by {sort} {direction}", "dim"),) if found else ()
    title = heading(name(3, "Failures", extra, focused=focused), tail, width, focused=focused, glyphs=glyphs)
    place = min(max((columns_of(visible(where(cause.group))) for cause in found), default=0), max(8, width // 3))
    digits = max((len(numbers.count(cause.group.count)) for cause in found), default=0)
    body = [
        Row(
            _row(cause, failed, cause.mark in marked, ages, trends, place, digits, width, glyphs, steps=steps),
            Target("group", cause.mark),
            cursor if cause.mark == selected else "",
        )
        for cause in found
    ]
    lead = [title] if entry is None else [title, entry]
    at = next((at for at, row in enumerate(body) if row.cursor), 0)
    shown = [*lead, *window(body, max(0, height - len(lead)), at)]
    if hint and found and len(shown) + 2 <= height:
        shown += [Row(()), Row((Span(" " * 12), Span(hint, "dim")))]
    return shown


def _row(
    cause: Cause,
    failed: int,
    marked: bool,
    ages: float | None,
    trends: Mapping[str, Line],
    place: int,
    digits: int,
    width: int,
    glyphs: Glyphs,
    *,
    steps: bool,
) -> Line:
    group = cause.group
    narrow = width < 60
    count = Span(fill(numbers.count(group.count), max(digits, 4 if narrow else 5), align="right"), "failed", bold=True)
    left: Line = (count, Span("  "))
    if marked:
        left = (Span(glyphs.mark, "accent"), count._replace(text=count.text[1:]), Span("  "))
    if ages is None or narrow:  # beside a trend there is no room for the share
        share = numbers.percent(group.count, failed) if failed else ""
        left = (*left, Span(fill(share, 5 if group.count == failed else 4, align="right"), "dim"), Span("  "))
    tail: Line = (*fill_line(short_data(where(group), place, "dim", glyphs, keep="end"), place, align="right"),)
    if steps and width >= 60:
        tail = (*fill_line(short_data(cause.step, 14, "dim", glyphs), 14), Span("  "), *tail)
    if ages is not None:
        tail = (
            *tail,
            Span("  "),
            Span(fill(numbers.age(ages - group.last_at), 6 if narrow else 7, align="right"), "dim"),
        )
    if cause.mark in trends:
        tail = (*tail, Span(" "), *trends[cause.mark])
    room = width - line_width(left) - line_width(tail) - 2
    text = data(group.type, "strong", bold=True) if room < 24 else short(group)
    return apart((*left, *text), tail, width, mark=glyphs.ellipsis)


def line(found: Sequence[Cause], width: int, glyphs: Glyphs) -> Row:
    """The pane as one row, with the log's title at its end, for small terminals."""
    parts: list[Span] = [Span("3 ", "dim"), Span("Failures", "strong", bold=True)]
    tail = (Span("4 ", "dim"), Span("Log", "strong", bold=True))
    room = width - line_width(tail) - 3
    if not found:
        parts += [Span("  "), Span("none", "dim")]
    for cause in found:
        piece = (
            Span("  " if len(parts) == 2 else "   "),
            Span(f"{numbers.count(cause.group.count)} ", "failed", bold=True),
            *data(_brief(cause.group, glyphs)),
        )
        if line_width((*parts, *piece)) > room:
            break
        parts += piece
    return Row(apart(tuple(parts), tail, width, mark=glyphs.ellipsis))


def _brief(group: Group, glyphs: Glyphs) -> str:
    return f"{group.type} {cut(group.message.split(' ', 1)[0], 12, mark=glyphs.ellipsis)}".strip()
