"""Edits while items run: what is running is not touched, what starts later is new, and the run file says which made what."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.end_to_end.bench import Folder
from tests.reload.live import Live, live
from tui_workflow.facts.commands import GoBack, RetryItems, TakeUp
from tui_workflow.facts.state import Item

HANDLER = """\
import time

def work(item):
    time.sleep({seconds})
    return "{marker}"
"""
FLOW = """\
steps:
  work:
    type: python
    for_each: {range: 200}
    key: "{{ item }}"
    parallel: 2
    inputs: {operation: custom, handler: work}
"""


def handler(marker: str, seconds: float = 0.05) -> str:
    return HANDLER.format(marker=marker, seconds=seconds)


def write(folder: Path, marker: str = "A", seconds: float = 0.05, flow: str = FLOW) -> None:
    (folder / "handlers.py").write_text(handler(marker, seconds))
    (folder / "flow.yaml").write_text(flow)


def made_as_recorded(run: Live, step: str = "work") -> None:
    """Every outcome was made by the handler source of the revision that is recorded for it."""
    sources = {row["revision"]: run.handler(row["revision"]) for row in run.outcomes(step)}
    for row in run.outcomes(step):
        assert f'"{row["result"]}"' in sources[row["revision"]], row


@pytest.mark.slow
async def test_a_broken_save_changes_nothing_and_a_good_one_holds_for_what_starts_later(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.done(20)
        run.save("handlers.py", handler("B").replace("(item):", "(item:"))
        await run.until(lambda: run.rejected, "the broken save was noticed", 3)
        assert run.rejected is not None
        assert run.rejected.path == str(tmp_path / "handlers.py")
        assert (run.rejected.line, run.rejected.count) == (3, 1)
        assert run.rejected.column > 1
        assert run.state.revision == 1
        count = run.step().done
        await run.done(count + 20)
        assert {row["result"] for row in run.outcomes()} == {"A"}
        saved = time.time()
        run.save("handlers.py", handler("B"))
        await run.revision(2, 2)
        assert run.rejected is None
        before = run.step().succeeded
        await run.done(before + 30)
        await run.ended()
        rows = run.outcomes()
        assert len(rows) == 200, "no item ran twice"
        made_as_recorded(run)
        assert {row["result"] for row in rows if row["started"] < saved} == {"A"}
        assert {row["result"] for row in rows if row["started"] > saved + 1} == {"B"}
        old = sum(row["result"] == "A" for row in rows)
        assert run.step().stale == old
        assert run.step().succeeded == 200
        assert run.plan is not None
        assert [(file.added, file.removed, file.steps) for file in run.plan.files] == [(1, 1, ("work",))]
        reply = await run.send(TakeUp("stale"))
        assert reply.count == old
        await run.until(lambda: run.step().stale == 0 and run.state.finished, "the stale ran again")
        assert set(run.results().values()) == {"B"}
        assert len(run.outcomes()) == 200 + old


async def _refused(run: Live, text: str, line: int) -> None:
    """Wait until a text has been refused, at a line or below it, and the run file says so."""
    await run.until(lambda: run.rejected and run.rejected.text == text, "it was refused", 4)
    assert run.rejected is not None
    assert run.rejected.line >= line
    place = f"flow.yaml:{run.rejected.line}:{run.rejected.column}: "
    await run.until(lambda: run.state.rejected and place in run.state.rejected.problems[0], "recorded", 2)


async def test_a_flow_that_is_not_valid_is_told_with_place_and_hint(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.done(4)
        for text, line in (
            (FLOW.replace("parallel", "paralel"), 6),
            ("", 1),
            (FLOW[:60], 1),
            ("\0\1\2", 1),
        ):
            run.save("flow.yaml", text)
            await _refused(run, text, line)
        run.save("flow.yaml", FLOW.replace("parallel", "paralel"))
        await run.until(lambda: run.rejected and run.rejected.line == 6, "it was refused", 3)
        assert run.rejected is not None
        assert (run.rejected.column, run.rejected.hint) == (5, "did you mean 'parallel'?")
        assert run.rejected.marks[0].line == 6
        run.save("flow.yaml", FLOW)
        await run.until(lambda: run.rejected is None, "the text as it was is no edit", 3)
        await run.until(lambda: run.state.rejected is None, "and the run file says so", 3)
        assert run.state.revision == 1


async def test_inputs_that_the_handler_does_not_take_are_a_problem_of_the_file_that_was_edited(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.done(4)
        run.save("flow.yaml", FLOW.replace("handler: work", "handler: work, pase: 1"))
        await run.until(lambda: run.rejected, "it was refused", 4)
        assert run.rejected is not None
        line = 1 + next(number for number, line in enumerate(FLOW.split("\n")) if "handler: work" in line)
        assert (run.rejected.path, run.rejected.line) == (str(tmp_path / "flow.yaml"), line)
        assert run.rejected.message.startswith("the handler work(")
        assert "'pase'" in run.rejected.message


async def test_a_handler_that_does_not_import_is_refused_at_its_line(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.done(4)
        run.save("handlers.py", "import time\nimport no_such_module_at_all\n" + handler("B"))
        await run.until(lambda: run.rejected, "it was refused", 4)
        assert run.rejected is not None
        assert (run.rejected.path, run.rejected.line) == (str(tmp_path / "handlers.py"), 2)
        assert "no_such_module_at_all" in run.rejected.message
        await run.done(run.step().done + 20)
        assert run.step().failed == 0


async def test_a_worker_that_dies_after_a_broken_save_comes_back_with_the_last_good_source(tmp_path: Path) -> None:
    write(tmp_path, flow=FLOW.replace("parallel: 2", "parallel: 1\n    on_error: continue"))
    async with live(tmp_path) as run:
        await run.done(4)
        run.save("handlers.py", "def work(item:\n")
        await run.until(lambda: run.rejected, "it was refused", 3)
        pid = run.rows("SELECT worker FROM outcome ORDER BY seq DESC LIMIT 1")[0][0]
        os.kill(pid, signal.SIGKILL)
        await run.until(lambda: run.step().failed == 1, "the item that ran in it failed")
        before = run.step().succeeded
        await run.until(lambda: run.step().succeeded >= before + 10, "others go on")
        assert set(run.results().values()) == {"A"}
        run.save("handlers.py", handler("B"))
        await run.revision(2)
        assert (await run.send(RetryItems("work"))).count == 1
        await run.until(lambda: run.step().failed == 0, "it was retried")


async def test_a_save_between_reading_the_flow_and_watching_it_is_seen(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path, meanwhile=lambda: write(tmp_path, "B")) as run:
        await run.revision(2)
        await run.done(run.step().done + 10)
        made_as_recorded(run)


async def test_back_to_the_earlier_revision(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.done(6)
        run.save("handlers.py", handler("B"))
        await run.revision(2)
        await run.done(run.step().done + 10)
        reply = await run.send(GoBack())
        assert reply.text == "Back to r1, as r3; handlers.py still has the edit"
        assert run.plan is not None
        assert (run.plan.again, run.plan.ahead) == (1, ("handlers.py",))
        await run.revision(3)
        await run.done(run.step().done + 10)
        rows = run.outcomes()
        assert rows[-1]["result"] == "A"
        assert rows[-1]["revision"] == 3
        made_as_recorded(run)
        assert run.step().stale == sum(row["result"] == "B" for row in rows)
        assert (await run.send(GoBack())).text == "Back to r2, as r4", "the files say what holds"
        await run.revision(4)
        await run.done(run.step().done + 10)
        assert run.outcomes()[-1]["result"] == "B"


async def test_a_file_that_has_come_since_still_has_the_edit_after_going_back(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "flow.yaml").write_text("\ufeff" + FLOW)  # a mark that is no part of the text
    async with live(tmp_path) as run:
        await run.done(6)
        run.save("flow.py", handler("C"))
        await run.revision(2)
        assert (await run.send(GoBack())).text == "Back to r1, as r3; flow.py still has the edit"


@pytest.mark.parametrize("pause", [0.0, 0.02])
async def test_reloads_in_the_moments_in_which_items_end(tmp_path: Path, pause: float) -> None:
    """Twelve saves one after the other: each outcome under the revision that made it, slots never exceeded."""
    import asyncio

    write(tmp_path, "m0", 0.01, FLOW.replace("200", "400").replace("parallel: 2", "parallel: 3"))
    async with live(tmp_path) as run:
        most = run.most_at_once()
        await run.done(10)
        for number in range(1, 13):
            run.save("handlers.py", handler(f"m{number}", 0.01))
            await run.stage.feed.reread()
            await asyncio.sleep(pause)
        await run.ended()
        assert run.state.revision == 13
        assert len(run.outcomes()) == 400
        made_as_recorded(run)
        assert most() <= 3
        assert run.step().stale == sum(row["result"] != "m12" for row in run.outcomes())


@pytest.mark.slow
def test_headless_with_reload(folder: Folder) -> None:
    write(folder.path, flow=FLOW.replace("200", "120"))
    run = folder.start("flow.yaml", "--headless", "--reload", "--json")
    assert run.stdout is not None
    events = []
    stage = 0
    for line in run.stdout:
        event = json.loads(line)
        events.append(event)
        if stage == 0 and event["event"] == "step_progress":
            folder.write("flow.yaml", FLOW.replace("200", "120").replace("parallel", "paralel"))
            stage = 1
        elif stage == 1 and event["event"] == "reload_rejected":
            folder.write("flow.yaml", FLOW.replace("200", "119"))
            stage = 2
        elif stage == 2 and event["event"] == "reload_rejected":
            folder.write("flow.yaml", FLOW.replace("200", "120"))
            folder.write("handlers.py", handler("B"))
            stage = 3
    assert run.wait(60) == 0
    run.stdout.close()
    assert run.stderr is not None
    run.stderr.close()
    rejected = [event["problems"] for event in events if event["event"] == "reload_rejected"]
    assert "flow.yaml:6:5: " in rejected[0][0]
    assert "did you mean 'parallel'?" in rejected[0][0]
    assert "flow.yaml:2:3: step work for_each changed: a structural edit waits for a person" in rejected[1][0]
    assert "--resume" in rejected[1][0]
    assert [event["revision"] for event in events if event["event"] == "reloaded"][-1] == 2
    markers = folder.results("work")
    assert len(markers) == 120
    assert set(markers) == {"A", "B"}
    step = folder.step("work")
    assert step["stale"] == markers.count("A")


async def test_items_keep_their_state_through_a_reload(tmp_path: Path) -> None:
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.done(20)
        kept = bytes(run.step().states[:20])
        run.save("flow.yaml", FLOW.replace("parallel: 2", "parallel: 2\n    timeout: 9"))
        await run.revision(2)
        assert bytes(run.step().states[:20]) == kept
        assert run.step().stale == 0
        assert kept.count(Item.OK) >= 18


@pytest.mark.slow
async def test_saves_are_numbered_one_by_one_though_none_of_them_is_stored_yet(tmp_path: Path) -> None:
    """A save, a way back and the accepting of what waits, faster than the run file is written."""
    write(tmp_path)
    async with live(tmp_path) as run:
        await run.done(6)
        run.save("flow.yaml", FLOW.replace("200", "120"))
        run.save("handlers.py", handler("B"))
        await run.stage.feed.reread()
        assert "as r3" in (await run.send(GoBack())).text
        assert "as r4" in (await run.send(GoBack())).text
        assert not (await run.send(TakeUp())).refused
        await run.ended()
        assert run.state.revision == 4
        made_as_recorded(run)
        assert [row[0] for row in run.rows("SELECT number FROM revision ORDER BY number")] == [1, 2, 3, 4]
