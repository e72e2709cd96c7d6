"""The command line. `main` is the entry point; this package imports nothing but click before a command is chosen."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from tui_workflow.cli.root import run

    sys.exit(run(sys.argv[1:]))
