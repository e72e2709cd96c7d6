"""Where the reader is: the pane with the keyboard, what is selected, marked, filtered and sorted. Nothing of the run itself.

Selections are by name, fingerprint or item number, never by row, so that they stay on their thing while rows come and go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal, TypeAlias

from tui_workflow.view.panes.failures import Sort
from tui_workflow.view.panes.log import Hits, Options


class Pane(IntEnum):
    """The panes by the number in their title."""

    STEPS = 1
    STEP = 2
    FAILURES = 3
    LOG = 4


Place: TypeAlias = Literal["main", "items", "definition", "history"]
ItemSort: TypeAlias = Literal["item", "tries", "took", "ended", "key"]
ITEM_SORTS: tuple[ItemSort, ...] = ("item", "tries", "took", "ended", "key")


@dataclass(slots=True)
class Filter:
    """A text that rows must hold, or with `inverse` must not."""

    text: str = ""
    inverse: bool = False

    @classmethod
    def of(cls, typed: str) -> Filter:
        """What was typed after `/`: a leading `!` inverts."""
        return cls(typed[1:], True) if typed.startswith("!") else cls(typed)

    @property
    def typed(self) -> str:
        return ("!" if self.inverse else "") + self.text


@dataclass(slots=True)
class TextLine:
    """A line that is being typed. `at` is the caret's place in `text`."""

    text: str = ""
    at: int = 0

    def insert(self, text: str) -> None:
        self.text = self.text[: self.at] + text + self.text[self.at :]
        self.at += len(text)

    def edit(self, key: str) -> bool:
        """Apply an editing key by its terminal name; False if it is none."""
        match key:
            case "backspace" | "ctrl+h":
                self.text, self.at = self.text[: max(0, self.at - 1)] + self.text[self.at :], max(0, self.at - 1)
            case "delete":
                self.text = self.text[: self.at] + self.text[self.at + 1 :]
            case "left":
                self.at = max(0, self.at - 1)
            case "right":
                self.at = min(len(self.text), self.at + 1)
            case "home":
                self.at = 0
            case "end":
                self.at = len(self.text)
            case "ctrl+u":
                self.text, self.at = self.text[self.at :], 0
            case "ctrl+w":
                kept = self.text[: self.at].rstrip()
                kept = kept[: kept.rfind(" ") + 1]
                self.text, self.at = kept + self.text[self.at :], len(kept)
            case _:
                return False
        return True


@dataclass(slots=True)
class Items:
    """A list of items of one step: those of a group, of a cell of the map, or in some states."""

    step: str
    title: str
    group: str | None = None
    """The fingerprint of the group it shows, or None."""
    cell: range | None = None
    """The items of a cell, or None."""
    states: tuple[int, ...] = ()
    """The states that are listed; all when empty."""
    running: tuple[int, ...] = ()
    """What runs, in order, for a list of that (`listing.RUNNING`)."""
    item: int | None = None
    """The item under the cursor."""
    row: int = 0
    """Its row."""
    left: int | None = None
    """The item under the cursor that has left the list, queued again say: it has a row in it until the cursor moves away."""
    first: int = 0
    """The first row in sight."""
    marked: set[int] = field(default_factory=set)
    anchor: int | None = None
    """Where a range of marks that is open began."""
    stretched: int | None = None
    """The item that it reaches to."""
    before_range: frozenset[int] = frozenset()
    """What was marked before it."""
    filter: Filter = field(default_factory=Filter)
    found: Sequence[int] | None = None
    """What the filter found, in the order of numbers, None while there is none."""
    more: bool = False
    """True when the filter keeps more than was looked for."""
    sort: ItemSort = "item"
    order: Sequence[int] | None = None
    """Item numbers in the order of `sort`, None for the order of the items."""
    reading: bool = False
    """True when the keyboard is in the item's page, not in the list."""
    top: int = 0
    """The first row of the item's page that is shown."""
    unfolded: bool = False
    """Whether library frames of the traceback are shown."""

    def count(self, listed: Sequence[int]) -> int:
        """How many of the rows are of items that belong to the list."""
        return len(listed) - (self.left is not None)


@dataclass(slots=True)
class LogView:
    """How the log is read. `at` is the line under the cursor, None at the end of it."""

    at: int | None = None
    options: Options = field(default_factory=Options)
    search: str = ""
    hits: Hits | None = None
    item: int | None = None
    """One item's log, or None for all of the step."""


@dataclass(slots=True)
class Nav:
    """Everything above together, for one run."""

    pane: Pane = Pane.STEPS
    place: Place = "main"
    before: list[Place] = field(default_factory=list)
    """Where `back` leads."""
    zoomed: bool = False
    step: str = ""
    chosen: bool = False
    """The reader has chosen the step; until then the screen looks at what runs."""
    step_filter: Filter = field(default_factory=Filter)
    cell: int | None = None
    group: str = ""
    group_row: int = 0
    """Its row, which stays when the group leaves the list."""
    group_waits: str = ""
    """The group that was retried as a whole, until it is known how that went: under the cursor it keeps its row till then."""
    groups_marked: set[str] = field(default_factory=set)
    group_anchor: str | None = None
    groups_before_range: frozenset[str] = frozenset()
    group_filter: Filter = field(default_factory=Filter)
    group_found: dict[str, Sequence[int]] = field(default_factory=dict)
    """By step, the failed items that hold the filter's text; a step is missing while it is not known."""
    group_hits: dict[str, tuple[Sequence[int], object, Counter[int | None]]] = field(default_factory=dict)
    """By step, what was found and what had failed when its hits were counted, and their number by the place of a group."""
    group_sort: Sort = "count"
    log: LogView = field(default_factory=LogView)
    items: Items | None = None
    definition_at: int = 0
    definition_search: str = ""
    definition_in_use: bool = False
    """The text in use is shown although a save was not taken up."""
    run: int = 0
    """The place of the cursor in the list of earlier runs."""
    entry: TextLine | None = None
    """The filter or search that is being typed."""
    banner_hidden: int = 0
    """The version of a banner that was closed: see `panes.banner`."""

    def go(self, place: Place) -> None:
        """Open a page; `back` returns to the present one."""
        if place != self.place:
            self.before.append(self.place)
            self.place = place

    def back(self) -> bool:
        """Return to the page before; False when this is the first."""
        if not self.before:
            return False
        self.place = self.before.pop()
        return True


def moved(values: Sequence[object], present: object, by: int) -> int:
    """The place `by` rows from `present` in a list, within its ends; its first place if `present` is not in it."""
    if not values:
        return 0
    try:
        at = values.index(present)
    except ValueError:
        return 0
    return min(max(0, at + by), len(values) - 1)
