"""The long loop: `python -m tests.crash --minutes N --seed S` kills runs until the time is up, and prints figures.

Every experiment prints the command that repeats its failure; `--only K1 --seed S --rounds 1` is such a command.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.crash import every_call, migration
from tests.crash.check import Report
from tests.crash.rounds import Figures, fresh, one_round
from tests.end_to_end.bench import Folder, processes_of

Experiment = Callable[[Folder, int, Figures, int], Report]


def _k1(folder: Folder, seed: int, figures: Figures, slots: int) -> Report:
    chance = random.Random(seed)
    slots = slots or chance.choice((1, 4, 16))
    pause = chance.choice((0.0, 0.005, 0.02))
    kills = chance.choice((1, 2, 3))
    return one_round(folder, seed, figures, half=100, pause=pause, slots=slots, kills=kills)


def _k2(folder: Folder, seed: int, figures: Figures, slots: int) -> Report:
    return every_call.one_call(folder, every_call.Call.of(seed), figures)


def _k3(folder: Folder, seed: int, figures: Figures, slots: int) -> Report:
    return one_round(folder, seed, figures, half=100, slots=slots or 4, kills=6)


def _m3(folder: Folder, seed: int, figures: Figures, slots: int) -> Report:
    return migration.killed(folder, seed, figures)


EXPERIMENTS: dict[str, Experiment] = {"K1": _k1, "K2": _k2, "K3": _k3, "K3m": _m3}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; each round adds one")
    parser.add_argument("--rounds", type=int, default=sys.maxsize, help="at most so many of each experiment")
    parser.add_argument("--only", choices=EXPERIMENTS, help="one experiment instead of all in turn")
    parser.add_argument("--slots", type=int, default=0, help="instead of what the seed chooses")
    chosen = parser.parse_args()
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    names = [chosen.only] if chosen.only else list(EXPERIMENTS)
    figures = {name: Figures() for name in names}
    end = time.monotonic() + 60 * chosen.minutes
    failed = 0
    with tempfile.TemporaryDirectory(prefix="wf-crash-") as place:
        number = 0
        while number < chosen.rounds and time.monotonic() < end:
            for name in names:
                seed = chosen.seed + number
                folder = fresh(Path(place) / "work")
                report = EXPERIMENTS[name](folder, seed, figures[name], chosen.slots)
                for words in report.violations:
                    print(f"{name} seed {seed}: {words}", flush=True)
                if report.violations:
                    failed += 1
                    slots = f" --slots {chosen.slots}" if chosen.slots else ""
                    print(
                        f"  again with:  python -m tests.crash --only {name} --seed {seed} --rounds 1{slots}",
                        flush=True,
                    )
                for left in processes_of(folder.path):
                    os.kill(left, 9)
            number += 1
    for name, found in figures.items():
        print(f"{name}: {found}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
