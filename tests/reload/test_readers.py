"""A step that gets others items, by an edit that is accepted or resumed, takes those that read it along."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.bench import Folder
from tests.reload.live import live
from tui_workflow.facts.commands import RetryItems, TakeUp

FLOW = """\
steps:
  work:
    type: python
    for_each: {items}
    inputs: {{code: "result = item * 10"}}
  later:
    type: python
    for_each: "{{{{ steps.work.completed_items }}}}"
    inputs: {{code: "result = item['result'] + 1"}}
  total:
    type: python
    inputs: {{code: "result = sum(steps.later.result)"}}
  once:
    type: python
    rerun: false
    inputs: {{code: "result = steps.total.result"}}
  end:
    type: python
    inputs: {{code: "import os; result = os.stat('mended').st_size"}}
"""


async def test_what_reads_a_step_that_gets_other_items_runs_again(tmp_path: Path) -> None:
    (tmp_path / "mended").touch()
    (tmp_path / "flow.yaml").write_text(FLOW.format(items=[1, 2]))
    async with live(tmp_path) as run:
        await run.ended()
        details = run.stage.details
        assert await details.result("total") == "32"
        run.save("flow.yaml", FLOW.format(items=[1, 2, 3]))
        await run.until(lambda: run.plan is not None and run.plan.waiting, "the edit waits")
        await run.send(TakeUp())
        await run.until(lambda: run.state.status == "running", "the run goes on")
        await run.ended()
        assert run.step("later").succeeded == 3
        assert await details.result("total") == "63"
        assert (run.step("once").stale, await details.result("once")) == (1, "32"), "kept, but of another time"
        assert (await run.send(RetryItems(stale=True))).refused, "what never runs again is not meant"
        assert (await run.send(RetryItems("once", stale=True))).count == 1
        await run.until(lambda: run.step("once").succeeded and not run.step("once").stale, "it runs when it is named")


def test_a_resume_by_an_edited_flow_runs_them_again_too(folder: Folder) -> None:
    folder.write("flow.yaml", FLOW.format(items=[1, 2]))
    folder.run(code=1)
    folder.write("flow.yaml", FLOW.format(items=[1, 2, 3]))
    folder.write("mended", "")
    rows = {line.split()[0]: line.split(None, 1)[1].split() for line in folder.ok("plan", "flow.yaml").splitlines()[3:]}
    assert rows["total"] == ["run", "1", "work", "runs", "again"]
    assert rows["once"] == ["keep", "1", "1"], "one is kept, and stale"
    folder.run("--resume")
    assert folder.results("total") == [63]
    assert folder.step("once")["stale"] == 1
