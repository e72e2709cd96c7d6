"""K5: what a killed engine leaves behind, and that no item ever has two live copies."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.crash import trace
from tests.end_to_end.bench import Folder, kill, processes_of, wait_for
from tui_workflow.session.escaped import end_escaped

ESCAPES = {
    "setsid": "setsid sh -c 'echo $$ >pid; exec sleep 300' & wait",
    "twice": "(setsid sh -c 'echo $$ >pid; exec sleep 300' &); sleep 300",
    "python": (
        """python3 -c 'import os, time; os.fork() and time.sleep(300); os.setsid(); """
        """open("pid", "w").write(str(os.getpid())); time.sleep(300)'"""
    ),
}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("how", ESCAPES)
def test_what_escaped_is_ended_before_its_item_runs_again(folder: Folder, how: str) -> None:
    command = f"test ! -e pid || {{ grep -q . /proc/$(cat pid)/cmdline 2>/dev/null && echo two copies || echo alone; exit 0; }}\n{ESCAPES[how]}"
    text = "\n".join(" " * 8 + line for line in command.splitlines())
    folder.write("flow.yaml", f"steps:\n  work:\n    type: shell\n    inputs:\n      command: |\n{text}\n")
    process = folder.start("flow.yaml", "--headless")
    file = folder.path / "pid"
    wait_for(lambda: file.exists() and file.read_text().strip(), "the escapee runs")
    kill(process)
    pid = int(file.read_text())
    assert alive(pid), "the kernel does not find it: that is why a resume looks for it"
    done = folder.run("--resume")
    assert not alive(pid)
    assert "left over from before" in done.stderr
    assert folder.results("work")[0]["stdout"] == "alone\n"


def test_nothing_else_is_ended(folder: Folder) -> None:
    """Not a process of another run, not what a notice has started, not the shell in which the resume is typed."""
    run = "20260131-140501-k3f9"
    environments = (
        {"WF_RUN_ID": run + "x", "WF_STEP": "a"},
        {"WF_RUN_ID": "x" + run, "WF_STEP": "a"},
        {"WF_RUN_ID": run, "WF_EVENT": "failed"},
        {"OTHER": f"WF_RUN_ID={run}", "WF_STEP": "a"},
    )
    others = [subprocess.Popen(["sleep", "60"], env={**os.environ, **env}) for env in environments]
    own = subprocess.Popen(["sleep", "60"], env={**os.environ, "WF_RUN_ID": run, "WF_STEP": "a"})
    try:
        assert end_escaped(run) == 1
        assert own.wait(5) == -signal.SIGKILL
        assert [other.poll() for other in others] == [None] * 4
        code = f"from tui_workflow.session.escaped import end_escaped; print(end_escaped({run!r}))"
        child = [
            "python3",
            "-c",
            f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {code!r}]))",
        ]
        inside = subprocess.run(
            child, env={**os.environ, "WF_RUN_ID": run, "WF_STEP": "a"}, capture_output=True, text=True
        )
        assert (inside.returncode, inside.stdout) == (0, "0\n"), inside.stderr
    finally:
        for other in others:
            other.kill()
            other.wait()


@pytest.mark.slow
def test_a_resume_at_once_never_makes_two_copies(folder: Folder) -> None:
    """The resume is started in the moment of the kill; each item says when it lives."""
    folder.write(
        "handlers.py",
        trace.PYTHON
        + "\ndef work(item, key, attempt):\n    end = time.monotonic() + 0.4\n    mark('+', key, attempt)\n"
        "    while time.monotonic() < end:\n        open(f'alive-{key}-{os.getpid()}', 'w').write(str(time.monotonic()))\n"
        "    mark('-', key, attempt)\n",
    )
    folder.write(
        "flow.yaml",
        "handlers: [handlers.py]\nsteps:\n  work:\n    type: python\n    for_each: {range: 6}\n    parallel: 2\n"
        "    inputs: {operation: custom, handler: work}\n",
    )
    folder.run("--limit", "1")
    for file in folder.path.glob("alive-*"):
        file.unlink()
    (folder.path / "effects.log").unlink()
    process = folder.start("flow.yaml", "--headless", "--new")
    wait_for(lambda: trace.count(folder.path / "effects.log") >= 3, "items run")
    process.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    second = folder.start("flow.yaml", "--headless", "--resume")
    kill(process, 0)
    assert second.wait(60) == 0
    for stream in (second.stdout, second.stderr):
        assert stream is not None
        stream.close()
    lives = [float(file.read_text() or 0) for file in folder.path.glob("alive-*")]
    first = min(mark.at for mark in trace.read(folder.path / "effects.log")[3:])
    before = [life for life in lives if life < first]
    assert before
    assert max(before) < killed + 0.2, "none of the first life went on for long"
    assert not processes_of(folder.path)
