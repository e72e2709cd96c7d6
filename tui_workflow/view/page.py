"""The main page: which pane gets which rows at each size."""

from __future__ import annotations

from collections.abc import Mapping

from tui_workflow.view import broken, eta, numbers
from tui_workflow.view.columns import line_width
from tui_workflow.view.frame import GAP, LEFT, Frame, shape_of
from tui_workflow.view.keys import Context
from tui_workflow.view.line import Line, Span
from tui_workflow.view.nav import Pane
from tui_workflow.view.panes import banner, failures, footer, header, log, progress, selected
from tui_workflow.view.panes import step as step_pane
from tui_workflow.view.panes.row import BLANK, Row, Rows, short
from tui_workflow.view.scene import (
    Scene,
    causes_of,
    failure_rows_of,
    legend_of,
    log_rows_of,
    step_rows_of,
    step_tree,
)

ROOMY = 6
"""Free rows of a middling terminal from which on the failures get more than one."""
LOG_ROWS = 4
"""Rows that the log keeps in any case, its title's among them."""
CAUSES = 4
"""Causes above which each takes a row from a log of a run that goes on."""

TABS = {Pane.STEPS: "Steps", Pane.STEP: "", Pane.FAILURES: "Failures", Pane.LOG: "Log"}
NAME = 8
"""Columns of a step's name in its tab below which the tabs are numbers."""

CONTEXTS: dict[Pane, Context] = {
    Pane.STEPS: "steps",
    Pane.STEP: "step",
    Pane.FAILURES: "failures",
    Pane.LOG: "log",
}


def draw(scene: Scene, width: int, height: int) -> Frame:
    """The main page at a size."""
    shape = shape_of(width, height)
    frame = Frame(width, height, scene.glyphs, margin=1 if shape == "tiny" else 2)
    if scene.nav.zoomed:
        return _zoomed(scene, frame)
    top(scene, frame)
    if shape == "wide":
        _wide(scene, frame)
    elif shape == "stacked":
        _stacked(scene, frame)
    else:
        _tiny(scene, frame)
    return frame.finish(bottom(scene, frame, CONTEXTS[scene.nav.pane]))


def top(scene: Scene, frame: Frame) -> None:
    """Header and banner."""
    state = scene.state
    words = ""
    if state.finished is None and state.status in ("running", "paused"):
        words = eta.words(eta.of_run(state, scene.whole, scene.lanes), paused=state.paused, dash=scene.glyphs.dash)
    frame.bar(
        header.rows(state, scene.now, scene.lanes, words, frame.width, scene.glyphs, frame.margin, live=scene.live)
    )
    if frame.height >= 10:
        hidden = scene.nav.banner_hidden
        frame.bar(banner.row(scene.due, hidden, scene.offered, frame.width, scene.glyphs, frame.margin))


def bottom(scene: Scene, frame: Frame, context: Context, words: Mapping[str, str] | None = None) -> Rows:
    """The footer, or what just happened. `words` replaces what keys are said to do; one that is said to do "" is left out."""
    if scene.notice is not None:
        most = max(1, frame.height // 5)
        return footer.notice(*scene.notice, frame.width, scene.glyphs, frame.margin, most)
    said = {"pause": "resume"} if scene.state.paused else {}
    if context in ("log", "definition"):
        said |= {"filter": "search", "open": "its item"}
    if context == "log" and scene.nav.log.item is not None:
        said["back"] = "whole log"
    step = scene.state.steps.get(scene.nav.step)
    said["states"] = ""
    if step is not None and step.shape.for_each:
        said["states"] = "running" if scene.lanes.get(step.name) else "skipped" if step.skipped else ""
    said |= dict(words or {})
    # An item's page names the others of its cause itself, under `next`.
    left_out = {*scene.hidden, "retry_shown"} if context == "item" else scene.hidden
    offered = (action for action in scene.keymap.footer(context) if action.name not in left_out)
    actions = tuple(action for action in offered if said.get(action.name) != "")
    return [footer.rows(actions, said, scene.waits, frame.width, scene.glyphs, frame.margin)]


def _wide(scene: Scene, frame: Frame) -> None:
    frame.blank()
    room = frame.height - 1 - len(frame.lines)
    ended = scene.state.finished is not None
    right_width = frame.width - 2 * frame.margin - LEFT - GAP
    causes = causes_of(scene)
    if ended:
        log_rows = max(LOG_ROWS, min(room * 2 // 5, len(scene.entries) + 2))
        left, right, _ = _columns(scene, frame, causes, room, right_width, log_rows=log_rows)
        frame.sides(left, right, room)
        return
    more = max(0, len(causes) - CAUSES)
    log_rows = max(LOG_ROWS, min(room * 8 // 29 - more, len(scene.entries) + 2))
    left, right, used = _columns(scene, frame, causes, room - log_rows - 1, right_width, log_rows=0)
    frame.sides(left, right, used)
    frame.blank()
    rest = frame.height - 1 - len(frame.lines)
    frame.full(Pane.LOG, log_rows_of(scene, frame.width - 2 * frame.margin, rest))


def _columns(
    scene: Scene, frame: Frame, causes: list[failures.Cause], room: int, right_width: int, log_rows: int
) -> tuple[list[tuple[int, Rows]], list[tuple[int, Rows]], int]:
    """The panes of both sides in at most `room` rows, and how many rows they take; with `log_rows` the log stands right."""
    wanted = 2 if not causes else 1 + len(causes)
    least = min(wanted, max(2, room // 5))
    right: list[tuple[int, Rows]] = []
    step_rows = step_rows_of(scene, right_width, max(3, room - least - 1 - (log_rows + 1 if log_rows else 0)))
    right.append((Pane.STEP, [*step_rows, BLANK]))
    left_over = room - len(step_rows) - 1 - (log_rows + 1 if log_rows else 0)
    # Each cause has a row before the log has more than a few: it is a key away, and a cause that is not seen is not mended.
    given = max(0, min(wanted - left_over, log_rows - LOG_ROWS))
    log_rows, left_over = log_rows - given, left_over + given
    whole = frame.width >= 120
    legend = legend_of(scene, step_rows, right_width)

    def failures_in(rows: int, *, hint: bool) -> Rows:
        return failure_rows_of(scene, causes, right_width, max(2, rows), trend=whole, aged=whole, hint=hint)

    failed = failures_in(left_over, hint=bool(log_rows))
    if legend and len(failed) >= left_over:
        # How many items a cell has goes before second rows of messages, and these before the hint and what signs mean.
        telling = step_pane.only_in_legend(scene.step, scene.sampling, right_width) and left_over > wanted
        failed = failures_in(left_over - 1 if telling else left_over, hint=False)
    right.append((Pane.FAILURES, failed))
    if legend and len(failed) < left_over:
        step_rows = [*step_rows, *legend]
        right[0] = (Pane.STEP, [*step_rows, BLANK])
    used = len(step_rows) + 1 + len(failed)
    if log_rows:
        right[-1] = (Pane.FAILURES, [*failed, BLANK])
        right.append((Pane.LOG, log_rows_of(scene, right_width, room - used - 1)))
        used = room
    tree = step_tree(scene, LEFT, room)
    left: list[tuple[int, Rows]] = [(Pane.STEPS, tree)]
    used = min(room, max(used, len(tree)))
    step = scene.step
    if step is not None and room - len(tree) >= 3:
        ended = scene.state.finished is not None
        facts = selected.rows(step, scene.settings, scene.slowest, ended, LEFT, room - len(tree) - 1, scene.glyphs)
        if facts:
            left[0] = (Pane.STEPS, [*tree, BLANK])
            left.append((0, facts))
            used = min(room, max(used, len(tree) + 1 + len(facts)))
    return left, right, used


def _stacked(scene: Scene, frame: Frame) -> None:
    width = frame.width - 2 * frame.margin
    room = frame.height - 1 - len(frame.lines)
    nav = scene.nav
    if nav.pane in (Pane.FAILURES, Pane.LOG):
        how_far = progress.row(scene.state, nav.step, scene.lanes, scene.sampling, width, scene.glyphs)
        frame.full(Pane.STEP, [how_far])
        room -= 1
    if nav.pane == Pane.LOG:
        frame.full(Pane.LOG, log_rows_of(scene, width, room))
        return
    if nav.pane == Pane.FAILURES:
        causes = causes_of(scene)
        rows = failure_rows_of(scene, causes, width, room - 6, trend=False)
        frame.full(Pane.FAILURES, rows)
        frame.blank()
        frame.full(Pane.LOG, log_rows_of(scene, width, frame.height - 1 - len(frame.lines)))
        return
    room -= 2
    whole = len(step_tree(scene, width, 1000))
    wanted = step_rows_of(scene, width, max(3, room - 1 - min(whole, max(8, room // 3))))
    tree = step_tree(scene, width, max(3, room - len(wanted) - 1))
    frame.full(Pane.STEPS, tree)
    frame.blank()
    rows = step_rows_of(scene, width, room - len(tree) - 1)
    if len(rows) < room - len(tree) - 1:
        rows = [*rows, *legend_of(scene, rows, width)]
    frame.full(Pane.STEP, rows)
    free = frame.height - 1 - len(frame.lines)
    causes = causes_of(scene)
    if causes and free >= ROOMY:
        # Rows that nobody needs show the causes one below the other rather than side by side.
        frame.blank()
        frame.full(Pane.FAILURES, failure_rows_of(scene, causes, width, free - 2, trend=False))
        frame.blank(max(0, frame.height - 2 - len(frame.lines)))
        frame.full(Pane.LOG, [Row(log.NAME)])
        return
    frame.blank(max(0, free - 1))
    frame.full(Pane.FAILURES, [failures.line(causes, width, scene.glyphs, broken.words(scene.state))])


def _tiny(scene: Scene, frame: Frame) -> None:
    width = frame.width - 2 * frame.margin
    frame.full(0, [tabs(scene, width)])
    room = max(0, frame.height - 1 - len(frame.lines))
    match scene.nav.pane:
        case Pane.STEPS:
            rows = step_tree(scene, width, room + 1, counted=True)[1:]
        case Pane.STEP:
            rows = step_rows_of(scene, width, room, untitled=True)
            if len(rows) < room:
                rows = [*rows, *legend_of(scene, rows, width)]
        case Pane.FAILURES:
            rows = failure_rows_of(scene, causes_of(scene), width, room + 1, trend=False)[1:]
        case Pane.LOG:
            rows = log_rows_of(scene, width, room, bare=True)
    frame.full(scene.nav.pane, rows)


def tabs(scene: Scene, width: int) -> Row:
    """The titles of the panes as one line, with how far the step is while neither pane 1 nor 2 shows it.

    Where they do not fit the step's name is cut, then all names go but the one of the pane that is open.
    """
    state, here, step = scene.state, scene.nav.pane, scene.step
    failed = numbers.count(state.failed) if state.failed else ""
    share = ""
    if here in (Pane.FAILURES, Pane.LOG) and step is not None and step.shape.for_each and step.total:
        share = numbers.percent(step.done, step.total, known=step.total_known)
    title = scene.nav.step or "Step"
    for label, told in ((title, share), (title, ""), ("", "")):
        fixed = sum(len(word) for word in (*TABS.values(), failed, told)) + 14 + bool(failed) + bool(told)
        name = short(label, max(NAME, width - fixed), "dim", scene.glyphs)
        line = _tabs(here, {**TABS, Pane.STEP: name}, {Pane.STEP: told, Pane.FAILURES: failed})
        if label and line_width(line) <= width:
            return Row(line)
    name = short(title, max(0, width - 11), "dim", scene.glyphs)
    return Row(_tabs(here, {here: name if here == Pane.STEP else TABS[here]}, {}))


def _tabs(here: Pane, labels: Mapping[Pane, Line | str], facts: Mapping[Pane, str]) -> Line:
    """One tab for each pane: its number, and its label and the fact about it where there are any."""
    spans: list[Span] = []
    for pane in Pane:
        role = "accent" if pane == here else "dim"
        label = labels.get(pane, ())
        words = (Span(label),) if isinstance(label, str) else label
        lead = " " if words else ""
        spans += (Span("  " if spans else ""), Span(f"{pane.value}{lead}", role))
        spans += (
            span._replace(role=role if span.role != "retrying" else span.role, bold=pane == here) for span in words
        )
        if fact := facts.get(pane):
            spans.append(Span(f" {fact}", "failed" if pane == Pane.FAILURES else "text"))
    return tuple(spans)


def _zoomed(scene: Scene, frame: Frame) -> Frame:
    """One pane alone from edge to edge, so that what a terminal selects is its text and nothing else."""
    frame.margin = 1
    width, room = frame.width - 2, frame.height - 1
    match scene.nav.pane:
        case Pane.STEPS:
            rows = step_tree(scene, width, room)
        case Pane.STEP:
            rows = step_rows_of(scene, width, room)
        case Pane.FAILURES:
            rows = failure_rows_of(scene, causes_of(scene), width, room, trend=False)
        case Pane.LOG:
            rows = log_rows_of(scene, width, room, bare=True)
    frame.full(scene.nav.pane, rows)
    return frame.finish(bottom(scene, frame, CONTEXTS[scene.nav.pane]))
