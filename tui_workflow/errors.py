"""Errors that people read: what is wrong, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class WfError(Exception):
    """The root of every error this program raises on purpose.

    `exit_code` is what the command line ends with when the error reaches it;
    `hint` is one sentence that says what to do.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, source: Source | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.source = source

    def __str__(self) -> str:
        where = f"{self.source}: " if self.source else ""
        return f"{where}{self.message}"


class Abandoned(Exception):
    """A person, or a signal, ended the program before it had begun anything: nothing is wrong, and nothing is to be said.

    `exit_code` is what the command line ends with.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__("ended before it began")
        self.exit_code = exit_code


class UsageError(WfError):
    """The command line asks for something that cannot be had."""

    exit_code = 2


class InvalidFlow(WfError):
    """The flow file does not describe a flow.

    `problems` holds every `flow.problems.Problem`, `lines` the same as a terminal shows them.
    """

    exit_code = 65

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        source: Source | None = None,
        problems: tuple[Any, ...] = (),
        lines: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint, source=source)
        self.problems = problems
        self.lines = lines


class DamagedRunFile(WfError):
    """The run file is not one, is newer than this program, or is broken; it is left untouched."""

    exit_code = 65


class StateDirError(WfError):
    """The state directory cannot be created or written."""

    exit_code = 73


class StoreIOError(WfError):
    """The run file cannot be written for now: disk full, I/O error, lock held elsewhere."""

    exit_code = 74


class RunHeld(WfError):
    """Another process holds the run."""

    exit_code = 75


class ValueProblem(WfError):
    """A value cannot be stored without loss; the message names its type and what to return instead."""
