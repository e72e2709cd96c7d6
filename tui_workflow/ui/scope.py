"""What a key acts on: the marks, or else what is under the cursor, as the items of one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui_workflow.facts.state import Group, Item
from tui_workflow.ui.actions import walk
from tui_workflow.ui.actions.mark import end_range
from tui_workflow.ui.desk import Desk
from tui_workflow.view import listing, numbers
from tui_workflow.view.causes import kept
from tui_workflow.view.nav import Items, Pane
from tui_workflow.view.panes.failures import Cause

_FAILED = bytes(int(state in (Item.FAILED, Item.RETRYING)) for state in range(256))
"""By state of an item, whether a retry is for it."""
_NOT_DONE = bytes(int(state in (Item.FAILED, Item.RETRYING, Item.SKIPPED)) for state in range(256))
"""The same for items that are chosen one by one: a skip is taken back by a retry."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Items of one step, in words too. `group` is the fingerprint if they are one whole group, `whole` if all failed ones.

    `name` is what they have in common, for a list of several scopes. `part` is true where a filter leaves others out.
    """

    step: str
    items: tuple[int, ...]
    words: str
    group: str | None = None
    whole: bool = False
    name: str = ""
    part: bool = False

    @property
    def count(self) -> int:
        return len(self.items)

    @property
    def cause(self) -> str:
        """What its items failed by, where that is one thing."""
        return "" if self.whole else self.name


def scopes(desk: Desk) -> list[Scope]:
    """What `retry`, `canary`, `skip` and `write` act on here; empty when there is nothing. A range that is open ends here."""
    end_range(desk)
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
        found = [cause for cause in walk.causes(desk) if cause.group.count]
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


def shown(desk: Desk) -> list[Scope]:
    """What can be tried by one first: as `scopes`, but of a list of items without marks the failed ones that it shows."""
    held = desk.nav.items
    if desk.nav.place != "items" or held is None:
        return scopes(desk)
    end_range(desk)
    if held.marked:
        return scopes(desk)
    whole = held.found is None
    if whole and held.group is not None:
        return [of_group(desk, held.step, held.group)]
    step = desk.state.steps[held.step]
    failed = failed_in(desk, Scope(held.step, tuple(desk.item_list.members), ""))
    if not failed:
        return []
    if held.group is None:
        words = f"{numbers.plural(len(failed), 'item')} of {held.step}"
        return [Scope(held.step, failed, words, part=not whole)]
    group = next(group for group in step.groups if group.fingerprint == held.group)
    return [Scope(held.step, failed, _part(desk, held.step, group, len(failed)), name=_name(group), part=True)]


def _part(desk: Desk, name: str, group: Group, count: int) -> str:
    """Some items of a group, in words."""
    step = desk.state.steps[name]
    whole = next(each.count for each in step.groups if each.fingerprint == group.fingerprint)
    return f"{numbers.count(count)} of {numbers.plural(whole, 'item')} of {name} with {group.type}"


def _of_cause(desk: Desk, cause: Cause) -> Scope:
    """The items of a group that its row on the screen stands for: with a filter, those that it keeps."""
    some = kept(desk.state, desk.nav, cause)
    if some is None:
        return of_group(desk, cause.step, cause.group.fingerprint)
    words = _part(desk, cause.step, cause.group, len(some))
    return Scope(cause.step, some, words, name=_name(cause.group), part=True)


def of_group(desk: Desk, step: str, fingerprint: str) -> Scope:
    """All items of one group of failures."""
    state = desk.state.steps[step]
    found = tuple(listing.numbers(state, Items(step, "", group=fingerprint)))
    group = next(group for group in state.groups if group.fingerprint == fingerprint)
    words = f"{numbers.plural(len(found), 'item')} of {step} with {group.type}"
    return Scope(step, found, words, group=fingerprint, name=_name(group))


def _name(group: Group) -> str:
    return f"{group.type} {group.message}".strip()


def by_step(chosen: Sequence[Scope]) -> list[Scope]:
    """One scope for each step, since that is what a wish can be about: several of a step become their items."""
    found: dict[str, list[Scope]] = {}
    for scope in chosen:
        found.setdefault(scope.step, []).append(scope)
    return [own[0] if len(own) == 1 else _joined(own) for own in found.values()]


def _joined(chosen: Sequence[Scope]) -> Scope:
    items = tuple(sorted({item for scope in chosen for item in scope.items}))
    return Scope(chosen[0].step, items, f"{numbers.plural(len(items), 'item')} of {chosen[0].step}")


def words_of(chosen: Sequence[Scope], total: int | None = None) -> str:
    """What is meant, with its number; `total` where not all items of the scopes are."""
    if len(chosen) == 1:
        return chosen[0].words
    many = sum(scope.count for scope in chosen) if total is None else total
    kind = "steps" if all(scope.whole for scope in chosen) else "causes"
    return f"{numbers.plural(many, 'item')} of {len(chosen)} {kind}"


def listed(chosen: Sequence[Scope]) -> list[tuple[str, str]]:
    """Scopes as lines below a question: how many items, and of what. Nothing for a single one that no cause names."""
    if len(chosen) == 1 and not chosen[0].cause:
        return []
    return [(numbers.count(scope.count), scope.name or scope.step) for scope in chosen]


def failed_in(desk: Desk, scope: Scope) -> tuple[int, ...]:
    """Those of a scope that have failed, or wait for another attempt after they had."""
    return _among(desk, scope, _FAILED)


def to_retry(desk: Desk, scope: Scope) -> tuple[int, ...]:
    """Those of a scope that run again when it is retried: what has failed, and of chosen items what was skipped, too."""
    chosen = scope.group is None and not scope.whole and not scope.part
    return _among(desk, scope, _NOT_DONE if chosen else _FAILED)


def _among(desk: Desk, scope: Scope, wanted: bytes) -> tuple[int, ...]:
    """The items of a scope in states that are wanted, by state."""
    found = desk.state.steps[scope.step].states.translate(wanted)
    return tuple(number for number in scope.items if number < len(found) and found[number])


def only(scope: Scope, items: tuple[int, ...]) -> Scope:
    """A scope without those of its items that a wish is not for; its words then say how many it is for."""
    if len(items) == scope.count:
        return scope
    words = f"{numbers.count(len(items))} of {scope.words}"
    return replace(scope, items=items, words=words, group=None, whole=False)


def failed_since(desk: Desk, scope: Scope) -> int:
    """How many items of the group, or of the whole step, that a scope was made of have failed after it was made."""
    step = desk.state.steps[scope.step]
    if scope.group is not None:
        now = of_group(desk, scope.step, scope.group).items
    elif scope.whole:
        now = tuple(step.failures)
    else:
        return 0
    return len(set(now).difference(scope.items))


def name_of(desk: Desk, step: str, number: int) -> str:
    """An item's key, or its number while the key is not known."""
    return desk.loader.keys.get((step, number), f"item {numbers.count(number)}")
