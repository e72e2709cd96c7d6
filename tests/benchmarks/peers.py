"""Programs of others, installed into a folder that is kept between runs, when they are asked for."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path


def installed(package: str) -> str:
    """The Python that has a package from PyPI; empty, with a word on stderr, when it cannot be had."""
    place = Path(tempfile.gettempdir()) / "wf-tui-benchmark-peers" / package
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        try:
            venv.create(place, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "-q", package], check=True, timeout=300)
            (place / "ready").touch()
        except (OSError, subprocess.SubprocessError) as problem:
            print(f"{package} is left out: {problem}", file=sys.stderr)
            return ""
    return str(python)
