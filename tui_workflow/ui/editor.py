"""Which editor a person wants, and how it takes a line. No shell reads any of this."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence

from tui_workflow.errors import UsageError

FALLBACKS = ("vi", "nano", "vim", "emacs")
"""What is looked for when neither variable is set."""

_COLON = {"emacs", "emacsclient", "micro", "kak"}
_PLUS = {"vi", "nvi", "view", "ex", "ne", "joe", "jed", "mg", "pico", "ed", "less", "gedit", "mcedit"}
_VIM = {"vim", "nvim", "vimx"}
_PATH = {"hx", "helix", "subl", "zed", "mate"}
_CODE = {"code", "code-insiders", "codium", "vscodium", "cursor", "windsurf"}
_WAITS = {"subl": ("-w", "--wait"), "zed": ("--wait", "-w"), "mate": ("-w", "--wait")}
"""Editors with a window of their own return at once unless they are told to wait."""


def chosen(environ: Mapping[str, str], find: Callable[[str], str | None] = shutil.which) -> list[str]:
    """The words of `$VISUAL` or `$EDITOR`, or an editor that is found. Raises `UsageError` when there is none."""
    for name in ("VISUAL", "EDITOR"):
        text = environ.get(name, "").strip()
        if not text:
            continue
        try:
            words = shlex.split(text)
        except ValueError as problem:
            raise UsageError(
                f"${name} cannot be read: {problem}", hint=f"It is {text!r}; quote it as a shell wants it."
            ) from None
        if find(words[0]) is None:
            raise UsageError(f"${name} names {words[0]!r}, which is not there or cannot be run")
        return words
    for name in FALLBACKS:
        if find(name) is not None:
            return [name]
    raise UsageError(f"No editor: set $EDITOR, for none of {', '.join(FALLBACKS)} was found")


def command(words: Sequence[str], file: str, line: int = 1, column: int = 1) -> list[str]:
    """The command that opens a file at a line and, where the editor can, a column (both from 1).

    An editor that is not known gets the file alone.
    """
    name = os.path.basename(words[0])
    plus, at = f"+{line}", f"{file}:{line}" + (f":{column}" if column > 1 else "")
    if name in _CODE:
        wait = [] if {"-w", "--wait"} & set(words) else ["-w"]
        return [*words, *wait, "-g", at]
    if name in _PATH:
        known = _WAITS.get(name, ())
        wait = [known[0]] if known and not set(known) & set(words) else []
        return [*words, *wait, at]
    if name in _VIM:
        return [*words, f"+call cursor({line},{column})" if column > 1 else plus, file]
    if name == "nano":
        return [*words, f"{plus},{column}" if column > 1 else plus, file]
    if name in _COLON:
        return [*words, f"{plus}:{column}" if column > 1 else plus, file]
    return [*words, plus, file] if name in _PLUS else [*words, file]
