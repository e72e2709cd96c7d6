"""From the desk to a frame: gathers what the page in front shows, asking for what is not there yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_workflow.facts.work import Running
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.looks import Looks
from tui_workflow.view.frame import Frame
from tui_workflow.view.line import Line, Span
from tui_workflow.view.page import Scene, draw
from tui_workflow.view.panes.dialog import over

READABLE = 0.2
"""Seconds an item must have run before its key is worth asking for."""


def scene_of(desk: Desk, looks: Looks) -> Scene:
    """All that the page in front needs."""
    lanes = desk.lanes()
    now = desk.feed.now()
    step = desk.step
    _name_running(desk, lanes, now)
    desk.read_log()
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
        notice=desk.notice,
        waits=_waits(desk),
    )
    if step is not None:
        scene.settings = desk.details.settings(step.name).rows
        if step.pace.slowest_item >= 0:
            desk.loader.want_keys(step.name, [step.pace.slowest_item])
            scene.slowest = desk.loader.keys.get((step.name, step.pace.slowest_item), "")
        if not step.shape.for_each and step.status == "succeeded":
            scene.result = desk.loader.result(step.name, step.finished)
    return scene


def _name_running(desk: Desk, lanes: Mapping[str, Sequence[Running]], now: float) -> None:
    for name, running in lanes.items():
        desk.loader.want_keys(name, [run.item for run in running if now - run.since >= READABLE])


def _waits(desk: Desk) -> Line:
    if desk.loader.broken:
        return (Span(desk.loader.broken[:60], "failed"),)
    return ()


def frame_of(desk: Desk, looks: Looks, width: int, height: int) -> list[tuple[Line, bool]]:
    """The screen's lines, each with whether it lies behind a dialog; `last` keeps the frame for clicks."""
    scene = scene_of(desk, looks)
    frame = draw(scene, width, height)
    desk.frame = frame
    _name_log(desk, frame)
    if desk.dialogs:
        return over(frame, desk.dialogs[-1].box(width, height, looks.glyphs))
    return [(line, False) for line in frame.lines]


def _name_log(desk: Desk, frame: Frame) -> None:
    """Ask for the keys of the log's lines in sight."""
    places = [
        row.target.value
        for area in frame.areas
        for row in area.rows
        if row.target is not None and row.target.kind == "log" and isinstance(row.target.value, int)
    ]
    if places:
        missing = desk.log.unnamed(min(places), max(places) + 1)
        if missing:
            desk.loader.want_keys(desk.log.step, missing)
