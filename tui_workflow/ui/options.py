"""What the dashboard is told at its start, and what it says at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from tui_workflow.view.ports import Library

How: TypeAlias = Literal["looked", "abandoned", "drained", "stopped", "interrupted", "signal"]


@dataclass(frozen=True, slots=True)
class Options:
    """`theme` names a theme, "" for the dark one; `ascii` asks for ASCII signs wherever the terminal is.

    `resume` is the command that takes the run up again, shown when leaving. `environ` decides about `NO_COLOR`, the
    locale and tmux. `problem` is to be told when the screen is there. `library` opens earlier runs and writes files; None refuses both in words.
    """

    theme: str = ""
    ascii: bool = False
    resume: str = ""
    library: Library | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """How the dashboard was left.

    `looked`: nothing was in the way, the run had ended or was only looked at; `abandoned`: there was no run yet;
    `drained` and `stopped`: the run has ended as the leave dialog asked; `interrupted`: ctrl+c twice, the stop was wished
    for and may still go on; `signal`: somebody else ended it by `WfApp.leave_at_once`.
    """

    how: How = "looked"
