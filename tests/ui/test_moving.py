"""Moving with real keys."""

from __future__ import annotations

import pytest

from tests.ui.screen import Screen, opened
from tests.ui.simulate import Simulation
from tui_workflow.facts import events as ev
from tui_workflow.ui.actions.walk import causes
from tui_workflow.view.nav import Pane


async def test_the_step_that_runs_is_selected_first() -> None:
    async with opened() as screen:
        assert screen.desk.nav.step == "process_chunks"
        assert "2 process_chunks  611 of 1 000" in screen.text


@pytest.mark.parametrize(
    "keys", [("4",), ("4", "k"), ("2",), ("3",), ("z",), ("slash",), ("4", "slash", "G", "enter", "1")]
)
async def test_the_selection_follows_what_runs_only_from_the_steps(keys: tuple[str, ...]) -> None:
    async with opened() as screen:
        await screen.press(*keys)
        screen.run.tell(ev.StepFinished(screen.run.clock, "process_chunks", "failed"))
        screen.desk.keep_up()
        await screen.settle()
        assert screen.desk.nav.step == "process_chunks"
        assert screen.desk.nav.log.search == ("G" if "G" in keys else "")


async def test_the_selection_follows_what_runs_while_nobody_has_touched_it() -> None:
    async with opened() as screen:
        screen.run.tell(ev.StepFinished(screen.run.clock, "process_chunks", "failed"))
        screen.desk.keep_up()
        await screen.settle()
        assert screen.desk.nav.step == "fetch_images"


async def test_j_and_k_move_between_steps_and_stop_at_the_ends() -> None:
    async with opened() as screen:
        await screen.press("j")
        assert screen.desk.nav.step == "fetch_images"
        await screen.press("k", "k")
        assert screen.desk.nav.step == "prepare_chunks"
        await screen.press("up")
        assert screen.desk.nav.step == "prepare_chunks"
        await screen.press("G")
        assert screen.desk.nav.step == "publish"
        await screen.press("down")
        assert screen.desk.nav.step == "publish"
        await screen.press("g")
        assert screen.desk.nav.step == "prepare_chunks"
        await screen.press("ctrl+d")
        assert screen.desk.nav.step == "publish"
        await screen.press("ctrl+u")
        assert screen.desk.nav.step == "prepare_chunks"


async def test_numbers_and_tab_choose_the_pane_and_one_has_the_keyboard() -> None:
    async with opened() as screen:
        for key, pane in (("2", Pane.STEP), ("3", Pane.FAILURES), ("4", Pane.LOG), ("1", Pane.STEPS)):
            await screen.press(key)
            assert screen.desk.nav.pane == pane
            titles = [line for line in screen.lines if "━━━" in line and f"{key} " in line]
            assert len(titles) >= 1
        seen = []
        for key in ("tab", "shift+tab", "shift+tab"):
            await screen.press(key)
            seen.append(screen.desk.nav.pane)
        assert seen == [Pane.STEP, Pane.STEPS, Pane.LOG]


@pytest.mark.parametrize("size", [(120, 32), (80, 24), (60, 16)])
async def test_enter_on_a_step_lists_its_items_and_esc_comes_back(size: tuple[int, int]) -> None:
    async with opened(size=size) as screen:
        await screen.press("1", "enter")
        held = screen.desk.nav.items
        assert held is not None
        assert (screen.desk.nav.place, held.step, held.group, held.reading) == ("items", "process_chunks", None, False)
        await screen.press("escape")
        assert (screen.desk.nav.place, screen.desk.nav.pane) == ("main", Pane.STEPS)


@pytest.mark.parametrize("pane", ["1", "2"])
@pytest.mark.parametrize("size", [(120, 32), (80, 24)])
async def test_enter_on_a_plain_step_reads_its_one_item_and_esc_comes_back(pane: str, size: tuple[int, int]) -> None:
    run = Simulation(total=1000)
    plain = next(name for name, step in run.state.steps.items() if not step.shape.for_each and step.states)
    async with opened(run, size) as screen:
        screen.desk.nav.step, screen.desk.nav.chosen = plain, True
        await screen.press(pane, "enter")
        held = screen.desk.nav.items
        assert held is not None
        assert (screen.desk.nav.place, held.step, held.reading) == ("items", plain, True)
        await screen.press("escape")
        assert screen.desk.nav.place == "main"


async def test_enter_on_a_step_without_items_says_so_and_is_not_offered() -> None:
    async with opened() as screen:
        await screen.press("G")
        assert "enter open" not in screen.footer
        await screen.press("enter")
        assert "No item of publish has been listed yet" in screen.footer
        assert screen.desk.nav.place == "main"


async def test_enter_on_a_group_lists_its_items_and_enter_again_reads_one() -> None:
    async with opened() as screen:
        text = await screen.press("3", "enter")
        assert "HTTPError 429" in text
        assert "Too Many Requests" in text
        assert "traceback" in text
        assert screen.desk.context() == "items"
        await screen.press("enter")
        assert screen.desk.context() == "item"
        await screen.press("escape")
        assert screen.desk.context() == "items"
        await screen.press("escape")
        assert screen.desk.nav.place == "main"
        assert screen.desk.nav.pane == Pane.FAILURES


async def test_enter_unfolds_the_frames_of_libraries() -> None:
    async with opened() as screen:
        text = await screen.press("3", "enter", "enter")
        assert "2 frames of requests folded, enter unfolds" in text
        text = await screen.press("enter")
        assert "raise_for_status" in text
        assert "raise HTTPError(msg)" in text
        assert "folded" not in text


async def test_tab_goes_between_the_list_and_the_item_and_keys_scroll_there() -> None:
    async with opened(size=(120, 24)) as screen:
        await screen.press("3", "enter", "tab")
        assert screen.desk.context() == "item"
        before = screen.text
        after = await screen.press("j", "j", "j")
        assert after != before
        await screen.press("g")
        assert screen.text == before


async def test_the_map_opens_the_items_of_a_cell() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("2", "right", "right", "left")
        assert screen.desk.nav.cell == 1
        text = await screen.press("enter")
        assert "items 500 to 999" in text
        assert "500 items" in text
        assert "doc-00997" in text, "the cursor stands on the first that failed"


async def test_a_cell_of_one_item_is_called_after_it() -> None:
    async with opened(Simulation(total=100_001), size=(120, 32)) as screen:
        text = await screen.press("2", "G", "enter")
        items = screen.desk.nav.items
        assert items is not None
        assert items.cell == range(100_000, 100_001)
        assert "item 100 000" in text.replace("\u00a0", " ")
        assert "1 item" not in text.replace("item 1", "")


async def test_the_map_moves_by_rows_and_keeps_its_ends() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("2", "j")
        assert screen.desk.nav.cell == 60
        await screen.press("G", "j")
        assert screen.desk.nav.cell == 199
        await screen.press("g", "h")
        assert screen.desk.nav.cell == 0


async def test_a_map_of_single_items_opens_the_list_at_that_item() -> None:
    async with opened(Simulation(total=100)) as screen:
        await screen.press("2", "right", "right")
        assert screen.desk.nav.cell == 2
        await screen.press("enter")
        assert screen.desk.nav.items is not None
        assert screen.desk.nav.items.item == 2
        assert screen.desk.item_list.numbers == range(100)


async def test_results_of_succeeded_items_can_be_read() -> None:
    async with opened(Simulation(total=100)) as screen:
        await screen.press("2", "enter")
        text = await screen.press("enter")
        assert "result" in text
        assert '{"rows": 640}' in text


async def test_the_last_of_a_million_items_is_one_key_away() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("2", "enter", "G")
        items = screen.desk.nav.items
        assert items is not None
        assert items.item == 499
        await screen.press("g", "ctrl+d")
        assert items.item == 10


async def test_escape_on_the_first_page_says_where_the_way_out_is() -> None:
    async with opened() as screen:
        await screen.press("escape")
        assert "This is the first page   q leave" in screen.footer


async def test_a_key_that_does_nothing_here_says_why() -> None:
    async with opened() as screen:
        await screen.press("space")
        assert "space (mark) is for the failures and a list of items; here it does nothing" in screen.footer
        await screen.press("4", "r")
        assert "r (retry) does nothing in the log" in screen.footer
        await screen.press("3", "f")
        assert "f leads to the failures, where you are" in screen.footer
        await screen.press("ampersand")
        assert "& does nothing   ? help" in screen.footer


async def test_a_flow_that_is_gone_cannot_be_edited() -> None:
    async with opened() as screen:
        await screen.press("e")
        assert "nightly.yaml is gone; the run goes on by its stored text" in screen.footer


async def test_zoom_shows_one_pane_without_a_frame() -> None:
    async with opened() as screen:
        text = await screen.press("4", "z")
        assert "Steps" not in text
        assert "GET https://api.example.org" in text
        assert "━" not in text
        text = await screen.press("z")
        assert "Steps" in text


async def test_the_mouse_selects_and_opens_and_is_never_needed() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.click("fetch_images")
        assert screen.desk.nav.step == "fetch_images"
        await screen.click("HTTPError")
        assert screen.desk.nav.pane == Pane.FAILURES
        await screen.click("KeyError")
        group = next(g for g in screen.run.state.steps["process_chunks"].groups if g.type == "KeyError")
        assert screen.desk.nav.group.endswith(group.fingerprint)
        await screen.click("HTTPError", twice=True)
        assert screen.desk.nav.place == "items"
        await screen.click("traceback")
        assert screen.desk.context() == "item"


async def test_a_key_in_the_footer_can_be_clicked() -> None:
    async with opened() as screen:
        await screen.click("p pause")
        assert screen.run.state.paused
        assert "PAUSED" in screen.text


async def test_the_cursor_goes_on_to_a_group_that_is_left() -> None:
    """All items of the selected group were queued again: it is gone, and the keys act on what is seen to be selected."""
    async with opened(Simulation()) as screen:
        await screen.press("3", "g")
        gone = screen.desk.nav.group
        step, fingerprint = gone.split("\0")
        groups = screen.run.state.steps[step].groups
        place = next(place for place, group in enumerate(groups) if group.fingerprint == fingerprint)
        items = tuple(item for item, at in screen.run.state.steps[step].failures.items() if at == place)
        screen.run.tell(ev.ItemsQueued(screen.run.clock, step, items, "retry"))
        screen.app._tick()
        await screen.settle()
        assert screen.desk.nav.group not in ("", gone)
        row = next(row for area in screen.desk.frame.areas if area.pane == 3 for row in area.rows if row.cursor)
        assert row.target is not None
        assert row.target.value == screen.desk.nav.group


def queue(screen: Screen, mark: str) -> None:
    """Queue all items of a group again."""
    step, fingerprint = mark.split("\0")
    state = screen.run.state.steps[step]
    place = next(place for place, group in enumerate(state.groups) if group.fingerprint == fingerprint)
    items = tuple(item for item, at in state.failures.items() if at == place)
    screen.run.tell(ev.ItemsQueued(screen.run.clock, step, items, "retry"))


async def test_the_cursor_stays_in_its_row_when_its_group_goes() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "j")
        marks = [cause.mark for cause in causes(screen.desk)]
        assert len(marks) == 3
        queue(screen, marks[1])
        screen.app._tick()
        await screen.settle()
        assert screen.desk.nav.group == marks[2]
        await screen.press("enter")
        queue(screen, marks[2])
        screen.app._tick()
        await screen.press("escape")
        screen.app._tick()
        await screen.settle()
        assert screen.desk.nav.group == marks[0]


async def test_a_move_from_a_group_that_has_just_gone_begins_at_its_row() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "j")
        marks = [cause.mark for cause in causes(screen.desk)]
        queue(screen, marks[1])
        await screen.press("k")
        assert screen.desk.nav.group == marks[0]


async def test_capital_j_and_k_go_through_the_groups() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "enter")
        marks = [cause.mark for cause in causes(screen.desk)]
        items = screen.desk.nav.items
        assert items is not None
        text = await screen.press("J")
        assert screen.desk.nav.group == marks[1]
        assert "KeyError 'title'  " in text
        await screen.press("J", "J")
        assert screen.desk.nav.group == marks[2]
        assert "This is the last group" in screen.footer
        await screen.press("enter", "K")
        assert screen.desk.nav.group == marks[1]
        assert screen.desk.context() == "item"
        await screen.press("K", "K")
        assert "This is the first group" in screen.footer
        await screen.press("escape", "escape")
        assert screen.desk.nav.place == "main"
        await screen.press("2", "enter", "J")
        assert "J does nothing here: this list is of no group" in screen.footer


async def test_only_a_banner_that_offers_it_is_closed_by_escape() -> None:
    run = Simulation()
    run.succeed()
    async with opened(run) as screen:
        assert "items failed." in screen.lines[1]
        await screen.press("escape")
        assert "This is the first page" in screen.footer
        assert "items failed." in screen.lines[1]


async def test_what_does_not_zoom_says_so_plainly() -> None:
    async with opened() as screen:
        await screen.press("3", "enter", "z")
        assert "z does nothing here: only the four panes of the first page zoom" in screen.footer
        await screen.press("o")
        assert "enter to the item" in screen.footer


async def test_a_map_opens_the_item_that_it_shows_where_others_have_left_the_listing() -> None:
    async with opened(Simulation(total=100)) as screen:
        screen.run.tell(ev.ListingFinished(screen.run.clock, "process_chunks", (0, 1, 50)))
        screen.desk.sampling.beat(0.0, now=True)
        await screen.settle()
        await screen.press("2", "right", "right")
        assert screen.desk.nav.cell == 2
        await screen.press("enter")
        assert screen.desk.nav.items is not None
        assert screen.desk.nav.items.item == 4, "the third that is listed"
        assert len(screen.desk.item_list.numbers) == 97
