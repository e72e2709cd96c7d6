"""What the acceptance tests share: a folder with flows, the real command in it, and time limits on every wait."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds after which a test stops waiting for a command."""
COMMAND = (sys.executable, "-m", "tui_workflow")

EFFECT = '''
import os, time

def effect(word):
    """One line in effects.log that no crash can tear or lose."""
    file = os.open("effects.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{word} {time.monotonic():.6f}\\n".encode())
    os.fsync(file)
    os.close(file)
'''
"""The beginning of a handler file whose handlers leave a trace outside of every run file."""


def environment(**extra: str) -> dict[str, str]:
    """The environment of every command: nothing of the person who runs the tests decides where state lies."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WF_", "TEXTUAL", "PYTEST_"))}
    return {**kept, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", **extra}


class Folder:
    """A folder with flows, and the command as a person types it there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True)

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.write_text(text, "utf-8")
        return file

    def wf(
        self, *words: str, env: dict[str, str] | None = None, stdin: str = "", command: Sequence[str] = COMMAND
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, `wf-tui` unless it is said."""
        return subprocess.run(
            [*command, *words],
            cwd=self.path,
            env=environment(**(env or {})),
            capture_output=True,
            text=True,
            input=stdin,
            timeout=PATIENCE,
        )

    def ok(self, *words: str, **options: Any) -> str:
        """The output of a command that must succeed."""
        done = self.wf(*words, **options)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def run(self, *words: str, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        """A headless run of flow.yaml, or of what `words` name, with the exit code it must have."""
        if not words or words[0].startswith("-") or "=" in words[0]:
            words = ("flow.yaml", *words)
        done = self.wf(*words, "--headless", **options)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command and go on; the caller ends it."""
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.path,
            env=environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def show(self, run: str = "flow.yaml") -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.ok("show", run, "--json"))
        return shown

    def step(self, name: str, run: str = "flow.yaml") -> dict[str, Any]:
        return next(step for step in self.show(run)["steps"] if step["name"] == name)

    def results(self, name: str, run: str = "flow.yaml") -> list[Any]:
        return [json.loads(line) for line in self.ok("result", name, "--run", run).splitlines()]

    def failed(self, run: str = "flow.yaml") -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.ok("failed", "--run", run, "--jsonl").splitlines()]

    def effects(self) -> Counter[str]:
        """How often each effect was seen."""
        return Counter(word for word, _ in self.trace())

    def trace(self) -> list[tuple[str, float]]:
        """The effects in order, with their monotonic times."""
        log = self.path / "effects.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [(word, float(at)) for word, _, at in (line.rpartition(" ") for line in lines)]


def wait_for(what: Callable[[], Any], words: str, seconds: float = 30.0) -> Any:
    """Wait until something holds; returns what it gave."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"waited {seconds:g} s in vain: {words}"
        time.sleep(0.01)
    return found


def processes_of(folder: Path) -> list[int]:
    """Live processes that work for a run below a folder: workers by their folder, their children by the environment."""
    needle = str(folder)
    found = []
    for number in _numbers():
        try:
            status = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
            inherited = Path(f"/proc/{number}/environ").read_bytes()
            where = os.readlink(f"/proc/{number}/cwd")
        except OSError:
            continue
        ours = b"PYTEST_CURRENT_TEST" not in inherited and where.startswith(needle)
        if status != "Z" and number != os.getpid() and ours:
            found.append(number)
    return found


def _numbers() -> Iterator[int]:
    yield from (int(name) for name in os.listdir("/proc") if name.isdigit())


def gone_within(folder: Path, seconds: float = 2.0) -> None:
    """No process works for this folder any more, two seconds from now at the latest."""
    end = time.monotonic() + seconds
    while left := processes_of(folder):
        assert time.monotonic() < end, f"still there: {[_words(number) for number in left]}"
        time.sleep(0.02)


def _words(number: int) -> str:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return str(number)


def kill(process: subprocess.Popen[Any], number: int = signal.SIGKILL) -> int:
    """Send a signal and wait for the end."""
    process.send_signal(number)
    try:
        return process.wait(PATIENCE)
    finally:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
