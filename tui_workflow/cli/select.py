"""Which state directory and which run a command means; the options by which a person says so."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pathlib import Path

    from tui_workflow.store.places import StoredRun

_F = TypeVar("_F", bound=Callable[..., Any])
_FLOW_SUFFIXES = (".yaml", ".yml")
_SQLITE = b"SQLite format 3\0"


def place_options(command: _F) -> _F:
    """`--state-dir` and `--flow`, as every command has them."""
    command = click.option("--flow", metavar="FLOW", help="The flow file whose runs are meant.")(command)
    return click.option("--state-dir", metavar="DIR", help="Where runs are kept; beside the flow by default.")(command)


def run_option(command: _F) -> _F:
    """`--run`, for commands whose arguments say something else."""
    return click.option(
        "--run", "run", metavar="RUN", help="A run id or its beginning, `latest`, a flow file, or a run file."
    )(command)


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: a state directory, and the flow whose runs are meant, if one was named."""

    home: Path
    flow: Path | None


def find_place(state_dir: str | None, flow: str | None) -> Place:
    """The state directory that the options and the current folder lead to. Raises `UsageError` listing where it looked."""
    from pathlib import Path

    from tui_workflow.store.places import find_home

    path = None if flow is None else Path(flow)
    return Place(find_home(state_dir, path), path)


def select_run(run: str | None, state_dir: str | None, flow: str | None) -> Path:
    """The run file that RUN means. Raises `UsageError` with the candidates when that is none, or not one."""
    from pathlib import Path

    from tui_workflow.store.places import choose

    if run and run != "latest":
        kind = kind_of(run)
        if kind == "run":
            return Path(run)
        if kind == "flow":
            flow, run = run, None
    place = find_place(state_dir, flow)
    return choose(place.home, run, place.flow)


def flow_of_latest(state_dir: str | None) -> str:
    """The flow of the latest run, named on stderr where there are others. Raises `UsageError` with the flow files that lie here
    when there is no run.
    """
    from tui_workflow.errors import UsageError
    from tui_workflow.store.runfile import RunFile

    try:
        path = select_run(None, state_dir, None)
    except UsageError as none:
        flows = flows_here()
        if flows:
            none.hint = f"Name the flow, as in `wf-tui {click.get_current_context().info_name} {flows[0]}`. Here are: {', '.join(flows)}."
        raise
    say_which(path, None, None)
    with RunFile(path) as file:
        return os.path.relpath(file.meta().path)


def flows_here() -> list[str]:
    """The flow files in the current folder: those that have steps, since other programs write YAML as well."""
    found = []
    for name in sorted(os.listdir()):
        if name.lower().endswith(_FLOW_SUFFIXES) and os.path.isfile(name):
            try:
                with open(name, "rb") as file:
                    if any(line.startswith(b"steps:") for line in file):
                        found.append(name)
            except OSError:
                continue
    return found


def select_to_change(run: str | None, state_dir: str | None, flow: str | None) -> Path:
    """Like `select_run`, for a command that changes something: among runs of several flows one must be named."""
    from tui_workflow.errors import UsageError
    from tui_workflow.store.places import list_runs

    if by_itself(run, flow):
        place = find_place(state_dir, None)
        flows = several_flows(list_runs(place.home))
        if flows:
            raise UsageError(
                f"{place.home} holds runs of several flows: {flows}",
                hint="Name a run with --run, or a flow with --flow.",
            )
    return select_run(run, state_dir, flow)


def several_flows(runs: list[StoredRun]) -> str:
    """The flows of these runs as a list, empty when they are of one flow."""
    flows = sorted({run.meta.path for run in runs if run.meta is not None})
    return ", ".join(flows) if len(flows) > 1 else ""


def other_runs(path: Path) -> dict[str, Path]:
    """The latest run of each other flow that has runs beside this one, by the flow's path."""
    from tui_workflow.errors import WfError
    from tui_workflow.store.places import run_files
    from tui_workflow.store.runfile import RunFile

    found: dict[str, Path] = {}
    for each in [path, *run_files(path.parent.parent)]:
        try:
            with RunFile(each) as file:
                found.setdefault(file.meta().path, each)
        except WfError:
            continue
    return {flow: each for flow, each in found.items() if each != path}


def by_itself(run: str | None, flow: str | None) -> bool:
    """Whether a command takes the latest run of whatever flow, since none was named."""
    return flow is None and (not run or run == "latest")


def say_which(path: Path, run: str | None, flow: str | None) -> None:
    """Name on stderr the run that a command has taken by itself, where one of another flow may be meant."""
    if by_itself(run, flow) and (others := other_runs(path)):
        from tui_workflow.text import visible

        named = ", ".join(visible(os.path.relpath(each)) for each in others)
        click.echo(
            f"{of_run(path)}, the latest here. There are runs of {named} too: --flow FLOW takes these.", err=True
        )


def of_run(path: Path) -> str:
    """A run and its flow, in words that a sentence begins with."""
    from tui_workflow.store.runfile import RunFile
    from tui_workflow.text import visible

    with RunFile(path) as file:
        return f"Run {path.stem} of {visible(os.path.relpath(file.meta().path))}"


def kind_of(text: str) -> str:
    """`run` for a run file, `flow` for a flow file, `id` for anything else."""
    if text.lower().endswith(_FLOW_SUFFIXES):
        return "flow"
    if not os.path.isfile(text):
        return "id"
    try:
        with open(text, "rb") as file:
            return "run" if file.read(16) == _SQLITE or text.endswith(".db") else "flow"
    except OSError:
        return "run"


def unknown_step(name: str, steps: list[str]) -> Exception:
    """The error for a step that the run does not have."""
    from difflib import get_close_matches

    from tui_workflow.errors import UsageError

    near = get_close_matches(name, steps, 1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Its steps are: {', '.join(steps)}." if steps else None
    return UsageError(f"the run has no step {name!r}", hint=hint)
