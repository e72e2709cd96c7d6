"""Each key of the key table pressed once, on the screen, for what it does: a key without an entry here fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.ui.screen import Screen, opened
from tests.ui.simulate import DEFINITION, NOW, Simulation
from tui_workflow.facts import commands as cm
from tui_workflow.ui.screens.help import Help
from tui_workflow.ui.screens.palette import Palette
from tui_workflow.view.keys import ACTIONS, event_name
from tui_workflow.view.nav import Pane
from tui_workflow.view.ports import Edit, Rejected, ReloadPlan


@dataclass(frozen=True)
class Case:
    """Keys that lead to where the action is tried, and what must hold after its key that did not hold before."""

    holds: Callable[[Screen], bool]
    before: tuple[str, ...] = ()


def sent(kind: type[object], number: int = 1) -> Callable[[Screen], bool]:
    return lambda screen: sum(isinstance(command, kind) for command in screen.run.sent) == number


def says(words: str) -> Callable[[Screen], bool]:
    return lambda screen: words in screen.text


def pane(wanted: Pane) -> Callable[[Screen], bool]:
    return lambda screen: screen.desk.nav.place == "main" and screen.desk.nav.pane == wanted


def place(wanted: str) -> Callable[[Screen], bool]:
    return lambda screen: screen.desk.nav.place == wanted


def step(wanted: str) -> Callable[[Screen], bool]:
    return lambda screen: screen.desk.nav.step == wanted


def reading(wanted: bool) -> Callable[[Screen], bool]:
    def holds(screen: Screen) -> bool:
        items = screen.desk.nav.items
        return items is not None and items.reading is wanted

    return holds


def marked(number: int) -> Callable[[Screen], bool]:
    def holds(screen: Screen) -> bool:
        items = screen.desk.nav.items
        return items is not None and len(items.marked) == number

    return holds


def group(kind: str) -> Callable[[Screen], bool]:
    def holds(screen: Screen) -> bool:
        items = screen.desk.nav.items
        return items is not None and items.group is not None and items.title.startswith(kind)

    return holds


def line(number: int) -> Callable[[Screen], bool]:
    return lambda screen: screen.desk.nav.definition_at == number - 1


def left(how: str) -> Callable[[Screen], bool]:
    return lambda screen: screen.desk.leaving is not None and screen.desk.leaving.how == how


def edited(screen: Screen) -> bool:
    return "nightly.yaml is gone" in screen.footer or "fetch.py is gone" in screen.footer


LAST = DEFINITION.count("\n") + 1
CASES: dict[str, Case] = {
    "down": Case(step("fetch_images")),
    "up": Case(step("prepare_chunks")),
    "left": Case(reading(False), ("3", "enter", "enter")),
    "right": Case(reading(True), ("3", "enter")),
    "first": Case(step("prepare_chunks"), ("G",)),
    "last": Case(step("publish")),
    "half_down": Case(lambda screen: screen.desk.nav.definition_at > 5, ("d", "g")),
    "half_up": Case(lambda screen: screen.desk.nav.definition_at < LAST - 5, ("d", "G")),
    "pane_steps": Case(pane(Pane.STEPS), ("4",)),
    "pane_step": Case(pane(Pane.STEP)),
    "pane_failures": Case(pane(Pane.FAILURES)),
    "pane_log": Case(pane(Pane.LOG)),
    "next_group": Case(group("KeyError"), ("3", "enter")),
    "previous_group": Case(group("HTTPError"), ("3", "enter", "J")),
    "next_pane": Case(pane(Pane.STEP)),
    "previous_pane": Case(pane(Pane.LOG)),
    "open": Case(place("items"), ("3",)),
    "back": Case(place("main"), ("3", "enter")),
    "zoom": Case(lambda screen: screen.desk.nav.zoomed),
    "filter": Case(lambda screen: screen.desk.nav.entry is not None),
    "next_hit": Case(line(9), ("d", "g", "slash", *"key:", "enter", "g")),
    "previous_hit": Case(line(9), ("d", "G", "slash", *"key:", "enter", "G")),
    "failures": Case(pane(Pane.FAILURES)),
    "sort": Case(says("by latest"), ("3",)),
    "states": Case(lambda screen: place("items")(screen) and says("3 failed")(screen), ("2",)),
    "log": Case(pane(Pane.LOG), ("3", "enter")),
    "follow": Case(says("not following"), ("4",)),
    "wrap": Case(lambda screen: screen.desk.nav.log.options.wrap, ("4",)),
    "timestamps": Case(lambda screen: not screen.desk.nav.log.options.times, ("4",)),
    "definition": Case(place("definition")),
    "history": Case(place("history")),
    "mark": Case(marked(1), ("3", "enter")),
    "range": Case(marked(1), ("3", "enter")),
    "retry": Case(sent(cm.RetryItems), ("3", "enter")),
    "retry_shown": Case(says("Retry 3 items of process_chunks with HTTPError?"), ("3", "enter")),
    "retry_all": Case(says("Retry 3 items of process_chunks?")),
    "canary": Case(sent(cm.RetryItems), ("3",)),
    "retry_step": Case(says("process_chunks has not ended")),
    "skip": Case(says("Skip doc-"), ("3", "enter")),
    "pause": Case(sent(cm.Pause)),
    "drain": Case(says("Drain process-dataset?")),
    "stop": Case(says("Stop process-dataset now?")),
    "fewer_slots": Case(sent(cm.SetSlots)),
    "more_slots": Case(sent(cm.SetSlots)),
    "edit": Case(edited),
    "plan": Case(says("accept the edit")),
    "rerun_stale": Case(says("Nothing is stale")),
    "in_use": Case(lambda screen: screen.desk.nav.definition_in_use, ("d",)),
    "copy": Case(says("Copied the step's name")),
    "copy_more": Case(says("Copy what?"), ("3", "enter")),
    "write": Case(says("Wrote 3 records")),
    "help": Case(lambda screen: isinstance(screen.desk.dialogs[-1], Help) if screen.desk.dialogs else False),
    "palette": Case(lambda screen: isinstance(screen.desk.dialogs[-1], Palette) if screen.desk.dialogs else False),
    "looks": Case(says("Colours for colour-blind eyes")),
    "leave": Case(says("keep looking")),
    "interrupt": Case(says("keep looking")),
    "plan_accept": Case(lambda screen: screen.run.sent == [cm.TakeUp()], ("P",)),
    "plan_failed": Case(lambda screen: screen.run.sent == [cm.TakeUp("failed")], ("P",)),
    "plan_group": Case(says("1 edit that waits is accepted."), ("3", "P")),
    "plan_stale": Case(says("Nothing is stale"), ("P",)),
    "plan_diff": Case(says("Text diff"), ("P",)),
    "plan_copy": Case(says("Copied the text diff"), ("P",)),
    "plan_back": Case(sent(cm.GoBack), ("P",)),
    "plan_edit": Case(edited, ("P",)),
    "plan_close": Case(lambda screen: not screen.desk.dialogs, ("P",)),
    "leave_drain": Case(left("drained"), ("q",)),
    "leave_stop": Case(left("stopped"), ("q",)),
    "leave_stay": Case(lambda screen: not screen.desk.dialogs, ("q",)),
}
"""By action. `in_use` is tried after a save that was not taken up, the plan after one that was."""

EDIT = Edit("process_chunks", "changed", "needs", "[]", '["publish"]')
PLAN = ReloadPlan("/home/me/flows/nightly.yaml", 1, 2, NOW, waiting=(EDIT,), text=("+ publish:",))
REJECTED = Rejected("/home/me/flows/nightly.yaml", 5, 3, "no such key", "", ("no such key",), DEFINITION, (5,))


def test_every_action_is_tried() -> None:
    assert set(CASES) == {action.name for action in ACTIONS}


@pytest.mark.parametrize(("name", "key"), [(action.name, key) for action in ACTIONS for key in action.keys])
async def test_a_key_does_what_the_table_says(name: str, key: str) -> None:
    case = CASES[name]
    groups = name in ("next_group", "previous_group")
    run = Simulation(total=20_000 if groups else 1000, plan=PLAN, refused=REJECTED if name == "in_use" else None)
    async with opened(run) as screen:
        await screen.press(*case.before)
        assert not case.holds(screen), screen.text
        await screen.press(event_name(key))
        assert case.holds(screen), screen.text
