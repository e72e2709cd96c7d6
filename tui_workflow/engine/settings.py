"""What the settings of a step come to that may be templates: its `if`, and how many slots it has. Pure."""

from __future__ import annotations

import os
import re
import reprlib

from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.work import Refused
from tui_workflow.flow.model import MAX_SLOTS


def truthy(value: object) -> bool:
    """What an `if` means: text that was rendered counts by what it says, anything else as Python has it."""
    if isinstance(value, str):
        return value.strip().lower() not in {"", "false", "no", "off", "0", "none", "null"}
    return bool(value)


def bare(condition: str) -> str:
    """A condition as people would say it: without the braces around a lone expression."""
    text = condition.strip()
    if text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1:
        return text[2:-2].strip()
    return text


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def slot_count(value: object) -> int:
    """The number of slots that a `parallel` came to. Raises `Refused` if it is no number from 1 to `MAX_SLOTS`."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
        value = int(value)
    if isinstance(value, bool) and value:
        return cores()
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_SLOTS:
        try:
            shown = reprlib.repr(value)
        except ValueError:  # Python writes no number of more than some thousand digits
            shown = "a number too large to be written"
        text = f"max_parallel is {shown}, not a number of slots from 1 to {MAX_SLOTS}"
        raise Refused(ErrorInfo("ValueError", text, fingerprint("ValueError", text), ("ValueError",)))
    return value
