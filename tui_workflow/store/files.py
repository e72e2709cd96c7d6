"""Directories and files of the state directory: private to their owner, never through a link that someone planted."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from tui_workflow.errors import StateDirError

RUNS = "runs"
STATE_DIR = ".wf-tui"


def make_state_dir(path: Path) -> Path:
    """Create the state directory and its `runs`, both 0700, with a `.gitignore` of its own; returns `runs`.

    Raises `StateDirError` when it cannot be had, is a symbolic link, or belongs to another user.
    """
    made = _make_private(path)
    if made or path.name == STATE_DIR:
        ignore = path / ".gitignore"
        with suppress(FileExistsError):
            try:
                write_new(ignore, b"*\n")
            except OSError as error:
                if isinstance(error, FileExistsError):
                    raise
                raise StateDirError(
                    f"the state directory {path} cannot be written: {_why(error)}", hint=_HINT
                ) from None
    runs = path / RUNS
    _make_private(runs, strict=True)
    if not os.access(runs, os.W_OK | os.X_OK):
        raise StateDirError(f"the state directory {runs} cannot be written", hint=_HINT)
    return runs


def check_owned(path: Path) -> None:
    """Raise `StateDirError` when a directory of the state is a link or another user's."""
    try:
        found = os.lstat(path)
    except OSError as error:
        raise StateDirError(f"the state directory {path} cannot be read: {_why(error)}", hint=_HINT) from None
    if stat.S_ISLNK(found.st_mode):
        raise StateDirError(
            f"{path} is a symbolic link; the state of runs is kept in real directories only",
            hint="Remove the link, or name the directory it points to with --state-dir.",
        )
    if not stat.S_ISDIR(found.st_mode):
        raise StateDirError(f"{path} is not a directory", hint=_HINT)
    if found.st_uid != os.geteuid():
        raise StateDirError(
            f"{path} belongs to another user (uid {found.st_uid})",
            hint="Name a directory of your own with --state-dir.",
        )


def write_new(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that must not exist yet. Raises FileExistsError or another OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def publish(draft: Path, path: Path) -> None:
    """Give a finished draft its name, unless that is taken. Raises FileExistsError or another OSError."""
    try:
        os.link(draft, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        os.rename(draft, path)


def sync_directory(path: Path) -> None:
    """Make the names in a directory last through a loss of power."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some file systems cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


_HINT = "Name another directory with --state-dir, or set WF_TUI_STATE_DIR."


def _make_private(path: Path, *, strict: bool = False) -> bool:
    """Create a directory of mode 0700; True if it was not there. `strict` also narrows one that others may enter."""
    try:
        os.mkdir(path, 0o700)
        made = True
    except FileExistsError:
        made = False
    except OSError as error:
        raise StateDirError(f"the state directory {path} cannot be created: {_why(error)}", hint=_HINT) from None
    check_owned(path)
    if made or ((strict or path.name == STATE_DIR) and stat.S_IMODE(os.lstat(path).st_mode) != 0o700):
        try:
            os.chmod(path, 0o700)
        except OSError as error:
            raise StateDirError(
                f"the state directory {path} cannot be made private: {_why(error)}", hint=_HINT
            ) from None
    return made


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
