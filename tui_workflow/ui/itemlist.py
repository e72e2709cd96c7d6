"""The item list in front: which items it holds, where its cursor is, and what is known of those in sight."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence

from tui_workflow.facts.state import Item, StepState
from tui_workflow.ui.loader import Loader
from tui_workflow.ui.search import Search
from tui_workflow.view import listing
from tui_workflow.view.causes import failures_moved
from tui_workflow.view.nav import Items
from tui_workflow.view.sampling import BEAT

SORTABLE = 20_000
"""Items that are read to sort them by what only the run file knows; of more it gives the order itself."""


class ItemList:
    """Follows `Items` through the state of its step; a list is made again only when one of the two has changed."""

    def __init__(self, loader: Loader) -> None:
        self._search = Search(loader, "items")
        self._made_of: tuple[object, ...] = ()
        self._version = -1
        self._made_at = 0.0
        self._long = False
        """Whether it is sorted and so long that making it takes a while: then it follows the run by a beat."""
        self._members: Sequence[int] = ()
        self._listed: Sequence[int] = ()
        """The members, and the item under the cursor where it has left them."""
        self._total = 0
        self._shown: tuple[object, ...] = ()
        """What list it was when the cursor was put on it last."""

    def listed(self, step: StepState, items: Items, version: int) -> Sequence[int]:
        """The numbers in the list, in order. The cursor stays on its item also when that leaves the list, which has a row
        for it then, so that a second key never hits another item; a filter that does not keep it moves the cursor.
        """
        self._filter(step, items, version)
        made_of = (id(items), items.found, id(items.order), items.states, items.running, items.cell, items.group)
        moved = version != self._version and not (self._long and time.monotonic() - self._made_at < BEAT)
        if moved or made_of != self._made_of:
            self._made_of, self._version, self._made_at = made_of, version, time.monotonic()
            self._members = listing.numbers(step, items)
            self._total = len(self._members)
            if items.found is not None:
                found, items.found = items.found, None
                self._total = len(listing.numbers(step, items))
                items.found = found
            self._long = items.order is not None and len(self._members) > SORTABLE
            self._listed = self._members
        self._settle(step, items)
        return self._listed

    @property
    def total(self) -> int:
        """The length of the list without its filter."""
        return self._total

    def _settle(self, step: StepState, items: Items) -> None:
        shown = (id(items), items.filter.text, items.filter.inverse, items.states, items.cell, items.group)
        same, self._shown = shown == self._shown, shown
        if items.left is not None and (items.left != items.item or not same):
            items.left, self._listed = None, self._members
        place = listing.place_of(self._members, items.item, in_order=items.order is None)
        if place is not None:
            items.left, self._listed = None, self._members
        elif items.item is not None and same and self._stays(step, items, items.item):
            place = self._put(items, items.item)
        else:
            place = min(items.row, len(self._members) - 1)
            items.item = self._members[place] if place >= 0 else None
        items.row = max(0, place)

    def _stays(self, step: StepState, items: Items, item: int) -> bool:
        if item >= len(step.states) or step.states[item] == Item.GONE:
            return False
        return items.left is not None or not listing.holds(step, items, item)

    def _put(self, items: Items, item: int) -> int:
        """Give an item that has left the list a row in it; where."""
        place = bisect_left(self._members, item) if items.order is None else min(items.row, len(self._members))
        if items.left is None or self._listed is self._members:
            self._listed = [*self._members[:place], item, *self._members[place:]]
        items.left = item
        return place

    def _filter(self, step: StepState, items: Items, version: int) -> None:
        """Ask the run file for what the filter keeps."""
        if not items.filter.text:
            items.found, items.more = None, False
            return
        states = (Item.FAILED,) if items.group is not None else items.states
        if states in ((), listing.RUNNING):
            states = tuple(Item)[:5]
        moved = failures_moved(step) if items.group is not None else version
        items.found = self._search.found(step, items.filter, states, moved, items.cell)
        items.more = self._search.more

    def move(self, items: Items, rows: int) -> None:
        """Move the cursor within the list."""
        if self._listed:
            items.row = min(max(0, items.row + rows), len(self._listed) - 1)
            items.item = self._listed[items.row]
            items.top = 0

    def keep_in_sight(self, items: Items, room: int) -> int:
        """The first row to show so that the cursor is among `room` rows."""
        last = max(0, len(self._listed) - room)
        if items.row < items.first:
            items.first = items.row
        elif items.row >= items.first + room:
            items.first = items.row - room + 1
        items.first = min(items.first, last)
        return items.first

    @property
    def numbers(self) -> Sequence[int]:
        """The rows as they were made last."""
        return self._listed

    @property
    def members(self) -> Sequence[int]:
        """The same without an item that has left the list."""
        return self._members
