"""Editing while the run goes on: the editor at the line that matters, the plan of what was saved, the stale again."""

from __future__ import annotations

import os

from tui_workflow.ui import editor
from tui_workflow.ui.actions.walk import Act
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.place import place
from tui_workflow.ui.rerun import run_stale
from tui_workflow.ui.screens.plan import PlanDialog


def edit(desk: Desk) -> None:
    """Open the editor; what was saved in it is taken up before the screen is back."""
    found = place(desk)
    if not os.path.isfile(found.file):
        desk.refuse(f"{found.file} is gone; the run goes on by its stored text")
        return
    environ = desk.options.environ or os.environ

    async def work() -> None:
        words = editor.chosen(environ)
        code = await desk.lend(editor.command(words, found.file, found.line, found.column))
        if code:
            desk.refuse(f"{os.path.basename(words[0])} ended with {code}")

    desk.spawn("edit", work())


def plan(desk: Desk) -> None:
    """What the latest edit changed, and what of it waits."""
    found = desk.feed.reload_plan()
    if found is not None:
        desk.open(PlanDialog(desk, found))
        return
    rejected = desk.feed.rejected()
    if rejected is not None:
        desk.refuse(f"There is no plan: the save was not taken up   {desk.key('edit')} edit line {rejected.line}")
    else:
        desk.refuse(f"No edit has been saved since this began   {desk.key('edit')} edit")


def in_use(desk: Desk) -> None:
    """Change between the text in force and the save that was not taken up."""
    nav, rejected = desk.nav, desk.feed.rejected()
    if rejected is None:
        desk.refuse(f"{desk.key('in_use')} does nothing here: this is the text in use")
        return
    nav.definition_in_use = not nav.definition_in_use
    if not nav.definition_in_use:
        nav.definition_at = rejected.line - 1


ACTIONS: dict[str, Act] = {"edit": edit, "plan": plan, "rerun_stale": run_stale, "in_use": in_use}
