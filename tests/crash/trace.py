"""The truth outside of every run file: what handlers and commands themselves wrote about what they did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PYTHON = '''
import os, time

def mark(sign, key, attempt):
    """One line that no crash can tear or lose, with a time that every process on the machine shares."""
    file = os.open("effects.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{sign} {key} {attempt} {time.clock_gettime(time.CLOCK_BOOTTIME):.6f}\\n".encode())
    os.fsync(file)
    os.close(file)
'''
"""The beginning of a handler file whose handlers call `mark("+", …)` when they begin and `mark("-", …)` when they have had their effect."""

SHELL = 'read now _ </proc/uptime; echo "{sign} {key} $WF_ATTEMPT $now" >>effects.log'
"""The same as a line of a command. Not synced: it survives a kill of whatever process, though not a loss of power."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the log: an item began, or it had its effect. `at` is in seconds since the machine booted."""

    sign: Literal["+", "-"]
    key: str
    attempt: int
    at: float


def read(log: Path) -> list[Mark]:
    """The marks in the order in which they were made. Raises ValueError for a line that is none."""
    found = []
    for line in log.read_text().splitlines() if log.exists() else ():
        sign, key, attempt, at = line.split(" ")
        if sign not in ("+", "-"):
            raise ValueError(f"no mark: {line!r}")
        found.append(Mark("+" if sign == "+" else "-", key, int(attempt), float(at)))
    return found


def count(log: Path) -> int:
    """How many marks there are, without reading them one by one."""
    return log.read_bytes().count(b"\n") if log.exists() else 0


def begun(marks: Iterable[Mark]) -> Counter[str]:
    """How often each item began."""
    return Counter(mark.key for mark in marks if mark.sign == "+")


def had_effect(marks: Iterable[Mark]) -> Counter[str]:
    """How often each item had its effect."""
    return Counter(mark.key for mark in marks if mark.sign == "-")


def most_at_once(marks: Iterable[Mark]) -> int:
    """The most items that were between their two marks at the same time; a killed item counts until its next begin."""
    busy: set[str] = set()
    most = 0
    for mark in marks:
        if mark.sign == "+":
            busy.add(mark.key)
            most = max(most, len(busy))
        else:
            busy.discard(mark.key)
    return most
