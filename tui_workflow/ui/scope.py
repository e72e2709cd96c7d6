"""What a key acts on: the marks, or else what is under the cursor, as the items of one step."""

from __future__ import annotations

from dataclasses import dataclass

from tui_workflow.facts.state import Item
from tui_workflow.ui.actions import walk
from tui_workflow.ui.desk import Desk
from tui_workflow.view import listing, numbers
from tui_workflow.view.causes import kept
from tui_workflow.view.nav import Items, Pane
from tui_workflow.view.panes.failures import Cause

_FAILED = bytes(int(state in (Item.FAILED, Item.RETRYING)) for state in range(256))
"""By state of an item, whether a retry is for it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Items of one step, in words too. `group` is the fingerprint if they are one whole group, `whole` if all failed ones."""

    step: str
    items: tuple[int, ...]
    words: str
    group: str | None = None
    whole: bool = False

    @property
    def count(self) -> int:
        return len(self.items)


def scopes(desk: Desk) -> list[Scope]:
    """What `retry`, `canary`, `skip` and `write` act on here; empty when there is nothing."""
    nav = desk.nav
    if nav.place == "items" and nav.items is not None:
        held = nav.items
        if held.marked:
            chosen = tuple(sorted(held.marked))
            return [Scope(held.step, chosen, f"the {numbers.count(len(chosen))} marked")]
        if held.item is None:
            return []
        return [Scope(held.step, (held.item,), name_of(desk, held.step, held.item))]
    if nav.place != "main":
        return []
    if nav.pane == Pane.FAILURES:
        found = walk.causes(desk)
        chosen_groups = [cause for cause in found if cause.mark in nav.groups_marked] or [
            cause for cause in found if cause.mark == nav.group
        ]
        return [_of_cause(desk, cause) for cause in chosen_groups]
    step = desk.step
    if step is None:
        return []
    if nav.pane == Pane.LOG and nav.log.item is not None:
        return [Scope(step.name, (nav.log.item,), name_of(desk, step.name, nav.log.item))]
    if not step.failed:
        return []
    failed = tuple(sorted(step.failures))
    return [Scope(step.name, failed, f"{numbers.plural(len(failed), 'item')} of {step.name}", whole=True)]


def _of_cause(desk: Desk, cause: Cause) -> Scope:
    """The items of a group that its row on the screen stands for: with a filter, those that it keeps."""
    some = kept(desk.state, desk.nav, cause)
    if some is None:
        return of_group(desk, cause.step, cause.group.fingerprint)
    whole = next(g.count for g in desk.state.steps[cause.step].groups if g.fingerprint == cause.group.fingerprint)
    words = f"{numbers.count(len(some))} of {numbers.plural(whole, 'item')} of {cause.step} with {cause.group.type}"
    return Scope(cause.step, some, words)


def of_group(desk: Desk, step: str, fingerprint: str) -> Scope:
    """All items of one group of failures."""
    state = desk.state.steps[step]
    found = tuple(listing.numbers(state, Items(step, "", group=fingerprint)))
    group = next(group for group in state.groups if group.fingerprint == fingerprint)
    return Scope(step, found, f"{numbers.plural(len(found), 'item')} of {step} with {group.type}", group=fingerprint)


def failed_in(desk: Desk, scope: Scope) -> tuple[int, ...]:
    """Those of a scope that have failed, or wait for another attempt after they had."""
    failed = desk.state.steps[scope.step].states.translate(_FAILED)
    return tuple(number for number in scope.items if number < len(failed) and failed[number])


def name_of(desk: Desk, step: str, number: int) -> str:
    """An item's key, or its number while the key is not known."""
    return desk.loader.keys.get((step, number), f"item {numbers.count(number)}")
