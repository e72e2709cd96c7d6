"""Sixty columns by sixteen rows: what nobody gets on without stays."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.simulate import FETCH, http_error, shape
from tests.view.made import BEGIN, ended, error, listed, run_of
from tests.view.made import shape as shape_of
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended, ErrorInfo, Frame
from tui_workflow.facts.state import Item, RunState, StepState, fold
from tui_workflow.facts.work import Running
from tui_workflow.text import GROUP
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.keys import DEFAULT, PANES, Context
from tui_workflow.view.line import Line, Span, plain
from tui_workflow.view.nav import Nav
from tui_workflow.view.page import draw
from tui_workflow.view.panes import footer, header, item, selected
from tui_workflow.view.panes.row import called
from tui_workflow.view.ports import AttemptRow, ItemDetail, ItemRow
from tui_workflow.view.sampling import Sampling
from tui_workflow.view.scene import Scene


def foot(context: Context, width: int, waits: Line = ()) -> str:
    return plain(footer.rows(DEFAULT.footer(context), {"open": "unfold frames"}, waits, width, UNICODE, 1).line)


@pytest.mark.parametrize("context", PANES)
def test_the_most_needed_keys_stay_in_the_footer(context: Context) -> None:
    shown = foot(context, 60)
    assert "enter unfold frames" in shown
    assert "/ filter" in shown
    assert "esc back" in shown
    assert "? help" in shown
    assert " ? help" in foot(context, 12, (Span("3 edits wait"),))


@given(st.sampled_from(PANES), st.integers(8, 200))
def test_a_footer_keeps_its_order_and_loses_nothing_when_it_grows(context: Context, width: int) -> None:
    narrow, wide = foot(context, width).split(), foot(context, width + 1).split()
    rest = iter(wide)
    assert all(word in rest for word in narrow) or "?" not in narrow


def detail(frames: tuple[Frame, ...], payload: str = "{}") -> ItemDetail:
    error: ErrorInfo = replace(http_error(310), frames=frames)
    row = ItemRow(0, 0, "doc", Item.FAILED, 1, 10.0, 1.0, 1, error.type, error.message)
    return ItemDetail(row, payload, (AttemptRow(1, Ended.FAILED, 9.0, 1.0, 1, None, error, None, None),))


def drawn(what: ItemDetail, room: int, *, unfolded: bool = False) -> list[str]:
    rows = item.rows(what, (), 58, UNICODE, unfolded=unfolded, times=True, room=room)
    return [plain(row.line).rstrip() for row in rows]


@pytest.mark.parametrize("outer", [1, 3, 12])
@pytest.mark.parametrize("payload", ["{}", '{"text": "' + "word " * 900 + '"}'])
def test_the_line_that_failed_is_in_sight(outer: int, payload: str) -> None:
    found = drawn(detail((*FETCH[:1] * outer, *FETCH[1:]), payload), 12)
    at = next(place for place, line in enumerate(found) if "▸" in line)
    assert at < 12
    assert "✗ HTTPError 429" in found[0]
    assert next(place for place, line in enumerate(found) if line.startswith("input")) > at
    if outer == 12:
        assert any("frames of clean folded, enter unfolds" in line for line in found)
        assert sum("clean.py:19" in line for line in drawn(detail(FETCH[:1] * 12), 12, unfolded=True)) == 12


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/usr/lib/python3.11/urllib/request.py", "urllib"),
        ("/usr/lib/python3.11/subprocess.py", "subprocess"),
        ("/srv/venv/lib/python3.11/site-packages/requests/api.py", "requests"),
        ("/usr/lib/python3/dist-packages/six.py", "six"),
        ("/srv/python-jobs/clean.py", "clean"),
    ],
)
def test_a_fold_names_what_its_frames_belong_to(path: str, name: str) -> None:
    library = replace(FETCH[-1], own=False, file=path)
    assert any(f"1 frame of {name} folded" in line for line in drawn(detail((*FETCH[:2], library)), 40))


def test_where_there_is_room_the_input_comes_first() -> None:
    found = drawn(detail(FETCH), 30)
    assert next(place for place, line in enumerate(found) if line.startswith("input")) < 5
    foreign = tuple(replace(frame, own=False) for frame in FETCH)
    assert drawn(detail(foreign, "[" + "1, " * 900 + "1]"), 12)[3].startswith("input"), "no line to be kept in sight"


def long_line(columns: int) -> ItemDetail:
    words = " ".join(f"word_{place:03d}" for place in range(columns // 9))
    frames = (replace(FETCH[1], lines=((88, f"    call({words})"),)),)
    return detail(frames)


def test_a_line_of_source_that_is_too_long_goes_on_below_where_there_is_room() -> None:
    found = drawn(long_line(400), 40)
    start = next(place for place, line in enumerate(found) if "▸" in line)
    shown = [line.split("│")[1] for line in found[start:] if "│" in line]
    assert " ".join(" ".join(shown).split()).count("word_") == 400 // 9
    assert "…" not in "".join(shown)
    assert all(line.startswith(" " * 9) for line in shown[1:]), "deeper than the line itself"


def test_a_long_line_of_source_is_cut_only_where_it_would_push_the_rest_away() -> None:
    found = drawn(long_line(4000), 20)
    shown = [line for line in found if "│" in line]
    assert len(shown) == item.SOURCE
    assert shown[-1].endswith("…")
    assert "…" not in "".join(line for line in drawn(long_line(4000), 20, unfolded=True) if "│" in line)


def test_a_long_message_is_whole_where_there_is_room_and_else_says_how_much_is_missing() -> None:
    what = detail(FETCH)
    error = replace(http_error(310), message="word " * 200, frames=FETCH)
    what = replace(what, attempts=(replace(what.attempts[0], error=error),))
    assert sum(line.count("word") for line in drawn(what, 60)[:30]) >= 200
    cut = drawn(what, 20)
    assert cut[item.HEAD - 1].endswith("more rows, enter unfolds")
    assert sum(line.count("word") for line in drawn(what, 20, unfolded=True)[:30]) >= 200


def test_what_can_be_done_about_an_item_takes_a_row_more_rather_than_being_cut() -> None:
    nexts = (("r", "retry it", "retry"), ("C", "try one, then the other 1 377", "canary"), ("s", "skip it", "skip"))
    rows = item.rows(detail(FETCH), nexts, 58, UNICODE, unfolded=False, times=True, room=40)
    text = [plain(row.line) for row in rows]
    assert any(line.endswith("C try one, then the other 1 377") for line in text)
    assert any(line.strip() == "s skip it" for line in text)


@pytest.mark.parametrize(("width", "rows"), [(60, 2), (120, 1)])
def test_a_command_is_whole_in_as_many_rows_as_it_takes(width: int, rows: int) -> None:
    text = "wf-tui retry --run 20261124-182619-n4yn --step process_documents --open"
    found = footer.notice(text, True, width, UNICODE, 1, 3)
    assert len(found) == rows
    assert " ".join(word for row in found for word in plain(row.line).split()).endswith(text)
    cut = footer.notice(text * 9, True, width, UNICODE, 1, 3)
    assert len(cut) == 3
    assert plain(cut[-1].line).endswith("…")


def test_what_a_sentence_adds_is_left_out_rather_than_cut() -> None:
    file = "failed-20260131-031231-k3f9-process_chunks.jsonl"
    text = f"Wrote 50 failed items to {file}   for_each: {{file: {file}}} reads it, the item is item.item"

    def shown(width: int, most: int) -> str:
        return " ".join(
            " ".join(plain(row.line) for row in footer.notice(text, False, width, UNICODE, 1, most)).split()
        )

    assert shown(100, 4).endswith("the item is item.item")
    assert shown(60, 3) == f"◆ Wrote 50 failed items to {file}"
    assert shown(40, 2).endswith("…")


def test_two_files_of_one_name_are_told_apart_where_a_folder_fits() -> None:
    def shown(text: str, columns: int) -> str:
        return plain(called(text, columns, "text", UNICODE))

    assert shown("reports/2026/north/58", 12) == "…/north/58"
    assert shown("reports/2026/south/58", 12) == "…/south/58"
    assert shown("reports/2026/a_name_that_is_too_long", 12) == "a_name…_long"


def test_a_setting_that_is_too_long_goes_on_below_where_rows_are_free() -> None:
    step = StepState(shape("s", for_each=True))
    value = "{{ steps.a_step_with_a_long_name.result }}, key item.id"
    rows = selected.rows(step, [("items", value), ("slots", "4")], "", False, 44, 9, UNICODE)
    text = [plain(row.line) for row in rows]
    assert " ".join("".join(line[9:] for line in text[1:3]).split()) == value
    assert text[3].split() == ["slots", "4"]
    assert len(selected.rows(step, [("items", value), ("slots", "4")], "", False, 44, 3, UNICODE)) == 3


def test_a_setting_keeps_its_lines_breaks_between_words_and_is_cut_after_some() -> None:
    step = StepState(shape("s", for_each=True))

    def drawn_of(value: str, height: int = 20) -> list[str]:
        rows = selected.rows(step, [("runs", value), ("slots", "4")], "", False, 44, height, UNICODE)
        return [plain(row.line)[9:].rstrip() for row in rows[1:]]

    assert drawn_of('sleep 0.5\necho "publish" {{ item }}\n') == ["sleep 0.5", 'echo "publish" {{ item }}', "4"]
    assert drawn_of("echo {{ state.steps.a_name.completed_items }}") == [
        "echo {{",
        "state.steps.a_name.completed_items",
        "}}",
        "4",
    ]
    assert drawn_of("a\nb\nc\nd\ne") == ["a", "b", "c", "d …", "4"]
    assert drawn_of("a\nb\nc", 4) == ["a", "b …", "4"]


def test_what_a_step_runs_is_told_where_no_traceback_tells_it() -> None:
    def told(frames: tuple[Frame, ...]) -> str:
        rows = item.rows(detail(frames), (), 58, UNICODE, unfolded=False, times=True, runs="set -e\nexit {{ item }}")
        return "\n".join(plain(row.line).rstrip() for row in rows)

    assert "runs      set -e\n          exit {{ item }}" in told(())
    assert "set -e" not in told(FETCH)


def steps_drawn(run: RunState, *, lanes: int = 0, step: str = "") -> list[str]:
    running = {name: [Running(n, n, BEGIN + n, 0, 0) for n in range(lanes)] for name in run.steps}
    scene = Scene(run, Nav(step=step), Sampling(), DEFAULT, UNICODE, BEGIN + 60, lanes=running)
    return [plain(line).replace(GROUP, " ").rstrip() for line in draw(scene, 60, 16).lines]


def three() -> RunState:
    run = run_of(shape_of("fetch"), shape_of("resize_images"), shape_of("publish", for_each=False))
    listed(run, "fetch", 1200)
    listed(run, "resize_images", 61_000)
    bad = ended(
        "resize_images", range(4000, 4030), at=BEGIN + 9, status=Ended.FAILED, failure=error("ValueError", "no")
    )
    done = [ended("fetch", range(1200), at=BEGIN + 9), ended("resize_images", range(4000), at=BEGIN + 9), bad]
    return fold(run, [*done, ev.StepFinished(BEGIN + 10, "fetch", "succeeded")])


def test_three_steps_say_how_many_items_are_done_and_have_their_bars() -> None:
    found = steps_drawn(three(), step="publish")
    fetch = next(place for place, line in enumerate(found) if "✓ fetch" in line)
    assert "1 200 items" in found[fetch]
    assert found[fetch + 1].endswith("▄  ✓ 1 200")
    assert "4 030 of 61 000" in found[fetch + 2]
    assert "✗ 30" in found[fetch + 2]
    assert found[fetch + 3].endswith("▄  ✓ 4 000  ✗ 30  · 56 970")
    assert found[fetch + 3].count("▄") == found[fetch + 1].count("▄") > 20


def test_bars_of_steps_stay_while_lanes_come_and_go() -> None:
    for lanes in range(13):
        found = steps_drawn(three(), lanes=lanes, step="publish")
        assert sum("▄▄" in line for line in found) == 2
        assert any("· publish" in line or "▌· publish" in line for line in found)
    assert "5 more slots" in found[-3]
    assert sum("item " in line for line in found) == 7


def test_thirty_steps_say_how_many_items_are_done_where_no_row_is_free() -> None:
    names = [f"step_number_{place:02}" for place in range(30)]
    run = run_of(*map(shape_of, names))
    for place, name in enumerate(names[:12]):
        listed(run, name, 100 * place + 100)
        fold(run, [ended(name, range(50), at=BEGIN + 9)])
    found = steps_drawn(run, step=names[11])
    assert not any("▄" in line for line in found)
    chosen = next(line for line in found if line.startswith("▌"))
    assert "50 of 1 200" in chosen
    assert "running  4 %" in chosen
    assert len({match.end() for line in found if (match := re.search(r" of [0-9 ]*[0-9]", line))}) == 1


def test_the_key_of_an_item_keeps_both_ends_in_its_title_and_what_it_was_opened_from_gives_way() -> None:
    row = ItemRow(0, 0, "scans/1891/marriage-028-r68.tif", Item.FAILED, 1, 10.0, 1.0, 1, "E", "m")
    crumbs = ["Failures", "JSONDecodeError Expecting ',' delimiter"]
    what = ItemDetail(row, "{}", ())
    found = [
        plain(item.title(what, "read", (1, 22), width, UNICODE, cursor="here", crumbs=crumbs).line)
        for width in (58, 76, 120)
    ]
    assert re.match(r"Failures › JSONDec… › …?.*r68(\.tif|…) .*r1  2 of 22$", found[0])
    assert "scans/1891/marriage-028-r68.tif" in found[1]
    assert "delimiter › scans/1891/marriage-028-r68.tif" in found[2]


@pytest.mark.parametrize(
    ("on_map", "said"), [(None, "item 1 150 "), (1150, "item 1 150 "), (1160, "item 1 150 (1 160 on the map)")]
)
def test_an_item_that_a_later_listing_has_elsewhere_says_where_the_map_has_it(on_map: int | None, said: str) -> None:
    what = ItemDetail(ItemRow(1160, 1150, "O01189", Item.OK, 1, 10.0, 1.0, 1), "{}", ())
    shown = plain(item.title(what, "pack", (0, 1), 100, UNICODE, cursor="here", on_map=on_map).line)
    assert f"O01189  pack, {said}" in shown.replace(GROUP, " ")


@pytest.mark.parametrize(("eta", "said"), [("unknown", False), ("paused", False), ("about 12 s", True)])
def test_a_header_without_room_for_eta_says_no_bare_unknown(eta: str, said: bool) -> None:
    run = run_of(shape_of("a"), flow="a-flow-with-a-name")
    listed(run, "a", 500)
    fold(run, [ended("a", range(415), at=BEGIN, status=Ended.FAILED, failure=error("E", "m"))])
    narrow = plain(header.rows(run, BEGIN + 90, {}, eta, 58, UNICODE, 1).line)
    assert (eta in narrow) is said
    assert "ETA" not in narrow
    assert f"ETA {eta}" in plain(header.rows(run, BEGIN + 90, {}, eta, 100, UNICODE, 1).line)


@pytest.mark.parametrize(
    ("message", "width", "shown"),
    [
        ("no such key in rates", 68, "KeyError no such key in rates"),
        ("no such key in rates", 62, "KeyError no such …n rates"),
        ("no such key in rates", 61, "KeyError"),
        ("'eur'", 51, "KeyError 'eur'"),
        ("'eur'", 50, "KeyError"),
        ("", 68, "KeyError"),
    ],
)
def test_a_message_that_would_be_cut_to_nothing_is_left_out_of_an_attempt(message: str, width: int, shown: str) -> None:
    failed = ErrorInfo.decode(error("KeyError", message))
    row = ItemRow(0, 0, "doc", Item.FAILED, 1, 10.0, 1.0, 1, failed.type, failed.message)
    what = ItemDetail(row, "{}", (AttemptRow(1, Ended.FAILED, 9.0, 1.0, 1, None, failed, None, None),))
    lines = [plain(each.line) for each in item.rows(what, (), width, UNICODE, unfolded=False, times=True)]
    assert next(line for line in lines if line.startswith("attempts")).partition("✗ ")[2].rstrip() == shown
