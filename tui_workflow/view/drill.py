"""The pages behind the panes: the items of a group and one of them, the definition, the earlier runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tui_workflow.facts.state import Item
from tui_workflow.view import listing, numbers
from tui_workflow.view.frame import GAP, LEFT, LIST, READING, Frame, shape_of
from tui_workflow.view.keys import Context
from tui_workflow.view.line import Span
from tui_workflow.view.nav import Items, Pane
from tui_workflow.view.page import bottom, top
from tui_workflow.view.panes import definition, entry, history, item, items
from tui_workflow.view.panes.row import BLANK, Cursor, Row, Rows
from tui_workflow.view.ports import ItemDetail, ItemRow, RunRow
from tui_workflow.view.scene import Scene, causes_of, failure_rows_of


@dataclass(slots=True)
class Drilled:
    """What these pages show beside the scene."""

    listed: Sequence[int] = ()
    total: int = 0
    known: dict[int, ItemRow] = field(default_factory=dict)
    detail: ItemDetail | None = None
    detail_rows: Rows = field(default_factory=list)
    place: int = 0
    """The row of the cursor in `listed`."""
    top: int = 0
    """The first row of the list in sight."""
    runs: Sequence[RunRow] | None = None
    path: str = ""
    text: str = ""
    waiting: int = 0
    """Structural edits of the text that nobody has accepted yet."""


def draw_items(scene: Scene, drilled: Drilled, width: int, height: int) -> Frame:
    """A list of items with one of them beside it, or in its place where there is no room."""
    held = scene.nav.items
    assert held is not None
    shape = shape_of(width, height)
    frame = Frame(width, height, scene.glyphs, margin=1 if shape == "tiny" else 2)
    top(scene, frame)
    context: Context = "item" if held.reading else "items"
    if shape == "wide":
        frame.blank()
        room = frame.height - 1 - len(frame.lines)
        right = width - 2 * frame.margin - LEFT - GAP
        left: list[tuple[int, Rows]] = []
        used = 0
        if held.group is not None:
            causes = causes_of(scene)
            parents = failure_rows_of(scene, causes, LEFT, parent_rows(len(causes), height), trend=False)
            left.append((Pane.FAILURES, [*parents, BLANK]))
            used = len(parents) + 1
        left.append((LIST, _list(scene, drilled, held, LEFT, room - used)))
        frame.sides(left, [(READING, _page(scene, drilled, held, right, room))], room)
    else:
        room = frame.height - 1 - len(frame.lines)
        inner = width - 2 * frame.margin
        crumbs = ["Failures"] if held.group is not None else ["Steps"] if held.title == held.step else [held.step]
        if held.reading:
            frame.full(READING, _page(scene, drilled, held, inner, room, [*crumbs, held.title]))
        else:
            frame.full(LIST, _list(scene, drilled, held, inner, room, crumbs))
    return frame.finish(bottom(scene, frame, context, _words(held, drilled, scene, beside=shape == "wide")))


def parent_rows(causes: int, height: int) -> int:
    """How many rows the groups take above the list of one of them."""
    return min(1 + causes, max(5, height // 4))


def list_room(height: int, *, banner: bool, shape: str, parents: int, typing: bool) -> int:
    """How many items of the list are in sight, so that the cursor can be kept there."""
    lead = (
        1 + (1 if banner else 0) + (1 if shape == "wide" else 0) + (parents + 1 if parents and shape == "wide" else 0)
    )
    return max(1, height - 1 - lead - 2 - (1 if typing else 0) - 1)


def _list(scene: Scene, drilled: Drilled, held: Items, width: int, height: int, crumbs: Sequence[str] = ()) -> Rows:
    typing = scene.nav.entry if scene.nav.place == "items" else None
    line = None
    if typing is not None or held.filter.text:
        where = "in key, label, input, error, log"
        line = entry.row(typing, held.filter.typed, where, scene.key("back"), width, scene.glyphs)
    # In whole seconds, like the item's page beside it.
    running = {run.item: float(max(0, int(scene.now - run.since))) for run in scene.lanes.get(held.step, ())}
    return items.rows(
        drilled.listed,
        drilled.total,
        held,
        drilled.top,
        drilled.known,
        running,
        width,
        height,
        scene.glyphs,
        cursor="parent" if held.reading else "here",
        crumbs=crumbs,
        entry=line,
    )


def _page(scene: Scene, drilled: Drilled, held: Items, width: int, height: int, crumbs: Sequence[str] = ()) -> Rows:
    if drilled.detail is None:
        words = "nothing selected" if not drilled.listed else "reading"
        return [Row((Span(words, "dim", italic=True),))]
    place = (drilled.place, len(drilled.listed)) if drilled.listed and held.left is None else None
    cursor: Cursor = "here" if held.reading else ""
    title = item.title(
        drilled.detail,
        held.step,
        place,
        width,
        scene.glyphs,
        cursor=cursor,
        crumbs=crumbs,
        on_map=_on_map(scene, held.step, drilled.detail.row.number),
    )
    room = max(0, height - 1)
    held.top = min(held.top, max(0, len(drilled.detail_rows) - room))
    shown = drilled.detail_rows[held.top : held.top + room]
    below = len(drilled.detail_rows) - held.top - len(shown)
    if below > 0 and room > 1:
        more = f"{below + 1} more below"
        shown = [*shown[:-1], Row((Span(" " * max(0, width - len(more))), Span(more, "dim")))]
    return [title, *shown]


def _on_map(scene: Scene, name: str, number: int) -> int | None:
    """The place of an item among those that its step's map shows."""
    step = scene.state.steps.get(name)
    return number - step.states.count(Item.GONE, 0, number) if step is not None else None


def _words(held: Items, drilled: Drilled, scene: Scene, *, beside: bool) -> dict[str, str]:
    """What the keys do here. The item is read on a page of its own, or `beside` the list, where the keyboard goes then."""
    said = {"retry": f"retry {len(held.marked)} marked" if held.marked else "retry"}
    count = held.count(drilled.listed)
    some = held.group is not None and not held.marked and count > 1
    step = scene.state.steps.get(held.step)
    if any(run.item == held.item for run in scene.lanes.get(held.step, ())):
        said["skip"] = "give up"
    said["retry_shown"] = f"retry all {numbers.count(count)}" if some else ""
    if held.group is not None:
        said["states"] = ""
    elif step is not None:
        following = listing.STATES[listing.next_states(step, held.states, len(scene.lanes.get(held.step, ())))]
        said["states"] = f"only {following}" if following != "all" else following
    if held.reading:
        if held.unfolded:
            return said | {"open": "fold frames"}
        folded = any(row.target is not None for row in drilled.detail_rows)
        return said | {"open": "unfold frames" if folded else ""}
    return said | {"open": "to the item" if beside else "read"}


def draw_definition(scene: Scene, drilled: Drilled, width: int, height: int) -> Frame:
    """The flow's text, with the problems of the last save in place."""
    shape = shape_of(width, height)
    frame = Frame(width, height, scene.glyphs, margin=1 if shape == "tiny" else 2)
    top(scene, frame)
    if shape == "wide":
        frame.blank()
    room = frame.height - 1 - len(frame.lines)
    nav = scene.nav
    line = None
    inner = width - 2 * frame.margin
    if nav.entry is not None or nav.definition_search:
        line = entry.row(nav.entry, nav.definition_search, "in the text", scene.key("back"), inner, scene.glyphs)
    rows = definition.rows(
        drilled.path,
        drilled.text,
        nav.definition_at,
        scene.state.revision,
        None,
        inner,
        room,
        scene.glyphs,
        found=nav.definition_search,
        wrap=nav.log.options.wrap,
        entry=line,
        waiting=drilled.waiting,
    )
    frame.full(LIST, rows)
    return frame.finish(bottom(scene, frame, "definition"))


def draw_history(scene: Scene, drilled: Drilled, width: int, height: int) -> Frame:
    """The earlier runs of the flow."""
    shape = shape_of(width, height)
    frame = Frame(width, height, scene.glyphs, margin=1 if shape == "tiny" else 2)
    top(scene, frame)
    if shape == "wide":
        frame.blank()
    room = frame.height - 1 - len(frame.lines)
    inner = width - 2 * frame.margin
    frame.full(LIST, history.rows(drilled.runs, scene.nav.run, scene.state.run, inner, room, scene.glyphs))
    return frame.finish(bottom(scene, frame, "history"))
