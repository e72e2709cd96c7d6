"""Every YAML block of the user's specification runs as it stands, and gives what its text says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.bench import Folder
from tests.seed import BLOCKS, HANDLERS, HOST, TEXT, hosted

BATCHES = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10]]


@pytest.fixture
def seed(folder: Folder) -> Folder:
    folder.write("handlers.py", HANDLERS)
    return folder


def host(folder: Folder, number: int) -> None:
    folder.write("flow.yaml", hosted(number))


def test_the_blocks_are_the_text_of_the_specification() -> None:
    assert len(BLOCKS) == 7
    for number in range(2, 7):
        steps = hosted(number).removeprefix(HOST)
        assert f"steps:\n{steps}```" in TEXT, "byte for byte"


def test_block_1_multiplies_batches(seed: Folder) -> None:
    host(seed, 1)
    seed.run()
    assert seed.results("split_into_batches") == [BATCHES]
    assert seed.results("process_batches") == [[2, 4, 6], [8, 10, 12], [14, 16, 18], [20]]


def test_block_1_with_other_parameters(seed: Folder) -> None:
    host(seed, 1)
    seed.run("numbers=[1, 2.5]", "batch_size=1")
    assert seed.results("process_batches") == [[2], [5.0]]


def test_block_2_processes_chunks(seed: Folder) -> None:
    host(seed, 2)
    seed.run()
    assert seed.results("read_large_dataset") == [[[10, 20, 30, 40, 50]]]
    assert seed.results("process_chunks") == [150]


def test_block_3_keeps_progress_in_the_context(seed: Folder) -> None:
    host(seed, 3)
    seed.run()
    assert seed.results("track_progress") == [{"processed": 3, "total": 10, "progress": "30.00%"}]


def test_block_4_reports_progress(seed: Folder) -> None:
    host(seed, 4)
    seed.run()
    assert seed.results("process_with_progress") == [[item * 2 for item in batch] for batch in BATCHES]
    printed = seed.ok("logs", "process_with_progress")
    assert "Progress: 4/4 items processed" in printed
    assert printed.splitlines()[-1].endswith("Progress: 4/4 items processed"), "there is always a last call"


def test_block_5_with_nothing_failing_skips_the_handling(seed: Folder) -> None:
    host(seed, 5)
    seed.run("numbers=[1, 2, 3, 5, 6]")
    assert seed.results("process_with_error_handling") == [6, 11]
    assert seed.step("handle_failed_items")["status"] == "skipped"


@pytest.mark.slow
def test_block_5_retries_twice_with_five_seconds_between(seed: Folder) -> None:
    host(seed, 5)
    seed.run()
    step = seed.step("process_with_error_handling")
    assert (step["status"], step["succeeded"], step["failed"], step["attempts"]) == ("succeeded", 3, 1, 6)
    assert step["duration"] >= 10
    assert seed.step("handle_failed_items")["status"] == "succeeded"
    printed = seed.ok("logs", "handle_failed_items")
    assert "Failed items: [{" in printed
    assert "four is not welcome" in printed
    assert "Traceback" in printed, "save_error gives the flow the traceback"
    assert seed.results("process_with_error_handling") == [6, None, 24, 10]


def test_block_6_runs_in_parallel(seed: Folder) -> None:
    host(seed, 6)
    seed.run("numbers=[1, 2, 3, 5, 6, 7, 8]", "batch_size=2")
    assert seed.results("parallel_process") == [3, 8, 13, 8]


@pytest.mark.slow
def test_block_7_counts_what_failed(seed: Folder) -> None:
    host(seed, 7)
    seed.write("handlers.py", "def process_chunk(chunk):\n    assert 4 not in chunk, 'four'\n    return sum(chunk)\n")
    seed.run("input_data=[1,2,3,4,5,6,7,8,9,10]", "chunk_size=5")
    assert seed.results("process_chunks") == [None, 40]
    assert seed.results("track_progress") == [{"processed": 1, "total": 10, "failed": 1, "success_rate": "0.00%"}]
    (handled,) = seed.results("handle_failures")
    assert handled["failed_count"] == 1
    assert handled["failed_items"][0]["error"]["type"] == "AssertionError"
    assert handled["failed_items"][0]["attempts"] == 3


def test_block_7_needs_its_data_and_says_so(seed: Folder) -> None:
    host(seed, 7)
    done = seed.run(code=2)
    assert "input_data" in done.stderr
    assert not (seed.path / ".wf-tui").exists(), "nothing ran"


def test_block_7_with_no_rows_fails_in_its_own_formula(seed: Folder) -> None:
    host(seed, 7)
    seed.run("input_data=[]", code=1)
    assert seed.step("track_progress")["error"]["type"] == "ZeroDivisionError"
    assert seed.step("process_chunks")["status"] == "succeeded"


def test_progress_is_kept_across_a_resume(seed: Folder, tmp_path: Path) -> None:
    """The context that block 3 fills is there when the run is taken up again, and counted once."""
    host(seed, 3)
    text = hosted(3) + (
        "  gate:\n    type: python\n    inputs:\n      code: |\n"
        "        import os\n        assert os.path.exists('open'), 'closed'\n        result = dict(context)\n"
    )
    seed.write("flow.yaml", text)
    seed.run(code=1)
    (seed.path / "open").touch()
    seed.run("--resume")
    assert seed.results("gate") == [{"processed_count": 3, "total_items": 10}]
    assert seed.step("track_progress")["attempts"] == 1
