"""The command line. `main` is the entry point; this package imports nothing but click before a command is chosen."""

from __future__ import annotations

import errno
import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from tui_workflow.cli.root import run

    code = run(sys.argv[1:])
    drop_unread()
    sys.exit(code)


def drop_unread() -> None:
    """Drop what is buffered for a reader, or a terminal, that is gone.

    It would be written once more when the interpreter ends, and that failure would replace the exit code by 120.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            if error.errno in (errno.EPIPE, errno.EIO):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
