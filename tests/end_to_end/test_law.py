"""The law of the fold: what a live run makes of its facts, and what its run file makes of them, are equal."""

from __future__ import annotations

import shutil
import time
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.bench import PATIENCE, ROOT
from tui_workflow.facts.commands import Command, RetryItems
from tui_workflow.facts.state import RunState
from tui_workflow.flow.load import load
from tui_workflow.session.choose import Wanted, begin, take_up
from tui_workflow.session.stage import Stage
from tui_workflow.store.runfile import RunFile
from tui_workflow.workers.pool import Pool

EXAMPLES = ROOT / "examples"
QUICK = {
    "quickstart": {"pace": "0", "documents": "40"},
    "async-fetch": {"pages": "60"},
    "compress-logs": {"logs": "8", "lines": "50"},
}
SLOW = {"process-dataset", "stdlib-census", "pipeline"}
NAMES = [
    pytest.param(path.stem, marks=pytest.mark.slow) if path.stem in SLOW else path.stem
    for path in sorted(EXAMPLES.glob("*.yaml"))
]


def different(live: Any, stored: Any, place: str = "run") -> list[str]:
    """Every place where two values differ; the count of folds is no part of what happened."""
    if is_dataclass(live) and type(live) is type(stored):
        return [
            found
            for field in fields(live)
            if (place, field.name) != ("run", "version")
            for found in different(getattr(live, field.name), getattr(stored, field.name), f"{place}.{field.name}")
        ]
    if isinstance(live, dict) and isinstance(stored, dict):
        keys = list(live) == list(stored) or set(live) == set(stored)
        if not keys:
            return [f"{place}: {list(live)} / {list(stored)}"]
        return [found for key in live for found in different(live[key], stored[key], f"{place}[{key!r}]")]
    if isinstance(live, list) and isinstance(stored, list) and len(live) == len(stored):
        pairs = enumerate(zip(live, stored, strict=True))
        return [found for n, (one, other) in pairs for found in different(one, other, f"{place}[{n}]")]
    return [] if live == stored else [f"{place}: {live!r} / {stored!r}"]


async def played(flow: Path, state_dir: Path, params: dict[str, str]) -> tuple[RunState, Path]:
    """Run a flow in this process; the live state as it ended, and the run file."""
    import asyncio

    pool = Pool(str(flow.parent))
    assignment, lock = begin(load(str(flow)), state_dir, Wanted(given=params))
    async with Stage(assignment, pool, lock, ask=False) as stage:
        async with asyncio.timeout(PATIENCE):
            await stage.play()
        return stage.state, assignment.path


async def again(path: Path, *wishes: Command) -> RunState:
    import asyncio

    assignment, lock = take_up(path, Wanted())
    assignment.wishes = wishes
    pool = Pool(str(Path(assignment.plan.path).parent))
    async with Stage(assignment, pool, lock, ask=False) as stage:
        async with asyncio.timeout(PATIENCE):
            await stage.play()
        return stage.state


def stored(path: Path) -> RunState:
    with RunFile(path) as file:
        return file.state()


def stored_without_snapshot(path: Path, tmp_path: Path) -> RunState:
    """The state folded from the first fact on."""
    import sqlite3

    copy = tmp_path / f"copy-{time.monotonic_ns()}.db"
    with RunFile(path) as file:
        copy.touch()
        file.export(copy)
    database = sqlite3.connect(copy)
    database.execute("DELETE FROM snapshot")
    database.commit()
    database.close()
    with RunFile(copy) as file:
        return file.state()


@pytest.mark.parametrize("name", NAMES)
async def test_live_and_stored_are_equal(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "examples"
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("out", ".wf-tui", "__pycache__"))
    live, path = await played(folder / f"{name}.yaml", tmp_path / "state", QUICK.get(name, {}))
    assert live.status == "succeeded", live.reason
    assert different(live, stored(path)) == []
    assert different(live, stored_without_snapshot(path, tmp_path)) == []
    live = await again(path, RetryItems())
    assert different(live, stored(path)) == [], "after a retry of what failed"
    assert different(live, stored_without_snapshot(path, tmp_path)) == []


async def test_a_failed_run_and_its_resume_are_equal_too(tmp_path: Path) -> None:
    flow = tmp_path / "flow.yaml"
    flow.write_text(
        "steps:\n  work:\n    type: python\n    for_each: {range: 30}\n    parallel: 3\n    retry: {max_attempts: 2}\n"
        "    inputs:\n      code: |\n        import os\n        if item % 7 == 3 and not os.path.exists('mended'):\n"
        "          raise ValueError(f'{item} is broken')\n        result = item\n"
        "  total:\n    type: python\n    inputs:\n      code: result = sum(steps.work.result)\n"
    )
    live, path = await played(flow, tmp_path / "state", {})
    assert live.status == "failed"
    assert different(live, stored(path)) == []
    assert different(live, stored_without_snapshot(path, tmp_path)) == []
    (tmp_path / "mended").touch()
    live = await again(path)
    assert live.status == "succeeded"
    assert different(live, stored(path)) == []
    assert different(live, stored_without_snapshot(path, tmp_path)) == []


def test_the_comparison_sees_a_difference() -> None:
    one, other = RunState(run="a"), RunState(run="a", version=9)
    assert different(one, other) == []
    other.reason = "x"
    assert different(one, other) == ["run.reason: '' / 'x'"]
