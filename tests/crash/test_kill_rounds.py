"""K1: kill -9 at seeded moments, with few slots and with many; the long loop is `python -m tests.crash`."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.crash.check import RESTORED, check_run
from tests.crash.rounds import Figures, again, one_round, run_file
from tests.end_to_end.bench import Folder, processes_of, wait_for


@pytest.mark.parametrize(("seed", "slots"), [(101, 1), (102, 4), (103, 16)])
def test_kills_at_seeded_moments(folder: Folder, request: pytest.FixtureRequest, seed: int, slots: int) -> None:
    figures = Figures()
    report = one_round(folder, seed, figures, half=60, slots=slots, kills=3)
    assert report.violations == [], again(request)
    assert min(figures.resumes) < 2, "seconds to the first item of a resume"


def test_the_check_sees_what_is_wrong(folder: Folder) -> None:
    """Each invariant of the log is broken by hand and named."""
    from tests.crash.check import Crash
    from tests.crash.rounds import expected, prepare

    prepare(folder, 4, 0.001)
    folder.run()
    log = folder.path / "effects.log"
    sound = log.read_text()
    at = float(sound.split()[3])
    crash = Crash(at + 100, sound.count("\n"), frozenset({"py-1"}), 4)

    def broken(text: str, *crashes: Crash) -> set[str]:
        log.write_text(text)
        found = check_run(run_file(folder), log, crashes=crashes, results=expected(4), folder=folder.path)
        return {words[:2] for words in found.violations}

    assert broken(sound) == set()
    assert broken(sound + f"+ py-1 2 {at}\n", crash) == {"I3", "I4", "I5"}
    assert broken(sound.replace("py-2", "py-3")) == {"I4", "I6"}
    few = Crash(at, 8, frozenset(), 1)
    assert "I5" in broken("".join(f"+ py-{n} 1 {at}\n" for n in range(8)) + sound, few)
    log.write_text(sound)
    wrong = check_run(run_file(folder), log, results={**expected(4), "handled": [1]}, code=(1, 0))
    assert {words[:3] for words in wrong.violations} == {"I7:", "I10"}


NEVER_DONE = """
steps:
  work:
    type: python
    for_each: {range: 4}
    inputs: {code: "import os, time; os.kill(os.getppid(), 9); time.sleep(9)"}
"""


def test_the_check_sees_a_damaged_file_open_items_processes_and_a_spoilt_terminal(folder: Folder) -> None:
    """The invariants that are not about effects, each broken by hand too."""
    folder.write("flow.yaml", NEVER_DONE)
    folder.run(code=-signal.SIGKILL)
    log = folder.path / "effects.log"

    def broken(file: Path, **given: object) -> set[str]:
        return {words[:2] for words in check_run(file, log, **given).violations}  # type: ignore[arg-type]

    file = run_file(folder)
    assert "I2" in broken(file)
    assert broken(file, ended=False) == set()
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    left = subprocess.Popen(["sleep", "60"], cwd=folder.path, env=environment)
    try:
        wait_for(lambda: processes_of(folder.path) == [left.pid], "it is there")
        assert broken(file, ended=False, folder=folder.path) == {"I8"}
    finally:
        left.kill()
        left.wait()
    good = b"\x1b[?1049h\x1b[?25l\x1b[?1003h\x1b[?1006h" + b"".join(RESTORED)
    assert broken(file, ended=False, terminal=(good, [1], [1])) == set()
    assert broken(file, ended=False, terminal=(good + b"\x1b[?25l", [1], [1])) == {"I9"}
    assert broken(file, ended=False, terminal=(good, [1], [2])) == {"I9"}
    data = bytearray(file.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    harmed = folder.path / "harmed.db"
    harmed.write_bytes(data)
    assert broken(harmed) == {"I1"}
