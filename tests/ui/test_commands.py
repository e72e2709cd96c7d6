"""Keys that wish for something: what is sent, what is asked before, what is said."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

import pytest

from tests.ui.screen import Screen, opened
from tests.ui.simulate import Simulation, http_error, key_error
from tui_workflow.facts import commands as cm
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended, ErrorInfo
from tui_workflow.facts.state import Item
from tui_workflow.ui.actions import walk
from tui_workflow.ui.actions.control import what_is_left
from tui_workflow.ui.actions.retry import reruns
from tui_workflow.view import numbers
from tui_workflow.view.keys import DEFAULT, PANES, Context, event_name
from tui_workflow.view.panes.row import Target
from tui_workflow.view.ports import ItemDetail, ItemRow


def failed(screen: Screen) -> int:
    return screen.run.state.steps["process_chunks"].failed


async def test_r_on_a_group_asks_with_number_and_steps_before_it_retries() -> None:
    async with opened() as screen:
        text = await screen.press("3", "r")
        group = screen.run.state.steps["process_chunks"].groups[0]
        assert f"Retry {group.count} items of process_chunks with HTTPError?" in text
        assert "build_index and publish run again." in text
        assert screen.run.sent == []
        count, items = group.count, screen.run.failed_of(group)
        await screen.press("enter")
        assert screen.run.sent == [cm.RetryItems("process_chunks", items)]
        assert f"{count} queued" in screen.footer
        assert group.count == 0


@pytest.mark.parametrize("size", [(120, 32), (80, 24), (60, 16)])
@pytest.mark.parametrize("key", ["r", "s"])
async def test_a_question_about_a_group_has_the_whole_of_its_cause(size: tuple[int, int], key: str) -> None:
    """Two groups of one type may begin alike for more than a line."""
    run = Simulation(total=1000)
    for number, code in enumerate((22, 28)):
        text = f"{code}: curl: ({code}) the server behind the first one did not do what it was asked for, case {'ab'[number]}"
        info = ErrorInfo("ExitCode", text, f"f{number}")
        first = 700 + 10 * number
        run.end("process_chunks", run.clock, [(n, Ended.FAILED, 2, 0.5, info) for n in range(first, first + 2)])
    async with opened(run, size) as screen:
        await screen.press("f")
        for group, case in (("f0", "case a"), ("f1", "case b")):
            screen.desk.nav.group = f"process_chunks\0{group}"
            shown = " ".join((await screen.press(key)).replace("│", " ").split())
            assert case in shown
            await screen.press("escape")


async def test_questions_over_marks_name_what_then_happens() -> None:
    async with opened() as screen:
        run, nav = screen.run, screen.desk.nav
        await screen.press("enter")
        assert nav.items is not None
        failed, done = run.failed_of()[:3], [n for n in range(9) if n not in run.failed_of()][:4]
        nav.items.marked.update(failed, done)
        assert "Retry 3 of the 7 marked?" in await screen.press("r")
        await screen.press("escape")
        assert "Skip 3 of the 7 marked?" in await screen.press("s")
        await screen.type("bad")
        await screen.press("enter")
        assert run.sent == [cm.SkipItems("process_chunks", tuple(sorted(failed)), "bad")]


async def test_a_skip_is_taken_back_by_a_retry() -> None:
    async with opened() as screen:
        run = screen.run
        item = run.failed_of()[0]
        run.end("process_chunks", run.clock, [(item, Ended.SKIPPED, 0, 0.0, None)])
        await screen.press("enter")
        assert screen.desk.nav.items is not None
        screen.desk.nav.items.item = item
        await screen.press("r")
        assert run.sent == [cm.RetryItems("process_chunks", (item,))]


async def test_the_cursor_stays_on_a_group_that_was_retried_until_it_is_known_how_that_went() -> None:
    async with opened(Simulation(total=10_000)) as screen:
        run, nav = screen.run, screen.desk.nav
        group = run.state.steps["process_chunks"].groups[0]
        items = run.failed_of(group)
        await screen.press("3", "r", "enter")
        screen.app._tick()
        text = await screen.settle()
        assert walk.cause(screen.desk) is not None
        assert f"    0  {group.type}" in text.replace("▌", " ")
        assert "1 in 1 group" in text
        assert "Nothing to retry: no item has failed here" in await screen.press("r")
        assert "what was retried has not ended yet" in await screen.press("enter")
        assert len(run.sent) == 1
        run.end("process_chunks", run.clock, [(n, Ended.FAILED, 4, 0.9, http_error(n)) for n in items[:2]])
        assert f"Retry 2 items of process_chunks with {group.type}?" in await screen.press("r")
        await screen.press("escape")
        run.end("process_chunks", run.clock, [(n, Ended.OK, 4, 0.9, None) for n in items])
        screen.app._tick()
        await screen.settle()
        assert not nav.group_waits
        assert walk.cause(screen.desk) is not None
        assert nav.group != f"process_chunks\0{group.fingerprint}"


@pytest.mark.parametrize("keys", [("3", "r"), ("3", "enter", "a"), ("R",)], ids=["group", "list", "all"])
async def test_what_fails_while_it_is_asked_is_not_retried_with_what_the_question_named(keys: tuple[str, ...]) -> None:
    async with opened(Simulation(total=10_000)) as screen:
        run = screen.run
        group = run.state.steps["process_chunks"].groups[0]
        asked = run.failed_of(None if keys == ("R",) else group)
        assert f"Retry {len(asked)} items of process_chunks" in await screen.press(*keys)
        waiting = [n for n, state in enumerate(run.state.steps["process_chunks"].states) if state == Item.PENDING][:3]
        run.end("process_chunks", run.clock, [(n, Ended.FAILED, 3, 0.5, http_error(n)) for n in waiting])
        await screen.press("enter")
        assert run.sent == [cm.RetryItems("process_chunks", asked)]
        assert f"{len(asked)} queued, 3 not: failed since then" in screen.footer
        assert run.failed_of(group) == tuple(waiting)


async def test_escape_from_the_question_retries_nothing() -> None:
    async with opened() as screen:
        text = await screen.press("3", "r", "escape")
        assert screen.run.sent == []
        assert "Retry" not in text


async def test_r_on_one_item_retries_at_once() -> None:
    async with opened() as screen:
        await screen.press("3", "enter")
        items = screen.desk.nav.items
        assert items is not None
        number = items.item
        await screen.press("r")
        assert number is not None
        assert screen.run.sent == [cm.RetryItems("process_chunks", (number,), None)]
        assert "1 queued" in screen.footer
        assert screen.run.state.steps["process_chunks"].states[number] == Item.PENDING


@pytest.mark.parametrize(
    ("key", "title"),
    [("r", "Retry "), ("R", "Retry "), ("C", "Try "), ("a", "Retry ")],
    ids=["one", "all", "canary", "list"],
)
async def test_a_run_that_was_stopped_goes_on_only_after_a_question_that_says_with_what(key: str, title: str) -> None:
    async with opened() as screen:
        await screen.press("3", "enter")
        screen.run.tell(ev.RunFinished(screen.run.clock, "interrupted"))
        waiting = sum(step.waiting for step in screen.run.state.steps.values())
        text = await screen.press(key)
        assert title in text
        assert f"The run goes on: {numbers.count(waiting)} " in text
        assert screen.run.sent == []
        await screen.press("escape")
        assert screen.run.sent == []
        await screen.press(key, "enter")
        assert len(screen.run.sent) == 1


async def test_the_question_before_a_retry_names_what_is_kept_and_stale() -> None:
    async with opened() as screen:
        simulation = screen.run
        loops = [name for name, step in simulation.state.steps.items() if step.shape.for_each]
        plain = [name for name, step in simulation.state.steps.items() if not step.shape.for_each]
        simulation.reruns = lambda step: (plain[0], loops[0])  # type: ignore[method-assign]
        simulation.outdated = lambda step: (loops[0], plain[1])  # type: ignore[method-assign]
        done = numbers.count(simulation.state.steps[loops[0]].succeeded)
        assert reruns(screen.desk, ["process_chunks"]) == (
            f"{plain[0]} runs again. {loops[0]} keeps the {done} items that are done, stale then. "
            f"{plain[1]} does not run again: what it made is stale then."
        )
        assert f"{plain[0]} runs again." in await screen.press("3", "r")


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_the_question_before_a_retry_says_what_a_step_does_that_lists_its_items(size: tuple[int, int]) -> None:
    async with opened(size=size) as screen:
        simulation = screen.run
        loops = [name for name, step in simulation.state.steps.items() if step.shape.for_each]
        simulation.reruns = lambda step: (loops[1],)  # type: ignore[method-assign]
        said = f"{loops[1]} makes its list of items again and runs what is new in it."
        assert reruns(screen.desk, ["process_chunks"]) == said
        assert said in " ".join(" ".join(re.findall("│(.*?)│", await screen.press("R"))).split())
        simulation.reruns = lambda step: (*loops[:2],)  # type: ignore[method-assign]
        assert reruns(screen.desk, ["process_chunks"]) == (
            f"{loops[0]} and {loops[1]} make their lists of items again and run what is new in them."
        )


async def test_r_retries_the_marked_and_forgets_the_marks() -> None:
    async with opened() as screen:
        text = await screen.press("3", "enter", "space", "j", "space")
        assert "2 marked" in text
        assert "r retry 2 marked" in screen.footer
        text = await screen.press("r")
        assert "Retry the 2 marked?" in text
        items = screen.desk.nav.items
        assert items is not None
        chosen = tuple(sorted(items.marked))
        await screen.press("enter")
        assert screen.run.sent == [cm.RetryItems("process_chunks", chosen, None)]
        assert not items.marked


async def test_space_marks_and_unmarks_where_the_cursor_is_and_leaves_it_there() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        nav = screen.desk.nav
        await screen.press("3")
        groups = [cause.mark for cause in walk.causes(screen.desk)]
        await screen.press("space", "j", "space")
        assert nav.groups_marked == set(groups[:2])
        assert nav.group == groups[1]
        await screen.press("escape", "g", "enter", "space", "j", "space")
        assert nav.items is not None
        listed = screen.desk.item_list.numbers
        assert nav.items.marked == {listed[0], listed[1]}
        await screen.press("space")
        assert nav.items.marked == {listed[0]}
        assert nav.items.item == listed[1]


async def test_marked_items_that_are_done_are_not_retried() -> None:
    async with opened() as screen:
        await screen.press("2", "g", "enter", "g", "space", "j", "space", "r")
        assert screen.run.sent == []
        assert "Nothing to retry: the 2 marked are not failed" in screen.footer


async def test_a_range_is_marked_from_v_to_v() -> None:
    async with opened() as screen:
        await screen.press("3", "enter", "v")
        assert "A range begins here" in screen.footer
        await screen.press("j", "j", "v")
        items = screen.desk.nav.items
        assert items is not None
        assert items.marked == set(screen.desk.item_list.numbers[:3])
        await screen.press("escape")
        assert not items.marked


async def test_a_key_that_acts_ends_an_open_range() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "enter", "v", "j", "j")
        assert "Retry the 3 marked?" in await screen.press("r")
        await screen.press("escape")
        items = screen.desk.nav.items
        assert items is not None
        assert (len(items.marked), items.anchor) == (3, None)


async def test_groups_are_marked_and_retried_together() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        text = await screen.press("3", "space", "j", "space")
        assert "2 marked" in text
        await screen.press("r", "enter")
        groups = screen.run.state.steps["process_chunks"].groups
        sent = [command.group for command in screen.run.sent if isinstance(command, cm.RetryItems)]
        assert sent == [None]
        assert sorted(group.count for group in groups)[:2] == [0, 0]


async def two_marked(screen: Screen) -> tuple[list[int], list[int]]:
    """Mark the first two groups; gives the items of each."""
    await screen.press("3", "space", "j", "space")
    step = screen.run.state.steps["process_chunks"]
    places = [
        n
        for n, group in enumerate(step.groups)
        if f"process_chunks\0{group.fingerprint}" in screen.desk.nav.groups_marked
    ]
    one, other = ([item for item, own in step.failures.items() if own == place] for place in places)
    return one, other


async def test_the_question_about_two_groups_names_their_number_and_both_causes() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        one, other = await two_marked(screen)
        text = await screen.press("r")
        assert f"Retry {len(one) + len(other)} items of 2 causes?" in text
        lines = [line for line in text.split("\n") if "│" in line]
        assert any(f"{len(one)}  HTTPError 429 Client" in line for line in lines)
        assert any(f"{len(other)}  KeyError 'title'" in line for line in lines)
        await screen.press("enter")
        assert screen.run.sent == [cm.RetryItems("process_chunks", tuple(sorted([*one, *other])), None)]
        assert f"{len(one) + len(other)} queued" in screen.footer


async def test_what_became_of_two_groups_is_told_together_and_another_cause_is_called_that() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        run = screen.run
        one, other = await two_marked(screen)
        await screen.press("r", "enter")
        run.end("process_chunks", run.clock, [(n, Ended.OK, 4, 0.9, None) for n in one[3:]])
        screen.app._tick()
        assert "tried again" not in await screen.settle()
        run.end("process_chunks", run.clock, [(n, Ended.FAILED, 4, 0.9, key_error(n)) for n in one[:3]])
        run.end("process_chunks", run.clock, [(n, Ended.FAILED, 4, 0.9, key_error(n)) for n in other])
        screen.app._tick()
        await screen.settle()
        total, well = len(one) + len(other), len(one) - 3
        assert f"{total} tried again: {well} ok, {len(other)} failed again, 3 for another cause" in screen.footer
        assert not screen.desk.retried


async def test_the_message_of_a_group_stands_below_the_question_where_its_type_does_not_tell_it() -> None:
    async with opened() as screen:
        run = screen.run
        rate = ErrorInfo("HTTPError", "no exchange rate for XBT", "0badcafe", (), "", (), ("x.py", 3))
        free = [n for n, state in enumerate(run.state.steps["process_chunks"].states) if state == Item.OK][:9]
        run.end("process_chunks", run.clock, [(n, Ended.FAILED, 3, 0.9, rate) for n in free])
        text = await screen.press("3", "g", "r")
        assert "Retry 9 items of process_chunks with HTTPError?" in text
        assert "HTTPError no exchange rate for XBT" in text.split("Retry 9 items")[1]


async def canary_fails(screen: Screen, error: ErrorInfo) -> None:
    """Send one of the largest group first, and let it fail with this error."""
    await screen.press("3", "C")
    sent = screen.run.sent[0]
    assert isinstance(sent, cm.RetryItems)
    assert sent.items is not None
    screen.run.end("process_chunks", screen.run.clock, [(sent.items[0], Ended.FAILED, 4, 0.9, error)])
    screen.app._tick()
    await screen.settle()


async def test_a_canary_that_fails_for_another_cause_says_so() -> None:
    async with opened() as screen:
        others = screen.run.state.steps["process_chunks"].groups[0].count - 1
        await canary_fails(screen, key_error(1))
        assert f"failed for another cause, {others} others were not retried" in screen.footer


async def test_s_skips_several_groups_with_one_reason() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        one, other = await two_marked(screen)
        text = await screen.press("s")
        assert f"Skip {len(one) + len(other)} items of 2 causes?" in text
        await screen.type("bad rows")
        await screen.press("enter")
        assert screen.run.sent == [cm.SkipItems("process_chunks", tuple(sorted([*one, *other])), "bad rows")]
        assert not screen.desk.nav.groups_marked
        assert screen.run.state.steps["process_chunks"].skipped == len(one) + len(other)


async def test_capital_r_retries_all_failed_of_every_step() -> None:
    async with opened() as screen:
        number = failed(screen)
        text = await screen.press("R")
        assert f"Retry {number} items of process_chunks?" in text
        items = screen.run.failed_of()
        await screen.press("enter")
        assert screen.run.sent == [cm.RetryItems("process_chunks", items)]
        assert failed(screen) == 0
        await screen.press("R")
        assert "Nothing to retry: nothing has failed" in screen.footer


async def test_a_step_that_failed_by_itself_is_started_again_by_r_for_all() -> None:
    """A handler that did not import leaves no failed item, and one who has mended it wants the step to run."""
    run = Simulation(total=1000)
    clean = run.state.steps["fetch_images"]
    for step in run.state.steps.values():
        run.tell(ev.ItemsQueued(run.clock, step.name, tuple(sorted(step.failures)), "retry"))
    broke = ev.StepFinished(run.clock, clean.name, "failed", "", ErrorInfo("ImportError", "no module x", "f0").encode())
    run.tell(broke)
    run.tell(ev.RunFinished(run.clock, "failed", "fetch_images failed"))
    async with opened(run) as screen:
        text = await screen.settle()
        assert "3 Failures  no item, fetch_images itself failed" in text
        assert "R run fetch_images again" in text
        screen.desk.nav.step = clean.name
        await screen.press("r")
        assert "No item to retry: fetch_images failed by itself   ctrl+r runs it again" in screen.footer
        assert "Run fetch_images again?" in await screen.press("R")
        await screen.press("enter")
        assert screen.run.sent == [cm.RetryStep("fetch_images")]


async def test_the_canary_goes_first_and_offers_the_rest_when_it_is_well() -> None:
    async with opened() as screen:
        group = screen.run.state.steps["process_chunks"].groups[0]
        count = group.count
        await screen.press("3", "C")
        sent = screen.run.sent[0]
        assert isinstance(sent, cm.RetryItems)
        assert sent.items is not None
        assert len(sent.items) == 1
        name = screen.run.key("process_chunks", sent.items[0])
        assert f"{name} goes first, {count - 1} wait for it" in screen.footer
        screen.run.end("process_chunks", screen.run.clock, [(sent.items[0], Ended.OK, 4, 0.9, None)])
        screen.app._tick()
        text = await screen.settle()
        assert "ok in 0.79 s." in text
        assert f"retry the other {count - 1}" in text
        others = screen.run.failed_of(group)
        await screen.press("enter")
        assert screen.run.sent[1] == cm.RetryItems("process_chunks", others)
        assert group.count == 0


async def test_what_the_canary_makes_run_again_is_said_when_it_goes() -> None:
    async with opened() as screen:
        sent = screen.run.send

        async def send(command: cm.Command, progress: cm.Progress | None = None) -> cm.Reply:
            return replace(await sent(command, progress), reruns=("build_index", "publish"))

        screen.run.send = send  # type: ignore[method-assign]
        await screen.press("3", "C")
        assert "build_index and publish run again after it, and once more after them" in screen.footer


async def test_the_canary_of_a_filtered_list_is_for_what_it_shows() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        run, step = screen.run, screen.run.state.steps["process_chunks"]
        await screen.press("3", "enter", "slash", *"doc-311", "enter")
        listed = tuple(screen.desk.item_list.numbers)
        assert 2 < len(listed) < step.groups[0].count
        assert f"C try one, then the other {len(listed) - 1} shown" in screen.text
        await screen.press("C")
        first = screen.run.sent[0]
        assert isinstance(first, cm.RetryItems)
        assert first.items is not None
        assert f"{len(listed) - 1} others that the filter keeps wait for it" in screen.footer
        run.end("process_chunks", run.clock, [(first.items[0], Ended.OK, 4, 0.9, None)])
        screen.app._tick()
        assert f"retry the other {len(listed) - 1} that the filter kept" in await screen.settle()
        await screen.press("enter")
        rest = tuple(n for n in listed if n != first.items[0])
        assert screen.run.sent[1] == cm.RetryItems("process_chunks", rest, None)


async def test_the_rest_of_a_group_is_what_it_holds_when_the_canary_is_well() -> None:
    async with opened() as screen:
        run, step = screen.run, screen.run.state.steps["process_chunks"]
        count = step.groups[0].count
        await screen.press("3", "C")
        first = run.sent[0]
        assert isinstance(first, cm.RetryItems)
        assert first.items is not None
        more = [n for n, state in enumerate(step.states) if state == Item.PENDING and n not in first.items][:5]
        run.end("process_chunks", run.clock, [(n, Ended.FAILED, 3, 0.9, http_error(n)) for n in more])
        run.end("process_chunks", run.clock, [(first.items[0], Ended.OK, 4, 0.9, None)])
        screen.app._tick()
        assert f"retry the other {count - 1 + 5}" in await screen.settle()


async def test_keys_beside_an_item_name_the_marked() -> None:
    async with opened() as screen:
        text = await screen.press("3", "enter", "space", "j", "space")
        assert "r retry the 2 marked" in text
        assert "s skip the 2 marked" in text
        assert "try one, then" not in text


@pytest.mark.parametrize("keys", [(), ("enter",)])
async def test_the_whole_cause_is_retried_from_its_list_and_from_an_item(keys: tuple[str, ...]) -> None:
    async with opened() as screen:
        group = screen.run.state.steps["process_chunks"].groups[0]
        text = await screen.press("3", "enter", *keys)
        assert (f"a retry all {group.count}" in screen.footer) is not bool(keys), "an item's page has room for it above"
        assert f"a retry all {group.count}" in text.split("next")[1]
        text = await screen.press("a")
        assert f"Retry {group.count} items of process_chunks with HTTPError?" in text
        items = screen.run.failed_of(group)
        await screen.press("enter")
        assert screen.run.sent == [cm.RetryItems("process_chunks", items)]


async def test_a_canary_that_fails_again_retries_nothing_else() -> None:
    async with opened() as screen:
        others = screen.run.state.steps["process_chunks"].groups[0].count - 1
        await canary_fails(screen, http_error(1))
        assert f"failed again, {others} others were not retried" in screen.footer
        assert len(screen.run.sent) == 1


async def test_ctrl_r_runs_a_step_again_after_a_question() -> None:
    async with opened() as screen:
        await screen.press("ctrl+r")
        assert "ctrl+r does nothing here: process_chunks has not ended" in screen.footer
        assert not screen.desk.dialogs
        screen.run.state.steps["process_chunks"].status = "succeeded"
        text = await screen.press("ctrl+r")
        assert "Run process_chunks again?" in text
        assert "build_index and publish run again." in text
        await screen.press("enter")
        assert screen.run.sent == [cm.RetryStep("process_chunks")]


async def test_s_skips_with_a_reason_and_not_without_one() -> None:
    async with opened() as screen:
        text = await screen.press("3", "enter", "s")
        assert "Skip doc-" in text
        text = await screen.press("enter")
        assert screen.run.sent == []
        assert "Skip doc-" in text
        assert "A retry takes it" in text
        assert "A reason is needed" in text
        assert "is needed" not in await screen.type("bad row")
        await screen.press("enter")
        sent = screen.run.sent[0]
        assert isinstance(sent, cm.SkipItems)
        assert (sent.step, len(sent.items), sent.reason) == ("process_chunks", 1, "bad row")


async def test_what_finishes_is_told_only_while_something_does() -> None:
    run = Simulation(total=1000, flying=True)
    async with opened(run) as screen:
        text = await screen.press("p")
        assert any("process_chunks" in line and "paused" in line for line in text.split("\n"))
        assert "8 items in flight finish" in screen.footer
        run.flying = False
        screen.app._tick()
        assert "in flight" not in await screen.settle()


async def test_a_run_that_has_drained_does_not_say_that_it_drains() -> None:
    async with opened() as screen:
        await screen.press("x", "enter")
        assert "Draining" in screen.footer
        screen.run.tell(ev.RunFinished(screen.run.clock, "interrupted", "drained"))
        screen.app._tick()
        assert "Draining" not in await screen.settle()


async def test_p_pauses_and_goes_on() -> None:
    async with opened() as screen:
        text = await screen.press("p")
        assert "Paused. 8 items in flight finish" in screen.footer
        assert "PAUSED" in text
        assert "ETA paused" in text
        await screen.press("p")
        assert screen.run.sent == [cm.Pause(), cm.Unpause()]


async def test_x_drains_after_a_question_and_once() -> None:
    async with opened() as screen:
        text = await screen.press("x")
        assert "Drain process-dataset?" in text
        assert "11 items in flight finish, " in text
        assert "p pauses the run instead" in text
        await screen.press("x", "escape")
        assert screen.run.sent == [], "a stray key ends no run"
        text = await screen.press("x", "enter")
        assert screen.run.sent == [cm.Drain()]
        assert "DRAINING" in text
        await screen.press("x")
        assert "draining already" in screen.footer
        assert len(screen.run.sent) == 1


@pytest.mark.parametrize(
    ("running", "waiting", "words"),
    [
        (2, 1, "2 items in flight finish, 1 waits for a resume. "),
        (1, 0, "1 item in flight finishes. "),
        (0, 1, "1 item waits for a resume. "),
        (0, 1200, "1\u00a0200 items wait for a resume. "),
        (0, 0, ""),
    ],
)
def test_before_a_drain_only_what_there_is_is_counted(running: int, waiting: int, words: str) -> None:
    assert what_is_left(running, waiting) == words


@pytest.mark.parametrize(("key", "sent"), [("enter", [cm.Stop()]), ("c", [cm.Stop(cancel=True)]), ("escape", [])])
async def test_capital_x_asks_before_it_stops(key: str, sent: list[cm.Command]) -> None:
    async with opened() as screen:
        text = await screen.press("X")
        assert "Stop process-dataset now?" in text
        assert screen.run.sent == []
        await screen.press(key)
        assert screen.run.sent == sent


async def test_slots_change_live_and_are_refused_without_parallel() -> None:
    async with opened() as screen:
        await screen.press("greater_than_sign")
        assert screen.run.sent == [cm.SetSlots("process_chunks", 9)]
        await screen.press("less_than_sign")
        assert screen.run.sent[1] == cm.SetSlots("process_chunks", 8)
        await screen.press("g", "less_than_sign")
        assert "< does nothing here: prepare_chunks has no parallel" in screen.footer
        assert len(screen.run.sent) == 2


async def test_the_last_slot_stays() -> None:
    async with opened() as screen:
        screen.run.state.steps["process_chunks"].slots = 1
        await screen.press("less_than_sign")
        assert "has one slot, the least" in screen.footer
        assert screen.run.sent == []


async def test_w_writes_all_failed_or_those_of_the_list() -> None:
    async with opened() as screen:
        number = failed(screen)
        await screen.press("W")
        assert screen.run.written == [(None, number)]
        assert f"Wrote {number} records to failed.jsonl" in screen.footer
        await screen.press("3", "enter", "space", "W")
        assert screen.run.written[1] == ("process_chunks", 1)
        group = screen.run.state.steps["process_chunks"].groups[0].fingerprint
        assert f"to failed-{group}-marked.jsonl" in screen.footer
        await screen.press("escape", "W")
        assert f"to failed-{group}.jsonl" in screen.footer


async def test_copying_says_what_and_how_much() -> None:
    async with opened() as screen:
        copied: list[str] = []
        screen.desk.copy_out = copied.append
        await screen.press("y")
        assert copied == ["process_chunks"]
        assert "Copied the step's name, 14 B, to the terminal's clipboard" in screen.footer
        await screen.press("3", "y")
        assert copied[1].startswith("HTTPError: 429 Client Error")
        await screen.press("enter", "y")
        assert copied[2].startswith("doc-")
        await screen.press("Y", "t")
        assert copied[3].startswith("Traceback (most recent call last):")
        assert 'File "/home/me/flows/fetch.py", line 88, in fetch_rows' in copied[3]
        await screen.press("Y", "r")
        record = json.loads(copied[4])
        assert record["step"] == "process_chunks"
        assert record["item"]["pages"] == 11
        assert record["error"]["where"] == {"file": "/home/me/flows/fetch.py", "line": 88}
        await screen.press("4", "y")
        assert copied[5] == "cleaned 640 rows, [3 dropped]" or copied[5].startswith("GET ")


async def test_what_a_row_shows_is_copied_and_its_digest_only_by_name() -> None:
    async with opened(Labelled(total=1000)) as screen:
        copied: list[str] = []
        screen.desk.copy_out = copied.append
        await screen.press("3", "enter", "y")
        assert copied == ["order 310"]
        assert "Copied the label order 310, 9 B" in screen.footer
        assert "Y its key, its error" in screen.footer
        text = await screen.press("Y")
        assert text.index("label   order 310") < text.index("key     0000000000000136")
        assert "Commands take the key." in text
        await screen.press("y")
        assert copied[1] == "0000000000000136"
        assert "Copied the key, 16 B" in screen.footer
        await screen.press("enter", "y")
        assert copied[2].startswith("HTTPError: 429 Client Error")
        assert "Copied the error" in screen.footer
        assert "Y its traceback" in screen.footer


async def test_the_cursor_moves_in_the_question_what_to_copy() -> None:
    async with opened() as screen:
        copied: list[str] = []
        screen.desk.copy_out = copied.append
        await screen.press("3", "enter", "Y", "j", "j", "k")
        assert "Copy what?" in screen.text
        await screen.press("enter")
        assert copied[0].startswith("HTTPError: ")


async def test_an_item_that_nothing_names_is_copied_whole() -> None:
    async with opened(Labelled(total=1000, nameless=True)) as screen:
        copied: list[str] = []
        screen.desk.copy_out = copied.append
        await screen.press("3", "enter", "y")
        assert json.loads(copied[0])["id"] == 310
        assert "Copied the input" in screen.footer
        assert "Y its key, its error" in screen.footer


async def test_an_item_that_is_done_has_no_error_to_copy() -> None:
    async with opened() as screen:
        copied: list[str] = []
        screen.desk.copy_out = copied.append
        await screen.press("2", "enter", "enter", "y")
        assert copied == ["doc-00000"]
        assert "Copied the key doc-00000" in screen.footer
        text = await screen.press("Y")
        assert "row as JSON" in text
        assert "traceback" not in text[text.index("Copy what?") :]


@dataclass
class Labelled(Simulation):
    """A run whose items have default keys."""

    nameless: bool = False

    def _row(self, step: str, number: int) -> ItemRow:
        return replace(super()._row(step, number), key=f"{number:016x}", label=f"order {number}")

    async def item(self, step: str, number: int) -> ItemDetail | None:
        detail = await super().item(step, number)
        return replace(detail, name="" if self.nameless else f"order {number}") if detail is not None else None


async def test_a_copy_goes_out_as_osc_52() -> None:
    async with opened() as screen:
        await screen.press("y")
        assert screen.app.clipboard == "process_chunks"


async def test_a_command_that_breaks_is_said_and_the_screen_stays() -> None:
    class Broken(Simulation):
        async def send(self, command: cm.Command, progress: cm.Progress | None = None) -> cm.Reply:
            raise OSError("the disk is full")

    async with opened(Broken(total=1000)) as screen:
        await screen.press("p")
        assert "the disk is full" in screen.footer
        await screen.press("j")
        assert screen.desk.nav.step == "fetch_images"


async def test_a_stored_run_refuses_what_would_change_it() -> None:
    run = Simulation(total=1000, live=False)
    async with opened(run) as screen:
        await screen.press("1", "p")
        assert "p does nothing here: this is a stored run" in screen.footer
        await screen.press("3", "r")
        group = run.state.steps["process_chunks"].groups[0].fingerprint
        again = f"wf-tui retry --run {run.state.run}"
        assert f"r: this is a stored run   {again} --group {group} --open" in screen.footer
        await screen.press("R")
        assert f"R: this is a stored run   {again} --open" in screen.footer
        text = await screen.press("enter", "r")
        items = screen.desk.nav.items
        assert items is not None
        assert items.item is not None
        assert f"{again} --step process_chunks --key {run.key('process_chunks', items.item)} --open" in screen.footer
        assert "stored run, read only" in text.split("\n")[0]
        await screen.press("1", "r")
        assert f"{again} --step process_chunks --open" in screen.footer
        assert run.sent == []
        await screen.press("q")
    assert screen.left is not None
    assert screen.left.how == "looked"


@pytest.mark.parametrize("context", PANES)
async def test_a_stored_run_names_only_keys_that_act_in_it(context: Context) -> None:
    run = Simulation(total=1000, live=False)
    run.succeed()
    refused = [action for action in DEFAULT.here(context) if action.live]
    async with opened(run) as screen:
        await go_to(screen, context)
        assert screen.desk.context() == context
        named = [target.value for target in targets(screen) if target.kind == "key"]
        assert named
        assert not {action.name for action in refused} & set(named)
        for opens in ("question_mark", "colon"):
            text = await screen.press(opens)
            for action in refused:
                assert action.help not in text
            await screen.press("pagedown" if opens == "question_mark" else "end")
            assert not any(action.help in screen.text for action in refused)
            await screen.press("escape")
        for action in refused:
            await screen.press(event_name(action.keys[0]))
            assert "this is a stored run" in screen.footer, action.name
            assert screen.desk.context() == context
            assert not screen.desk.dialogs
        assert run.sent == []


async def go_to(screen: Screen, context: Context) -> None:
    """Open a place of the screen."""
    pages = {"items": ("3", "enter"), "item": ("3", "enter", "enter"), "definition": ("d",), "history": ("H",)}
    await screen.press(*pages.get(context, (str(PANES.index(context) + 1),) if context != "log" else ("4",)))


def targets(screen: Screen) -> list[Target]:
    """What can be clicked on the page."""
    return [hot.target for area in screen.desk.frame.areas for row in area.rows for hot in getattr(row, "hot", ())]
