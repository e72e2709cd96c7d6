"""A run that has come to rest before it was done, and numbers that are the same in every place."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.view.made import BEGIN, ended, error, listed, run_of, shape
from tests.view_panes.scenes import text
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import RunState, fold
from tui_workflow.facts.work import Running
from tui_workflow.text import GROUP
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.keys import DEFAULT
from tui_workflow.view.line import plain
from tui_workflow.view.nav import Nav
from tui_workflow.view.page import draw
from tui_workflow.view.panes import banner, failures, selected
from tui_workflow.view.panes import steps as steps_pane
from tui_workflow.view.ports import Rejected
from tui_workflow.view.sampling import Sampling
from tui_workflow.view.scene import Scene, step_rows_of

KEYS = {"leave": "q", "retry_all": "R", "write": "W", "back": "esc"}


def interrupted(reason: str = "its process ended without saying so") -> RunState:
    run = run_of(shape("invoices"), shape("total", for_each=False))
    listed(run, "invoices", 1000)
    fold(run, [ended("invoices", range(424), at=BEGIN + 6), ev.RunFinished(BEGIN + 6, "interrupted", reason)])
    return run


def banner_of(run: RunState, width: int, *place: str) -> str:
    row = banner.row(banner.Due(run, False, place=place), 0, lambda name: KEYS.get(name, ""), width, UNICODE, 2)
    return "" if row is None else plain(row.line).replace("\u00a0", " ")


def test_the_banner_names_the_command_that_goes_on() -> None:
    shown = banner_of(interrupted(), 120)
    assert "Its process ended without saying so.  wf-tui /data/nightly.yaml --resume goes on" in shown
    assert "q leave" in shown
    assert "wf-tui nightly.yaml --resume goes on" in banner_of(interrupted(), 88)
    assert "Interrupted, 576 items wait.  wf-tui" in banner_of(interrupted(""), 120)


def test_the_command_that_goes_on_says_where_the_run_is_and_is_whole_where_the_reason_is_not() -> None:
    place = ("--state-dir", "/var/my runs")
    command = "wf-tui nightly.yaml --resume --state-dir '/var/my runs' goes on"
    assert "its process" in banner_of(interrupted(), 140, *place).lower()
    assert f"wf-tui /data/{command[7:]}" in banner_of(interrupted(), 140, *place)
    assert banner_of(interrupted(), 80, *place).strip().startswith(command)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("width", range(56, 170))
def test_what_is_wrong_with_a_save_is_cut_only_where_there_is_no_room_left(width: int, count: int) -> None:
    message = "unknown key 'paralel' in step 'measure', did you mean 'parallel'?"
    rejected = Rejected("/data/nightly.yaml", 25, 7, message, "", (message,), "", count=count, saved=1.0)
    due = banner.Due(run_of(shape("invoices")), True, rejected=rejected)
    keys = KEYS | {"edit": "e", "definition": "d"}
    row = banner.row(due, 0, lambda name: keys.get(name, ""), width, UNICODE, 2)
    assert row is not None
    shown = plain(row.line)
    assert len(shown) == width
    if "…" in shown:
        left, _ = shown.split("e edit")
        assert len(left) - len(left.rstrip()) == 2


@pytest.mark.parametrize(("left", "words"), [(1, "1 item waits"), (2, "2 items wait"), (1817, "1 817 items wait")])
def test_what_waits_is_counted_in_groups_of_digits(left: int, words: str) -> None:
    run = run_of(shape("invoices"))
    listed(run, "invoices", left)
    fold(run, [ev.RunFinished(BEGIN + 6, "interrupted", "")])
    assert f"Interrupted, {words}.  wf-tui" in banner_of(run, 120)


def test_a_step_that_had_begun_was_interrupted_and_one_that_had_not_was_not_run() -> None:
    run = interrupted()
    rows = steps_pane.rows(run, "invoices", "", BEGIN + 9, {}, {}, 44, 9, UNICODE, cursor="here")
    begun, other = (plain(row.line) for row in rows[1:])
    assert begun.startswith("‖ invoices")
    assert begun.split()[-2:] == ["interrupted", "0:06"]
    assert other.split() == ["·", "total", "not", "run"]


def test_only_a_banner_that_can_be_closed_says_so() -> None:
    assert not banner.closes(banner.Due(interrupted(), False))
    assert not banner.closes(banner.Due(RunState(), True))


@pytest.mark.parametrize(
    ("width", "words"),
    [(44, "revision 1  40 attempts ok, 12 failed"), (34, "revision 1  40 ok, 12 failed"), (22, "r1")],
)
def test_what_came_of_a_revision_is_counted_in_attempts(width: int, words: str) -> None:
    run = interrupted()
    step = run.steps["invoices"]
    step.by_revision.clear()
    step.by_revision.update({(1, Ended.OK): 40, (1, Ended.FAILED): 9, (1, Ended.RETRYING): 3, (2, Ended.OK): 1})
    rows = selected.rows(step, (), "", True, width, 9, UNICODE)
    line = plain(rows[1].line)
    assert line.startswith(words)
    if width == 44:
        assert plain(rows[2].line).rstrip() == "revision 2  1 attempt ok"
    step.by_revision[3, Ended.SKIPPED] = 1
    told = [plain(row.line) for row in selected.rows(step, (), "", True, width, 9, UNICODE)]
    assert not any("3 " in line[:12] for line in told), "nothing was tried under it"
    fold(run, [ended("invoices", [5], at=BEGIN, status=Ended.FAILED, failure=error("E", "m"))])


@pytest.mark.parametrize("width", [44, 58, 76])
def test_what_a_step_waits_for_takes_no_room_from_its_own_name(width: int) -> None:
    names = [f"step_number_{place}_of_a_long_flow" for place in range(3)]
    shapes = [shape(names[0]), *(replace(shape(own), needs=(before,)) for before, own in pairwise(names))]
    rows = steps_pane.rows(run_of(*shapes), names[0], "", BEGIN + 9, {}, {}, width, 9, UNICODE, cursor="here")
    text = [plain(row.line) for row in rows]
    assert f"· {names[2]} " in text[3]
    assert text[3].endswith(f"waits for {names[1]}" if width == 76 else "  waits")


def _waiting_for_retries(total: int = 1200, failed: int = 0, *, for_each: bool = True) -> RunState:
    run = run_of(shape("read_scans", for_each=for_each), shape("another_step"))
    listed(run, "read_scans", total)
    again = error("OSError", "gone")
    fold(run, [ended("read_scans", range(failed), at=BEGIN + 1, status=Ended.FAILED, failure=again)])
    rest = range(failed, total)
    return fold(run, [ended("read_scans", rest, at=BEGIN + 1, status=Ended.RETRYING, failure=again)])


@pytest.mark.parametrize(
    ("width", "failed", "words"),
    [(44, 0, "1 200 retries"), (44, 7, "1 193 retries"), (76, 0, "waits for 1 200 retries")],
)
def test_a_step_that_waits_for_nothing_but_retries_says_so_and_how_many(width: int, failed: int, words: str) -> None:
    run = _waiting_for_retries(failed=failed)
    rows = steps_pane.rows(run, "read_scans", "", BEGIN + 9, {}, {}, width, 9, UNICODE, cursor="here")
    line = plain(rows[1].line).replace(GROUP, " ")
    assert line.startswith("↻ read_scans")
    assert line.endswith(f"{words}     0:09")
    assert "running" not in line
    assert ("✗ 7" in line) is bool(failed)
    busy = {"read_scans": (Running(0, 3, BEGIN + 8, 0, 0),)}
    rows = steps_pane.rows(run, "read_scans", "read_scans", BEGIN + 9, busy, {}, width, 9, UNICODE, cursor="here")
    assert plain(rows[1].line).startswith("● read_scans")
    assert "running" in plain(rows[1].line)


def test_a_plain_step_that_waits_for_its_next_attempt_says_so() -> None:
    run = _waiting_for_retries(1, for_each=False)
    rows = steps_pane.rows(run, "read_scans", "", BEGIN + 9, {}, {}, 44, 9, UNICODE, cursor="here")
    assert plain(rows[1].line).startswith("↻ read_scans")
    assert "waits for retry" in plain(rows[1].line)
    fold(run, [ev.Paused(BEGIN + 8, "")])
    rows = steps_pane.rows(run, "read_scans", "", BEGIN + 9, {}, {}, 44, 9, UNICODE, cursor="here")
    assert plain(rows[1].line).startswith("‖ read_scans")


@pytest.mark.parametrize("for_each", [True, False])
def test_a_step_that_has_not_started_says_on_its_page_what_it_waits_for(for_each: bool) -> None:
    run = run_of(shape("read"), replace(shape("index", for_each=for_each), needs=("read",)))
    listed(run, "read", 10)
    scene = Scene(run, Nav(step="index"), Sampling(), DEFAULT, UNICODE, BEGIN + 9)
    head = plain(step_rows_of(scene, 70, 9)[0].line)
    assert head.startswith("2 index  waits for read ─")
    assert "nothing printed yet" in text(draw(scene, 120, 32))


def test_the_log_of_a_step_that_has_ended_follows_nothing() -> None:
    run = run_of(shape("read"), shape("index"))
    listed(run, "read", 10)
    listed(run, "index", 1)
    fold(run, [ended("read", range(10), at=BEGIN + 6), ev.StepFinished(BEGIN + 6, "read", "succeeded")])
    shown = text(draw(Scene(run, Nav(step="read"), Sampling(), DEFAULT, UNICODE, BEGIN + 9), 120, 32))
    assert "nothing was printed" in shown
    assert "following" not in shown
    assert "following" in text(draw(Scene(run, Nav(step="index"), Sampling(), DEFAULT, UNICODE, BEGIN + 9), 120, 32))


def test_a_message_has_the_room_that_the_names_of_the_steps_leave() -> None:
    run = run_of(shape("a"), shape("bc"))
    said = "the volume answered no more"
    for name in ("a", "bc"):
        listed(run, name, 4)
        failed = error("OSError", said, ("/h/read.py", 9))
        fold(run, [ended(name, range(2), at=BEGIN + 6, status=Ended.FAILED, failure=failed)])
    found = failures.causes(list(run.steps.values()))
    rows = failures.rows(found, "", (), BEGIN + 9, {}, 72, 3, UNICODE, cursor="", steps=True)
    assert all(said in plain(row.line) for row in rows[1:3])


def test_a_flow_without_steps_says_so() -> None:
    assert "this flow has no steps" in text(draw(Scene(run_of(), Nav(), Sampling(), DEFAULT, UNICODE, BEGIN), 80, 24))


def test_a_step_says_how_many_of_its_items_were_skipped() -> None:
    run = run_of(shape("convert"))
    listed(run, "convert", 40)
    reason = error("Skipped", "no rate yet")
    fold(
        run,
        [
            ended("convert", range(30), at=BEGIN + 5),
            ended("convert", range(30, 40), at=BEGIN + 6, status=Ended.SKIPPED, failure=reason),
        ],
    )
    fold(run, [ev.StepFinished(BEGIN + 7, "convert", "succeeded")])
    scene = Scene(run, Nav(step="convert"), Sampling(), DEFAULT, UNICODE, BEGIN + 8)
    line = next(line for line in text(draw(scene, 120, 32)).split("\n") if "✓ convert" in line)
    assert re.search(r"✓ convert +⊘ 10 +done +0:07 ", line)
