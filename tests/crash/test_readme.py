"""What the page beside this file says is shown somewhere is there: every test that it names, every row, every bug."""

from __future__ import annotations

import re
from pathlib import Path

from tests.crash.__main__ import EXPERIMENTS
from tests.crash.mutants import MUTANTS

TESTS = Path(__file__).parents[1]
PAGE = (Path(__file__).parent / "README.md").read_text("utf-8")
ROWS = "K1 K2 K3 K4 K5 S1 S2 S3 S4 D1 D2 D3 D4 C1 H1 H2 H3 H4 H5 H6 H7 H8 V1 V2 R1 R2 P1 U1 Y1 Y2 J1 J2 X1 T1 T2 M1 M2 F1 O1 Z1"


def named() -> list[tuple[Path, str]]:
    """The tests that the page names; a name that begins with `::` is in the file before it."""
    found: list[tuple[Path, str]] = []
    for row in PAGE.splitlines():
        file: Path | None = None
        for path, name in re.findall(r"`([\w/]*(?:\.py)?)::(\w+)", row):
            if path:
                file = next((place for place in (TESTS / path, TESTS / "crash" / path) if place.exists()), None)
            assert file is not None, f"{path}::{name}"
            found.append((file, name))
    return found


def test_every_test_that_is_named_is_there() -> None:
    tests = named()
    assert len(tests) > 120
    assert not [f"{file.name}::{name}" for file, name in tests if f"def {name}(" not in file.read_text("utf-8")]


def test_every_row_is_there_with_a_test() -> None:
    rows = {row.split("|")[1].strip(): row for row in PAGE.splitlines() if row.startswith("| ")}
    assert not [code for code in ROWS.split() if "::" not in rows.get(code, "")]


def test_every_experiment_and_every_bug_is_named() -> None:
    assert not [name for name in EXPERIMENTS if f"--only {name}" not in PAGE]
    assert not [mutant.name for mutant in MUTANTS if f"| {mutant.name} | `{mutant.file}` |" not in PAGE]
