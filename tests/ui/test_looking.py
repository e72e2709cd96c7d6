"""Filter, search, sort, log, definition, history, help, palette, looks."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from tests.ui.screen import opened
from tests.ui.simulate import DEFINITION, NOW, Simulation, http_error
from tui_workflow.facts import events as ev
from tui_workflow.facts.commands import RetryItems
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import Item
from tui_workflow.ui.actions.find import by_tries
from tui_workflow.ui.actions.open import show
from tui_workflow.ui.screens.palette import Palette
from tui_workflow.view.keys import DEFAULT
from tui_workflow.view.nav import Items, Pane
from tui_workflow.view.numbers import clock
from tui_workflow.view.ports import Edit, LogRow, Rejected, ReloadPlan


async def test_steps_are_filtered_by_name_and_inversely() -> None:
    async with opened() as screen:
        text = await screen.press("slash", *"chunk")
        assert "/chunk" in text
        assert "2 of 9" in text
        assert "build_index" not in text.split("Selected")[0]
        await screen.press("enter")
        assert screen.desk.nav.entry is None
        assert "2 of 9" in screen.text
        text = await screen.press("escape")
        assert "2 of 9" not in text
        text = await screen.press("slash", "exclamation_mark", *"chunk", "enter")
        assert "7 of 9" in text


async def test_a_filter_of_the_steps_is_cleared_by_escape_from_every_pane() -> None:
    async with opened() as screen:
        assert "2 of 9" in await screen.press("slash", *"chunk", "enter")
        await screen.press("3")
        assert "esc back" in screen.footer
        assert "2 of 9" not in await screen.press("escape")
        assert screen.desk.nav.step_filter.text == ""


async def test_in_the_step_a_filter_is_for_its_items() -> None:
    async with opened() as screen:
        text = await screen.press("2", "slash", *"doc-31")
        assert "in key, label, input, error, log" in text
        assert screen.desk.nav.step_filter.text == ""
        assert screen.desk.nav.items is not None
        assert screen.desk.nav.items.step == "process_chunks"
        held = await screen.press("enter")
        assert "doc-31" in held
        await screen.press("escape", "escape")
        assert (screen.desk.nav.place, screen.desk.nav.pane) == ("main", Pane.STEP)


async def test_a_step_without_a_list_has_no_filter() -> None:
    async with opened() as screen:
        await screen.press("g", "2", "slash")
        assert "has no list of items" in screen.footer
        assert screen.desk.nav.entry is None


async def test_items_are_filtered_by_the_run_file() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "enter", "slash")
        text = await screen.type("doc-31")
        assert "/doc-31" in text
        whole = screen.run.state.steps["process_chunks"].groups[0].count
        assert f"of {whole}" in text
        listed = screen.desk.item_list.numbers
        assert listed
        assert all(31_000 <= number < 32_000 for number in listed)
        await screen.press("enter", "n")
        items = screen.desk.nav.items
        assert items is not None
        assert items.item == listed[1]
        await screen.press("N")
        assert items.item == listed[0]
        await screen.press("escape")
        assert len(screen.desk.item_list.numbers) == whole


async def test_an_inverse_filter_keeps_the_others() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("3", "enter", "slash")
        await screen.type("!doc-31")
        listed = screen.desk.item_list.numbers
        assert listed
        assert not any(31_000 <= number < 32_000 for number in listed)


async def test_groups_are_filtered_by_what_their_items_hold() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        step = screen.run.state.steps["process_chunks"]
        whole = {group.fingerprint: group.count for group in step.groups}
        matching = [number for number in step.failures if 31_000 <= number < 32_000]
        groups = {step.groups[step.failures[number]].fingerprint for number in matching}
        assert 0 < len(groups) < 3
        await screen.press("3", "slash")
        text = await screen.type("doc-31")
        assert f"3 Failures  {len(matching)} in {len(groups)} of 3 groups" in text
        text = await screen.press("enter")
        assert "/doc-31 in step, key, label, input, error, log" in text
        await screen.press("enter")
        assert screen.desk.nav.items is not None
        assert screen.desk.nav.items.filter.text == "doc-31", "what the row counted is what it opens"
        assert all(31_000 <= number < 32_000 for number in screen.desk.item_list.numbers)
        await screen.press("escape", "escape")
        text = await screen.press("r")
        assert f"Retry {len(matching)} of {whole[step.groups[0].fingerprint]} items" in text
        await screen.press("enter")
        (sent,) = screen.run.sent
        assert isinstance(sent, RetryItems)
        assert set(sent.items or ()) == set(matching)
        assert "0 in 0 of 3 groups" in await screen.settle(), "it is searched again when the failures have changed"


async def test_an_inverse_filter_of_groups_counts_the_others() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        step = screen.run.state.steps["process_chunks"]
        others = [number for number in step.failures if not 31_000 <= number < 32_000]
        await screen.press("3", "slash")
        text = await screen.type("!doc-31")
        assert f"3 Failures  {len(others)} in 3 of 3 groups" in text
        text = await screen.press("escape", "slash", "exclamation_mark", *"httperror")
        kept = sum(group.count for group in step.groups if group.type != "HTTPError")
        assert f"3 Failures  {kept} in 2 of 3 groups" in text


@pytest.mark.parametrize("away", [True, False])
async def test_rows_of_items_that_failed_again_tell_their_new_attempt(away: bool) -> None:
    """Between two paints an item may be retried and fail again: its state is what it was, and all else is new."""
    async with opened() as screen:
        await screen.press("3", "enter")
        items = screen.desk.nav.items
        assert items is not None
        step = screen.run.state.steps["process_chunks"]
        failed = list(screen.desk.item_list.numbers)
        assert {step.attempts_of[number] for number in failed} == {3}

        def tries() -> set[str]:
            """Before the time an attempt took, in the rows of the list."""
            return set(re.findall(r"✗ doc-\d+ +(\d+) +\d\.\d s", screen.text))

        assert tries() == {"3"}
        if away:
            await screen.press("escape")
        screen.run.tell(ev.ItemsQueued(screen.run.clock, "process_chunks", tuple(failed), "retry"))
        again = [(number, Ended.FAILED, 4, 0.5, http_error(number)) for number in failed]
        screen.run.end("process_chunks", screen.run.clock, again)
        if away:
            await screen.press("enter")
        await screen.settle()
        assert tries() == {"4"}


async def test_groups_are_filtered_and_sorted() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        text = await screen.press("3", "slash", *"key", "enter")
        assert "1 of 3 groups" in text
        await screen.press("escape")
        assert "by count" in screen.text
        text = await screen.press("o")
        assert "by latest" in text
        text = await screen.press("o")
        assert "by type" in text
        names = [line for line in screen.lines if "HTTPError" in line or "KeyError" in line or "WorkerDied" in line]
        assert [("HTTP" in line, "Key" in line) for line in names[:2]] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("presses", "word"), [(1, "by tries"), (2, "by time taken"), (3, "by end"), (4, "by key"), (5, "by item")]
)
async def test_items_are_sorted(presses: int, word: str) -> None:
    async with opened() as screen:
        await screen.press("3", "enter")
        before = sorted(screen.desk.item_list.numbers)
        text = await screen.press(*["o"] * presses)
        assert word in text
        assert sorted(screen.desk.item_list.numbers) == before


async def test_f_jumps_to_the_failures_and_says_when_there_are_none() -> None:
    async with opened() as screen:
        await screen.press("f")
        assert screen.desk.nav.pane == Pane.FAILURES
        assert screen.desk.nav.group
        await screen.press("R", "enter", "1", "f")
        assert "No item has failed" in screen.footer


async def test_l_opens_the_log_of_an_item_and_escape_returns() -> None:
    async with opened() as screen:
        await screen.press("3", "enter", "l")
        assert screen.desk.nav.pane == Pane.LOG
        assert screen.desk.nav.log.item is not None
        assert "4 Log  doc-" in screen.text
        assert " alone" in screen.text
        assert "esc whole log" in screen.footer
        text = await screen.press("escape")
        assert "4 Log  process_chunks" in text
        assert "whole log" not in screen.footer
        await screen.press("escape")
        assert screen.desk.nav.place == "items"


@pytest.mark.parametrize("pane", ["1", "2", "3"])
async def test_l_in_a_pane_opens_the_log_of_the_whole_step_again(pane: str) -> None:
    async with opened() as screen:
        await screen.press("f", "enter", "l")
        assert " alone" in screen.text
        assert "4 Log  process_chunks" in await screen.press(pane, "l")


async def test_the_log_follows_until_it_is_told_to_stay() -> None:
    async with opened() as screen:
        text = await screen.press("4")
        assert "following" in text
        screen.run.say(screen.run.clock, "process_chunks", 1, "a new line")
        assert "a new line" in await screen.settle()
        text = await screen.press("F")
        assert "not following" in text
        screen.run.say(screen.run.clock, "process_chunks", 1, "a newer line")
        for _ in range(30):
            screen.run.say(screen.run.clock, "process_chunks", 1, "more")
        at = screen.desk.nav.log.at
        await screen.settle()
        assert screen.desk.nav.log.at == at
        text = await screen.press("F")
        assert "following" in text
        assert "more" in text


async def test_lines_that_come_have_their_key_at_once() -> None:
    async with opened(Simulation(total=10_000)) as screen:
        await screen.press("4")
        last = max(run.item for run in screen.run.running("process_chunks"))
        for number in range(last + 1, last + 200, 40):
            screen.run.say(screen.run.clock, "process_chunks", number, f"line of {number}")
            screen.app.paint()
            assert re.search(rf"doc-0{number} +line of {number}", screen.text), "painted before anything could be asked"


async def test_the_log_wraps_and_hides_times() -> None:
    async with opened() as screen:
        screen.run.say(screen.run.clock, "process_chunks", 1, "x" * 200 + " the end")
        await screen.press("4")
        assert "the end" not in screen.text
        text = await screen.press("w")
        assert "the end" in text
        assert "   wrap" in text
        text = await screen.press("t")
        assert "03:12" not in "\n".join(line for line in screen.lines if "GET" in line)


async def test_on_the_page_of_an_item_keys_of_the_log_are_for_its_log() -> None:
    async with opened() as screen:
        text = await screen.press("3", "enter", "enter")
        assert "w wrap  t times" in screen.footer
        assert "02:10:24  GET https" in text
        text = await screen.press("t")
        assert "02:10:24  GET https" not in text
        await screen.press("w")
        assert "Long lines of the log go on in the next row" in screen.footer


async def test_an_item_without_a_log_offers_no_key_for_one() -> None:
    async with opened() as screen:
        step = screen.run.state.steps["process_chunks"]
        waiting = step.states.index(Item.PENDING)
        show(screen.desk, Items("process_chunks", "all items", item=waiting, reading=True))
        await screen.settle()
        assert "w wrap" not in screen.footer
        assert "t times" not in screen.footer
        before = screen.desk.nav.log.options
        await screen.press("w")
        assert "this one has printed nothing" in screen.footer
        await screen.press("t")
        assert screen.desk.nav.log.options == before


async def test_the_log_is_searched_beyond_what_is_visible() -> None:
    async with opened() as screen:
        await screen.press("4", "slash")
        await screen.type("stored line 123")
        text = await screen.press("enter")
        assert "1 hit" in text
        assert "stored line 123" in text
        await screen.press("n")
        assert "No later line holds stored line 123" in screen.footer
        await screen.press("escape", "G")
        assert "GET https" in screen.text


@pytest.mark.parametrize("size", [(120, 32), (60, 16)])
async def test_the_hits_of_a_search_of_the_log_are_told_while_it_is_typed(size: tuple[int, int]) -> None:
    async with opened(size=size) as screen:
        await screen.press("4", "slash")
        assert "1 hit" in await screen.type("stored line 123")
        assert "11 hits" in await screen.press("backspace")
        assert "none" in await screen.type("x")
        await screen.press("escape", "slash")
        assert "hit" not in screen.text
        assert "none" not in screen.text


async def test_a_search_of_the_log_says_which_hit_the_cursor_is_on() -> None:
    async with opened() as screen:
        await screen.press("4", "slash")
        assert "11 hits" in await screen.type("stored line 12")
        assert "11 of 11 hits" in await screen.press("enter")
        assert "10 of 11 hits" in await screen.press("N")
        text = await screen.press(*"NNNNNNNNN")
        assert "1 of 11 hits" in text
        assert "stored line 12\n" in re.sub(" +\n", "\n", text)
        assert "2 of 11 hits" in await screen.press("n")
        text = await screen.press("k")
        assert "11 hits" in text
        assert "of 11 hits" not in text, "the cursor is on a line between two hits"
        assert "of" not in screen.text.partition("in the whole log")[2].partition("hits")[0]


async def test_lines_printed_since_a_search_are_hits_too() -> None:
    run = Simulation(total=1000)
    one, other = (each.item for each in list(run.running("process_chunks"))[:2])
    async with opened(run) as screen:
        for item in (one, other):
            run.say(run.clock, "process_chunks", item, "stored line 120 again")
        await screen.press("4", "slash")
        await screen.type("stored line 12")
        assert "13 of 13 hits" in await screen.press("enter")
        assert "12 of 13 hits" in await screen.press("N")
        assert "11 of 13 hits" in await screen.press("N")
        run.say(run.clock + 1, "process_chunks", 1, "stored line 120 by one that has begun since")
        screen.app._tick()
        assert "11 of 14 hits" in await screen.settle()
        assert "14 of 14 hits" in await screen.press("n", "n", "n")


async def test_the_hits_in_the_log_of_an_item_are_its_own() -> None:
    async with opened() as screen:
        await screen.press("3", "enter", "l")
        assert screen.desk.nav.log.item is not None
        await screen.press("slash")
        assert "1 hit" in await screen.type("stored line")
        assert "1 of 1 hit " in await screen.press("enter")


async def test_a_search_that_is_typed_waits_for_the_one_under_way_and_looks_among_its_hits() -> None:
    asked: list[str] = []
    gate = asyncio.Event()

    class Slow(Simulation):
        async def search_log(self, step: str | None, text: str, *, limit: int = 1000) -> list[LogRow]:
            asked.append(text)
            await gate.wait()
            return await super().search_log(step, text, limit=limit)

    async with opened(Slow(total=1000)) as screen:
        await screen.press("4", "slash")
        for letter in ("s", "t", "o", "r", "e", "d"):
            await screen.pilot.press(letter)
        assert asked == ["s"]
        assert "hit" not in screen.text
        gate.set()
        await screen.settle()
        count = len(await screen.run.search_log("process_chunks", "stored", limit=100_000))
        assert f"{count} hits" in screen.text
        assert asked[:-1] == ["s"], "what holds the whole text holds its beginning too"
        screen.run.search_log = None  # type: ignore[method-assign,assignment]
        assert "hit" in await screen.type(" line")


async def test_a_printed_line_counts_as_a_hit_only_while_its_item_is_in_flight() -> None:
    run = Simulation(total=1000)
    flying = run.running("process_chunks")[0].item
    for item in (flying, 0):
        run.say(run.clock, "process_chunks", item, f"a word of {item}")
    async with opened(run) as screen:
        await screen.press("4", "slash")
        assert "1 hit" in await screen.type("a word")
        assert "1 hit" in await screen.press("enter")


async def test_a_search_of_the_log_says_when_there_are_more_hits_than_it_lists() -> None:
    class Chatty(Simulation):
        async def search_log(self, step: str | None, text: str, *, limit: int = 1000) -> list[LogRow]:
            return [
                LogRow(NOW - 90_000 + n, "process_chunks", n, self.key("process_chunks", n), 1, f"beat {n}")
                for n in range(20_000)
            ][-limit:]

    async with opened(Chatty(total=1000)) as screen:
        await screen.press("4", "slash", *"beat", "enter")
        assert "10 000+ hits" in screen.text
        screen.desk.log_found = replace(screen.desk.log_found, rows=())
        await screen.press("N")
        assert "Only the latest 10 000 hits are listed" in screen.footer


async def test_a_filter_says_when_it_keeps_more_items_than_it_lists() -> None:
    async with opened() as screen:
        show(screen.desk, Items("process_chunks", "all items"))
        await screen.press("slash", *"doc-00", "enter")
        assert "1 000 of 1 000" in screen.text
        screen.desk.item_list._search.most = 50
        await screen.press("slash", "backspace", "enter")
        assert "50+ of 1 000" in screen.text
        await screen.press("escape")
        assert "+ of" not in screen.text


async def test_the_groups_are_filtered_by_all_that_is_found() -> None:
    asked: list[int] = []

    class Asked(Simulation):
        async def find(self, step: str, text: str, **how: Any) -> list[int]:
            asked.append(how["limit"])
            return await super().find(step, text, **how)

    async with opened(Asked(total=1000)) as screen:
        await screen.press("3", "slash", *"doc", "enter")
        assert asked
        assert min(asked) > 1_000_000


async def test_scrolling_up_reads_older_lines() -> None:
    async with opened() as screen:
        text = await screen.press("4", "g")
        assert "stored line 0" in text


async def test_the_definition_opens_at_the_step_and_is_searched() -> None:
    async with opened() as screen:
        text = await screen.press("d")
        assert "Definition  nightly.yaml, r2 in use" in text
        assert "line 5 of 21" in text
        await screen.press("slash")
        await screen.type("delay")
        text = await screen.press("enter")
        assert "line 14 of 21" in text
        await screen.press("escape", "escape")
        assert screen.desk.nav.place == "main"


async def test_history_opens_an_earlier_run_and_comes_back() -> None:
    async with opened() as screen:
        text = await screen.press("H")
        assert "20260130-031207-a1b2" in text
        await screen.press("j", "enter")
        text = await screen.settle()
        assert "DONE, " in text
        assert screen.desk.feed.now() != screen.run.now()
        await screen.press("escape", "escape")
        text = await screen.settle()
        assert "RUNNING" in text
        assert screen.desk.state is screen.run.state


async def test_leaving_from_an_earlier_run_asks_about_the_present_one() -> None:
    async with opened() as screen:
        await screen.press("H", "j", "enter")
        await screen.settle()
        text = await screen.press("q")
        assert "Leave process-dataset?" in text
        assert screen.desk.state is screen.run.state


async def test_help_lists_the_keys_of_this_place() -> None:
    async with opened(size=(120, 70)) as screen:
        text = await screen.press("question_mark")
        assert "Retry what is selected or marked" in text
        assert "in steps" in text
        await screen.press("escape")
        text = await screen.press("4", "question_mark")
        assert "Follow the log, or stay" in text
        assert "Retry all failed items" not in text


@pytest.mark.parametrize("size", [(120, 32), (80, 24), (60, 16)])
async def test_help_ends_with_what_the_signs_mean(size: tuple[int, int]) -> None:
    async with opened(size=size) as screen:
        text = await screen.press("question_mark")
        assert "G leads to what the signs" in text
        seen = " ".join([text, await screen.press("G"), *[await screen.press("pageup") for _ in range(9)]])
        for words in ("≈ ", "stale: done and kept", "r1 r2", "the revision: how often", "In the map of a step"):
            assert words in seen


@pytest.mark.parametrize("size", [(120, 32), (80, 24), (60, 16)])
async def test_help_is_searched_and_owns_its_keys(size: tuple[int, int]) -> None:
    async with opened(size=size) as screen:
        text = await screen.press("question_mark", "s")
        assert "s does nothing in the help" in text
        assert "/ search" in text
        text = await screen.type("/stale")
        assert "/stale " in text
        assert "stale: done and kept" in text
        assert "Move down" not in text
        text = await screen.press("enter", "s")
        assert "Help" in text
        assert "stale: done and kept" in text
        assert "nothing here holds these words" in await screen.type("/qqq")
        text = await screen.press("escape")
        assert "Move down" in text
        await screen.press("escape")
        assert not screen.desk.dialogs
        assert screen.run.sent == []


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_palette_finds_an_action_by_its_words(key: str) -> None:
    async with opened() as screen:
        text = await screen.press(key)
        assert "Commands" in text
        text = await screen.type("pause")
        assert "Pause or resume the run" in text
        assert "Retry" not in text
        await screen.press("enter")
        assert screen.run.state.paused


async def test_the_palette_has_room_for_its_longest_words() -> None:
    longest = max(DEFAULT.here("steps"), key=lambda action: len(action.help))
    async with opened() as screen:
        assert longest.help in await screen.press("colon", *longest.help.lower().split()[-1])


async def test_the_palette_lists_what_acts_first_and_moves_last() -> None:
    async with opened(size=(120, 60)) as screen:
        await screen.press("3", "colon")
        palette = screen.desk.dialogs[-1]
        assert isinstance(palette, Palette)
        names = [action.name for action, why in palette.found() if not why]
        assert names[:5] == ["retry", "retry_all", "canary", "skip", "mark"]
        acts, moves = (
            ("pause", "stop", "plan", "edit", "copy", "write", "filter", "help", "leave"),
            ("open", "down", "pane_log"),
        )
        assert max(map(names.index, acts)) < min(map(names.index, moves))
        here = {action.name for action in DEFAULT.here("failures")}
        assert set(names) | {"palette", "interrupt", "rerun_stale"} == here
        assert "Retry 3 items" in await screen.press("enter")


async def test_the_palette_lists_what_does_nothing_here_last_and_says_where_it_does() -> None:
    async with opened() as screen:
        text = await screen.press("4", "colon", *"skip")
        assert re.search(r"s +skip: not in the log", text)
        assert "Skip what is selected" not in text
        text = await screen.press("enter")
        assert "s (skip) does nothing in the log" in screen.footer
        await screen.press("colon", *"range")
        await screen.press("enter")
        assert "v (range) is for the failures and a list of items; here it does nothing" in screen.footer
        await screen.press("colon", *"stale")
        palette = screen.desk.dialogs[-1]
        assert isinstance(palette, Palette)
        assert [why for _, why in palette.found()] == ["not in the log", "for the reload plan"]
        await screen.press("escape", "1", "colon")
        palette = screen.desk.dialogs[-1]
        assert isinstance(palette, Palette)
        assert {action.name for action, _ in palette.found()} == {action.name for action in DEFAULT.actions} - {
            "palette",
            "interrupt",
        }


async def test_the_palette_of_an_ended_run_does_not_offer_to_pause_it() -> None:
    run = Simulation(total=1000)
    run.tell(ev.RunFinished(run.clock, "interrupted"))
    async with opened(run) as screen:
        for word, line in (("pause", "pause"), ("drain", "drain"), ("stop", "stop")):
            text = await screen.press("colon", *word)
            assert f"{line}: the run has ended" in text
            await screen.press("escape")


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
@pytest.mark.parametrize("key", ["question_mark", "colon"])
async def test_nothing_is_cut_in_the_help_and_in_the_palette(key: str, size: tuple[int, int]) -> None:
    async with opened(size=size) as screen:
        await screen.press(key)
        for _ in range(100):
            assert not [line for line in screen.lines if "│" in line and "…" in line]
            await screen.press("down")


async def test_looks_go_round() -> None:
    async with opened() as screen:
        await screen.press("A")
        assert "Colours for colour-blind eyes" in screen.footer
        text = await screen.press("A", "j")
        assert text.isascii() or all(ord(c) < 128 for c in text.split("GET")[0])
        await screen.press("A", "j")
        assert "●" in screen.text


async def test_typed_text_can_be_edited() -> None:
    async with opened() as screen:
        await screen.press("slash", *"abc", "left", "backspace", "home", "x")
        entry = screen.desk.nav.entry
        assert entry is not None
        assert entry.text == "xac"
        await screen.press("ctrl+w", "ctrl+u", "delete")
        await screen.press("escape")
        assert screen.desk.nav.entry is None
        assert screen.desk.nav.step_filter.text == ""


REJECTED = Rejected(
    "/home/me/flows/nightly.yaml",
    15,
    5,
    '"timeouts" is not a key of a step',
    "did you mean timeout?",
    ("nightly.yaml:15:5: error",),
    DEFINITION.replace("timeout: 30", "timeouts: 30"),
    (15, 18),
    2,
    NOW - 12,
)


async def test_a_save_that_was_not_taken_up_has_a_banner_and_its_problems_in_place() -> None:
    async with opened() as screen:
        screen.run.refused = REJECTED
        text = await screen.settle()
        assert "nightly.yaml not taken up, r2 goes on: " in text
        assert "save not valid" in screen.footer
        text = await screen.press("d")
        assert f"Definition  nightly.yaml, not in use, saved at {clock(NOW - 12)}" in text
        at = next(n for n, line in enumerate(screen.lines) if "timeouts: 30" in line)
        assert '^^^^^^^^ "timeouts" is not a key of a step' in screen.lines[at + 1]
        assert "did you mean timeout?   line 15, column 5" in screen.lines[at + 2]
        await screen.press("n")
        assert screen.desk.nav.definition_at == 17
        await screen.press("N")
        assert screen.desk.nav.definition_at == 14
        await screen.press("escape")
        text = await screen.press("escape")
        assert "not taken up" not in text
        screen.run.refused = replace(REJECTED, saved=NOW)
        assert "not taken up" in await screen.settle()


async def test_trouble_with_the_run_file_has_a_banner() -> None:
    async with opened() as screen:
        screen.run.in_trouble = "no space left on device"
        assert "Nothing can be recorded: no space left on device" in await screen.settle()


async def test_edits_that_wait_stand_in_the_footer() -> None:
    async with opened() as screen:
        screen.run.plan = ReloadPlan("/f.yaml", 2, 3, NOW, waiting=(Edit("a", "added"), Edit("b", "removed")))
        await screen.settle()
        assert "r3: 2 edits wait" in screen.footer


async def test_a_list_too_long_to_read_is_sorted_by_the_run_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_workflow.ui.actions.find.SORTABLE", 100)
    async with opened(Simulation(total=2000)) as screen:
        show(screen.desk, Items("process_chunks", "all items"))
        await screen.settle()
        await screen.press("o")
        while screen.desk.loader.busy:  # it is sorted in a thread
            await asyncio.sleep(0.01)
        await screen.settle()
        step = screen.run.state.steps["process_chunks"]
        assert "by tries" in screen.text
        tries = [
            step.attempts_of.get(number, 1 if step.states[number] else 0) for number in screen.desk.item_list.numbers
        ]
        assert tries == sorted(tries, reverse=True)
        assert len(set(tries)) > 2
        await screen.press("o")
        assert "by time taken" in screen.text
        assert screen.run.sorts == [("took", 1001), ("took", None)]
        rows = await screen.run.items("process_chunks", screen.desk.item_list.numbers)
        took = [row.duration or 0.0 for row in rows]
        assert len(rows) == 2000
        assert took == sorted(took, reverse=True)
        assert "being sorted" not in screen.footer
        await screen.press("o", "o", "o")
        assert list(screen.desk.item_list.numbers) == list(range(2000))


def test_attempts_are_sorted_as_one_by_one() -> None:
    states = bytes([Item.PENDING, Item.OK, Item.FAILED, Item.RETRYING, Item.OK, Item.SKIPPED] * 50)
    attempts = {number: number % 300 + 1 for number in range(0, 300, 7)}
    for listed in (range(300), range(10, 90), [3, 5, 8, 21, 150, 299]):
        found = by_tries(states, attempts, listed)
        assert found == sorted(listed, key=lambda number: -min(255, attempts.get(number, 1 if states[number] else 0)))


async def test_a_filter_of_a_cell_looks_at_its_items_alone() -> None:
    async with opened(Simulation(total=100_000)) as screen:
        await screen.press("2", "G", "left", "enter")
        assert screen.desk.nav.items is not None
        screen.desk.item_list._search.most = 50  # of the whole step these would be the first items
        await screen.press("slash", *"doc-", "enter")
        assert "50+ of 500" in screen.text
