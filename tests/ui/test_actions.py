"""The table of actions against the key table and against the modules."""

from __future__ import annotations

from importlib import import_module

import pytest

from tui_workflow.ui.actions import PLACES, table
from tui_workflow.view.keys import ACTIONS, DIALOGS

LATER = {"edit", "plan"}
"""Actions of the key table that belong to reloading."""


@pytest.mark.parametrize("module", PLACES)
def test_a_module_has_the_actions_that_are_looked_for_in_it(module: str) -> None:
    assert set(import_module(f"tui_workflow.ui.actions.{module}").ACTIONS) == set(PLACES[module].split())


def test_every_action_of_the_key_table_does_something() -> None:
    of_pages = {action.name for action in ACTIONS if not set(action.contexts) <= set(DIALOGS)}
    assert of_pages - set(table()) <= LATER
    assert set(table()) <= of_pages
