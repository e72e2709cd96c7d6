"""All benchmarks, or those named, as one table: `python -m tests.benchmarks.run [--quick] [--peers] [NAME …]`."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from datetime import date
from importlib import import_module
from pathlib import Path

from tests.benchmarks.bench import Row, Sizes

NAMES = (
    "noop",
    "async_noop",
    "shell",
    "scale",
    "dashboard",
    "first_paint",
    "help_page",
    "launch",
    "skew",
    "crash",
    "resume",
    "stored",
    "lines",
    "million",
    "others",
)


def machine() -> str:
    """One line on what this was measured on."""
    try:
        model = next(
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        )
    except (OSError, StopIteration):
        model = platform.machine()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    return f"{date.today()}, {os.cpu_count()} × {model}, Python {platform.python_version()}, {commit.strip()}"


def line(row: Row) -> str:
    """A row of the table."""
    sense = "≥" if row.at_least else "≤"
    return (
        f"| {row.name} | {figure(row.ours)} | {figure(row.other)} | {row.unit} | {figure(row.ratio)} "
        f"| {sense} {row.target:g} | {'yes' if row.ok else '**no**'} |"
    )


def figure(value: float) -> str:
    """Three digits that matter, thousands apart."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: whether they work")
    parser.add_argument("--peers", action="store_true", help="also install and measure programs of others")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    print(f"{machine()}\n")
    print("| what | ours | the other | unit | ratio | target | holds |\n|---|---|---|---|---|---|---|", flush=True)
    for name in options.names or NAMES:
        began = time.monotonic()
        for row in import_module(f"tests.benchmarks.{name}").measure(Sizes(options.quick, options.peers)):
            print(line(row), flush=True)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
