"""`wf-tui --help` loads nothing that it does not need, against click's own help."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.bench import COMMAND, Row, Sizes, compare, environment, main, timed

HEAVY = ("textual", "pydantic", "yaml", "jinja2", "asyncio")
CLICK = "import click\n@click.group()\ndef root(): pass\nroot(['--help'])"


def loaded() -> list[str]:
    """The heavy modules that the help page loads."""
    words = [sys.executable, "-X", "importtime", *COMMAND[1:], "--help"]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=True)
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    return [name for name in HEAVY if name in names]


def measure(sizes: Sizes) -> list[Row]:
    heavy = len(loaded())
    row = compare(
        "`wf-tui --help`, against click alone",
        "ms",
        1,
        1.5,
        (lambda: timed([*COMMAND, "--help"]) * 1e3, lambda: timed([sys.executable, "-c", CLICK]) * 1e3),
        2 * sizes.rounds,
    )
    return [Row("heavy modules loaded by `wf-tui --help`", heavy, 0, heavy, 0.0, "modules", 1), row]


if __name__ == "__main__":
    main(measure)
