"""Scenes of a simulated run, drawn without a terminal."""

from __future__ import annotations

from tests.ui.simulate import Simulation
from tui_workflow.text import GROUP
from tui_workflow.view.frame import Frame
from tui_workflow.view.glyphs import UNICODE, Glyphs
from tui_workflow.view.keys import DEFAULT
from tui_workflow.view.line import plain
from tui_workflow.view.nav import Nav, Pane
from tui_workflow.view.page import draw
from tui_workflow.view.panes.log import Entry
from tui_workflow.view.sampling import Sampling
from tui_workflow.view.scene import Scene


def scene(run: Simulation, *, pane: Pane = Pane.STEPS, step: str = "process_chunks", glyphs: Glyphs = UNICODE) -> Scene:
    """A scene with everything loaded."""
    lanes = {name: list(run.running(name)) for name, state in run.state.steps.items() if state.status == "running"}
    keys = {(name, lane.item): run.key(name, lane.item) for name, held in lanes.items() for lane in held}
    entries = [
        Entry(line.at, line.step, line.item, run.key(line.step, line.item), line.text) for line in run.lines[-60:]
    ]
    return Scene(
        run.state,
        Nav(pane=pane, step=step),
        Sampling(),
        DEFAULT,
        glyphs,
        run.clock,
        lanes=lanes,
        keys=keys,
        settings=run.settings(step).rows,
        entries=entries,
        hidden={"edit", "plan", "back", "rerun_stale"},
    )


def text(frame: Frame) -> str:
    """The lines of a frame, without the spaces at their ends and with ordinary ones between digits."""
    return "\n".join(plain(line).replace(GROUP, " ").rstrip() for line in frame.lines) + "\n"


def drawn(run: Simulation, width: int, height: int, *, pane: Pane = Pane.STEPS, glyphs: Glyphs = UNICODE) -> str:
    return text(draw(scene(run, pane=pane, glyphs=glyphs), width, height))
