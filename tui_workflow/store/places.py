"""Where runs live, what they are called, and which one a person means."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui_workflow.errors import DamagedRunFile, RunHeld, StateDirError, StoreIOError, UsageError
from tui_workflow.facts.events import RunFinished, RunStatus
from tui_workflow.facts.state import RunState, fold
from tui_workflow.store import lock
from tui_workflow.store.files import RUNS, STATE_DIR, check_owned
from tui_workflow.store.meta import RunMeta
from tui_workflow.store.runfile import RunFile

VARIABLE = "WF_TUI_STATE_DIR"
SUFFIX = ".db"
MOUNTS = "/proc/self/mountinfo"
"""Where Linux tells which file systems there are."""
_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9]{4}")
_DRAFT_SECONDS = 3600
_LETTERS = "23456789abcdefghijkmnpqrstuvwxyz"
"""In the order in which names are sorted."""
_REMOTE = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "ceph", "glusterfs", "fuse.glusterfs", "lustre"}


def new_id(now: float) -> str:
    """A run id such as `20260131-140501-k3f9`: the time in UTC, so that ids sort by age, and four letters.

    The first two are the part of the second, since a short run may begin in the second of the one before; two are by chance.
    """
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%S")
    first, second = divmod(int(now % 1 * len(_LETTERS) ** 2), len(_LETTERS))
    return f"{stamp}-{_LETTERS[first]}{_LETTERS[second]}{secrets.choice(_LETTERS)}{secrets.choice(_LETTERS)}"


def is_id(text: str) -> bool:
    """True for a whole run id; no step can have such a name."""
    return _ID.fullmatch(text) is not None


def run_path(state_dir: Path, run: str) -> Path:
    return state_dir / RUNS / f"{run}{SUFFIX}"


def home_for(flow: Path, option: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The state directory in which a new run of a flow belongs; it need not exist."""
    given = option or environment.get(VARIABLE)
    return Path(given).absolute() if given else Path(os.path.realpath(flow)).parent / STATE_DIR


def find_home(
    option: str | None,
    flow: Path | None,
    environment: Mapping[str, str] = os.environ,
    current: Path | None = None,
) -> Path:
    """The state directory to read: the option, the variable, beside the flow, here, or in a parent folder.

    Raises `UsageError` that lists where it looked, and `StateDirError` for one that is a link or another user's.
    """
    looked: list[Path] = []
    for place in _candidates(option, flow, environment, current or Path.cwd()):
        looked.append(place)
        if (place / RUNS).is_dir():
            check_owned(place)
            check_owned(place / RUNS)
            return place
    raise UsageError(
        "no runs were found; looked in " + ", ".join(map(str, looked)),
        hint="Run a flow first, name it with --flow, or say where its state is with --state-dir.",
    )


def _candidates(option: str | None, flow: Path | None, environment: Mapping[str, str], current: Path) -> Iterator[Path]:
    if option:
        yield Path(option).absolute()
        return
    if environment.get(VARIABLE):
        yield Path(environment[VARIABLE]).absolute()
        return
    if flow is not None:
        yield Path(os.path.realpath(flow)).parent / STATE_DIR
        return
    for folder in (current, *current.parents):
        yield folder / STATE_DIR


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One run of a state directory, its state as it is true now. `problem` says why its file cannot be read."""

    file: Path
    meta: RunMeta | None = None
    state: RunState | None = None
    held: bool = False
    problem: str = ""

    @property
    def run(self) -> str:
        return self.file.stem


def settle(state: RunState, held: bool) -> RunState:
    """What says running while nobody holds it is interrupted. Changes and returns `state`."""
    if not held and state.status in ("running", "paused"):
        ended: RunStatus = "interrupted" if state.status == "running" else "paused"
        reason = state.reason or "its process ended without saying so"
        fold(state, [RunFinished(state.last_at, ended, reason)])
        state.finished = None
    return state


def open_state(file: RunFile) -> tuple[RunState, bool]:
    """The state of a stored run as it is true now, and whether a process holds it."""
    held = lock.is_held(file.path)
    state = file.state()
    if held and not lock.is_held(file.path):
        # It ended while it was read, and its file says how by now.
        held, state = False, file.state()
    return settle(state, held), held


def run_files(home: Path) -> list[Path]:
    """The run files of a state directory, the newest first."""
    found = [path for path in (home / RUNS).glob(f"*{SUFFIX}") if not path.name.startswith(".")]
    return sorted(found, key=lambda path: path.name, reverse=True)


def list_runs(home: Path) -> list[StoredRun]:
    """Every run of a state directory, the newest first; files that cannot be read are among them, with the reason."""
    found = [_look(path) for path in run_files(home)]
    return sorted(found, key=_age, reverse=True)


def _age(run: StoredRun) -> tuple[str, float, str]:
    started = run.state.started if run.state is not None else None
    return run.run[:15], started or 0.0, run.run


def _look(path: Path) -> StoredRun:
    try:
        with RunFile(path) as file:
            state, held = open_state(file)
            return StoredRun(path, file.meta(), state, held)
    except (DamagedRunFile, StoreIOError) as error:
        return StoredRun(path, problem=str(error))


def of_flow(runs: Iterable[StoredRun], flow: Path) -> list[StoredRun]:
    """Those of one flow, which is identified by its real path."""
    real = os.path.realpath(flow)
    return [run for run in runs if run.meta is not None and run.meta.path == real]


def choose(home: Path, text: str | None, flow: Path | None) -> Path:
    """The file of the run that is meant: an id, a unique beginning of one, or `latest` (also None), of a flow if given.

    Raises `UsageError` with the candidates when it is none or not one, and `DamagedRunFile` when a file that cannot be read
    may be the latest run of the flow: to pass over it would begin again what it holds.
    """
    if text and text != "latest":
        return _by_name(home, text)
    names = run_files(home)
    if flow is None:
        if names:
            return names[0]
        raise UsageError(f"there is no run in {home}")
    real = os.path.realpath(flow)
    for path in names:
        try:
            with RunFile(path) as file:
                if file.meta().path == real:
                    return path
        except DamagedRunFile as damaged:
            if len(names) > 1:
                damaged.hint = (
                    f"It may be the latest run of {flow.name}, so none before it is taken in its place. Name one with --run, begin "
                    "with --new, or move the file away."
                )
            raise
    raise UsageError(f"there is no run of {flow} in {home}")


def _by_name(home: Path, text: str) -> Path:
    if "/" in text or "\0" in text or text.startswith("."):
        raise UsageError(f"there is no run {text!r}", hint="List the runs with `wf-tui runs`.")
    found = [path for path in run_files(home) if path.stem.startswith(text)]
    exact = [path for path in found if path.stem == text]
    if len(found) == 1 or exact:
        return (exact or found)[0]
    if found:
        raise UsageError(
            f"{text!r} is the beginning of {len(found)} runs: {_names(found)}", hint="Write more of the id."
        )
    raise UsageError(f"there is no run {text!r} in {home}", hint="List the runs with `wf-tui runs`.")


def _names(paths: Sequence[Path]) -> str:
    shown = ", ".join(path.stem for path in paths[:8])
    return shown if len(paths) <= 8 else f"{shown}, …"


def remote_file_system(path: Path) -> str | None:
    """The kind of a network file system a path lies on, where locks may not hold; None for a local one or when unknown."""
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            mounts = [line.split() for line in file]
    except OSError:
        return None
    real = os.path.realpath(path)
    best, kind = "", ""
    for fields in mounts:
        place = fields[4].replace("\\040", " ")
        inside = real == place or real.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best) and "-" in fields:
            best, kind = place, fields[fields.index("-") + 1]
    return kind if kind in _REMOTE else None


def delete_run(path: Path) -> bool:
    """Delete a run file and what belongs to it; false when a process has just taken the run. Raises `StoreIOError`."""
    taken = lock.RunLock(path, 0.0)
    try:
        taken.acquire()
    except RunHeld:
        return False
    try:
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
    except OSError as error:
        raise StoreIOError(f"{path} cannot be deleted: {(error.strerror or str(error)).lower()}") from None
    finally:
        taken.release()
    return True


def sweep(home: Path) -> None:
    """Remove drafts of run files that a killed process left an hour ago or earlier, and locks that nobody holds."""
    runs = home / RUNS
    for draft in runs.glob(f".*{SUFFIX}.new"):
        with suppress(OSError):
            if time.time() - draft.lstat().st_mtime > _DRAFT_SECONDS:
                draft.unlink()
    for path in runs.glob("*.lock"):
        if not path.with_suffix(SUFFIX).exists():
            with suppress(RunHeld, StateDirError), lock.RunLock(path.with_suffix(SUFFIX), 0.0):
                pass
