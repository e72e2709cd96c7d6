"""K4: killed at a named place, and exactly the effects that this place promises happen again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.crash import trace
from tests.crash.check import check_run
from tests.crash.rounds import run_file
from tests.end_to_end.bench import PATIENCE, Folder, environment, gone_within, wait_for

COUNT = 8
HANDLERS = (
    trace.PYTHON
    + """
def work(item, key, attempt):
    mark("+", key, attempt)
    if item == 4 and not os.path.exists("killed") and os.path.exists("BEFORE"):
        end()
    mark("-", key, attempt)
    if item == 4 and not os.path.exists("killed") and os.path.exists("AFTER"):
        end()
    return item

def end():
    open("killed", "w").close()
    os.kill(os.getppid(), 9)
    time.sleep(60)
"""
)
FLOW = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {range: 8}
    key: "k{{ item }}"
    checkpoint: each
    inputs: {operation: custom, handler: work}
"""


def prepare(folder: Folder) -> None:
    folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", FLOW)


def killed_at(folder: Folder, point: str, number: int, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.failpoint", point, str(number), "flow.yaml", "--headless", *words],
        cwd=folder.path,
        env=environment(),
        capture_output=True,
        timeout=PATIENCE,
    )
    assert done.returncode == -9, (done.returncode, done.stderr)
    gone_within(folder.path)


def effects(folder: Folder) -> dict[str, int]:
    """Items that had more than one effect, with their number; all had one."""
    seen = trace.had_effect(trace.read(folder.path / "effects.log"))
    assert seen.keys() == {f"k{item}" for item in range(COUNT)}
    return {key: times for key, times in seen.items() if times > 1}


@pytest.mark.parametrize(("place", "repeated"), [("BEFORE", {}), ("AFTER", {"k4": 2})])
def test_before_and_after_an_effect(folder: Folder, place: str, repeated: dict[str, int]) -> None:
    prepare(folder)
    folder.write(place, "")
    process = folder.start("flow.yaml", "--headless")
    assert process.wait(PATIENCE) == -9
    gone_within(folder.path)
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    folder.run("--resume")
    assert effects(folder) == repeated
    begun = trace.begun(trace.read(folder.path / "effects.log"))
    assert {key: times for key, times in begun.items() if times > 1} == {"k4": 2}


@pytest.mark.parametrize(
    ("point", "number", "repeated"),
    [
        ("before-commit", 1, {"k0": 2}),
        ("before-commit", 5, {"k4": 2}),
        ("after-commit", 5, {}),
        ("before-told", 5, {}),
        ("after-told", 5, {}),
        ("after-commit", 8, {}),
    ],
)
def test_before_and_after_a_commit(folder: Folder, point: str, number: int, repeated: dict[str, int]) -> None:
    prepare(folder)
    killed_at(folder, point, number)
    folder.run("--resume")
    seen = effects(folder)
    if point == "after-told":
        # The engine has been told, so the next item may be in flight, and an item in flight may run again.
        seen = {key: times for key, times in seen.items() if key != f"k{number}"}
    assert seen == repeated
    found = check_run(run_file(folder), folder.path / "effects.log", attempts=2, results={"work": list(range(COUNT))})
    assert found.violations == []


@pytest.mark.parametrize(("point", "revision"), [("before-reload", 1), ("after-reload", 2)])
def test_in_the_middle_of_a_reload(folder: Folder, point: str, revision: int) -> None:
    """An edit is taken up whole or not at all; the resume then takes the file as it is."""
    prepare(folder)
    folder.write(
        "handlers.py",
        HANDLERS.replace('    mark("-"', "    while not os.path.exists('go'): time.sleep(0.01)\n    mark(\"-\""),
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.failpoint", point, "2", "flow.yaml", "--headless", "--reload"],
        cwd=folder.path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: trace.count(folder.path / "effects.log") >= 1, "the first item runs")
        edited = HANDLERS.replace("return item", "return item + 100")
        folder.write("handlers.py", edited)
        assert process.wait(20) == -9
    finally:
        process.kill()
        process.wait()
    gone_within(folder.path)
    assert folder.show()["revision"] == revision
    done = folder.run("--resume")
    assert ("has changed" in done.stderr) == (revision == 1)
    assert folder.show()["revision"] == 2
    assert folder.results("work") == [item + 100 for item in range(COUNT)], "all ran by the edit: none had ended before"
    assert effects(folder) == {}
