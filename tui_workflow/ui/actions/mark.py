"""Marks: on items, and on groups of failures."""

from __future__ import annotations

from collections.abc import MutableSet, Sequence
from typing import TypeVar

from tui_workflow.ui.actions import walk
from tui_workflow.ui.actions.walk import Act
from tui_workflow.ui.desk import Desk
from tui_workflow.view.nav import Pane

Name = TypeVar("Name", int, str)


def mark(desk: Desk) -> None:
    """Mark what is under the cursor or take its mark away. The cursor stays: a second press undoes the first, `j` goes on."""
    nav = desk.nav
    if nav.place == "items" and nav.items is not None and nav.items.item is not None:
        _toggle(nav.items.marked, nav.items.item)
        nav.items.anchor = None
    elif nav.place == "main" and nav.pane == Pane.FAILURES and walk.cause(desk) is not None:
        _toggle(nav.groups_marked, nav.group)
        nav.group_anchor = None
    else:
        desk.refuse(f"{desk.key('mark')} does nothing here: there is nothing to mark")


def span(desk: Desk) -> None:
    """Begin a range at the cursor, which marks everything from there to wherever the cursor goes; the second time end it."""
    nav = desk.nav
    if nav.place == "items" and nav.items is not None and nav.items.item is not None:
        items = nav.items
        if items.anchor is None:
            items.anchor = items.stretched = nav.items.item
            items.before_range = frozenset(items.marked)
            items.marked.add(nav.items.item)
            desk.say(f"A range begins here   {desk.key('range')} or what is done with it ends it at the cursor")
        else:
            end_range(desk)
            desk.say(f"{len(items.marked)} marked")
    elif nav.place == "main" and nav.pane == Pane.FAILURES and walk.cause(desk) is not None:
        if nav.group_anchor is None:
            nav.group_anchor = nav.group
            nav.groups_before_range = frozenset(nav.groups_marked)
            nav.groups_marked.add(nav.group)
            desk.say(f"A range begins here   {desk.key('range')} or what is done with it ends it at the cursor")
        else:
            end_range(desk)
    else:
        desk.refuse(f"{desk.key('range')} does nothing here: there is nothing to mark")


def end_range(desk: Desk) -> None:
    """Keep the marks of a range that is open here, and open it no more: what is shown as marked is what keys act on."""
    nav = desk.nav
    if nav.place == "items" and nav.items is not None:
        nav.items.anchor = None
    elif nav.place == "main" and nav.pane == Pane.FAILURES:
        nav.group_anchor = None


def stretch(desk: Desk) -> None:
    """Mark everything from where an open range begins to the cursor, and no longer what it has left again."""
    nav, items = desk.nav, desk.nav.items
    if nav.place == "items" and items is not None and items.anchor is not None and items.item is not None:
        if items.item != items.stretched:
            items.stretched = items.item
            items.marked = {*items.before_range, *_between(desk.item_list.numbers, items.anchor, items.item)}
    elif nav.place == "main" and nav.pane == Pane.FAILURES and nav.group_anchor is not None:
        marks = [cause.mark for cause in walk.causes(desk)]
        nav.groups_marked = {*nav.groups_before_range, *_between(marks, nav.group_anchor, nav.group)}


def forget(desk: Desk) -> None:
    """Take every mark away, where what was marked has been dealt with."""
    desk.nav.groups_marked.clear()
    desk.nav.group_anchor = None
    if desk.nav.items is not None:
        desk.nav.items.marked.clear()
        desk.nav.items.anchor = None


def _toggle(marked: MutableSet[Name], name: Name) -> None:
    if name in marked:
        marked.discard(name)
    else:
        marked.add(name)


def _between(names: Sequence[Name], one: Name, other: Name) -> Sequence[Name]:
    if one not in names or other not in names:
        return [one, other]
    first, last = sorted((names.index(one), names.index(other)))
    return names[first : last + 1]


ACTIONS: dict[str, Act] = {"mark": mark, "range": span}
