"""How the screen looks: theme, depth of colour and signs, from the terminal, from options, and by the key that changes them."""

from __future__ import annotations

from collections.abc import Mapping

from tui_workflow.errors import WfError
from tui_workflow.ui.styles import Depth, Styles
from tui_workflow.view import glyphs as signs
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.theme import BUILTIN, Theme, load, load_builtin

Step = tuple[bool, bool]
"""Colour-blind colours, ASCII."""
ROUND: tuple[Step, ...] = ((False, False), (True, False), (True, True))
"""What the key goes through."""


class Looks:
    """The styles and signs that hold now. A theme that cannot be used leaves the one before."""

    def __init__(self, theme: str, environ: Mapping[str, str], *, ascii_wanted: bool, colours: str | None) -> None:
        self.problem = ""
        self._environ = environ
        self._ascii = ascii_wanted
        self._place = 0
        self.depth: Depth = "none" if environ.get("NO_COLOR") else depth_of(colours)
        name = theme or BUILTIN[0]
        try:
            self._theme = load(name)
        except WfError as problem:
            self._theme = load_builtin(BUILTIN[0])
            self.problem = f"The theme {name} is not used: {problem}"
        self._make()

    def use_ascii(self) -> None:
        """Take the ASCII signs from now on, whatever is turned."""
        self._ascii = True
        self._make()

    def turn(self) -> str:
        """The next looks; the sentence says which."""
        self._place = (self._place + 1) % len(ROUND)
        self._make()
        return (
            f"As the theme {self._theme.name} says",
            "Colours for colour-blind eyes",
            "Colours for colour-blind eyes, signs in ASCII",
        )[self._place]

    def _make(self) -> None:
        blind, plain = ROUND[self._place]
        theme: Theme = load_builtin("clear") if blind else self._theme
        self.styles = Styles(theme, self.depth)
        self.glyphs: Glyphs = signs.choose(self._environ, ascii_wanted=self._ascii or plain)


def depth_of(colours: str | None) -> Depth:
    """The depth for what the terminal library calls its colour system."""
    if colours in ("truecolor", "256"):
        return "true"
    return "sixteen" if colours in ("standard", "windows") else "none"
