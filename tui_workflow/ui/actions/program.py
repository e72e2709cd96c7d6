"""Help and the command palette."""

from __future__ import annotations

from tui_workflow.ui.actions.walk import Act
from tui_workflow.ui.screens.help import Help
from tui_workflow.ui.screens.palette import Palette

ACTIONS: dict[str, Act] = {
    "help": lambda desk: desk.open(Help(desk)),
    "palette": lambda desk: desk.open(Palette(desk)),
}
