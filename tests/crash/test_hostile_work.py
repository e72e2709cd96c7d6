"""Items that hang, die, flood, reach for the terminal, or cannot even be begun, with the whole program and real signals."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from tests.benchmarks.bench import high_water
from tests.crash import trace
from tests.crash.screen import Screen
from tests.end_to_end.bench import Folder, gone_within, processes_of, wait_for

HANG = (
    trace.PYTHON
    + """
import re, signal, subprocess

def work(item, key, attempt):
    mark("+", key, attempt)
    match item:
        case "sleeps": time.sleep(300)
        case "computes": re.match("(a+)+$", "a" * 40 + "b")
        case "ignores signals":
            for number in (1, 2, 15):
                signal.signal(number, signal.SIG_IGN)
            subprocess.run("trap '' TERM HUP INT; sleep 300 & sleep 300", shell=True)
    mark("-", key, attempt)
    return item
"""
)
HANGS = ["sleeps", "computes", "ignores signals"]
HANG_FLOW = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: [sleeps, computes, ignores signals, a, b, c]
    key: "{{ item }}"
    parallel: 3
    timeout: 1
    on_error: continue
    inputs: {operation: custom, handler: work}
"""


def test_what_hangs_ends_after_its_time_and_frees_its_slot(folder: Folder) -> None:
    """Also while all slots hang, keys answer at once."""
    folder.write(
        "handlers.py", HANG.replace('mark("+", key', 'mark("+", key[0]').replace('mark("-", key', 'mark("-", key[0]')
    )
    folder.write("flow.yaml", HANG_FLOW)
    log = folder.path / "effects.log"
    answers: list[float] = []
    with Screen(folder.path, "flow.yaml") as screen:
        screen.see("RUNNING", "work")
        wait_for(lambda: trace.count(log) >= 3, "all slots hang")
        while len(answers) < 6 and min(answers, default=1.0) > 0.1:
            begin = time.monotonic()
            screen.press("?")
            screen.see("Help", seconds=5)
            answers.append(time.monotonic() - begin)
            screen.press("q")
            screen.lose("Help", seconds=5)
        screen.see("DONE, 3 FAILED", seconds=20)
        screen.press("q")
        assert screen.wait() == 0
    assert min(answers) < 0.1, answers
    gone_within(folder.path)
    assert processes_of(folder.path) == []
    failed = {record["key"]: record for record in folder.failed()}
    assert sorted(failed) == sorted(HANGS)
    assert {record["error"]["type"] for record in failed.values()} == {"Timeout"}
    marks = trace.read(log)
    begins = {mark.key: mark.at for mark in marks if mark.sign == "+"}
    first = min(begins.values())
    assert 0.9 <= begins["a"] - first < 1 + 1 + 1.5, "its time, a second to tidy up, and the start of a worker"
    assert trace.begun(marks).total() == 6, "each began once"


DEATHS = {
    "exits": ("os._exit(3)", "exited with code 3"),
    "faults": ("__import__('ctypes').string_at(0)", "SIGSEGV"),
    "is killed": ("os.kill(os.getpid(), 9)", "SIGKILL"),
    "aborts": ("os.abort()", "SIGABRT"),
}
DEATH_FLOW = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: [a, exits, b, faults, c, is killed, d, aborts, e]
    key: "{{ item }}"
    parallel: {max_parallel: 3, executor: EXECUTOR}
    on_error: continue
    retry: {max_attempts: 2}
    inputs: {operation: custom, handler: work}
"""


@pytest.mark.parametrize("executor", ["process", "thread", "async"])
@pytest.mark.slow
def test_whoever_dies_fails_alone(folder: Folder, executor: str) -> None:
    """Tried as often as the policy says, with the signal's name; neighbours end well, with their first attempt."""
    word, pause = ("async ", "await asyncio.sleep(0.1)") if executor == "async" else ("", "time.sleep(0.1)")
    cases = "".join(f"    if item == {name!r}: {deed}\n" for name, (deed, _) in DEATHS.items())
    source = f"import asyncio\n{word}def work(item, attempt):\n    mark('+', item[0], attempt)\n    {pause}\n{cases}    mark('-', item[0], attempt)\n    return item\n"
    folder.write("handlers.py", trace.PYTHON + source)
    folder.write("flow.yaml", DEATH_FLOW.replace("EXECUTOR", executor))
    folder.run()
    failed = {record["key"]: record for record in folder.failed()}
    assert set(failed) == set(DEATHS)
    for name, (_, words) in DEATHS.items():
        assert failed[name]["error"]["type"] == "WorkerDied"
        assert words in failed[name]["error"]["message"]
        assert failed[name]["attempts"] == 2
    items = ["a", "exits", "b", "faults", "c", "is killed", "d", "aborts", "e"]
    assert folder.results("work") == [None if item in DEATHS else item for item in items]
    marks = [mark for mark in trace.read(folder.path / "effects.log") if mark.key in "bcd"]
    assert {mark.attempt for mark in marks} == {1}, "no neighbour used an attempt"
    if executor == "process":
        assert set(trace.begun(marks).values()) == {1}, "and none ran twice"
    gone_within(folder.path)


MEMORY_FLOW = """
steps:
  handled:
    type: python
    for_each: [a, eats, b]
    key: "{{ item }}"
    memory: 512M
    on_error: continue
    inputs:
      code: |
        kept = []
        while item == "eats":
            kept.append(bytearray(1 << 20))
        result = item
  commanded:
    type: shell
    for_each: [a, eats, b]
    key: "{{ item }}"
    memory: 512M
    on_error: continue
    inputs: {command: "test {{ item }} != eats || exec head -c 2000000000 /dev/zero | tail; echo {{ item }}"}
"""


def test_who_eats_memory_fails_alone_at_its_limit(folder: Folder) -> None:
    folder.write("flow.yaml", MEMORY_FLOW)
    folder.run()
    handled, commanded = folder.failed()
    assert (handled["step"], handled["key"], handled["error"]["type"]) == ("handled", "eats", "OutOfMemory")
    assert "`memory` of 512 MiB" in handled["error"]["message"]
    assert (commanded["step"], commanded["key"]) == ("commanded", "eats")
    assert folder.results("handled") == ["a", None, "b"]
    assert [result and result["stdout"] for result in folder.results("commanded")] == ["a\n", None, "b\n"]


def test_no_command_takes_a_key_or_the_terminal(folder: Folder) -> None:
    folder.write(
        "flow.yaml",
        "steps:\n  work:\n    type: shell\n    inputs:\n      command: |\n"
        "        cat; (read -r x </dev/tty) 2>/dev/null && echo stolen; stty -echo </dev/tty 2>/dev/null && echo changed\n"
        "        touch started; while [ ! -e go ]; do read -r x </dev/tty 2>/dev/null && echo stolen; sleep 0.05; done; echo ok\n",
    )
    with Screen(folder.path, "flow.yaml") as screen:
        screen.see("RUNNING", "work")
        wait_for((folder.path / "started").exists, "the command runs")
        for _ in range(5):
            screen.press("?")
            screen.see("Help", seconds=5)
            screen.press("\x1b")
            screen.lose("Help", seconds=5)
            screen.read(0.1)
        (folder.path / "go").touch()
        screen.see("SUCCEEDED")
        screen.press("q")
        assert screen.wait() == 0
        assert screen.settings() == screen.before
    assert folder.results("work")[0]["stdout"] == "ok\n"


WRONG = {
    "a syntax error": ("def work(item:\n", 65, "handlers.py:1"),
    "a missing handler": ("def other(item): pass\n", 65, "work"),
    "an import error": ("import no_such_module_at_all\ndef work(item): pass\n", 1, "no_such_module_at_all"),
    "an error while importing": ("print(1 / 0)\ndef work(item): pass\n", 1, "ZeroDivisionError"),
    "a wrong signature": ("def work(one, two): pass\n", None, "two"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_handler_is_said_once_before_any_item(folder: Folder, name: str) -> None:
    source, code, words = WRONG[name]
    folder.write("handlers.py", source)
    folder.write("flow.yaml", HANG_FLOW.replace("[sleeps, computes, ignores signals, a, b, c]", "{range: 50}"))
    done = folder.wf("flow.yaml", "--headless")
    assert done.returncode in ((1, 65) if code is None else (code,)), done.stdout + done.stderr
    output = done.stdout + done.stderr
    assert words in output
    assert output.count("no_such_module_at_all") <= 3, "once where it happened, and in the account of the run"
    assert "Traceback" not in done.stderr
    if done.returncode == 1:
        step = folder.step("work")
        assert (step["status"], step["succeeded"], step["failed"], step["attempts"]) == ("failed", 0, 0, 0)


FLOOD = """
steps:
  work:
    type: shell
    for_each: {range: 2}
    parallel: 2
    inputs: {command: "timeout 6 yes 'a line of output that comes very often' || true"}
"""


@pytest.mark.slow
def test_ten_frames_a_second_in_a_flood(folder: Folder) -> None:
    """Millions of lines are printed. Numbers are painted four times a second on purpose; what keys do is painted at once."""
    folder.write("flow.yaml", FLOOD)
    with Screen(folder.path, "flow.yaml") as screen:
        screen.see("RUNNING", "very often")
        rates = []
        for _ in range(4):
            before, begin = screen.raw.count(b"\x1b[?2026h"), time.monotonic()
            for number in range(20):
                screen.press("1234"[number % 4])
                screen.read(0.05)
            rates.append((screen.raw.count(b"\x1b[?2026h") - before) / (time.monotonic() - begin))
        most = high_water(screen.pid)
        screen.see("SUCCEEDED", seconds=30)
        screen.press("q")
        assert screen.wait() == 0
    assert statistics.median(rates) >= 10, rates
    assert most < 150_000_000, "bytes of the process that shows them"
    (file,) = Path(folder.path / ".wf-tui" / "runs").glob("*.db")
    assert file.stat().st_size < 20_000_000
