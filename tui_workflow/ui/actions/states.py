"""The items of a step by their state."""

from __future__ import annotations

from tui_workflow.facts.state import StepState
from tui_workflow.ui.actions.walk import Act, step_with_items
from tui_workflow.ui.desk import Desk
from tui_workflow.view import listing
from tui_workflow.view.nav import Items


def cycle(desk: Desk) -> None:
    """List the items of the selected step in one state; in such a list, those in the next state that any item is in."""
    nav = desk.nav
    if nav.place == "items" and nav.items is not None:
        items, step = nav.items, desk.state.steps.get(nav.items.step)
        if items.group is not None:
            desk.refuse(f"{desk.key('states')} does nothing here: the items of a group have all failed")
        elif step is not None:
            items.states = listing.next_states(step, items.states, _running(desk, step))
        return
    if (step := step_with_items(desk, "states")) is None:
        return
    nav.items = Items(step.name, step.name, states=listing.next_states(step, (), _running(desk, step)))
    nav.go("items")


def _running(desk: Desk, step: StepState) -> int:
    return len(desk.lanes().get(step.name, ()))


ACTIONS: dict[str, Act] = {"states": cycle}
