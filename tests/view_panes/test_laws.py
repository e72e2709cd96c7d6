"""What holds for every state: counts add up, what matters is never dropped, lists are what they should be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ui.simulate import Simulation, http_error, key_error, shape
from tests.view_panes.scenes import scene, text
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended, Outcome
from tui_workflow.facts.state import Item, RunState, StepState, fold
from tui_workflow.facts.work import Running
from tui_workflow.text import GROUP
from tui_workflow.view import listing
from tui_workflow.view.columns import line_width
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.keys import DEFAULT, PANES
from tui_workflow.view.line import BEHIND, Span, plain
from tui_workflow.view.nav import Items, Pane, TextLine, moved
from tui_workflow.view.page import draw
from tui_workflow.view.panes import failures, footer, header, steps
from tui_workflow.view.panes import step as step_pane
from tui_workflow.view.panes.dialog import Box, Choice, choices, over
from tui_workflow.view.panes.row import data
from tui_workflow.view.sampling import Sampling
from tui_workflow.view.scene import Scene
from tui_workflow.view.wrapping import wrapped

ENDS = st.sampled_from([Ended.OK, Ended.FAILED, Ended.SKIPPED, Ended.RETRYING])


def run_of(ends: list[tuple[int, Ended]], total: int) -> RunState:
    state = RunState()
    fold(
        state,
        [
            ev.RunStarted(0, "r", "flow", "/f.yaml", 1, "h"),
            ev.RevisionTaken(0, 1, (shape("a", for_each=True), shape("b", needs=["a"]))),
            ev.StepStarted(0, "a", 4),
            ev.ItemsListed(0, "a", 0, total),
            ev.ListingFinished(0, "a"),
        ],
    )
    for item, status in ends:
        error = (http_error if item % 3 else key_error)(item).encode() if status in (2, 4) else None
        fold(
            state,
            [ev.ItemsEnded(10, "a", 1, "d-a", 1, (Outcome(item, 1, status, 5, 1, None, error),), {item: 20.0})],
        )
    return state


def ends_of(total: int) -> st.SearchStrategy[list[tuple[int, Ended]]]:
    return st.lists(st.tuples(st.integers(0, total - 1), ENDS), max_size=40)


@given(st.integers(1, 60).flatmap(lambda total: st.tuples(st.just(total), ends_of(total))), st.integers(0, 8))
def test_the_counts_below_the_bar_add_up_to_the_total(case: tuple[int, list[tuple[int, Ended]]], running: int) -> None:
    total, ends = case
    step = run_of(ends, total).steps["a"]
    found = step_pane.counts(step, running)
    assert sum(found.values()) == total
    assert found["ok"] + found["failed"] + found["skipped"] == step.done


@given(st.integers(1, 60).flatmap(lambda total: st.tuples(st.just(total), ends_of(total))))
def test_the_counts_on_the_screen_add_up_too(case: tuple[int, list[tuple[int, Ended]]]) -> None:
    total, ends = case
    step = run_of(ends, total).steps["a"]
    rows = step_pane.rows(step, (), {}, 30.0, Sampling(), 80, 20, UNICODE, cursor="here")
    line = plain(rows[2].line).replace(GROUP, "")
    shown = [int(number) for number in re.findall(r"(?<![(\d.])(?:[✓✗⊘●·]) (\d+)", line)]
    assert sum(shown) == total, line


@pytest.mark.parametrize("width", [36, 45, 60, 80, 120, 200])
@pytest.mark.parametrize("failed", [0, 7, 415])
def test_the_header_never_drops_state_eta_or_failures(width: int, failed: int) -> None:
    state = run_of([(item, Ended.FAILED) for item in range(failed)], 500)
    lanes = {"a": [Running(0, 1, 0.0, 0, 0)]}
    row = header.rows(state, 30.0, lanes, "42–58 min", width, UNICODE, 1)
    shown = plain(row.line)
    assert line_width(row.line) <= width
    assert "RUNNING" in shown
    if width >= 45:
        assert "42–58 min" in shown
        assert ("✗ 415" in shown) == (failed == 415)
    assert "1/4 slots busy" in shown or width < 80


@pytest.mark.parametrize("context", PANES)
@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_the_footer_never_drops_help(context: str, width: int) -> None:
    actions = DEFAULT.footer(context)  # type: ignore[arg-type]
    row = footer.rows(actions, {}, (), width, UNICODE, 1)
    assert line_width(row.line) <= width
    assert "? help" in plain(row.line)
    for hot in row.hot:
        assert plain(row.line)[hot.start : hot.stop].strip()


@given(st.text(max_size=80), st.integers(2, 40), st.booleans())
def test_wrapping_loses_nothing_and_fits(words: str, width: int, by_words: bool) -> None:
    line = data(words)
    parts = wrapped(line, width, words=by_words)
    assert "".join(plain(part) for part in parts) == plain(line)
    assert all(line_width(part) <= width for part in parts)


@given(
    st.lists(
        st.sampled_from([Item.PENDING, Item.OK, Item.FAILED, Item.SKIPPED, Item.RETRYING, Item.GONE]), max_size=80
    ),
    st.data(),
)
def test_a_list_holds_the_items_that_a_slow_loop_would_find(states: list[Item], draw_: st.DataObject) -> None:
    step = StepState(shape("a", for_each=True), states=bytearray(states), made_by=bytearray(len(states)))
    step.gone = states.count(Item.GONE)
    wanted = tuple(draw_.draw(st.sets(st.sampled_from([Item.PENDING, Item.OK, Item.FAILED]), max_size=2)))
    start = draw_.draw(st.integers(0, 80))
    cell = draw_.draw(st.one_of(st.none(), st.just(range(start, start + 20))))
    found = draw_.draw(st.one_of(st.none(), st.frozensets(st.integers(0, 90)).map(sorted)))
    items = Items("a", "", states=wanted, cell=cell, found=found)
    slow = [
        number
        for number, state in enumerate(states)
        if state != Item.GONE
        and (not wanted or state in wanted)
        and (cell is None or number in cell)
        and (found is None or number in found)
    ]
    listed = listing.numbers(step, items)
    assert list(listed) == slow
    for place, number in enumerate(slow):
        assert listing.place_of(listed, number, in_order=True) == place
    assert listing.place_of(listed, 1000, in_order=True) is None


def test_an_order_keeps_what_it_does_not_know_at_the_end() -> None:
    step = StepState(shape("a", for_each=True), states=bytearray(6), made_by=bytearray(6))
    items = Items("a", "", order=[4, 2, 99])
    assert list(listing.numbers(step, items)) == [4, 2, 0, 1, 3, 5]


def test_groups_without_a_failed_item_are_not_listed_and_sorting_is_by_what_it_says() -> None:
    run = Simulation(total=100_000)
    held = list(run.state.steps.values())
    by_count = [cause.group.count for cause in failures.causes(held)]
    assert by_count == sorted(by_count, reverse=True)
    latest = [cause.group.last_at for cause in failures.causes(held, "latest")]
    assert latest == sorted(latest, reverse=True)
    types = [cause.group.type for cause in failures.causes(held, "type")]
    assert types == sorted(types)
    group = failures.causes(held)[0].group
    failed = tuple(n for n, place in held[1].failures.items() if held[1].groups[place] is group)
    run.tell(ev.ItemsQueued(run.clock, "process_chunks", failed, "retry"))
    assert group.fingerprint not in [cause.group.fingerprint for cause in failures.causes(held)]
    kept = failures.causes(held, text="worker", inverse=True)
    assert kept
    assert all(cause.group.type != "WorkerDied" for cause in kept)


def test_what_a_step_waits_for() -> None:
    state = run_of([], 3)
    assert steps.waits(state, state.steps["b"]) == "waits for a"
    fold(state, [ev.StepFinished(5, "a", "succeeded")])
    assert steps.waits(state, state.steps["b"]) == "starts next"
    fold(state, [ev.RunFinished(6, "interrupted")])
    assert steps.waits(state, state.steps["b"]) == "not run"


@settings(deadline=None, max_examples=60)
@given(st.integers(20, 130), st.integers(4, 40), st.integers(1, 12))
def test_a_dialog_leaves_every_line_as_wide_as_it_was(width: int, height: int, number: int) -> None:
    run = Simulation(total=50, hostile=True)
    frame = draw(scene(run), width, height)
    offered = [Choice("x", "x", f"do {place} 表", "and more") for place in range(number)]
    mixed = over(frame, Box("表 Question [b]?[/b]", choices(offered, 0), width=50))
    assert [line_width(line) for line, _ in mixed] == [width] * height
    assert any(span.role.startswith(BEHIND) or span.fill == "panel" for line, _ in mixed for span in line)


def test_the_cursor_moves_within_its_list() -> None:
    assert moved(["a", "b", "c"], "b", 1) == 2
    assert moved(["a", "b", "c"], "c", 5) == 2
    assert moved(["a", "b", "c"], "a", -1) == 0
    assert moved(["a", "b", "c"], "gone", 1) == 0
    assert moved([], "a", 1) == 0


@given(
    st.text(max_size=20),
    st.lists(st.sampled_from(["left", "right", "home", "end", "backspace", "delete", "ctrl+u", "ctrl+w", "x"])),
)
def test_a_typed_line_keeps_its_caret_inside(start: str, keys: list[str]) -> None:
    line = TextLine(start, len(start))
    for key in keys:
        if not line.edit(key):
            line.insert(key)
        assert 0 <= line.at <= len(line.text)


@pytest.mark.parametrize(
    ("size", "kept", "dropped"),
    [
        ((120, 32), ["Selected", "run ", "p95", "4 Log"], []),
        ((80, 24), ["doc-", "3 Failures", "4 Log"], ["Selected", "run 14"]),
        ((60, 16), ["1 Steps  2 process_chunks"], ["Selected"]),
    ],
)
def test_rows_go_in_their_order(size: tuple[int, int], kept: list[str], dropped: list[str]) -> None:
    shown = text(draw(scene(Simulation(total=20_000)), *size))
    assert all(word in shown for word in kept), shown
    assert not any(word in shown for word in dropped), shown


def test_exactly_one_pane_has_the_keyboard() -> None:
    for pane in Pane:
        held: Scene = scene(Simulation(total=20_000), pane=pane)
        frame = draw(held, 120, 32)
        heavy = [line for line in frame.lines if any("━━━" in span.text and span.role == "accent" for span in line)]
        assert len(heavy) == 1
        assert any(span == Span(f"{pane.value} ", "accent") for span in heavy[0])
