"""The page of a save that was not taken up: its text on the right, the run that goes on without it on the left."""

from __future__ import annotations

from tui_workflow.view.frame import GAP, LEFT, LIST, Frame, shape_of
from tui_workflow.view.nav import Pane
from tui_workflow.view.page import bottom, top
from tui_workflow.view.panes import definition, entry
from tui_workflow.view.panes.row import BLANK, Rows
from tui_workflow.view.ports import Rejected
from tui_workflow.view.scene import Scene, causes_of, failure_rows_of, log_rows_of, step_tree


def draw(scene: Scene, rejected: Rejected, width: int, height: int) -> Frame:
    """The page at a size; below the two columns' width the text stands alone."""
    shape = shape_of(width, height)
    frame = Frame(width, height, scene.glyphs, margin=1 if shape == "tiny" else 2)
    top(scene, frame)
    if shape == "wide":
        frame.blank()
    room = frame.height - 1 - len(frame.lines)
    inner = width - 2 * frame.margin - (LEFT + GAP if shape == "wide" else 0)
    nav = scene.nav
    line = None
    if nav.entry is not None or nav.definition_search:
        line = entry.row(nav.entry, nav.definition_search, "in the text", scene.key("back"), inner, scene.glyphs)
    found = nav.definition_search
    rows = definition.rows(
        rejected.path,
        rejected.text,
        nav.definition_at,
        scene.state.revision,
        rejected,
        inner,
        room,
        scene.glyphs,
        found=found,
        wrap=nav.log.options.wrap,
        entry=line,
    )
    if shape == "wide":
        frame.sides(_run(scene, room), [(LIST, rows)], room)
    else:
        frame.full(LIST, rows)
    words = {
        "edit": f"edit line {rejected.line}",
        "in_use": f"show r{scene.state.revision}, in use",
    }
    return frame.finish(bottom(scene, frame, "definition", words))


def _run(scene: Scene, room: int) -> list[tuple[int, Rows]]:
    """Steps, failures and log, one below the other, none of them with the keyboard."""
    causes = causes_of(scene)
    tree = step_tree(scene, LEFT, max(3, room - 8))
    failed = failure_rows_of(scene, causes, LEFT, max(2, min(1 + len(causes), (room - len(tree)) // 2)), trend=False)
    left = room - len(tree) - len(failed) - 2
    found: list[tuple[int, Rows]] = [(Pane.STEPS, [*tree, BLANK])]
    if left >= 0:
        found.append((Pane.FAILURES, [*failed, BLANK]))
        found.append((Pane.LOG, log_rows_of(scene, LEFT, left)))
    return found
