"""A bug of our own: said in two lines, written down in full where a report can be made from it."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from datetime import UTC, datetime

EXIT_CODE = 70


def report(error: BaseException) -> int:
    """Write a crash report (0600, in the temporary folder) and say where; returns exit code 70."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    text = "".join(
        [
            f"wf-tui crash report, {stamp}\n",
            f"python {platform.python_version()} on {platform.platform()}\n",
            f"command: {sys.argv[0]} … {len(sys.argv) - 1} arguments\n\n",
            *traceback.format_exception(error),
        ]
    )
    try:
        handle, path = tempfile.mkstemp(prefix=f"wf-tui-crash-{stamp}-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        path = ""
    print(f"wf-tui: internal error: {type(error).__name__}: {error}", file=sys.stderr)
    where = f"The details are in {path}. " if path else text
    print(f"  {where}What was committed is safe; --resume goes on from there.", file=sys.stderr)
    return EXIT_CODE
