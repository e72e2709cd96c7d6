"""The item map."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.view.made import BEGIN, ended, error, listed, run_of, shape
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import Item, StepState, fold
from tui_workflow.view.columns import line_width
from tui_workflow.view.glyphs import ASCII, COLOURLESS, UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.sampling import Sampling
from tui_workflow.view.skyline import Cell, Skyline, grid, judge, sizes

states = st.binary(max_size=400).map(lambda raw: bytes(byte % 6 for byte in raw))


def step_with(raw: bytes) -> StepState:
    return StepState(shape("s"), states=bytearray(raw), made_by=bytearray(len(raw)), definitions=["d1"])


def test_cell_sizes() -> None:
    assert list(islice(sizes(), 8)) == [1, 2, 5, 10, 20, 50, 100, 200]


def test_a_hundred_thousand_items_in_the_pane_of_a_wide_screen() -> None:
    assert (grid(100_000, 69, 4).size, grid(100_000, 69, 4).row) == (500, 60)


@given(st.integers(0, 10**7), st.integers(12, 240), st.integers(1, 12))
def test_the_grid_fits_with_the_smallest_cells(items: int, columns: int, rows: int) -> None:
    shape_ = grid(items, columns, rows)
    assert shape_.row % 10 == 0
    assert -(-items // shape_.size) <= shape_.row * rows
    assert shape_.label + (1 if shape_.label else 0) + shape_.row * shape_.columns <= columns
    if shape_.size > 1:
        smaller = max(size for size in islice(sizes(), 40) if size < shape_.size)
        assert -(-items // smaller) > shape_.row * rows


@given(st.integers(12, 200), st.integers(1, 8))
def test_while_the_listing_grows_the_cells_only_grow_when_labels_do_not(columns: int, rows: int) -> None:
    grown = [grid(items, columns, rows, labels=False).size for items in range(0, 20_000, 97)]
    assert all(one <= other for one, other in pairwise(grown))


@given(states, st.integers(12, 100), st.integers(1, 6))
def test_one_failed_item_always_shows_and_none_is_invented(raw: bytes, columns: int, rows: int) -> None:
    sky = Skyline()
    sky.update(step_with(raw), (), columns, rows)
    for place, cell in enumerate(sky.cells):
        items = sky.items_of(place)
        failed = sum(raw[item] == Item.FAILED for item in items)
        assert (cell in (Cell.SOME_FAILED, Cell.MANY_FAILED)) == (failed > 0)


@given(states, states, st.sets(st.integers(0, 399), max_size=8), st.integers(12, 100), st.integers(1, 6))
def test_following_changes_equals_counting_afresh(
    before: bytes, after: bytes, running: set[int], columns: int, rows: int
) -> None:
    followed, fresh = Skyline(), Skyline()
    followed.update(step_with(before), (), columns, rows)
    drawn = followed.lines(columns, UNICODE)
    changed = followed.update(step_with(after), running, columns, rows)
    fresh.update(step_with(after), running, columns, rows)
    assert followed.cells == fresh.cells
    assert followed.lines(columns, UNICODE) == fresh.lines(columns, UNICODE)
    if not changed:
        assert drawn == fresh.lines(columns, UNICODE)


@given(states, st.integers(12, 100), st.integers(1, 6), st.integers(0, 60))
def test_rows_never_exceed_their_columns_and_both_tables_draw_alike(
    raw: bytes, columns: int, rows: int, cursor: int
) -> None:
    sky = Skyline()
    sky.update(step_with(raw), (), columns, rows)
    drawn = [sky.lines(columns, glyphs, cursor=cursor, caption_row=False) for glyphs in (UNICODE, ASCII)]
    assert len(drawn[0]) <= rows
    assert [line_width(line) for line in drawn[0]] == [line_width(line) for line in drawn[1]]
    assert all(line_width(line) <= columns for line in drawn[0])


def test_the_share_decides_between_some_and_many() -> None:
    assert judge(bytes([Item.FAILED]) + bytes([Item.OK]) * 499, 0, False) == Cell.SOME_FAILED
    assert judge(bytes([Item.FAILED]) * 249 + bytes([Item.OK]) * 251, 0, False) == Cell.SOME_FAILED
    assert judge(bytes([Item.FAILED]) * 250 + bytes([Item.OK]) * 250, 0, False) == Cell.MANY_FAILED
    assert judge(bytes([Item.FAILED]) + bytes([Item.OK]) * 4, 0, False) == Cell.SOME_FAILED
    assert judge(bytes([Item.OK]) * 500, 0, True) == Cell.RUNNING
    assert judge(bytes([Item.OK]) * 300, 0, False) == Cell.OK
    assert judge(bytes([Item.OK]) * 300, 200, False) == Cell.STALE
    assert judge(bytes([Item.OK]) * 300 + bytes([Item.SKIPPED]) * 200, 0, False) == Cell.OK


def test_a_cell_in_which_an_item_waits_again_is_not_done() -> None:
    assert judge(bytes([Item.OK]) * 499 + bytes(1), 0, False) == Cell.PENDING
    assert judge(bytes([Item.OK]) * 499 + bytes(1), 499, False) == Cell.PENDING
    assert judge(bytes([Item.OK]) * 499 + bytes([Item.RETRYING]), 0, False) == Cell.RETRYING


@given(states, st.integers(12, 100), st.integers(1, 6), st.data())
def test_items_that_have_left_the_listing_have_no_place(
    raw: bytes, columns: int, rows: int, data: st.DataObject
) -> None:
    sky, other = Skyline(), Skyline()
    listed = [number for number, state in enumerate(raw) if state != Item.GONE]
    running = data.draw(st.sets(st.sampled_from(listed), max_size=3)) if listed else set()
    step = step_with(raw)
    step.definitions.append("d2")
    for number in data.draw(st.sets(st.sampled_from(listed))) if listed else ():
        step.made_by[number] = raw[number] == Item.OK
    step.stale = sum(step.made_by)
    kept = step_with(bytes(raw[number] for number in listed))
    kept.definitions, kept.stale = step.definitions, step.stale
    kept.made_by = bytearray(step.made_by[number] for number in listed)
    for each in (step, kept):
        each.shape = replace(each.shape, definition="d1")
    sky.update(step, running, columns, rows)
    other.update(kept, {listed.index(number) for number in running}, columns, rows)
    assert sky.lines(columns, UNICODE) == other.lines(columns, UNICODE)
    held = [[number for number in sky.items_of(place) if number in listed] for place in range(len(sky.cells))]
    assert held == [listed[start : start + sky.grid.size] for start in range(0, len(listed), sky.grid.size)]


def test_rows_start_with_their_first_index_and_the_last_holds_the_caption() -> None:
    raw = bytearray([Item.OK]) * 61_000 + bytearray(39_000)
    for item in (7_500, 12_000):
        raw[item] = Item.FAILED
    raw[31_000:33_000] = bytes([Item.FAILED]) * 2_000
    sky = Skyline()
    sky.update(step_with(bytes(raw)), {61_010}, 69, 4)
    drawn = [plain(line).replace("\u00a0", " ") for line in sky.lines(69, ASCII)]
    assert drawn == [
        "     0 ===============x========x===================================",
        "30 000 ==XXXX======================================================",
        "60 000 ==o.........................................................",
        "90 000 ....................                      one cell = 500 items",
    ]


def test_a_legend_names_the_cells_there_are_and_what_the_numbers_of_the_rows_are() -> None:
    raw = bytearray([Item.OK]) * 600 + bytearray(400)
    raw[10], raw[20:25] = Item.FAILED, bytes([Item.FAILED]) * 5
    sky = Skyline()
    sky.update(step_with(bytes(raw)), (), 69, 4)
    for glyphs, marks in ((UNICODE, "▃▅▇▁"), (ASCII, "=xX."), (COLOURLESS, "=xX.")):
        legend = plain(sky.legend(69, glyphs))
        words = f"{marks[0]} ok  {marks[1]} some failed  {marks[2]} half failed  {marks[3]} waiting"
        assert legend.startswith(words)
        assert legend.endswith(f"rows from item 0 {glyphs.ellipsis} 900")
    assert f"{marks[2]} half or more failed   {marks[3]} waiting" in plain(sky.legend(90, COLOURLESS))
    assert {span.role for span in sky.legend(69, UNICODE)} >= {"failed", "failed_soft", "ok_soft"}
    assert all(line_width(sky.legend(columns, UNICODE)) <= columns for columns in range(10, 130))


def test_a_legend_names_what_only_it_explains_before_anything_else() -> None:
    run = run_of(shape("s"))
    step = listed(run, "s", 6000)
    failure = error("E", "m")
    fold(run, [ended("s", range(1000), at=BEGIN + 1), ev.RevisionTaken(BEGIN + 2, 2, (shape("s", definition="d2"),))])
    fold(run, [ended("s", range(1000, 3000), at=BEGIN + 3, definition="d2")])
    fold(run, [ended("s", range(2000, 2500), at=BEGIN + 3, status=Ended.SKIPPED, definition="d2")])
    for items in (range(3000, 3001), range(3200, 3400)):
        fold(run, [ended("s", items, at=BEGIN + 3, status=Ended.FAILED, failure=failure, definition="d2")])
    sky = Skyline()
    sky.update(step, (4000,), 69, 4)
    assert set(sky.cells) >= {Cell.OK, Cell.STALE, Cell.SKIPPED, Cell.SOME_FAILED, Cell.MANY_FAILED, Cell.RUNNING}
    for columns in (69, 76):
        legend = plain(sky.legend(columns, UNICODE))
        assert all(word in legend for word in ("ok", "some failed", "half", "stale", "skipped"))
    assert "half or more failed" in plain(sky.legend(120, UNICODE))
    assert "waiting" in plain(sky.legend(120, UNICODE))


def test_what_runs_and_what_waits_is_explained_before_the_numbers_of_rows() -> None:
    raw = bytearray([Item.OK]) * 400 + bytearray(200)
    raw[10], raw[20:25] = Item.FAILED, bytes([Item.FAILED]) * 5
    sky = Skyline()
    sky.update(step_with(bytes(raw)), (401,), 69, 4)
    for glyphs, sign in ((COLOURLESS, "o"), (UNICODE, "▂")):
        legend = plain(sky.legend(69, glyphs))
        assert f"{sign} running" in legend
        assert "waiting" in legend
        assert "rows from" not in legend
        assert "rows from" in plain(sky.legend(110, glyphs))


def test_few_items_show_the_states_themselves_two_columns_each() -> None:
    raw = bytes([Item.OK, Item.FAILED, Item.SKIPPED, Item.RETRYING, Item.PENDING, Item.GONE, Item.OK])
    sky = Skyline()
    sky.update(step_with(raw), {4}, 40, 2)
    assert [plain(line) for line in sky.lines(40, UNICODE)] == ["0 ✓ ✗ ⊘ ↻ ● ✓ "]
    assert sky.caption() == ""


def test_the_cursor_cell_is_in_reverse() -> None:
    sky = Skyline()
    sky.update(step_with(bytes([Item.OK]) * 3_000), (), 40, 2)
    (here,) = [span for line in sky.lines(40, UNICODE, cursor=3) for span in line if span.fill]
    assert (here.text, here.role, here.fill) == ("▃", "bg", "ok_soft")
    assert sky.items_of(3)[0] == 3 * sky.grid.size


def test_items_made_by_an_earlier_definition_are_stale() -> None:
    run = run_of(shape("s"))
    step = listed(run, "s", 40)
    fold(run, [ended("s", range(20), at=BEGIN + 1), ev.RevisionTaken(BEGIN + 2, 2, (shape("s", definition="d2"),))])
    step = run.steps["s"]
    fold(run, [ended("s", range(20, 30), at=BEGIN + 3, definition="d2")])
    assert step.stale == 20
    sky = Skyline()
    sky.update(step, (), 90, 1)
    assert list(sky.cells) == [Cell.STALE] * 20 + [Cell.OK] * 10 + [Cell.PENDING] * 10
    fold(run, [ended("s", [5], at=BEGIN + 4, status=Ended.FAILED, failure=error("E", "m"), definition="d2")])
    assert sky.update(step, (), 90, 1)
    assert sky.cells[5] == Cell.MANY_FAILED


def test_beside_complete_counts_nothing_seems_to_run() -> None:
    """A map and a bar are drawn twice a second, the counts with every frame: the last item may end right after a drawing."""
    run = run_of(shape("s"))
    step = listed(run, "s", 7)
    fold(run, [ended("s", range(6), at=BEGIN + 1)])
    sampling = Sampling()
    sampling.beat(0.0)
    assert Cell.RUNNING in sampling.map(step, {6}, 69, 4).cells
    assert sampling.parts(step, 1)[3] == 1
    fold(run, [ended("s", [6], at=BEGIN + 2), ev.StepFinished(BEGIN + 2, "s", "succeeded")])
    sampling.beat(0.1)
    assert list(sampling.map(step, (), 69, 4).cells) == [Cell.OK] * 7
    assert sampling.parts(step, 0) == (7, 0, 0, 0, 0, 0)
