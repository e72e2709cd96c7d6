"""The lines that stay in the terminal."""

from __future__ import annotations

import pytest

from tests.view.made import BEGIN, ended, error, listed, run_of, shape
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import RunState, fold
from tui_workflow.view.cellwidth import width
from tui_workflow.view.glyphs import ASCII
from tui_workflow.view.line import plain
from tui_workflow.view.summary import summary


def finished(status: ev.RunStatus = "succeeded") -> RunState:
    run = run_of(
        *(
            shape(name, for_each=name in ("process_chunks", "fetch_images"))
            for name in ("prepare", "process_chunks", "fetch_images", "warm_cache", "count")
        )
    )
    listed(run, "process_chunks", 100_000)
    listed(run, "fetch_images", 37_000)
    kinds = [
        (401, error("HTTPError", "429 Too Many Requests", ("/x/fetch.py", 88))),
        (12, error("KeyError", "'title'", ("/x/clean.py", 41))),
        (2, error("WorkerDied", "signal 11, SIGSEGV")),
    ]
    first = 0
    for number, failure in kinds:
        fold(
            run,
            [ended("process_chunks", range(first, first + number), at=BEGIN + 5, status=Ended.FAILED, failure=failure)],
        )
        first += number
    fold(
        run,
        [
            ended("process_chunks", range(first, 100_000), at=BEGIN + 10),
            ended("fetch_images", range(37_000), at=BEGIN + 10),
            ev.StepFinished(BEGIN + 10, "process_chunks", "succeeded"),
            ev.StepFinished(BEGIN + 10, "fetch_images", "succeeded"),
            ev.StepFinished(BEGIN + 10, "prepare", "succeeded"),
            ev.StepFinished(BEGIN + 10, "warm_cache", "skipped", "if params.warm: false"),
            ev.StepFinished(BEGIN + 10, "count", "succeeded"),
            ev.RunFinished(BEGIN + 7421, status),
        ],
    )
    return run


def text(run: RunState, columns: int = 80) -> list[str]:
    return [plain(line).rstrip() for line in summary(run, columns)]


def test_a_run_with_tolerated_failures_leaves_what_one_needs_to_go_on() -> None:
    assert text(finished()) == [
        "✗ process-dataset r1  done, 415 items failed   2:03:41",
        "",
        "  process_chunks   99585 ok   415 failed   of 100000",
        "  fetch_images     37000 ok                of  37000",
        "  3 other steps    2 done   1 skipped",
        "",
        "   401  HTTPError 429 Too Many Requests  fetch.py:88",
        "    12  KeyError 'title'                 clean.py:41",
        "     2  WorkerDied signal 11, SIGSEGV    worker",
        "",
        "  retry         wf-tui retry --run 20260131-031231-k3f9",
        "  look again    wf-tui open 20260131-031231-k3f9",
        "  write a file  wf-tui failed --run 20260131-031231-k3f9 --jsonl > failed.jsonl",
    ]


def test_an_interrupted_run_says_how_many_wait_and_how_to_resume() -> None:
    run = run_of(shape("fetch"))
    listed(run, "fetch", 10)
    fold(run, [ended("fetch", range(4), at=BEGIN + 3), ev.RunFinished(BEGIN + 4, "interrupted")])
    lines = text(run)
    assert lines[0] == "‖ process-dataset r1  interrupted, 6 items wait   0:04"
    assert "  resume        wf-tui /data/nightly.yaml --resume" in lines


def test_stale_items_are_counted_and_a_command_runs_them() -> None:
    run = run_of(shape("fetch"))
    listed(run, "fetch", 4)
    fold(run, [ended("fetch", range(4), at=BEGIN + 3), ev.ItemsOutdated(BEGIN + 3, "fetch")])
    fold(run, [ev.StepFinished(BEGIN + 4, "fetch", "succeeded"), ev.RunFinished(BEGIN + 4, "succeeded")])
    lines = text(run)
    assert "  fetch   4 ok   (4 stale)   of 4" in lines
    assert lines[-1] == "  run 4 stale   wf-tui /data/nightly.yaml --resume --rerun-stale"


def test_what_costs_least_is_offered_first_and_what_is_done_last() -> None:
    run = run_of(shape("fetch"))
    listed(run, "fetch", 2000)
    fold(run, [ended("fetch", range(1500), at=BEGIN + 3), ev.ItemsOutdated(BEGIN + 3, "fetch")])
    fold(run, [ended("fetch", range(1500, 1503), at=BEGIN + 3, status=Ended.FAILED, failure=error("E", "no"))])
    fold(run, [ev.RunFinished(BEGIN + 4, "interrupted")])
    place = ("--run", run.run)
    commands = [plain(line) for line in summary(run, 80, place=place)][-5:]
    assert [line.split("wf-tui")[0].strip() for line in commands] == [
        "retry", "resume", "look again", "write a file", "run 1500 stale"
    ]  # fmt: skip
    assert f"wf-tui /data/nightly.yaml --resume --run {run.run}" in commands[1]
    assert f"wf-tui /data/nightly.yaml --resume --rerun-stale --run {run.run}" in commands[4]
    assert len({line.index("wf-tui") for line in commands}) == 1


def test_numbers_of_any_length_stand_in_their_columns() -> None:
    run = run_of(shape("fetch"), shape("store"))
    listed(run, "fetch", 12_000)
    listed(run, "store", 900)
    fold(run, [ended("fetch", range(11_000), at=BEGIN + 3), ev.ItemsOutdated(BEGIN + 3, "fetch")])
    fold(run, [ended("store", range(900), at=BEGIN + 3), ev.RunFinished(BEGIN + 4, "interrupted")])
    lines = text(run)
    assert lines[2:4] == [
        "  fetch   11000 ok   1000 waiting   (11000 stale)   of 12000",
        "  store     900 ok                                  of   900",
    ]
    commands = lines[5:]
    assert [line.partition("wf-tui")[0].strip() for line in commands] == ["resume", "look again", "run 11000 stale"]
    assert len({line.index("wf-tui") for line in commands}) == 1


@pytest.mark.parametrize(
    ("failed", "words"), [(0, "succeeded, 1200 items skipped"), (3, "done, 3 items failed, 1200 skipped")]
)
def test_a_run_that_skipped_items_says_how_many(failed: int, words: str) -> None:
    run = run_of(shape("fetch"))
    listed(run, "fetch", 2000)
    fold(run, [ended("fetch", range(1200), at=BEGIN + 3, status=Ended.SKIPPED)])
    fold(run, [ended("fetch", range(1200, 1200 + failed), at=BEGIN + 3, status=Ended.FAILED, failure=error("E", "no"))])
    fold(run, [ended("fetch", range(1200 + failed, 2000), at=BEGIN + 3)])
    fold(run, [ev.StepFinished(BEGIN + 4, "fetch", "succeeded"), ev.RunFinished(BEGIN + 4, "succeeded")])
    assert f"process-dataset r1  {words}   0:04" in text(run)[0]


@pytest.mark.parametrize(("groups", "told", "more"), [(7, 7, False), (8, 6, True), (12, 6, True)])
def test_groups_take_the_room_there_is(groups: int, told: int, more: bool) -> None:
    run = run_of(shape("work"))
    listed(run, "work", 100)
    for number in range(groups):
        failure = error(f"Error{chr(97 + number)}", "no", ("/x/flow.yaml", 4))
        fold(run, [ended("work", [number], at=BEGIN + 1, status=Ended.FAILED, failure=failure)])
    fold(run, [ended("work", range(groups, 100), at=BEGIN + 2), ev.StepFinished(BEGIN + 2, "work", "succeeded")])
    fold(run, [ev.RunFinished(BEGIN + 3, "succeeded")])
    lines = text(run)
    assert len(lines) == 15
    assert sum("  Error" in line for line in lines) == told
    assert any(f"{groups - told} more groups, {groups - told} items" in line for line in lines) == more


def test_a_message_of_a_few_letters_is_not_lost() -> None:
    run = run_of(shape("work"))
    listed(run, "work", 3)
    failure = error("ValueError", "bad", ("/x/flow.yaml", 4))
    fold(run, [ended("work", range(3), at=BEGIN + 1, status=Ended.FAILED, failure=failure)])
    assert "     3  ValueError bad  flow.yaml:4" in text(run)


def test_never_more_than_fifteen_lines_nor_wider_than_asked() -> None:
    names = [f"step_{number}" for number in range(40)]
    run = run_of(*(shape(name) for name in names), flow="日本語" * 40)
    for number, name in enumerate(names):
        listed(run, name, 50)
        failure = error(f"Error{chr(97 + number)}", "x" * 300, (f"/p/{'f' * 30}.py", number))
        fold(run, [ended(name, range(number + 1), at=BEGIN + 1, status=Ended.FAILED, failure=failure)])
    fold(
        run,
        [
            ev.StepFinished(BEGIN + 2, "step_3", "failed", "", error("Boom", "listing broke")),
            ev.RunFinished(BEGIN + 3, "failed"),
        ],
    )
    for columns in (40, 60, 80, 132):
        lines = summary(run, columns)
        assert len(lines) <= 15
        assert all(width(plain(line)) <= columns for line in lines if "wf-tui" not in plain(line))
    assert any("more groups, " in plain(line) for line in summary(run, 80))


def test_data_cannot_write_to_the_terminal_nor_end_the_command() -> None:
    run = run_of(shape("s"), flow="a\x1b]0;pwn\x07")
    listed(run, "s", 1)
    fold(
        run,
        [
            ended("s", [0], at=BEGIN, status=Ended.FAILED, failure=error("E\x1b[2J", "m\x9b1m\nsecond")),
            ev.RunFinished(BEGIN + 1, "failed"),
        ],
    )
    lines = [plain(line) for line in summary(run, 100, flow="my flow; rm.yaml", place=("--state-dir", "a b"))]
    assert all(character.isprintable() for line in lines for character in line)
    assert "  resume        wf-tui 'my flow; rm.yaml' --resume --state-dir 'a b'" in lines


def test_ascii_needs_no_other_character_of_its_own() -> None:
    assert plain(summary(finished(), 80, ASCII)[0]).startswith("x process-dataset r1")
