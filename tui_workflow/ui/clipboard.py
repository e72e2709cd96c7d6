"""The terminal's clipboard: OSC 52 through the screen's own driver, and inside tmux its buffer too, which asks the outer terminal."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping

PATIENCE = 2.0
"""Seconds that tmux may take."""


async def to_tmux(text: str, environ: Mapping[str, str]) -> bool:
    """Hand the text to tmux, when this runs inside one; False when it does not take it. The event loop is not held up."""
    if not environ.get("TMUX"):
        return False
    try:
        process = await asyncio.create_subprocess_exec(
            "tmux", "load-buffer", "-w", "-", stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, env=dict(environ)
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(PATIENCE):
            await process.communicate(text.encode("utf-8", "backslashreplace"))
    except (TimeoutError, OSError):
        if process.returncode is None:
            process.kill()
            await process.wait()
        return False
    return process.returncode == 0
