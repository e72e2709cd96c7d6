"""K2 and K3: killed at calls of the kernel. A seeded few here, every one of them in `python -m tests.crash --only K2`."""

from __future__ import annotations

import random

import pytest

from tests.crash import every_call, migration
from tests.crash.every_call import Call
from tests.crash.rounds import Figures, again, one_round
from tests.end_to_end.bench import Folder

needs_strace = pytest.mark.skipif(not every_call.available(), reason="strace is not there, or may not trace")
PLACES = random.Random(20).sample([Call(k, "new", each) for k in range(1, 48) for each in (False, True)], 5) + [
    Call(k, "resumed", True) for k in random.Random(21).sample(range(1, 40), 3)
]


@needs_strace
@pytest.mark.parametrize("call", PLACES, ids=str)
def test_killed_at_a_write_or_a_sync(folder: Folder, request: pytest.FixtureRequest, call: Call) -> None:
    report = every_call.one_call(folder, call, Figures())
    assert report.violations == [], again(request)


@needs_strace
@pytest.mark.parametrize("k", [2, 5, 9])
def test_killed_while_tables_are_brought_up_to_date(folder: Folder, request: pytest.FixtureRequest, k: int) -> None:
    assert migration.killed(folder, k, Figures()).violations == [], again(request)


@pytest.mark.slow
def test_six_kills_of_one_run(folder: Folder, request: pytest.FixtureRequest) -> None:
    """K3: a resume that is killed is taken up like any other run."""
    report = one_round(folder, 301, Figures(), half=60, kills=6)
    assert report.violations == [], again(request)
