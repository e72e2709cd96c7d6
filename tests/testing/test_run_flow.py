from __future__ import annotations

from pathlib import Path

import pytest

from tui_workflow.errors import InvalidFlow, UsageError
from tui_workflow.testing import crash_flow, run_flow, run_flow_async

FLOW = """
params: {count: 3}
steps:
  work:
    type: python
    for_each: {range: "{{ params.count }}"}
    key: "k{{ item }}"
    on_error: continue
    retry: {max_attempts: 2}
    inputs:
      code: |
        import os
        print("seen", item)
        if item == 1 and not os.path.exists("mended"):
          raise ValueError("one is broken")
        result = (item, item * 2)
  total:
    type: python
    inputs: {code: 'result = sum(r[1] for r in steps.work.result if r)'}
"""


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    file = tmp_path / "flow.yaml"
    file.write_text(FLOW)
    return file


def test_what_came_of_a_run(flow: Path) -> None:
    found = run_flow(flow, {"count": 4})
    assert (found.status, list(found.steps)) == ("succeeded", ["work", "total"])
    work = found.steps["work"]
    assert work.results == [(0, 0), None, (2, 4), (3, 6)], "with their types"
    assert [(item.key, item.index, item.item, item.status, item.attempts) for item in work.items] == [
        ("k0", 0, 0, "succeeded", 1),
        ("k1", 1, 1, "failed", 2),
        ("k2", 2, 2, "succeeded", 1),
        ("k3", 3, 3, "succeeded", 1),
    ]
    (failed,) = found.failed
    assert failed.error is not None
    assert (failed.error.type, failed.error.message, failed.step) == ("ValueError", "one is broken", "work")
    assert failed.log == ("seen 1", "seen 1")
    assert found.steps["total"].result == 10
    assert not found.run_file.exists(), "nothing is left behind"
    assert [path.name for path in flow.parent.iterdir()] == ["flow.yaml"]


def test_a_run_that_is_kept_can_be_gone_on_with(flow: Path, tmp_path: Path) -> None:
    flow.write_text(FLOW.replace("    on_error: continue\n", ""))
    state = tmp_path / "state"
    found = run_flow(flow, state_dir=state)
    assert (found.status, found.steps["total"].status) == ("failed", "cancelled")
    (tmp_path / "mended").touch()
    again = run_flow(flow, state_dir=state, resume=True)
    assert (again.run, again.status) == (found.run, "succeeded")
    assert [item.attempts for item in again.steps["work"].items] == [1, 3, 1]
    assert again.run_file.exists()


def test_a_part_of_a_flow(flow: Path) -> None:
    found = run_flow(flow, limit=1, only="work", max_parallel=1)
    assert found.status == "interrupted"
    assert found.steps["work"].results == [(0, 0)]
    assert found.steps["total"].status == "pending"


def test_what_is_wrong_is_raised(flow: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        run_flow(flow, {"nowhere": 1})
    with pytest.raises(UsageError, match="no run"):
        run_flow(flow, state_dir=tmp_path / "state", resume=True)
    flow.write_text("steps: 1")
    with pytest.raises(InvalidFlow):
        run_flow(flow)
    flow.write_text("steps:\n  work:\n    type: python\n    for_each: '{{ 1 / 0 }}'\n    inputs: {code: ''}\n")
    found = run_flow(flow)
    assert found.steps["work"].error is not None
    assert "division" in found.steps["work"].error.message


def test_a_run_that_takes_too_long_is_stopped(flow: Path) -> None:
    flow.write_text("steps:\n  work:\n    type: python\n    inputs: {code: 'import time; time.sleep(60)'}\n")
    with pytest.raises(TimeoutError):
        run_flow(flow, seconds=1.0)


async def test_within_a_loop(flow: Path) -> None:
    assert (await run_flow_async(flow)).status == "succeeded"


CRASHING = """
params: {{count: 400}}
steps:
  work:
    type: python
    for_each: {{range: "{{{{ params.count }}}}"}}
    checkpoint: each
    inputs:
      code: |
        with open({log!r}, "a") as file: print(item, file=file)
        result = item
"""


def test_a_crash_and_its_resume(flow: Path, tmp_path: Path) -> None:
    log, state = tmp_path / "log", tmp_path / "state"
    flow.write_text(CRASHING.format(log=str(log)))
    killed = crash_flow(flow, {"count": 300}, state_dir=state, after=3)
    done = [item.result for item in killed.items if item.status == "succeeded"]
    assert (killed.status, done) == ("interrupted", list(range(len(done))))
    assert 3 <= len(done) < 300
    again = crash_flow(flow, state_dir=state, after=2, resume=True)
    assert again.run == killed.run
    assert sum(item.status == "succeeded" for item in again.items) >= len(done) + 2
    found = run_flow(flow, state_dir=state, resume=True)
    assert found.status == "succeeded"
    assert found.steps["work"].results == list(range(300))
    assert len(log.read_text().split()) <= 302, "one in flight at each crash"


def test_a_crash_that_does_not_come(flow: Path, tmp_path: Path) -> None:
    flow.write_text(CRASHING.format(log=str(tmp_path / "log")))
    assert crash_flow(flow, {"count": 2}, state_dir=tmp_path / "state", after=99).status == "succeeded"
    with pytest.raises(UsageError, match="nowhere"):
        crash_flow(flow, {"nowhere": 1}, state_dir=tmp_path / "other", after=1)
    with pytest.raises(UsageError, match="no run"):
        crash_flow(flow, state_dir=tmp_path / "third", after=1, resume=True)
    with pytest.raises(TimeoutError):
        crash_flow(flow, {"count": 10**6}, state_dir=tmp_path / "fourth", after=10**6, seconds=2)
