"""Looking: zoom, the log and how it is read, the failures, the definition, the history, the looks of it all."""

from __future__ import annotations

from dataclasses import replace

from tui_workflow.ui.actions import walk
from tui_workflow.ui.actions.walk import Act
from tui_workflow.ui.desk import Desk
from tui_workflow.view.nav import Pane
from tui_workflow.view.panes.definition import lines_of


def zoom(desk: Desk) -> None:
    """One pane alone, or all of them again."""
    nav = desk.nav
    if nav.place != "main":
        desk.refuse(f"{desk.key('zoom')} does nothing here: only the four panes of the first page zoom")
        return
    nav.zoomed = not nav.zoomed
    desk.set_mouse(not nav.zoomed)


def failures(desk: Desk) -> None:
    """To the failures, those of the selected step first."""
    found = walk.causes(desk)
    if not found:
        desk.refuse("No item has failed")
        return
    nav = desk.nav
    own = [cause for cause in found if cause.step == nav.step]
    if nav.pane != Pane.FAILURES or nav.group not in [cause.mark for cause in found]:
        nav.group = (own or found)[0].mark
    nav.pane = Pane.FAILURES


def log(desk: Desk) -> None:
    """The log of what is selected: of an item on the pages of items, else of the step."""
    nav = desk.nav
    if nav.place == "items" and nav.items is not None:
        item, step = nav.items.item, nav.items.step
        walk.select(desk, step)
        nav.log.item = item
        nav.go("main")
    else:
        if nav.pane == Pane.FAILURES and (cause := walk.cause(desk)) is not None:
            walk.select(desk, cause.step)
        nav.log.item = None
    nav.pane = Pane.LOG


def follow(desk: Desk) -> None:
    """Stay at the end of the log, or where it is."""
    if desk.nav.place != "main":
        desk.refuse(
            f"{desk.key('follow')} does nothing here: this log does not move   {desk.key('log')} opens the live one"
        )
        return
    view = desk.nav.log
    view.options = replace(view.options, follow=not view.options.follow)
    if view.options.follow:
        desk.log_to_end()
    elif view.at is None and len(desk.log):
        view.at = len(desk.log) - 1


def wrap(desk: Desk) -> None:
    """Long lines, of the log or of the definition."""
    if _nothing_printed(desk, "wrap"):
        return
    view = desk.nav.log
    view.options = replace(view.options, wrap=not view.options.wrap)
    if desk.nav.place == "items":  # none of what is in sight may be long
        desk.say(
            "Long lines of the log go on in the next row" if view.options.wrap else "Long lines of the log are cut"
        )


def times(desk: Desk) -> None:
    """Whether lines of the log have them."""
    if _nothing_printed(desk, "timestamps"):
        return
    view = desk.nav.log
    view.options = replace(view.options, times=not view.options.times)


def _nothing_printed(desk: Desk, action: str) -> bool:
    """Say so on the page of an item without a log: nothing on it would change, only the log that is not in sight."""
    if desk.nav.place != "items" or desk.item_printed():
        return False
    desk.refuse(
        f"{desk.key(action)} is for what an item prints; here it does nothing, since this one has printed nothing"
    )
    return True


def definition(desk: Desk) -> None:
    """The flow's text, at the selected step."""
    nav = desk.nav
    if nav.place == "definition":
        nav.back()
        return
    _, text = desk.definition()
    rejected = desk.feed.rejected()
    if rejected is not None:
        nav.definition_at = max(0, rejected.line - 1)
        nav.go("definition")
        return
    for place, line in enumerate(lines_of(text)):
        bare = line.strip()
        if (
            bare.rstrip(":") == nav.step
            or bare.removeprefix("- ").removeprefix("name:").strip().strip("\"'") == nav.step
        ):
            nav.definition_at = place
            break
    nav.go("definition")


def history(desk: Desk) -> None:
    """The earlier runs."""
    if desk.options.library is None:
        desk.refuse(f"{desk.key('history')} does nothing here: no other runs can be reached")
    elif desk.nav.place == "history":
        desk.nav.back()
    else:
        desk.nav.go("history")


def looks(desk: Desk) -> None:
    desk.say(f"{desk.turn_looks()}   {desk.key('looks')} next")


ACTIONS: dict[str, Act] = {
    "zoom": zoom,
    "failures": failures,
    "log": log,
    "follow": follow,
    "wrap": wrap,
    "timestamps": times,
    "definition": definition,
    "history": history,
    "looks": looks,
}
