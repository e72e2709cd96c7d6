"""K1: kill -9 at seeded moments, with few slots and with many; the long loop is `python -m tests.crash`."""

from __future__ import annotations

import pytest

from tests.crash.rounds import Figures, again, one_round
from tests.end_to_end.bench import Folder


@pytest.mark.parametrize(("seed", "slots"), [(101, 1), (102, 4), (103, 16)])
def test_kills_at_seeded_moments(folder: Folder, seed: int, slots: int) -> None:
    figures = Figures()
    report = one_round(folder, seed, figures, half=60, slots=slots, kills=3)
    assert report.violations == [], again(f"K1 --slots {slots}", seed)
    assert min(figures.resumes, default=0) < 2, "seconds to the first item of a resume"


def test_the_check_sees_what_is_wrong(folder: Folder) -> None:
    """Each invariant of the log is broken by hand and named."""
    from tests.crash.check import Crash, check_run
    from tests.crash.rounds import expected, prepare, run_file

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
