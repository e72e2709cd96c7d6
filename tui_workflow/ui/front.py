"""What is on the canvas and takes the input: the opening at first, then the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from tui_workflow.ui.looks import Looks
    from tui_workflow.view.line import Line

Page: TypeAlias = "list[tuple[Line, bool]]"
"""The screen's lines, top to bottom, each with whether it lies behind a dialog."""


class Front(Protocol):
    """The app paints what this gives and hands over what a person does; it decides neither."""

    def page(self, looks: Looks, width: int, height: int) -> Page:
        """The screen as it is now."""

    def beat(self, now: float, *, at_once: bool = False) -> None:
        """Take a sample of what only passes; `now` is of `time.monotonic`."""

    def tick(self, now: float) -> bool:
        """Look at what has happened; true when the screen may have moved."""

    def press(self, key: str, character: str | None) -> None:
        """Act on a key."""

    def paste(self, text: str) -> None:
        """Take in a pasted text."""

    def click(self, x: int, y: int, *, twice: bool) -> None:
        """Act on a click."""

    def scroll(self, x: int, y: int, rows: int) -> None:
        """Act on the wheel; negative is up."""

    def tell(self, words: str) -> None:
        """Put a sentence on the screen, unless one is there that somebody has just asked for."""

    def close(self) -> None:
        """Stop what goes on in the background."""
