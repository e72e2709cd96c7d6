"""From the desk to a frame: gathers what the page in front shows, asking for what is not there yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui_workflow.facts.state import Item, StepState
from tui_workflow.facts.work import Running
from tui_workflow.ui import inflight
from tui_workflow.ui.accepting import waiting
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.looks import Looks
from tui_workflow.view import numbers
from tui_workflow.view.frame import LEFT, Frame, shape_of
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.nav import Items
from tui_workflow.view.page import draw
from tui_workflow.view.panes.dialog import over
from tui_workflow.view.panes.row import Row
from tui_workflow.view.scene import Scene, causes_of

if TYPE_CHECKING:
    from tui_workflow.view import drill

READABLE = 0.2
"""Seconds an item must have run before its key is worth asking for."""


def frame_of(desk: Desk, looks: Looks, width: int, height: int) -> list[tuple[Line, bool]]:
    """The screen's lines, each with whether it lies behind a dialog. The desk keeps the frame, for clicks."""
    scene = _scene(desk, looks)
    frame = _page(desk, scene, width, height)
    desk.frame = frame
    _name_log(desk, frame, scene.lanes)
    if desk.dialogs:
        return over(frame, desk.dialogs[-1].box(width, height, looks.glyphs))
    return [(line, False) for line in frame.lines]


def _page(desk: Desk, scene: Scene, width: int, height: int) -> Frame:
    nav = desk.nav
    if nav.place == "main":
        return draw(scene, width, height)
    from tui_workflow.view import drill

    match nav.place:
        case "items" if nav.items is not None and nav.items.step in desk.state.steps:
            return drill.draw_items(scene, _drilled(desk, scene, nav.items, width, height), width, height)
        case "definition":
            path, text = desk.definition()
            if scene.due.rejected is not None and not nav.definition_in_use:
                from tui_workflow.view import invalid

                return invalid.draw(scene, scene.due.rejected, width, height)
            return drill.draw_definition(
                scene, drill.Drilled(path=path, text=text, waiting=waiting(desk)), width, height
            )
        case "history":
            return drill.draw_history(scene, drill.Drilled(runs=desk.runs()), width, height)
        case _:
            return draw(scene, width, height)


def _scene(desk: Desk, looks: Looks) -> Scene:
    lanes = desk.lanes()
    now = desk.feed.now()
    step = desk.step
    _name_running(desk, lanes, now)
    desk.read_log()
    desk.count_hits()
    desk.group_search.look(desk.state, desk.nav)
    scene = Scene(
        desk.state,
        desk.nav,
        desk.sampling,
        desk.keymap,
        looks.glyphs,
        now,
        live=desk.feed.live,
        lanes=lanes,
        keys=desk.loader.keys,
        entries=desk.log,
        log_size=_log_size(desk, lanes, now),
        notice=desk.notice,
        waits=_waits(desk, looks.glyphs),
        about=desk.due,
        hidden=desk.hidden_actions(),
    )
    for each in desk.state.steps.values():
        desk.loader.keyed(each.name, each.listed_by)
    if step is not None:
        scene.settings = desk.details.settings(step.name).rows
        if step.pace.slowest_item >= 0:
            desk.loader.want_keys(step.name, [step.pace.slowest_item])
            scene.slowest = desk.loader.keys.get((step.name, step.pace.slowest_item), "")
        if not step.shape.for_each and step.status == "succeeded":
            scene.result = desk.loader.result(step.name, step.finished)
    return scene


def _log_size(desk: Desk, lanes: Mapping[str, Sequence[Running]], now: float) -> tuple[int, int] | None:
    """The lines of the whole log and those left out, counted anew once a second; None while they are not known."""
    log = desk.log
    stored = desk.loader.log_size(log.step, log.item, (int(now), desk.state.finished))
    if stored is None:
        return None
    return stored[0] + log.in_flight({run.item: run.since for run in lanes.get(log.step, ())}), stored[1]


def _drilled(desk: Desk, scene: Scene, held: Items, width: int, height: int) -> drill.Drilled:
    """The list and the item's page, as far as they are known."""
    from tui_workflow.view import drill, listing

    step = desk.state.steps[held.step]
    if held.states == listing.RUNNING:
        held.running = tuple(sorted({run.item for run in scene.lanes.get(held.step, ())}))
    listed = desk.item_list.listed(step, held, desk.state.version)
    shape = shape_of(width, height)
    shown = desk.banner_shows()
    parents = drill.parent_rows(len(causes_of(scene)), height) if held.group is not None else 0
    typing = desk.nav.entry is not None or bool(held.filter.text)
    room = drill.list_room(height, banner=shown, shape=shape, parents=parents, typing=typing)
    first = desk.item_list.keep_in_sight(held, room)
    sight = tuple(listed[first : first + room + 1])
    stamp = tuple(_tried(step, number) for number in sight)
    known = desk.loader.rows(held.step, sight, stamp)
    drilled = drill.Drilled(listed, desk.item_list.total, known, place=held.row, top=first)
    if held.item is not None and (shape == "wide" or held.reading):
        drilled.detail = desk.loader.detail(held.step, held.item, _tried(step, held.item))
        if drilled.detail is not None:
            inner = width - 4 - LEFT - 3 if shape == "wide" else width - (2 if shape == "tiny" else 4)
            # header, title, footer, and the row that says how much more there is
            sure = height - 4 - (1 if shown else 0) - (1 if shape == "wide" else 0)
            drilled.detail_rows = _detail_rows(desk, scene, held, drilled, inner, sure)
    return drilled


def _tried(step: StepState, number: int) -> tuple[int, int, int, str]:
    """Changes with every attempt of an item, since one that was retried and failed again is in the state it was in; and with
    the definition in force, which makes items stale.
    """
    return step.states[number], step.attempts_of.get(number, 0), step.made_by[number], step.shape.definition


def _detail_rows(desk: Desk, scene: Scene, held: Items, drilled: drill.Drilled, width: int, room: int) -> list[Row]:
    from tui_workflow.view.panes import item

    detail, options = drilled.detail, desk.nav.log.options
    assert detail is not None
    flight = inflight.of_item(desk, held.step, held.item) if held.item is not None else None
    nexts = _nexts(desk, held, drilled) if flight is None else ()
    runs = dict(desk.details.settings(held.step).rows).get("runs", "")
    look = (width, room, held.unfolded, options.times, options.wrap, scene.glyphs, nexts, runs, flight)
    key = ("detail rows", held.step, held.item, look)
    rows: list[Row] = desk.loader.derived(
        key,
        detail,
        lambda _: item.rows(
            detail,
            nexts,
            width,
            scene.glyphs,
            unfolded=held.unfolded,
            times=options.times,
            wrap=options.wrap,
            room=room,
            runs=runs,
            flight=flight,
        ),
    )
    return rows


def _nexts(desk: Desk, held: Items, drilled: drill.Drilled) -> tuple[tuple[str, str, str], ...]:
    """What can be done about the item; in a stored run, what can be taken from it."""
    if drilled.detail is None or drilled.detail.row.state not in (Item.FAILED, Item.RETRYING):
        return ()
    if not desk.feed.live:
        return (desk.key("copy_more"), "copy", "copy_more"), (desk.key("edit"), "edit its line", "edit")
    marked = f"the {numbers.count(len(held.marked))} marked" if held.marked else ""
    found = [(desk.key("retry"), f"retry {marked or 'it'}", "retry")]
    count = held.count(drilled.listed)
    if held.group is not None and not marked and count > 1 and held.left is None:
        all_ = f"retry all {numbers.count(count)}{' shown' if held.filter.text else ''}"
        found.append((desk.key("retry_shown"), all_, "retry_shown"))
        others = f"the other {numbers.count(count - 1)}{' shown' if held.filter.text else ''}"
        found.append((desk.key("canary"), f"try one, then {others}", "canary"))
    found.append((desk.key("skip"), f"skip {marked or 'it'}", "skip"))
    return tuple(found)


def _name_running(desk: Desk, lanes: Mapping[str, Sequence[Running]], now: float) -> None:
    for name, running in lanes.items():
        desk.loader.want_keys(name, [run.item for run in running if now - run.since >= READABLE])


def _waits(desk: Desk, glyphs: Glyphs) -> Line:
    """What stands at the footer's end."""
    if desk.loader.broken:
        return (Span("the run file does not answer", "failed"),)
    if desk.leaving is not None:
        return (Span("leaves when the run has ended", "retrying"),)
    if desk.feed.rejected() is not None:
        return (Span(f"{glyphs.failed} save not valid", "failed", bold=True),)
    plan = desk.feed.reload_plan()
    if plan is not None and plan.waiting:
        words = f"{glyphs.notice} r{plan.after}: {numbers.plural(len(plan.waiting), 'edit')} wait"
        key: Line = ()
        if "plan" in desk.known_actions:
            key = (Span(f"   {desk.key('plan')}", "accent", bold=True), Span(" plan", "dim"))
        return (Span(f"{words}{'s' if len(plan.waiting) == 1 else ''}", "retrying"), *key)
    return ()


def _name_log(desk: Desk, frame: Frame, lanes: Mapping[str, Sequence[Running]]) -> None:
    """Ask for the keys of the log's lines in sight, and of the items that print next."""
    places = [
        row.target.value
        for area in frame.areas
        for row in area.rows
        if row.target is not None and row.target.kind == "log" and isinstance(row.target.value, int)
    ]
    if places:
        missing = desk.log.unnamed(min(places), max(places) + 1)
        last = max((run.item for run in lanes.get(desk.log.step, ())), default=None)
        desk.loader.want_keys(desk.log.step, missing, ahead=last)
