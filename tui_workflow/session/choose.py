"""Which run a command line means, and what is to be done with it: begin one, or take one up again.

Everything is looked at before anything runs: the flow, the parameters, the run file, who holds it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_workflow import values
from tui_workflow.errors import RunHeld, UsageError, WfError
from tui_workflow.facts.state import RunState
from tui_workflow.flow.load import load
from tui_workflow.flow.params import resolve
from tui_workflow.flow.params import secrets as secret_names
from tui_workflow.flow.plan import Plan
from tui_workflow.session.assignment import Assignment
from tui_workflow.session.edited import edits
from tui_workflow.session.escaped import end_escaped
from tui_workflow.session.stored import stored_plan
from tui_workflow.store import places
from tui_workflow.store.files import RUNS, make_state_dir
from tui_workflow.store.lock import Holder, RunLock, holder
from tui_workflow.store.meta import RunMeta
from tui_workflow.store.places import new_id, run_path
from tui_workflow.store.runfile import RunFile
from tui_workflow.text import plural


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for, beyond the flow. `given` are texts by parameter name, `file` values from `--params`."""

    given: Mapping[str, str] = field(default_factory=dict)
    file: Mapping[str, Any] = field(default_factory=dict)
    limit: int | None = None
    max_slots: int | None = None
    only: str | None = None
    start_at: str | None = None


def begin(plan: Plan, state_dir: Path, wanted: Wanted) -> tuple[Assignment, RunLock]:
    """A new run of a flow. Raises `UsageError`, `StateDirError`, and `RunHeld` should the id be taken."""
    params = resolve(plan.flow, wanted.given, wanted.file, flow_dir=os.path.dirname(plan.path))
    only = _only(plan, wanted)
    make_state_dir(state_dir)
    run = new_id(time.time())
    path = run_path(state_dir, run)
    lock = RunLock(path)
    lock.acquire()
    names = secret_names(plan.flow)
    meta = RunMeta(
        run=run,
        flow=plan.flow.name,
        path=plan.path,
        params={name: values.encode(value) for name, value in params.items() if name not in names},
        secrets=names,
        options={"limit": wanted.limit} if wanted.limit is not None else {},
    )
    return (
        Assignment(
            plan,
            path,
            meta,
            params,
            secrets=secret_texts(params, names),
            limit=wanted.limit,
            max_slots=wanted.max_slots,
            only=only,
            notes=_far(path),
        ),
        lock,
    )


def take_up(path: Path, wanted: Wanted, plan: Plan | None = None) -> tuple[Assignment, RunLock]:
    """A stored run, to go on with. The flow is the file as it is now, or the stored text if the file is gone.

    Without `plan` it was asked for as a run, to retry in it, and not as a flow that may as well begin anew. Raises
    `InvalidFlow`, `UsageError` for parameters that differ from the run's, `RunHeld`, `DamagedRunFile`.
    """
    lock = RunLock(path)
    try:
        lock.acquire()
    except RunHeld as refused:
        raise held_by(path, refused, anew=plan is not None) from None
    try:
        with RunFile(path) as file:
            meta, state, context = file.meta(), file.state(), file.context()
            escaped = end_escaped(meta.run)
            if state.started is None:
                return _start_over(plan or load(meta.path), path, meta, wanted), lock
            stored = file.revision()
            notes = _far(path)
            if escaped:
                notes.append(
                    f"{plural(escaped, 'process', 'processes')} left over from before the interruption had to be ended"
                )
            if plan is None:
                if os.path.exists(meta.path):
                    plan = load(meta.path)
                else:
                    plan = stored_plan(file)
                    notes.append(
                        f"{meta.path} is gone; the run goes on with the flow as it was stored, r{stored.number}"
                    )
            changed = (
                plan.text.encode("utf-8", "surrogateescape") != stored.text
                or tuple((handler.path, handler.source) for handler in plan.handlers) != stored.handlers
            )
            previous = stored_plan(file) if changed else None
        kept = meta.options.get("limit") if wanted.limit is None else None
        if kept is not None:
            notes.append(
                f"this run was begun with --limit {kept}: only the first {kept} items of each for_each are in it"
            )
        if previous is not None:
            told = edits(previous, plan)
            what = f" ({told})" if told else ""
            notes.append(f"the flow has changed since{what}: it goes on as r{state.revision + 1}, what is done is kept")
        params = _params(plan, meta, wanted)
        assignment = Assignment(
            plan,
            path,
            meta,
            params,
            secrets=secret_texts(params, secret_names(plan.flow)),
            state=state,
            context=context,
            previous=previous,
            changed=changed,
            limit=wanted.limit if wanted.limit is not None else meta.options.get("limit"),
            max_slots=wanted.max_slots,
            only=_only(plan, wanted),
            notes=notes,
        )
    except BaseException:
        lock.release()
        raise
    return assignment, lock


def held_by(path: Path, refused: RunHeld, *, anew: bool = True) -> RunHeld:
    """The same for a person: to wait for a run that is over would never end, since only its dashboard is open still.

    `anew` says whether the command may begin another run instead; else it retries, which the dashboard can do as well.
    """
    try:
        with RunFile(path) as file:
            over = file.state().finished is not None
    except WfError:
        return refused
    looks = f"`wf-tui open {path.stem}` looks at the run meanwhile"
    if not over:
        refused.hint = (
            f"Wait for it, or start another run with --new. {looks}."
            if anew
            else f"Retry in its dashboard if it has one, with r or R; else wait for it. {looks}."
        )
        return refused
    return RunHeld(
        f"the run {path.stem} does not run any more, but its dashboard is still open in {holder(path) or 'another process'}",
        hint=f"Leave that dashboard first, with q. {looks}, --new starts another."
        if anew
        else f"Retry there, with r or R, or leave that dashboard first, with q. {looks}.",
    )


def _far(path: Path) -> list[str]:
    """A warning about a run file that does not lie on this machine, where neither locks nor what SQLite relies on need hold."""
    kind = places.remote_file_system(path.parent)
    if kind is None:
        return []
    return [
        f"{path.parent} is on a network file system ({kind}): a crash may lose results there, and two processes may hold one run; "
        "name a local directory with --state-dir"
    ]


def _start_over(plan: Plan, path: Path, meta: RunMeta, wanted: Wanted) -> Assignment:
    """A run whose process died before its first fact begins at the beginning, in its own file."""
    params = _params(plan, meta, wanted)
    texts = secret_texts(params, secret_names(plan.flow))
    return Assignment(
        plan,
        path,
        meta,
        params,
        texts,
        made=True,
        max_slots=wanted.max_slots,
        only=_only(plan, wanted),
        notes=_far(path),
    )


def _params(plan: Plan, meta: RunMeta, wanted: Wanted) -> dict[str, Any]:
    """The run's parameters: as they were, secret ones given anew, those the flow has gained since by their default."""
    frozen, names = meta.values(), secret_names(plan.flow)
    different = _different(plan, meta, wanted)
    if different:
        raise UsageError(
            f"{', '.join(different)} {'differs' if len(different) == 1 else 'differ'} from what the run was started with",
            hint="parameters are frozen for a run; --new starts another with these",
        )
    known = {name: value for name, value in frozen.items() if name in plan.flow.params and name not in names}
    return resolve(plan.flow, wanted.given, {**wanted.file, **known}, flow_dir=os.path.dirname(plan.path)) | known


def _different(plan: Plan, meta: RunMeta, wanted: Wanted) -> list[str]:
    frozen, names = meta.values(), secret_names(plan.flow)
    given = resolve(plan.flow, wanted.given, wanted.file, flow_dir=os.path.dirname(plan.path), partial=True)
    return [name for name, value in given.items() if name in frozen and frozen[name] != value and name not in names]


def different_params(path: Path, flow: str, wanted: Wanted) -> list[str]:
    """The names of given parameters that differ from those of the stored run.

    Raises `InvalidFlow`, and `UsageError` for a value that the flow does not take.
    """
    if not (wanted.given or wanted.file) or not os.path.exists(flow):
        return []
    with RunFile(path) as file:
        return _different(load(flow), file.meta(), wanted)


def secret_texts(params: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """The texts that must not be seen anywhere: of each secret parameter, and of what a structured one holds."""
    found: list[str] = []

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            for entry in value.values():
                gather(entry)
        elif isinstance(value, list | tuple):
            for entry in value:
                gather(entry)
        elif value is not None and not isinstance(value, bool) and str(value):
            found.append(str(value))

    for name in names:
        gather(params.get(name))
    return tuple(dict.fromkeys(found))


def _only(plan: Plan, wanted: Wanted) -> frozenset[str] | None:
    """The steps that may run, None for all. Raises `UsageError` for a step that there is not."""
    names = [planned.name for planned in plan.steps if planned.section == "steps"]
    for name in (wanted.only, wanted.start_at):
        if name is not None and name not in names:
            raise UsageError(f"there is no step '{name}'; the flow has {', '.join(names)}")
    if wanted.only is not None:
        return frozenset({wanted.only})
    if wanted.start_at is None:
        return None
    found = {wanted.start_at}
    for planned in plan.steps:
        if found.intersection(planned.needs) and planned.step.rerun:
            found.add(planned.name)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest run of a flow: its file, its state as it is true now, and who holds it."""

    path: Path
    state: RunState
    holder: Holder | None
    held: bool

    @property
    def unfinished(self) -> bool:
        """A resume would take it up: it is paused, interrupted, cancelled or failed."""
        return self.state.status != "succeeded"


def latest(flow: str, state_dir: Path, which: str | None = None) -> Latest | None:
    """The latest run of a flow, or the one that `which` names; None if there is none yet.

    Raises `UsageError` for a named run that there is not, or that is another flow's.
    """
    if not (state_dir / RUNS).is_dir() and which is None:
        return None
    try:
        path = places.choose(state_dir, which, None if which else Path(flow))
    except UsageError:
        if which is not None:
            raise
        return None
    if which is not None:
        with RunFile(path) as file:
            theirs = file.meta().path
        if theirs != os.path.realpath(flow):
            raise UsageError(f"the run {path.stem} is one of {theirs}, not of {flow}")
    with RunFile(path) as file:
        state, held = places.open_state(file)
    return Latest(path, state, holder(path) if held else None, held)


def earlier_unfinished(flow: str, state_dir: Path) -> str | None:
    """The id of the newest unfinished run of a flow that nobody holds, None if there is none."""
    for run in places.of_flow(places.list_runs(state_dir), Path(flow)):
        if run.state is not None and run.state.status != "succeeded" and not run.held:
            return run.run
    return None
