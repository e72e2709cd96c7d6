"""D1 to D4: no room, no rights, no file, no lock. What the journal does by itself is in `tests/store`."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash import every_call, trace
from tests.crash.check import check_run
from tests.crash.screen import Screen
from tests.end_to_end.bench import COMMAND, Folder, environment, gone_within, wait_for

COUNT = 60
HANDLERS = (
    trace.PYTHON
    + """
def work(item, key, attempt):
    while item >= 20 and not os.path.exists("go"):
        time.sleep(0.01)
    mark("+", key, attempt)
    mark("-", key, attempt)
    return "x" * 20_000
"""
)
FLOW = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {range: 60}
    key: "k{{ item }}"
    parallel: 2
    inputs: {operation: custom, handler: work}
"""


def prepare(folder: Folder) -> None:
    folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", FLOW)


def begun(folder: Folder) -> int:
    return trace.count(folder.path / "effects.log") // 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", str(place)], capture_output=True)
    if made.returncode:
        pytest.skip("a file system of its own takes the rights of root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Take what room there is, but for a little."""
    file = place / "filler"
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass
    return file


def only_run(place: Path) -> Path:
    (found,) = (place / "runs").glob("*.db")
    return found


def sound(folder: Folder, place: Path) -> None:
    """All is there, each effect once: nothing was marked done uncommitted, nothing was lost."""
    report = check_run(
        only_run(place), folder.path / "effects.log", results={"work": ["x" * 20_000] * COUNT}, folder=folder.path
    )
    assert report.violations == []


def test_a_full_disk_pauses_a_headless_run(folder: Folder, small_disk: Path) -> None:
    prepare(folder)
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    process = folder.start("flow.yaml", "--headless", "--state-dir", str(small_disk))
    try:
        wait_for(lambda: begun(folder) == 20, "the first items ended")
        wait_for(lambda: folder.step("work", str(only_run(small_disk)))["succeeded"] == 20, "and are committed")
        filler = fill(small_disk)
        (folder.path / "go").touch()
        assert process.stdout is not None
        line = ""
        while "paused" not in line:
            line = process.stdout.readline()
            assert line, "ended instead of pausing"
        assert "the disk is full" in line
        done = folder.step("work", str(only_run(small_disk)))["succeeded"]
        assert done < COUNT
        effects = begun(folder)
        time.sleep(1.5)
        assert begun(folder) <= effects + 4, "no new item begins"
        assert process.poll() is None
        filler.unlink()
        output, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert "goes on" in output
    finally:
        process.kill()
        process.wait()
    sound(folder, small_disk)


def test_a_full_disk_is_said_on_the_screen(folder: Folder, small_disk: Path) -> None:
    prepare(folder)
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    with Screen(folder.path, "flow.yaml", "--state-dir", str(small_disk)) as screen:
        screen.see("RUNNING")
        wait_for(lambda: begun(folder) == 20, "the first items ended")
        screen.see("20 ok")
        filler = fill(small_disk)
        (folder.path / "go").touch()
        screen.see("the disk is full")
        screen.press("?")
        screen.press("\x1b")
        screen.see("the disk is full")
        filler.unlink()
        screen.see("SUCCEEDED", "60 ok")
        screen.lose("the disk is full")
        screen.press("q")
        assert screen.wait() == 0
    sound(folder, small_disk)


@pytest.mark.slow
def test_a_disk_that_stays_full_ends_with_74_and_can_be_gone_on_with(folder: Folder, small_disk: Path) -> None:
    prepare(folder)
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    process = folder.start("flow.yaml", "--headless", "--state-dir", str(small_disk))
    wait_for(lambda: begun(folder) == 20, "the first items ended")
    filler = fill(small_disk)
    (folder.path / "go").touch()
    assert process.stdout is not None
    while "paused" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=40)
    assert process.returncode == 74, errors
    assert "the disk is full" in errors
    assert "Traceback" not in errors
    gone_within(folder.path)
    filler.unlink()
    folder.run("--resume", "--state-dir", str(small_disk))
    assert len(trace.had_effect(trace.read(folder.path / "effects.log"))) == COUNT
    assert folder.step("work", str(only_run(small_disk)))["succeeded"] == COUNT


def test_no_room_for_a_run_file_at_all(folder: Folder, small_disk: Path) -> None:
    prepare(folder)
    fill(small_disk)
    done = folder.run("--state-dir", str(small_disk), code=73)
    assert "No space" in done.stderr or "full" in done.stderr
    assert "Traceback" not in done.stderr
    assert begun(folder) == 0, "before any item"


def test_a_limit_on_file_sizes(folder: Folder) -> None:
    """`ulimit -f`: the signal that comes with it kills nothing, the reason is told, and more is allowed later."""
    prepare(folder)
    process = folder.start("flow.yaml", "--headless")
    try:
        wait_for(lambda: begun(folder) == 20, "the first items ended")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
        (folder.path / "go").touch()
        assert process.stdout is not None
        line = ""
        while "paused" not in line:
            line = process.stdout.readline()
            assert line, "ended instead of pausing"
        assert "limit on file sizes" in line
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
    finally:
        process.kill()
        process.wait()
    sound(folder, folder.path / ".wf-tui")


def sick_disk(folder: Folder, when: str) -> subprocess.Popen[str]:
    """A run whose writes and syncs of these numbers, counted for each thread, report an error of the disk."""
    prepare(folder)
    folder.write("flow.yaml", FLOW.replace("parallel: 2", "checkpoint: each").replace("range: 60", "range: 40"))
    folder.write("handlers.py", HANDLERS.replace('"x" * 20_000', "item"))
    (folder.path / "go").touch()
    calls = "pwrite64,fdatasync"
    inject = ["-e", f"trace={calls}", "-e", f"inject={calls}:error=EIO:when={when}", "-o", "/dev/null"]
    return subprocess.Popen(
        ["strace", "-D", "-f", *inject, *COMMAND, "flow.yaml", "--headless"],
        cwd=folder.path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


needs_strace = pytest.mark.skipif(not every_call.available(), reason="strace is not there, or may not trace")


@needs_strace
@pytest.mark.parametrize("call", random.Random(5).sample(range(30, 90), 2))
def test_an_error_of_the_disk_that_passes(folder: Folder, call: int) -> None:
    """It is told, what was being written is written again, and nothing runs twice for it."""
    process = sick_disk(folder, str(call))
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "paused: the disk reports an I/O error" in output
    assert "goes on" in output
    found = check_run(only_run(folder.path / ".wf-tui"), folder.path / "effects.log", results={"work": list(range(40))})
    assert found.violations == []


@needs_strace
@pytest.mark.slow
def test_a_disk_that_is_broken_for_good(folder: Folder) -> None:
    """Nothing begins that cannot be recorded; the end is 74, and what was not recorded runs again on another day."""
    process = sick_disk(folder, "50+")
    assert process.stdout is not None
    while "paused: the disk reports an I/O error" not in (line := process.stdout.readline()):
        assert line, "ended instead of pausing"
    effects = begun(folder)
    assert 0 < effects < 40
    time.sleep(1.2)  # longer than the pause between two tries
    assert begun(folder) == effects
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=40)
    assert process.returncode == 74, errors
    assert "Traceback" not in errors
    gone_within(folder.path)
    folder.run("--resume")
    again = trace.had_effect(trace.read(folder.path / "effects.log"))
    assert len(again) == 40
    assert again.total() <= 41, "the one that was not recorded"
    assert folder.results("work") == list(range(40))


@needs_strace
def test_a_run_file_that_cannot_be_made_for_an_error_of_the_disk(folder: Folder) -> None:
    process = sick_disk(folder, "3+")
    _, errors = process.communicate(timeout=40)
    assert process.returncode == 73, errors
    assert "I/O error" in errors
    assert begun(folder) == 0, "before any item"
    assert [path.name for path in (folder.path / ".wf-tui" / "runs").iterdir()] == []


@pytest.mark.slow
def test_a_system_that_gives_no_worker(folder: Folder) -> None:
    """Here by a limit so low that no worker's memory can be made; the step fails with the reason, and can be resumed."""
    prepare(folder)
    (folder.path / "go").touch()
    limited = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, -1)); os.execv(sys.argv[1], sys.argv[1:])"
    done = folder.wf("flow.yaml", "--headless", command=(COMMAND[0], "-c", limited, *COMMAND))
    assert done.returncode == 1, done.stderr
    assert "no worker process could be started: File too large" in done.stdout
    assert "Traceback" not in done.stderr
    folder.run("--resume")
    sound(folder, folder.path / ".wf-tui")


@pytest.mark.parametrize("deed", ["deleted", "replaced"])
@pytest.mark.slow
def test_a_run_file_that_goes_away_is_noticed(folder: Folder, deed: str) -> None:
    prepare(folder)
    with Screen(folder.path, "flow.yaml") as screen:
        screen.see("20 ok")
        file = only_run(folder.path / ".wf-tui")
        if deed == "deleted":
            file.unlink()
        else:
            shutil.copy(file, file.with_suffix(".copy"))
            os.replace(file.with_suffix(".copy"), file)
        begin = time.monotonic()
        assert screen.wait() == 74
        assert time.monotonic() - begin < 6
        assert deed.encode() in screen.raw
        assert b"Traceback" not in screen.raw
        found = check_run(
            _backup(folder),
            folder.path / "effects.log",
            ended=False,
            folder=folder.path,
            terminal=(screen.raw, screen.before, screen.settings()),
        )
        assert found.violations == []


def _backup(folder: Folder) -> Path:
    """Any sound run file: here it is the terminal and the processes that count."""
    (folder.path / "effects.log").unlink()
    other = Folder(folder.path / "other")
    other.write("flow.yaml", "steps: {}\n")
    other.run()
    return only_run(other.path / ".wf-tui")


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's process is started")
def test_a_folder_that_may_not_be_written(folder: Folder) -> None:
    folder.write("flow.yaml", "steps:\n  work:\n    type: shell\n    inputs: {command: 'touch /tmp/wf-was-run'}\n")
    for place in (folder.path, *folder.path.parents):
        if place == Path("/tmp"):
            break
        place.chmod(place.stat().st_mode | 0o055)
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *COMMAND, "flow.yaml", "--headless"],
        cwd=folder.path,
        env=environment(HOME="/nonexistent"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    if "ModuleNotFoundError" in done.stderr or "Permission denied: '/" in done.stderr or done.returncode == 127:
        pytest.skip("another user cannot read this installation")
    assert done.returncode == 73, done.stderr
    assert not Path("/tmp/wf-was-run").exists()


@pytest.mark.parametrize("racers", [6, pytest.param(50, marks=pytest.mark.slow)])
def test_resumes_race_and_one_runs(folder: Folder, racers: int) -> None:
    folder.write(
        "handlers.py",
        trace.PYTHON
        + "\ndef work(item, key, attempt):\n    mark('+', key, attempt)\n    time.sleep(0.3)\n    mark('-', key, attempt)\n",
    )
    folder.write("flow.yaml", FLOW.replace("range: 60", "range: 12"))
    process = folder.start("flow.yaml", "--headless")
    wait_for(lambda: begun(folder) >= 1, "an item ran")
    process.kill()
    process.communicate()
    gone_within(folder.path)
    started = [folder.start("flow.yaml", "--headless", "--resume") for _ in range(racers)]
    ended = [(racer.communicate(timeout=120)[1], racer.returncode) for racer in started]
    codes = sorted(code for _, code in ended)
    winners = {str(racer.pid) for racer, (_, code) in zip(started, ended, strict=True) if code == 0}
    assert set(codes) <= {0, 75}, ended
    assert codes.count(0) >= 1
    assert codes.count(75) >= 1
    refused = [words for words, code in ended if code == 75]
    assert all("is held by process" in words for words in refused)
    assert all(any(pid in words for pid in winners) for words in refused), "the holder is named"
    assert trace.most_at_once(trace.read(folder.path / "effects.log")[2:]) <= 4
    found = check_run(
        only_run(folder.path / ".wf-tui"), folder.path / "effects.log", attempts=2, results={"work": [None] * 12}
    )
    assert found.violations == []


@pytest.mark.slow
def test_viewers_beside_the_runner(folder: Folder) -> None:
    """They see what is committed while it is being made, keep nobody waiting, and leave one file behind with the runner."""
    prepare(folder)
    process = folder.start("flow.yaml", "--headless")
    wait_for(lambda: begun(folder) == 20, "the first items ended")
    with Screen(folder.path, "open") as screen:
        screen.see("20 ok")
        assert folder.step("work")["succeeded"] == 20
        refused = folder.wf("retry")
        assert refused.returncode == 75, refused.stderr
        assert str(process.pid) in refused.stderr
        (folder.path / "go").touch()
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        screen.press("q")
        assert screen.wait() == 0
    sound(folder, folder.path / ".wf-tui")


@pytest.mark.parametrize("seconds", [0, pytest.param(60, marks=pytest.mark.slow)])
def test_a_lock_that_another_program_holds_is_waited_for(folder: Folder, seconds: int) -> None:
    prepare(folder)
    process = folder.start("flow.yaml", "--headless")
    assert process.stdout is not None
    wait_for(lambda: begun(folder) == 20, "the first items ended")
    with closing(sqlite3.connect(only_run(folder.path / ".wf-tui"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        (folder.path / "go").touch()
        line = ""
        while "paused" not in line:
            line = process.stdout.readline()
            assert line
        assert "another program holds a lock" in line
        time.sleep(seconds)
        assert process.poll() is None
        other.execute("ROLLBACK")
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    sound(folder, folder.path / ".wf-tui")
