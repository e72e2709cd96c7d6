"""Moving: between rows, between panes, into a thing and back out."""

from __future__ import annotations

from tui_workflow.ui.actions import walk
from tui_workflow.ui.actions.open import open_group
from tui_workflow.ui.desk import Desk
from tui_workflow.view.nav import Pane


def go_to(pane: Pane) -> walk.Act:
    """The action that puts the keyboard into a pane."""

    def act(desk: Desk) -> None:
        nav = desk.nav
        while nav.place != "main" and nav.back():
            pass
        nav.pane = pane
        walk.settle(desk)

    return act


def _turn(by: int) -> walk.Act:
    def act(desk: Desk) -> None:
        nav = desk.nav
        if nav.place == "items" and nav.items is not None:
            nav.items.reading = not nav.items.reading
            return
        if nav.place == "main":
            nav.pane = Pane((nav.pane - 1 + by) % len(Pane) + 1)
            walk.settle(desk)

    return act


def _group(by: int) -> walk.Act:
    """The action for the next group or the one before, where the items of one are listed."""

    def act(desk: Desk) -> None:
        nav, held = desk.nav, desk.nav.items
        key = desk.key("next_group" if by > 0 else "previous_group")
        if held is None or held.group is None:
            desk.refuse(f"{key} does nothing here: this list is of no group")
            return
        found = walk.causes(desk)
        places = [
            at for at, cause in enumerate(found) if (cause.step, cause.group.fingerprint) == (held.step, held.group)
        ]
        # A group that is gone has left its row to the next one.
        at = places[0] + by if places else nav.group_row if by > 0 else nav.group_row - 1
        if not 0 <= at < len(found):
            desk.refuse(f"This is the {'last' if by > 0 else 'first'} group   {desk.key('back')} back")
            return
        open_group(desk, found[at])
        nav.group_row = at
        if nav.items is not None:
            nav.items.reading = held.reading

    return act


def _half(desk: Desk) -> int:
    return max(1, desk.frame.height // 3)


ACTIONS: dict[str, walk.Act] = {
    "down": lambda desk: walk.by(desk, 1),
    "up": lambda desk: walk.by(desk, -1),
    "left": lambda desk: walk.aside(desk, -1),
    "right": lambda desk: walk.aside(desk, 1),
    "first": lambda desk: walk.by(desk, -walk.FAR),
    "last": lambda desk: walk.by(desk, walk.FAR),
    "half_down": lambda desk: walk.by(desk, _half(desk)),
    "half_up": lambda desk: walk.by(desk, -_half(desk)),
    "pane_steps": go_to(Pane.STEPS),
    "pane_step": go_to(Pane.STEP),
    "pane_failures": go_to(Pane.FAILURES),
    "pane_log": go_to(Pane.LOG),
    "next_pane": _turn(1),
    "previous_pane": _turn(-1),
    "next_group": _group(1),
    "previous_group": _group(-1),
}
