"""All that a frame shows, and the panes as they are made of it, wherever a layout puts them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tui_workflow.facts.state import RunState, StepState
from tui_workflow.facts.work import Running
from tui_workflow.view import broken, tolerated
from tui_workflow.view.causes import listed
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.keys import Keymap
from tui_workflow.view.line import Line
from tui_workflow.view.nav import Nav, Pane
from tui_workflow.view.panes import banner, entry, failures, log, steps
from tui_workflow.view.panes import step as step_pane
from tui_workflow.view.panes.row import Cursor, Row, Rows
from tui_workflow.view.sampling import Sampling


@dataclass(slots=True)
class Scene:
    """All that a frame shows: the run, the reader, and what was loaded for the rows in sight.

    `now` is the time that numbers are counted to, `whole` the same in whole seconds, for ages. `notice` is a sentence
    about what just happened and whether it refused; `waits` stands at the footer's end.
    """

    state: RunState
    nav: Nav
    sampling: Sampling
    keymap: Keymap
    glyphs: Glyphs
    now: float
    live: bool = True
    lanes: Mapping[str, Sequence[Running]] = field(default_factory=dict)
    keys: Mapping[tuple[str, int], str] = field(default_factory=dict)
    settings: Sequence[tuple[str, str]] = ()
    slowest: str = ""
    result: str | None = None
    entries: Sequence[log.Entry] = ()
    log_size: tuple[int, int] | None = None
    """The lines of the whole log, and how many of them were left out."""
    notice: tuple[str, bool] | None = None
    waits: Line = ()
    about: banner.Due | None = None
    """What a banner may be about, where it is more than the run itself."""
    hidden: Collection[str] = ()
    """Actions that do nothing for now, and so are not offered."""

    @property
    def whole(self) -> float:
        return float(int(self.now))

    @property
    def step(self) -> StepState | None:
        """The selected step."""
        return self.state.steps.get(self.nav.step)

    def cursor(self, pane: Pane) -> Cursor:
        return "here" if self.nav.pane == pane and self.nav.place == "main" else "parent"

    @property
    def due(self) -> banner.Due:
        """What a banner may be about."""
        return self.about or banner.Due(self.state, self.live)

    def offered(self, action: str) -> str:
        """The key of an action that does something now, else ""."""
        return self.key(action) if action not in self.hidden or action == "back" else ""

    def key(self, action: str) -> str:
        """The first key of an action, "" if it has none."""
        keys = self.keymap[action].keys
        return keys[0] if keys else ""


def step_tree(scene: Scene, width: int, height: int, *, counted: bool = False) -> Rows:
    nav = scene.nav
    text = nav.step_filter.text.lower()
    shown = None
    if text:
        shown = [name for name in scene.state.steps if (text in name.lower()) != nav.step_filter.inverse]
    rows = steps.rows(
        scene.state,
        nav.step,
        nav.step,
        scene.now,
        scene.lanes,
        scene.keys,
        width,
        height - (1 if _entry(scene, Pane.STEPS, width) else 0),
        scene.glyphs,
        cursor=scene.cursor(Pane.STEPS),
        shown=shown,
        sampling=scene.sampling if counted else None,
    )
    line = _entry(scene, Pane.STEPS, width)
    return [rows[0], line, *rows[1:]] if line else rows


def step_rows_of(scene: Scene, width: int, height: int, *, untitled: bool = False) -> Rows:
    step = scene.step
    if step is None:
        return [] if untitled else [step_pane.nothing(width, scene.glyphs, cursor=scene.cursor(Pane.STEP))]
    return step_pane.rows(
        step,
        scene.lanes.get(step.name, ()),
        scene.keys,
        scene.now,
        scene.sampling,
        width,
        height,
        scene.glyphs,
        cursor=scene.cursor(Pane.STEP),
        cell=scene.nav.cell if scene.nav.pane == Pane.STEP else None,
        result=scene.result,
        part=tolerated.part_read(scene.state, step),
        untitled=untitled,
        paused=scene.state.paused,
        waits=steps.waits(scene.state, step)
        if step.status == "pending" and not steps.interrupted(scene.state, step)
        else "",
    )


def legend_of(scene: Scene, drawn: Rows, width: int) -> Rows:
    return step_pane.legend(scene.step, drawn, scene.sampling, width, scene.glyphs) if scene.step is not None else []


def causes_of(scene: Scene) -> list[failures.Cause]:
    return listed(scene.state, scene.nav)


def failure_rows_of(
    scene: Scene,
    causes: list[failures.Cause],
    width: int,
    height: int,
    *,
    trend: bool,
    aged: bool = True,
    hint: bool = False,
) -> Rows:
    trends = {}
    ended = scene.state.finished is not None
    if trend and not ended:
        for cause in causes[: max(0, height)]:
            trends[cause.mark] = scene.sampling.trend(
                cause.mark, cause.group, scene.whole, failures.TREND, scene.glyphs
            )
    nav = scene.nav
    failing = {cause.step for cause in causes}
    return failures.rows(
        causes,
        nav.group,
        nav.groups_marked,
        scene.whole if aged and not ended else None,
        trends,
        width,
        height,
        scene.glyphs,
        cursor="parent" if nav.place == "items" else scene.cursor(Pane.FAILURES) if nav.pane == Pane.FAILURES else "",
        sort=nav.group_sort,
        steps=len(failing) > 1,
        entry=_entry(scene, Pane.FAILURES, width),
        filtered=len(failures.causes(list(scene.state.steps.values()))) if nav.group_filter.text else None,
        hint=_hint(scene) if hint else "",
        none=broken.words(scene.state),
    )


def _hint(scene: Scene) -> str:
    """What the keys do with a group, below the last one."""
    words = f"{scene.key('open')} opens a group"
    return f"{words}, {canary} tries one of its items first" if (canary := scene.offered("canary")) else words


def log_rows_of(scene: Scene, width: int, height: int, *, bare: bool = False) -> Rows:
    view, step = scene.nav.log, scene.step
    subject = scene.nav.step
    if view.item is not None:
        subject = scene.keys.get((scene.nav.step, view.item), f"item {view.item}") + " alone"
    elif scene.live and scene.lanes.get(subject):
        subject = f"{subject}, all slots"
    return log.rows(
        scene.entries,
        view.at,
        subject,
        view.options,
        width,
        height,
        scene.glyphs,
        cursor=scene.cursor(Pane.LOG),
        live=scene.live and scene.state.finished is None and (step is None or step.status not in steps.ENDED),
        found=view.search,
        size=scene.log_size,
        entry=_entry(scene, Pane.LOG, width),
        bare=bare,
    )


def _entry(scene: Scene, pane: Pane, width: int) -> Row | None:
    """The row with the filter of a pane, while there is one or while it is typed."""
    nav = scene.nav
    typing = nav.entry if nav.pane == pane and nav.place == "main" else None
    held, where = {
        Pane.STEPS: (nav.step_filter.typed, "in the steps' names"),
        Pane.FAILURES: (nav.group_filter.typed, "in step, key, label, input, error, log"),
        Pane.LOG: (nav.log.search, "in the whole log"),
    }.get(pane, ("", ""))
    if typing is None and not held:
        return None
    hits = nav.log.hits if pane == Pane.LOG else None
    count = hits.words if hits is not None else ""
    return entry.row(typing, held, where, scene.key("back"), width, scene.glyphs, count)
