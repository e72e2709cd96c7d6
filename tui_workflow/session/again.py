"""How a run that is stored is named in a command, wherever its file lies."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from tui_workflow.errors import WfError
from tui_workflow.facts.state import RunState
from tui_workflow.store.files import STATE_DIR
from tui_workflow.store.places import VARIABLE, run_files
from tui_workflow.store.runfile import RunFile


def options_for(file: Path, flow: str | Path) -> tuple[str, ...]:
    """Words that a command needs to find this run file again: none when it lies where it would be looked for anyway."""
    home = file.absolute().parent.parent
    usual = (os.environ.get(VARIABLE), Path(os.path.realpath(flow)).parent / STATE_DIR)
    if any(place and os.path.realpath(place) == os.path.realpath(home) for place in usual):
        return ()
    return ("--state-dir", str(home))


def resume_options(file: Path, flow: str | Path) -> tuple[str, ...]:
    """Words that `--resume` needs to take up this run: also its id when the flow has a later run, which it would take."""
    which = () if _is_latest(file, flow) else ("--run", file.stem)
    return (*which, *options_for(file, flow))


def _is_latest(file: Path, flow: str | Path) -> bool:
    """Whether `--resume` alone takes this run. What cannot be read may be a later one."""
    real = os.path.realpath(flow)
    for path in run_files(file.absolute().parent.parent):
        if path.name <= file.name:
            break
        try:
            with RunFile(path) as other:
                if other.meta().path == real:
                    return False
        except WfError:
            return False
    return True


def retry_command(path: Path, state: RunState, *words: str) -> str:
    """The command that runs all failed items of a stored run again."""
    return shlex.join(["wf-tui", "retry", "--run", state.run, *options_for(path, state.path), *words])
