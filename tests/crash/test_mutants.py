"""The tests notice bugs: each that `mutants` puts in makes at least one of the tests named fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.mutants import MUTANTS, Mutant, survives
from tests.end_to_end.bench import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_place_is_there(mutant: Mutant) -> None:
    """Quickly, at every run: a change of the program must not leave a mutant behind that changes nothing."""
    text = (ROOT / "tui_workflow" / mutant.file).read_text("utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.old != mutant.new


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_seeded_bug_is_noticed(mutant: Mutant, tmp_path: Path) -> None:
    found = survives(mutant, tmp_path)
    assert not found, f"again with:  python -m tests.crash.mutants '{mutant.name}'\n{found}"
