"""Items and results that are huge, and a million that are small: kept, or refused in words, at the cost of their item."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.end_to_end.bench import COMMAND, Folder, environment

MADE = """
steps:
  listed:
    type: python
    for_each: {file: items.txt}
    on_error: continue
    inputs: {code: "result = [len(item), item[:3]]"}
  made:
    type: python
    for_each: SIZES
    on_error: continue
    needs: []
    inputs: {code: "result = 'x' * item"}
"""


@pytest.mark.slow
def test_two_hundred_megabytes_are_kept_and_more_than_a_row_holds_is_the_items_error(folder: Folder) -> None:
    huge = 200_000_000
    with (folder.path / "items.txt").open("w") as file:
        file.write("abc\n" + "x" * huge + "\nlast\n")
    folder.write("flow.yaml", MADE.replace("SIZES", f"[3, {huge}, 1100000000, 2]"))
    folder.run()
    assert folder.results("listed") == [[3, "abc"], [huge, "xxx"], [4, "las"]]
    (failed,) = folder.failed()
    assert failed["step"] == "made"
    assert "1,100 MB is too large to be stored" in failed["error"]["message"]
    assert [result if result is None else len(result) for result in folder.results("made")] == [3, huge, None, 2]


def test_a_result_that_no_row_can_hold_fails_alone(folder: Folder) -> None:
    folder.write("items.txt", "abc\n")
    folder.write("flow.yaml", MADE.replace("SIZES", "[3, 300000000, 2]"))
    folder.run()
    (failed,) = folder.failed()
    assert "300 MB is too large to be stored" in failed["error"]["message"]
    assert folder.results("made") == ["xxx", None, "xx"]


def memory(folder: Folder, count: int) -> int:
    """The most bytes that the engine's process has held while it ran so many items."""
    folder.write("flow.yaml", f"steps:\n  work:\n    type: python\n    for_each: {{range: {count}}}\n    inputs: {{code: 'result = item'}}\n")  # fmt: skip
    pid = os.posix_spawn(
        COMMAND[0],
        [*COMMAND, str(folder.path / "flow.yaml"), "--headless", "--new"],
        environment(),
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(pid, 0)
    assert status == 0
    return usage.ru_maxrss * 1024


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_memory_is_flat_over_a_million_items(folder: Folder, tmp_path: Path) -> None:
    small = memory(folder, 100_000)
    large = memory(folder, 1_000_000)
    assert large - small < 900_000 * 64, "the states of items, and a little more"
    assert folder.step("work")["succeeded"] == 1_000_000
